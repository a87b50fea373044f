import { describe, expect, it } from "vitest";

import { benchSample } from "./sample.ts";

describe("benchSample", () => {
  it("gives our figures alone where transformers is left out, and null for what was not measured", async () => {
    const workload = { name: "tiny", concurrent: 2, promptTokens: 6, newTokens: 3, sharedTokens: 4 };
    const result = await benchSample({
      model: { vocabSize: 32, hiddenSize: 16, layers: 1, heads: 2, contextTokens: 32 },
      workloads: [workload],
      repeats: 1,
      python: null,
    });
    expect(result.parameters).toBeGreaterThan(1000);
    expect(result.peakBytes).toMatchObject({ generate: null });
    expect(result.workloads).toEqual([
      {
        ...workload,
        tokensPerSecond: expect.any(Number) as number,
        generate: null,
        vsOneByOne: null,
        vsBatched: null,
      },
    ]);
    expect(result.workloads[0]!.tokensPerSecond).toBeGreaterThan(0);
  });
});
