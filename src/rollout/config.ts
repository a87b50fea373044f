/** @file Settings of rollouts. */

import { z } from "zod";

/** The settings `rollout.*` of a run, with their defaults. */
export const rolloutConfigSchema = z.strictObject({
  parallel: z.int().min(1).max(8192).default(6).describe("Episodes that run at once."),
  maxSteps: z.int().min(1).max(200).default(12).describe("Turns before an episode is truncated."),
  maxNewTokens: z.int().min(8).max(65_536).default(96).describe("The most tokens in one response."),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .describe("Sampling temperature of training rollouts. Evaluation always uses 0."),
  maxTimeMs: z
    .int()
    .min(1000)
    .default(120_000)
    .describe(
      "Wall-clock milliseconds before an episode is truncated; time spent waiting for a model's server does not count.",
    ),
  repeatedAction: z
    .int()
    .min(2)
    .default(4)
    .describe("The same action on the same page, this many times in a row, truncates the episode."),
  repeatedError: z
    .int()
    .min(2)
    .default(4)
    .describe("This many mistakes of the agent in a row truncate the episode."),
  faultRetries: z
    .int()
    .min(0)
    .default(2)
    .describe("New attempts after a fault of the browser, site or model's server."),
  siteDownMinutes: z
    .number()
    .min(0)
    .default(60)
    .describe(
      "Minutes to wait, with growing pauses, for a site, a model's server or browsers elsewhere that are down, before the run stops.",
    ),
  faultRateLimit: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("The run stops when more than this share of the last 20 attempts faulted."),
  stragglerMinutes: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe(
      "Minutes that the last twentieth of a phase's episodes may take once all others have ended; after that they are cut: counted as faults (straggler_cut) and never scored. null: wait for all. Evaluations never cut any.",
    ),
  screenshots: z
    .enum(["none", "evaluation", "all"])
    .default("none")
    .describe("Pictures of pages to keep, for people: none, those of the first and last evaluation, or all."),
});

/** The settings under `rollout`. */
export type RolloutConfig = z.infer<typeof rolloutConfigSchema>;
