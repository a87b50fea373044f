import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { readJsonLines } from "../run/json-lines.ts";
import { createRun, openRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { bundleRunOnce, type Bundles } from "./testing/bundle-run-once.ts";
import { fakeConfig, makeFakeBase } from "./testing/fake-run.ts";
import { runFacts } from "./testing/run-facts.ts";

let bundles: Bundles | undefined;
let world: string;

const launch = (run: string, point: string) =>
  new Promise<{ signal: string | null; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [bundles!.runOnce, join(world, run), point], (error, stdout, stderr) =>
      resolve({ signal: error?.signal ?? null, stdout, stderr }),
    );
  });

beforeAll(async () => {
  bundles = await bundleRunOnce();
  world = await mkdtemp(join(tmpdir(), "webrl-resume-"));
  const { base, demonstrations } = await makeFakeBase(world);
  await writeFile(join(world, "demonstrations.json"), JSON.stringify(demonstrations));
  await writeFile(join(world, "config.json"), JSON.stringify(fakeConfig(base, { phases: 2 })));
}, 120_000);
afterAll(async () => {
  await bundles?.[Symbol.asyncDispose]();
  await rm(world, { recursive: true, force: true });
});

/** Leaves half of the file: some whole lines and a torn one. */
async function tear(path: string) {
  const size = (await readFile(path)).length;
  expect(size).toBeGreaterThan(0);
  await truncate(path, Math.floor(size / 2));
}

describe("a run that is killed and resumed", () => {
  it("is the run that was never interrupted, wherever it is killed", { timeout: 300_000 }, async () => {
    const whole = await launch("whole", "never");
    expect(whole.stderr).toBe("");
    expect(JSON.parse(whole.stdout)).toEqual({ evaluations: 3 });

    const stages = ["curriculum", "rollout", "judge", "select", "critic", "actor", "evaluate"];
    const points = ["0/evaluate/start", "0/evaluate/middle", "0/evaluate/end"];
    points.push("0/rollout/middle", "0/judge/end", "0/critic/start", "0/critic/middle", "0/critic/end");
    for (const stage of stages)
      for (const when of ["start", "middle", "end"]) points.push(`1/${stage}/${when}`);
    // With a critic, whose values filter the tasks, and with episodes of phase 1 in the buffer.
    points.push(
      "2/curriculum/middle",
      "2/rollout/middle",
      "2/judge/middle",
      "2/select/middle",
      "2/actor/start",
    );
    for (const point of points) {
      const killed = await launch("killed", point);
      expect([point, killed.signal, killed.stderr]).toEqual([point, "SIGKILL", ""]);
      // What a kill in the middle of a write leaves behind.
      appendFileSync(join(world, "killed", "metrics.jsonl"), '{"phase":1,"sta');
      if (point === "1/rollout/middle")
        appendFileSync(join(world, "killed", "phases/01/trajectories.jsonl"), '{"id":"phase-01/0005","traj');
      if (point === "1/judge/middle") await tear(join(world, "killed", "phases/01/verdicts.jsonl"));
    }
    const last = await launch("killed", "never");
    expect(last.stderr).toBe("");
    expect(await runFacts(join(world, "killed"))).toEqual(await runFacts(join(world, "whole")));
  });

  it("counts every finished episode once", async () => {
    const lines = await readJsonLines<EpisodeRecord>(join(world, "killed/phases/01/trajectories.jsonl"));
    expect(lines.length).toBe(6);
    expect(new Set(lines.map((record) => record.id)).size).toBe(6);
  });

  it("says so where its configuration was damaged or edited wrongly", async () => {
    const directory = await mkdtemp(join(world, "edited-"));
    const resume = async (text: string) => {
      await writeFile(join(directory, "config.json"), text);
      return openRun(directory, () => {}, { version: "test" });
    };
    await expect(resume("{}")).rejects.toThrow(/config\.json: the whole: must be an object, found nothing/);
    await expect(resume('{"config": {')).rejects.toThrow(ConfigError);
    await expect(resume('{"config": {"phasez": 3}}')).rejects.toThrow(/the nearest is phases/);
    await expect(resume('{"config": {"method": "awr", "without": ["kl"]}}')).rejects.toThrow(/leaves out/);
  });

  it("is not started anew over an old one, nor by two processes at once", async () => {
    const config = fakeConfig(join(world, "base"));
    const quiet = () => {};
    await expect(createRun(join(world, "whole"), runInfo(config), quiet)).rejects.toThrow(
      /already holds a run/,
    );
    await using first = await openRun(join(world, "whole"), quiet, { version: "test" });
    expect(first.isDone(2, "evaluate")).toBe(true);
    const second = openRun(join(world, "whole"), quiet, { version: "test" });
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(/in use by process/);
  });
});
