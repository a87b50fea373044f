import { existsSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalEngine } from "../../engine/onnx/local-engine.ts";
import { familyFiles } from "../../engine/onnx/testing/families.ts";
import { readEpisodes } from "../../imitation/demonstrations.ts";
import { mistakeOf, webrl } from "../testing/webrl.ts";

/** Everything that is refused here is refused before a browser starts or a file is written. */
let directory: string;
let chat: string;
let adapter: string;
let demos: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-templates-"));
  chat = join(directory, "chat");
  await cp("models/base", chat, { recursive: true });
  await rm(join(chat, "prompt.json"), { force: true });
  await rm(join(chat, "manifest.json"));
  const { tokenizer, config } = await familyFiles("smollm2");
  await writeFile(join(chat, "tokenizer.json"), JSON.stringify(tokenizer));
  await writeFile(join(chat, "tokenizer_config.json"), JSON.stringify(config));
  adapter = join(directory, "adapter");
  await using engine = new LocalEngine({ provider: "cpu", threads: 1, memoryBudgetBytes: 2 ** 30 });
  await using model = await engine.open({ path: "models/base", lora: { rank: 2, alpha: 32, seed: 0 } });
  await model.save(adapter);
  demos = join(directory, "demos.jsonl");
  const records = (await readEpisodes("models/base/demonstrations.jsonl.gz")).slice(0, 12);
  await writeFile(demos, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const refused = async (...args: string[]) => mistakeOf(await webrl(...args));
const out = (name: string) => join(directory, name);
const NO_TOKENS = /cannot read the template compact: its tokenizer has no token <\|eot_id\|>/;

describe("a template that the model's tokenizer cannot carry is refused", () => {
  test("by eval and model rollouts", async () => {
    expect(await refused("eval", "--model", chat, "--template", "compact")).toMatch(NO_TOKENS);
    expect(await refused("eval", "--model", "models/base", "--template", "chat")).toContain(
      "the model has no chat template",
    );
    const rollouts = ["model", "rollouts", "--model", chat, "--out", out("r.jsonl")];
    expect(await refused(...rollouts, "--template", "compact")).toMatch(NO_TOKENS);
    expect(existsSync(out("r.jsonl"))).toBe(false);
  });

  test("by model sft, model orm and model pretrain, which has exercises in the template compact only", async () => {
    const sft = ["model", "sft", "--demos", demos, "--base", chat, "--out", out("sft")];
    expect(await refused(...sft, "--template", "compact")).toMatch(NO_TOKENS);
    const orm = [
      "model",
      "orm",
      "--rollouts",
      demos,
      "--base",
      chat,
      "--out",
      out("orm"),
      "--held-out",
      "0.5",
    ];
    expect(await refused(...orm, "--template", "compact")).toMatch(NO_TOKENS);
    const pretrain = ["model", "pretrain", "--demos", demos, "--base", chat, "--out", out("pre")];
    expect(await refused(...pretrain)).toMatch(NO_TOKENS);
    for (const name of ["sft", "orm", "pre"]) expect(existsSync(out(name))).toBe(false);
  });

  test("but not where the base's note names one that it can, though its tokenizer suggests another", async () => {
    const noted = join(directory, "noted");
    await cp("models/base", noted, { recursive: true });
    await rm(join(noted, "manifest.json"));
    const { tokenizer, config } = await familyFiles("llama3.1");
    await writeFile(join(noted, "tokenizer.json"), JSON.stringify(tokenizer));
    const { chat_template: _, ...rest } = config;
    await writeFile(join(noted, "tokenizer_config.json"), JSON.stringify(rest));
    await writeFile(join(noted, "prompt.json"), JSON.stringify({ template: "compact" }));
    const sft = ["model", "sft", "--demos", demos, "--base", noted, "--out", out("sft")];
    // What is wrong is that the tokenizer has more tokens than the weights have rows.
    expect(await refused(...sft)).toMatch(/vocab/);
    await rm(join(noted, "prompt.json"));
    expect(await refused(...sft)).toContain("the model has no chat template");
  });

  test("by train, for the policy and for the reward model", async () => {
    const train = ["train", "--run", out("run"), "--set"];
    expect(await refused(...train, `models.base=${chat}`, "--set", "models.template=compact")).toMatch(
      NO_TOKENS,
    );
    expect(await refused(...train, `models.orm=${chat}`, "--set", "models.ormTemplate=compact")).toMatch(
      NO_TOKENS,
    );
    expect(existsSync(out("run"))).toBe(false);
  });

  test("and a name that is none, by every command", async () => {
    for (const command of [
      ["eval"],
      ["model", "sft", "--demos", demos, "--base", chat, "--out", out("sft")],
      ["model", "orm", "--rollouts", demos, "--base", chat, "--out", out("orm")],
    ])
      expect(await refused(...command, "--template", "chta")).toContain("auto, compact, paper, chat");
    expect(await refused("eval", "--observation", "html")).toContain("Allowed choices are");
    expect(await refused("train", "--run", out("run"), "--set", "observation.format=html")).toContain(
      "observation.format",
    );
  });
});

describe("pages of another format than the template's are refused", () => {
  const WRONG =
    /reads the template compact, whose pages are written in the format compact, but pages come in the format webrl/;

  test("by eval and train", async () => {
    expect(await refused("eval", "--model", "models/base", "--observation", "webrl")).toMatch(WRONG);
    const train = ["train", "--run", out("run"), "--set", "observation.format=webrl"];
    expect(await refused(...train)).toMatch(WRONG);
    expect(existsSync(out("run"))).toBe(false);
  });

  test("by demo --base and bench methods of an adapter, whose template is its base's", async () => {
    const format = ["--set", "observation.format=webrl"];
    expect(await refused("demo", "--base", adapter, "--run", out("demo"), ...format)).toMatch(WRONG);
    const bench = [
      "bench",
      "methods",
      "--seeds",
      "1",
      "--out",
      out("bench"),
      "--set",
      `models.base=${adapter}`,
    ];
    expect(await refused(...bench, ...format)).toMatch(WRONG);
  });
});

test("demo and bench methods take an adapter with its own settings only", async () => {
  const other = ["--set", 'models.lora={"rank": 4}'];
  const says = "an adapter with rank 2, but 4 is asked for";
  expect(await refused("demo", "--base", adapter, "--run", out("demo"), ...other)).toContain(says);
  const bench = [
    "bench",
    "methods",
    "--seeds",
    "1",
    "--out",
    out("bench"),
    "--set",
    `models.base=${adapter}`,
  ];
  expect(await refused(...bench, ...other)).toContain(says);
  expect(existsSync(out("demo"))).toBe(false);
});
