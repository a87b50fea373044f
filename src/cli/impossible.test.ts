import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import { loadConfig } from "../run/parse-config.ts";
import { fileError } from "./file-error.ts";
import { mistakeOf, webrl } from "./testing/webrl.ts";

const DEMOS = fileURLToPath(new URL("../../models/base/demonstrations.jsonl.gz", import.meta.url));
let here: string;
const at = (name: string) => join(here, name);

beforeAll(async () => {
  here = await mkdtemp(join(tmpdir(), "webrl-impossible-"));
  await mkdir(at("empty"));
  await mkdir(at("mine"));
  await writeFile(at("mine/notes.txt"), "mine");
  await writeFile(at("file"), "mine");
  await symlink(at("nowhere"), at("dangling"));
  await symlink(at("loop"), at("loop"));
  await writeFile(at("garbage.jsonl"), "garbage\n");
  await writeFile(at("other.jsonl"), '{"x":1}\n');
  await writeFile(at("none.jsonl"), "");
  const task = { task_id: 1, sites: ["map"], start_url: "__MAP__", intent: "x", eval: { eval_types: [] } };
  await writeFile(at("webarena.json"), JSON.stringify([task]));
  const site = (tasks: string) =>
    `export default { name: "x", baseUrl: "http://127.0.0.1:9", tasks: [${tasks}] };\n`;
  await writeFile(at("test-only.mjs"), site('{ id: "a", instruction: "Do it.", split: "test" }'));
  await writeFile(at("train-only.mjs"), site('{ id: "a", instruction: "Do it." }'));
});
afterAll(() => rm(here, { recursive: true }));

const own = (file: string) => ["--set", "suite.name=own", "--set", `suite.file=${at(file)}`];

/** What a person types, and what is then said, with exit code 2 and no stack. */
const cases: [said: string, ...typed: (() => string[])[]][] = [
  ["has no task to train on", () => ["train", "--run", at("r1"), ...own("test-only.mjs")]],
  [
    "Name a file of instructions to train on, as `instructions` in a settings file",
    () => ["train", "--run", at("r4"), ...own("webarena.json"), "--set", "suite.name=webarena"],
  ],
  ["no task in the test split", () => ["train", "--run", at("r2"), ...own("train-only.mjs")]],
  ["is a file, so no run can be written there", () => ["train", "--run", at("file")]],
  // Node 24 finds the file, Node 20 only that there is one on the path.
  ["is a file", () => ["train", "--run", at("file/x/y")]],
  ["is a file, so no run can be written there", () => ["train", "--run", "/dev/null"]],
  ["something is there already", () => ["train", "--run", at("dangling")]],
  ["something is there already", () => ["train", "--run", at("dangling/x")]],
  ["symbolic links form a loop", () => ["train", "--run", at("loop/x")]],
  ["its name is too long", () => ["train", "--run", at("n".repeat(300))]],
  ["a run needs the name of a directory", () => ["train", "--run", ""]],
  ["there is no setting __proto__.x", () => ["train", "--set", "__proto__.x=1"]],
  [
    "garbage.jsonl:1 is not JSON",
    () => ["train", "--run", at("r3"), "--set", `models.demonstrations=${at("garbage.jsonl")}`],
  ],
  ["has no oracle", () => ["bench", "rollout", "--suite", "own", "--file", at("train-only.mjs")]],
  [
    "no-policy.json",
    () => ["eval", "--tasks", "1", "--safety", at("no-policy.json")],
    () => ["suite", "check", "--instances", "1", "--safety", at("no-policy.json")],
    () => ["model", "demos", "--out", at("d.jsonl"), "--safety", at("no-policy.json")],
    () => [
      "model",
      "rollouts",
      "--out",
      at("d.jsonl"),
      "--model",
      "models/base",
      "--safety",
      at("no-policy.json"),
    ],
  ],
  ["--model names no model", () => ["eval", "--model", "gpt-4o"]],
  ["--model names no model", () => ["eval", "--model", ""]],
  ["is not a run", () => ["eval", "--run", ""]],
  ["cannot be used with option", () => ["eval", "--run", at("r1"), "--model", "models/base"]],
  ["maxNewTokens: must be at most 65536", () => ["eval", "--max-new-tokens", "70000", "--tasks", "1"]],
  ["is not a regular file", () => ["eval", "--tasks", "1", "--out", at("empty")]],
  ["is not a run", () => ["report", at("empty")]],
  ["is not a directory", () => ["dashboard", at("file"), "--port", "0"]],
  ["maxSteps: must be at most 200", () => ["model", "demos", "--out", at("d"), "--max-steps", "1001"]],
  ["garbage.jsonl:1 is not JSON", () => ["model", "demos", "--out", at("garbage.jsonl")]],
  [
    "the temperature -1 is negative",
    () => ["model", "rollouts", "--out", at("d"), "--model", "models/base", "--temperature", "-1"],
  ],
  [
    "is not a file of episodes",
    () => ["model", "sft", "--base", "models/base", "--out", at("s"), "--demos", at("empty")],
  ],
  [
    "other.jsonl:1 is not an episode",
    () => ["model", "sft", "--base", "models/base", "--out", at("s"), "--demos", at("other.jsonl")],
  ],
  [
    "is a file, or lies below one",
    () => ["model", "sft", "--base", "models/base", "--out", at("file"), "--demos", DEMOS],
  ],
  [
    "such as notes.txt",
    () => ["model", "sft", "--base", "models/base", "--out", at("mine"), "--demos", DEMOS],
  ],
  ["missing required argument 'source'", () => ["model", "import", "--out", at("i")]],
  ['there is no "', () => ["model", "import", at("nowhere.gguf"), "--out", at("i")]],
  ['there is no ""', () => ["model", "import", "", "--out", at("i")]],
  ["is not a GGUF file", () => ["model", "import", at("other.jsonl"), "--out", at("i")]],
  ["is truncated: it ends after 0 bytes", () => ["model", "import", at("none.jsonl"), "--out", at("i")]],
  ["has no config.json", () => ["model", "import", at("empty"), "--out", at("i")]],
  ["symbolic links form a loop", () => ["model", "import", at("loop"), "--out", at("i")]],
  ["such as notes.txt", () => ["model", "import", "models/base", "--out", at("mine")]],
  ["the new directory has no name", () => ["model", "import", "models/base", "--out", ""]],
  ["cannot be imported onto itself", () => ["model", "import", "models/base", "--out", "models/base"]],
  [
    "--dtype is for GGUF files",
    () => ["model", "import", "models/base", "--out", at("i"), "--dtype", "float16"],
  ],
  ["there is nothing to export", () => ["model", "export", "--out", at("e")]],
  ["--model names no model", () => ["model", "export", "--model", at("empty"), "--out", at("e")]],
  ["is not a run", () => ["model", "export", "--run", at("empty"), "--out", at("e")]],
  [
    "there is no adapter to merge",
    () => ["model", "export", "--model", "models/base", "--merge", "--out", at("e")],
  ],
  ["is a file, or lies below one", () => ["model", "export", "--model", "models/base", "--out", at("file")]],
  ["no successful demonstration", () => ["model", "pretrain", "--out", at("p"), "--demos", at("none.jsonl")]],
  [
    "none is left to learn from",
    () => ["model", "orm", "--base", "models/base", "--out", at("o"), "--held-out", "1", "--rollouts", DEMOS],
  ],
  [
    "is not a whole number from 1 to 1024",
    () => [
      "model",
      "orm",
      "--base",
      "models/base",
      "--out",
      at("o"),
      "--threads",
      "100000",
      "--rollouts",
      DEMOS,
    ],
  ],
];

test.each(cases.map(([said, typed]) => ({ said, typed: typed! })))("$said", async ({ said, typed }) => {
  expect(mistakeOf(await webrl(...typed()))).toContain(said);
});

// Node's own recursive mkdir never ended there.
test.runIf(process.platform === "linux").each([
  ["train", "--run", "/proc/x"],
  ["train", "--run", "/proc/x/y"],
  ["train", "--run", "/proc/self/fd/x"],
  ["train", "--run", "/proc"],
  ["train", "--run", "/dev/fd/x"],
  ["resume", "/proc"],
  ["resume", "/proc/x"],
  ["report", "/proc"],
  ["eval", "--run", "/proc"],
  ["demo", "--run", "/proc/x"],
  ["eval", "--tasks", "1", "--out", "/proc/x/y"],
  ["model", "demos", "--out", "/proc/x/demos.jsonl"],
  ["model", "sft", "--base", "models/base", "--out", "/proc/x", "--demos", DEMOS],
  ["model", "import", "models/base", "--out", "/proc/x"],
  ["model", "export", "--model", "models/base", "--out", "/proc/x/y"],
])("%s %s … ends in a sentence", async (...typed) => {
  expect(mistakeOf(await webrl(...typed))).toMatch(/^webrl: .*\/(proc|dev\/fd)/m);
});

test("a setting's name never reaches what all objects share", async () => {
  for (const name of ["constructor.prototype", "a.__proto__"])
    await expect(loadConfig({ set: [`${name}.polluted=1`] })).rejects.toThrow(/there is no setting/);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test("a model is never saved over what it did not save", async () => {
  await expect(refuseForeign(at("mine"))).rejects.toThrow(/would be lost, such as notes.txt/);
  await expect(refuseForeign(at("file"))).rejects.toThrow(/is a file/);
  expect(await readFile(at("mine/notes.txt"), "utf8")).toBe("mine");
  await refuseForeign(at("empty"));
  await refuseForeign(at("new"));
});

test("a path that cannot be used is said in a sentence; other errors are not the user's", () => {
  const error = Object.assign(new Error("x"), { code: "EACCES", syscall: "open", path: "/a" });
  expect(fileError(error)).toBe('"/a" cannot be used: permission denied');
  const full = Object.assign(new Error("x"), { code: "ENOSPC", syscall: "write" });
  expect(fileError(full)).toBe("a file cannot be used: its disk is full");
  expect(fileError(new TypeError("x"))).toBeNull();
  expect(fileError(Object.assign(new Error("x"), { code: "ECONNREFUSED", syscall: "connect" }))).toBeNull();
});
