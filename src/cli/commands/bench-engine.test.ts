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
