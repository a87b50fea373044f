import { describe, expect, it } from "vitest";
import type { Datum } from "../core/engine.ts";
import { createRng } from "../core/rng.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { compareSampler } from "./compare-sampler.ts";
import type { Context } from "./context.ts";

/** A model that says −1 of every token, and who sampled it, with a bound of 0.05 nats a token. */
const contextOf = (sampling: object | undefined): Context =>
  ({
    config: { engine: { maxDifference: 0.05 } },
    rng: createRng(0),
    models: {
      read: (role: string, phase: number) =>
        Promise.resolve({
          sampling,
          logprobs: (datums_B: Datum[]) => {
            expect([role, phase]).toEqual(["actor", 1]);
            return Promise.resolve(datums_B.map(({ targets_N }) => Float32Array.from(targets_N, () => -1)));
          },
        }),
    },
  }) as unknown as Context;
const sampling = { by: "vLLM at http://x", staleness: () => 1 };
const episodes = (...logprobs: number[][]): EpisodeRecord[] => [
  {
    trajectory: {
      steps: logprobs.map((each) => ({
        promptTokens: [1, 2],
        responseTokens: each.map(() => 3),
        logprobs: each,
      })),
      ending: { kind: "terminated", reason: "exit", answer: null },
    },
  } as unknown as EpisodeRecord,
];

describe("the difference between who samples and who trains", () => {
  it("is the mean and the largest |Δ| over tokens", async () => {
    const metrics = await compareSampler(contextOf(sampling), 2, episodes([-1, -1.0625], [-0.9375, -1]));
    expect(metrics).toEqual({
      "sampler/difference_mean": 0.03125,
      "sampler/difference_max": 0.0625,
      "sampler/staleness": 1,
    });
  });

  it("stops the run beyond the bound, and names both", async () => {
    await expect(compareSampler(contextOf(sampling), 2, episodes([-1, -1.5]))).rejects.toThrow(
      /phase 2: .* vLLM at http:\/\/x gives for 1 sampled actions differ by 0\.250 nats .*at most 0\.50.*engine\.maxDifference is 0\.05/,
    );
  });

  it("is not asked for where one program does both, nor without an action that has them", async () => {
    expect(await compareSampler(contextOf(undefined), 2, episodes([-9]))).toEqual({});
    expect(await compareSampler(contextOf(sampling), 2, [])).toEqual({ "sampler/staleness": 1 });
  });
});
