/**
 * @file What `webrl train --plan` assumes: the block `plan` of a run's configuration. Training itself does not read it.
 */

import { z } from "zod";

const price = (what: string) =>
  z.number().min(0).nullable().default(null).describe(`Price of ${what}; null if it costs nothing.`);

export const planConfigSchema = z.strictObject({
  stepsMean: z.number().min(1).default(8).describe("Steps of an episode, on average."),
  promptTokens: z
    .int()
    .min(1)
    .default(4000)
    .describe("Tokens of a step's prompt: instruction, history and page."),
  responseTokens: z.int().min(1).default(40).describe("Tokens of an action."),
  successRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.35)
    .describe("Share of episodes that succeed, and may be replayed."),
  faultRate: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.05)
    .describe("Share of the attempts at an episode that end in a fault."),
  pageSeconds: z
    .number()
    .min(0)
    .default(1.5)
    .describe("Seconds that acting, waiting and observing take in a step."),
  sampleSeconds: z
    .number()
    .min(0)
    .default(1.5)
    .describe("Seconds that a step waits for the model, with rollout.parallel episodes at once."),
  pageBytes: z.number().min(0).default(300_000).describe("Bytes that a step loads from the site."),
  parameters: z.number().positive().default(8e9).describe("Parameters of the model that is trained."),
  gpuFlops: z
    .number()
    .positive()
    .default(989e12)
    .describe("Peak of one GPU in operations a second: 989e12 is an H100 in bf16."),
  trainUtilisation: z
    .number()
    .min(0.001)
    .max(1)
    .default(0.35)
    .describe("Share of the peak that training and reading reach."),
  sampleUtilisation: z
    .number()
    .min(0.001)
    .max(1)
    .default(0.15)
    .describe("Share of the peak that sampling reaches."),
  prices: z
    .strictObject({
      readPerMillion: price(
        "a million tokens that the trained model reads: prompts, verdicts, log-probabilities",
      ),
      samplePerMillion: price("a million tokens that the model samples"),
      trainPerMillion: price("a million tokens that the model is trained on"),
      gpuHour: price("an hour of one GPU"),
      browserHour: price("an hour of one browser context"),
    })
    .prefault({}),
});
