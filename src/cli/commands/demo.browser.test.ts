import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("demo trains, shows before and after, writes the report and says what next; a demo that is there goes on", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-demo-"));
  try {
    const run = join(directory, "run");
    const settings = [
      "phases=1",
      'suite.sites=["map"]',
      "tasks.initial=2",
      "tasks.perPhase=2",
      "evaluation.tasks=2",
      "rollout.parallel=2",
      "rollout.maxSteps=2",
      "rollout.maxNewTokens=16",
    ].flatMap((setting) => ["--set", setting]);
    const first = await webrl("demo", "--run", run, ...settings);
    expect(first.status).toBe(0);
    expect(first.stdout).toContain("Success on held-out test tasks (2 tasks");
    expect(first.stdout).toContain(`webrl resume ${run} --phases 4`);
    expect(existsSync(join(run, "report.html"))).toBe(true);
    // Pictures for the report's pairs of episodes.
    expect(existsSync(join(run, "phases", "00", "screenshots"))).toBe(true);

    const again = await webrl("demo", "--run", run, "--json");
    expect(again.status).toBe(0);
    expect(mistakeOf(await webrl("demo", "--run", run, "--set", "phases=2"))).toContain(
      "already holds a run",
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
