import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createContext } from "../src/train/context.ts";
import { readJsonLines } from "../src/run/json-lines.ts";
import { train } from "../src/train/loop.ts";
import type { MetricLine } from "../src/run/records.ts";
import { createRun } from "../src/run/run-directory.ts";
import { runInfo } from "../src/run/run-info.ts";
import { fakeConfig, fakeJudge, fakeParts, makeFakeBase } from "../src/train/testing/fake-run.ts";
import { trainInTheOpen } from "./training-in-the-open.ts";

it("gives the metrics of the library's loop for the same seed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-open-"));
  try {
    const { base } = await makeFakeBase(directory);
    // One small batch of tasks, so that both judge them at once, and a range that replays something.
    const config = fakeConfig(base, {
      seed: 3,
      phases: 3,
      replay: { minPerplexity: 1, maxPerplexity: 50 },
      curriculum: { minValue: 0.01, maxValue: 0.99 },
    });
    const parts = fakeParts([]);
    const run = await createRun(join(directory, "run"), runInfo(config), () => {});
    await train(createContext(run, parts));
    await run[Symbol.asyncDispose]();
    const lines = await readJsonLines<MetricLine>(join(directory, "run", "metrics.jsonl"));

    const open = await trainInTheOpen(
      { ...fakeParts([]), tasks: parts.catalog.tasks, judge: fakeJudge(), directory },
      config,
    );
    expect(open.filter(({ name }) => name === "actor/loss").length).toBeGreaterThan(6);
    expect(open.some(({ name, value }) => name === "replay/selected" && value > 0)).toBe(true);
    for (const { phase, name, step, value } of open) {
      const line = lines.find((l) => l.phase === phase && l.step === step && name in l);
      expect([phase, name, step, line?.[name]]).toEqual([
        phase,
        name,
        step,
        expect.closeTo(value, 6 - Math.ceil(Math.log10(Math.max(1, Math.abs(value))))),
      ]);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
