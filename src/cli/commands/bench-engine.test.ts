import { expect, test } from "vitest";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

test(
  "bench train prints one object with --json, null for the peers that were left out",
  { timeout: 120_000 },
  async () => {
    const outcome = await webrl(
      "bench",
      "train",
      "--batch",
      "1",
      "--time",
      "16",
      "--seconds",
      "1",
      "--threads",
      "1",
      "--no-python",
      "--json",
    );
    expect(outcome.status).toBe(0);
    const result = jsonOf<{
      tokensPerSecond: number;
      peakFraction: number;
      vsPyTorch: null;
      browserSteps: null;
    }>(outcome);
    expect(result.tokensPerSecond).toBeGreaterThan(0);
    expect(result.peakFraction).toBeGreaterThan(0);
    expect([result.vsPyTorch, result.browserSteps]).toEqual([null, null]);
  },
);

test("bench train and sample refuse sizes and providers that there are not", async () => {
  expect(mistakeOf(await webrl("bench", "train", "--size", "7b"))).toContain("default, 30m");
  expect(mistakeOf(await webrl("bench", "sample", "--provider", "tpu"))).toContain("cpu, webgpu, cuda");
});

test(
  "bench train and sample --model measure an adapter on a model of yours",
  { timeout: 120_000 },
  async () => {
    const model = ["--model", "models/base", "--rank", "2", "--threads", "1", "--no-python", "--json"];
    const trained = jsonOf<{ trainedParameters: number; tokensPerSecond: number; peers: []; vsPeers: null }>(
      await webrl(
        "bench",
        "train",
        ...model,
        "--layers",
        "1",
        "--batch",
        "1",
        "--time",
        "32",
        "--seconds",
        "1",
      ),
    );
    // Rank 2 on one layer of width 160: four modules of 160 × 160 and three of 160 × 448.
    expect(trained.trainedParameters).toBe(2 * (4 * 320 + 3 * 608));
    expect(trained.tokensPerSecond).toBeGreaterThan(0);
    expect([trained.peers, trained.vsPeers]).toEqual([[], null]);
    const sampled = jsonOf<{ tokensPerSecond: number; decodeStepMs: number; vsPeers: null }>(
      await webrl("bench", "sample", ...model, "--repeats", "1"),
    );
    expect(sampled.tokensPerSecond).toBeGreaterThan(0);
    expect(sampled.vsPeers).toBeNull();
    expect(mistakeOf(await webrl("bench", "train", "--model", "models/none"))).toContain("models/none");
  },
);
