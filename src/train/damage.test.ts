import { execFile } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { RunEvent } from "../run/events.ts";
import { readJsonLines } from "../run/json-lines.ts";
import type { MetricLine } from "../run/records.ts";
import { createRun, openRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { createContext } from "./context.ts";
import { train } from "./loop.ts";
import { fakeConfig, fakeParts, makeFakeBase } from "./testing/fake-run.ts";

let world: string;
let demonstrations: EpisodeRecord[];
beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-damage-"));
  const made = await makeFakeBase(world);
  ({ demonstrations } = made);
  const config = fakeConfig(made.base, { phases: 1 });
  await using run = await createRun(join(world, "whole"), runInfo(config), () => {});
  await train(createContext(run, fakeParts(demonstrations)));
}, 120_000);
afterAll(() => rm(world, { recursive: true, force: true }));

let copies = 0;
/** A copy of the whole run, to damage. */
async function copy(): Promise<string> {
  const directory = join(world, `copy-${copies++}`);
  await cp(join(world, "whole"), directory, { recursive: true });
  return directory;
}

async function resume(directory: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  await using run = await openRun(directory, (event) => events.push(event), { version: "test" });
  await train(createContext(run, fakeParts(demonstrations)));
  return events;
}

const warnings = (events: RunEvent[]) =>
  events.flatMap((event) => (event.kind === "warning" ? [event.message] : []));

/** Metrics in any order, without times. */
const metrics = async (directory: string) =>
  (await readJsonLines<MetricLine>(join(directory, "metrics.jsonl")))
    .map((line) => JSON.stringify(Object.entries(line).filter(([name]) => !name.startsWith("time/"))))
    .sort();
const text = (directory: string, name: string) => readFile(join(directory, name), "utf8");

describe("a run directory that something has damaged", () => {
  const markers = [
    "0/rollout",
    "0/judge",
    "1/curriculum",
    "1/judge",
    "1/select",
    "1/critic",
    "1/actor",
    "1/evaluate",
  ];
  it.each(markers)("does a stage again whose marker is lost or damaged, as it was: %s", async (name) => {
    const [phase, stage] = name.split("/") as [string, string];
    for (const damage of ["lost", "{", "[]", '{"output":1}']) {
      const directory = await copy();
      const marker = join(directory, `phases/0${phase}/${stage}.done.json`);
      if (damage === "lost") await rm(marker);
      else await writeFile(marker, damage);
      const events = await resume(directory);
      expect(warnings(events)).toEqual(
        damage === "lost"
          ? []
          : [`phases/0${phase}/${stage}.done.json is damaged, so the stage is done again`],
      );
      expect(await metrics(directory)).toEqual(await metrics(join(world, "whole")));
      for (const file of ["trajectories.jsonl", "verdicts.jsonl", "selection.jsonl", "advantages.jsonl"])
        expect(await text(directory, `phases/01/${file}`)).toBe(
          await text(join(world, "whole"), `phases/01/${file}`),
        );
    }
  });

  const files = [
    ["00/trajectories.jsonl", "rollout"],
    ["00/evaluation.json", "evaluate"],
    ["01/tasks.jsonl", "curriculum"],
    ["01/curriculum.jsonl", "curriculum"],
    ["01/trajectories.jsonl", "rollout"],
    ["01/verdicts.jsonl", "judge"],
    ["01/selection.jsonl", "select"],
    ["01/values.jsonl", "critic"],
    ["01/advantages.jsonl", "actor"],
  ] as const;
  it.each(files)("is refused with the file that is not what its stage left: %s", async (name, stage) => {
    const path = (directory: string) => join(directory, "phases", name);
    const cases: Record<string, (file: string) => Promise<unknown>> = {
      "is missing": (file) => rm(file),
      "was changed": async (file) => truncate(file, (await readFile(file)).length - 3),
      "was changed: it has": (file) => appendFile(file, "{}\n"),
      "its SHA-256 differs": async (file) => {
        const bytes = await readFile(file);
        bytes[bytes.length >> 1]! ^= 1;
        await writeFile(file, bytes);
      },
      "was changed: it has -1": async (file) => {
        await rm(file);
        await mkdir(file);
      },
    };
    for (const [what, damage] of Object.entries(cases)) {
      const directory = await copy();
      await damage(path(directory));
      const error: unknown = await resume(directory).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).message).toContain(
        `${path(directory)} ${what.startsWith("its") ? "" : what}`,
      );
      expect((error as ConfigError).message).toContain(what);
      expect((error as ConfigError).hint).toContain(`${stage}.done.json`);
      // And it can be tried again: nothing holds the lock.
      await expect(resume(directory)).rejects.toThrow(ConfigError);
    }
  });

  it("does what the refusal says: without the damaged lines and the marker, what is missing is done again", async () => {
    const directory = await copy();
    const file = join(directory, "phases/01/trajectories.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, [lines[0], ...lines.slice(2)].join("\n"));
    await rm(join(directory, "phases/01/rollout.done.json"));
    await resume(directory);
    expect((await text(directory, "phases/01/trajectories.jsonl")).split("\n").length).toBe(lines.length);
  });

  it("names file and line of garbage in a stage that is not done", async () => {
    const directory = await copy();
    await rm(join(directory, "phases/01/rollout.done.json"));
    const file = join(directory, "phases/01/trajectories.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, [lines[0], "garbage", ...lines.slice(1)].join("\n"));
    await expect(resume(directory)).rejects.toThrow(`${file}:2 is not JSON`);
  });

  it("names the line where verdicts of a stage that is not done are no such, or of other episodes", async () => {
    const file = "phases/01/verdicts.jsonl";
    const lines = (await text(join(world, "whole"), file)).trimEnd().split("\n");
    const damages: string[][] = [
      lines.with(1, lines[1]!.replace('{"id":"', '{"id":"q')),
      lines.with(1, "null"),
      lines.with(1, "[]"),
      lines.with(1, lines[1]!.replace(/"success":\w+/, '"success":0')),
      [lines[0]!, lines[0]!, ...lines.slice(1)],
    ];
    for (const damaged of damages) {
      const directory = await copy();
      await rm(join(directory, "phases/01/judge.done.json"));
      await writeFile(join(directory, file), `${damaged.join("\n")}\n`);
      await expect(resume(directory)).rejects.toThrow(/verdicts\.jsonl:2 is not the verdict on /);
    }
  });

  it("goes on without lines of its metrics, and says which are lost", async () => {
    const directory = await copy();
    const file = join(directory, "metrics.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    const critic = lines.findIndex((line) => line.includes('"stage":"critic"'));
    await writeFile(
      file,
      ["garbage", ...lines.slice(0, critic), ...lines.slice(critic + 1), '{"ph'].join("\n"),
    );
    expect(warnings(await resume(directory))).toEqual([
      expect.stringMatching(/^metrics\.jsonl has lost 1 of this stage's \d+ lines: curves have a gap$/),
    ]);
    expect((await text(directory, "metrics.jsonl")).split("\n")).toEqual(
      lines.filter((_, i) => i !== critic),
    );
    await rm(file);
    expect(warnings(await resume(directory)).length).toBeGreaterThan(5);
  });

  it("says of which stage lines of its metrics were changed", async () => {
    const directory = await copy();
    const file = join(directory, "metrics.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    const critic = lines.findIndex((line) => line.includes('"stage":"critic"'));
    await writeFile(file, lines.with(critic, lines[critic]!.replace(/\d}$/, "77}")).join("\n"));
    const said = "lines of this stage in metrics.jsonl were changed: curves may be wrong there";
    expect(warnings(await resume(directory))).toEqual([said]);
    await writeFile(file, [lines[0], ...lines].join("\n"));
    expect(warnings(await resume(directory))).toEqual([said]);
  });

  it("names what lies where a file should, and waits for no pipe", { timeout: 20_000 }, async () => {
    for (const name of ["metrics.jsonl", "events.jsonl", "config.json", "phases/01/trajectories.jsonl"])
      for (const make of [mkdir, (path: string) => promisify(execFile)("mkfifo", [path])]) {
        const directory = await copy();
        await rm(join(directory, "phases/01/rollout.done.json"));
        await rm(join(directory, name));
        await make(join(directory, name));
        const error: unknown = await resume(directory).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as ConfigError).message).toBe(`${join(directory, name)} is not a regular file`);
      }
  });

  it("is free where a directory has the name of its lock", async () => {
    const directory = await copy();
    await rm(join(directory, "lock-1.json"));
    await mkdir(join(directory, "lock-1.json", "x"), { recursive: true });
    await resume(directory);
    expect((await readdir(directory)).filter((name) => name.startsWith("lock"))).toEqual(["lock-2.json"]);
  });

  it("does not depend on events or live pictures", async () => {
    const directory = await copy();
    await writeFile(join(directory, "events.jsonl"), "garbage\n{");
    await mkdir(join(directory, "live"));
    await writeFile(join(directory, "live/evaluation-01-0000.0.png"), "");
    expect(warnings(await resume(directory))).toEqual([]);
    expect(await readdir(directory)).not.toContain("live");
  });
});
