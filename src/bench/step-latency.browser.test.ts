import { expect, it } from "vitest";

import { measureStepLatency } from "./step-latency.ts";

it("counts a browser's steps alone, and while the engine trains beside them", async () => {
  const { alone, whileTraining } = await measureStepLatency({
    model: { vocabSize: 300, hiddenSize: 16, layers: 1, heads: 2, contextTokens: 32 },
    batch: 2,
    time: 16,
    seconds: 3,
    threads: 1,
  });
  for (const { steps, stepMs, eventLoopDelayMs } of [alone, whileTraining]) {
    expect(steps).toBeGreaterThan(0);
    expect(stepMs.p95).toBeGreaterThanOrEqual(stepMs.p50);
    expect(eventLoopDelayMs.max).toBeGreaterThanOrEqual(eventLoopDelayMs.p99);
  }
  expect(whileTraining.tokensPerSecond).toBeGreaterThan(0);
}, 120_000);
