import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRunInfo } from "../../run/run-directory.ts";
import type { RunResult } from "../../train/loop.ts";
import { jsonOf, webrl } from "../testing/webrl.ts";

const SMALL = [
  'suite.sites=["map"]',
  "models.judge=verifier",
  "tasks.initial=2",
  "tasks.perPhase=2",
  "evaluation.tasks=2",
  "rollout.parallel=2",
  "rollout.maxSteps=2",
  "rollout.maxNewTokens=16",
].flatMap((setting) => ["--set", setting]);

test("train scores the base, resume goes on to more phases, eval scores what came out of it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-train-"));
  try {
    const run = join(directory, "run");
    const trained = await webrl("train", "--run", run, "--set", "phases=0", ...SMALL, "--json");
    expect(trained.status).toBe(0);
    const { evaluations } = jsonOf<RunResult & { run: string }>(trained);
    expect(evaluations.map(({ phase }) => phase)).toEqual([0]);

    const resumed = await webrl("resume", run, "--phases", "1");
    expect(resumed.status).toBe(0);
    expect(resumed.stdout).toContain("phase  1");
    expect(resumed.stdout).toContain(`webrl dashboard ${run}`);
    expect((await readRunInfo(run)).config.phases).toBe(1);

    const scored = await webrl(
      "eval",
      "--run",
      run,
      "--site",
      "map",
      "--tasks",
      "1",
      "--max-steps",
      "2",
      "--json",
    );
    expect(scored.status).toBe(0);
    expect(jsonOf(scored)).toMatchObject({ tasks: 1, model: join(run, "checkpoints", "actor-01") });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
