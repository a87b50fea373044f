import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openParts } from "../train/open-parts.ts";
import { BudgetSpent, ConfigError } from "../core/errors.ts";
import { restoreError, serializeError } from "../engine/onnx/worker-protocol.ts";
import { loadConfig } from "../run/parse-config.ts";
import { describeFileTrouble, isDiskFull, nextStep, trainRun } from "./train-run.ts";

let world: string;
beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-train-run-"));
  await mkdir(join(world, "base"));
  await writeFile(join(world, "base", "config.json"), "{}");
});
afterAll(() => rm(world, { recursive: true, force: true }));

const refused = async (run: string, ...set: string[]) => {
  const config = await loadConfig({ set: [`models.base=${join(world, "base")}`, ...set] });
  const error: unknown = await trainRun({ directory: join(world, run), config }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
};

describe("a new run", () => {
  it("over an old one is refused with the command that continues it", async () => {
    await mkdir(join(world, "old"));
    await writeFile(join(world, "old", "config.json"), "{}");
    const { message, hint } = await refused("old");
    expect(message).toContain("already holds a run");
    expect(hint).toContain(`webrl resume ${join(world, "old")}`);
  });

  it("without its models is refused before anything is written, with how to get them", async () => {
    const orm = await refused("new", "models.orm=nowhere", "models.demonstrations=null");
    expect(orm.message).toContain("models.orm names no model");
    expect(orm.hint).toContain("webrl model orm");
    const base = await refused("new", "models.base=nowhere");
    expect(base.message).toContain("models.base names no model");
    expect((await refused("new", "models.judge=verifier", "models.demonstrations=x.jsonl")).hint).toContain(
      "models.demonstrations=null",
    );
    expect(existsSync(join(world, "new"))).toBe(false);
  });

  it("whose parts refuse leaves no directory behind", async () => {
    const base = "models.base=models/base";
    const chat = await refused("parts", base, "models.judge=llm", "llm.model=models/base");
    expect(chat.message).toContain("models/base (llm.model): the model has no chat template");
    const own = ["suite.name=own", "suite.file=examples/own-site/site.ts", 'without=["curriculum"]'];
    const shown = "models.demonstrations=./models/base/demonstrations.jsonl.gz";
    const { message } = await refused("parts", base, "models.judge=verifier", ...own, shown);
    expect(message).toContain("none of the demonstrations");
    expect(existsSync(join(world, "parts"))).toBe(false);
  });

  it("with demonstrations of other sites is refused; the shipped ones may be of other sites", async () => {
    const own = ["suite.name=own", "suite.file=examples/own-site/site.ts", "models.base=models/base"];
    const parts = async (demonstrations: string) => {
      const set = [
        ...own,
        "models.judge=verifier",
        'without=["curriculum"]',
        `models.demonstrations=${demonstrations}`,
      ];
      return openParts(await loadConfig({ set }));
    };
    await using shipped = await parts("models/base/demonstrations.jsonl.gz");
    expect(shipped.demonstrations).toEqual([]);
    await expect(parts("./models/base/demonstrations.jsonl.gz")).rejects.toThrow(
      /none of the demonstrations/,
    );
  });
});

describe("a stop", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });

  it("by a full disk is recognised through causes and threads", () => {
    const wrapped = new ConfigError("could not be saved", "Free some space.", { cause: full });
    for (const error of [full, wrapped, restoreError(serializeError(wrapped))])
      expect(isDiskFull(error)).toBe(true);
    expect(isDiskFull(new Error("no ENOSPC here"))).toBe(false);
  });

  it("by a file that cannot be read or written is a sentence with its path", async () => {
    const run = join(world, "blocked");
    await mkdir(join(run, "events.jsonl"), { recursive: true });
    const config = await loadConfig({ set: ["models.base=models/base"] });
    const error: unknown = await trainRun({ directory: run, config }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain(`${join(run, "events.jsonl")} is not a regular file`);
    const denied = Object.assign(new Error("x"), {
      code: "EACCES",
      syscall: "open",
      path: join(run, "lock-1.json"),
    });
    expect(describeFileTrouble(denied, run)).toBe(
      `${JSON.stringify(join(run, "lock-1.json"))} cannot be used: permission denied`,
    );
    for (const other of ["other", "block", "blocked-too"])
      expect(describeFileTrouble(denied, join(world, other))).toBeNull();
    const above = Object.assign(new Error("x"), { code: "ENOENT", syscall: "mkdir", path: world });
    expect(describeFileTrouble(above, run)).toContain("no directory can be made there");
    expect(describeFileTrouble(full, run)).toBeNull();
  });

  it("leaves no profile of a process that was killed, also where it started no browser", async () => {
    const temporary = join(world, "temporary");
    vi.stubEnv("TMPDIR", temporary);
    const { pid } = spawnSync(process.execPath, ["--eval", ""]);
    const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
    const profiles = join(temporary, `webrl-${process.getuid?.() ?? "user"}`);
    await mkdir(join(profiles, `${pid}..${host}`, "profile"), { recursive: true });
    const config = await loadConfig({ set: ["models.base=models/base"] });
    await mkdir(join(world, "stops", "events.jsonl"), { recursive: true });
    await expect(trainRun({ directory: join(world, "stops"), config })).rejects.toThrow(ConfigError);
    expect(await readdir(profiles)).toEqual([]);
    vi.unstubAllEnvs();
  });

  it("names the next command", async () => {
    const run = join(world, "stopped");
    expect(nextStep(run, full)).toContain("give the same command again");
    await mkdir(run);
    expect(nextStep(run, new Error("EPERM"))).toContain("Nothing has begun yet. Name another --run");
    await writeFile(join(run, "config.json"), "{}");
    expect(nextStep(run, full)).toContain(`Free some space, then continue with \`webrl resume ${run}\``);
    expect(nextStep(run, new ConfigError("wrong", "Correct it."))).toContain("another --run");
    await mkdir(join(run, "phases"));
    expect(nextStep(run, new Error("down"))).toContain(`webrl resume ${run}`);
    expect(nextStep(run, new BudgetSpent("spent"))).toContain(
      `webrl resume ${run}\`; the budget starts afresh`,
    );
  });
});
