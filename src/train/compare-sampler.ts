/**
 * @file Measures how far the sampler and the trainer differ, by computing the log-probabilities of a phase's actions
 * once more.
 */

import { mean } from "../algo/statistics.ts";
import { ConfigError } from "../core/errors.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { MetricName } from "../run/metrics.ts";
import { actionLogprobs } from "./action-logprobs.ts";
import type { Context } from "./context.ts";

/** How many actions to compare. */
const ACTIONS = 64;

/**
 * Does nothing if one program does both. Runs before anything is learned from the actions.
 * @throws ConfigError if the mean |Δ| is above `engine.maxDifference`.
 */
export async function compareSampler(
  { config, models, rng, signal }: Context,
  phase: number,
  records: readonly EpisodeRecord[],
): Promise<Partial<Record<MetricName, number>>> {
  const model = await models.read("actor", Math.max(0, phase - 1));
  const { sampling } = model;
  if (!sampling) return {};
  const sampled = records
    .filter((record) => !isFaulted(record))
    .flatMap(({ trajectory }) => trajectory.steps)
    .flatMap(({ promptTokens, responseTokens, logprobs }) =>
      promptTokens && responseTokens && logprobs?.length === responseTokens.length && logprobs.length > 0
        ? [{ promptTokens, responseTokens, logprobs }]
        : [],
    );
  const chosen = rng.fork(`sampler-${phase}`).shuffle(sampled).slice(0, ACTIONS);
  const rows = await actionLogprobs(model, chosen, { signal });
  const apart = chosen.flatMap(({ logprobs }, i) => logprobs.map((said, n) => Math.abs(said - rows[i]![n]!)));
  if (apart.length === 0) return { "sampler/staleness": sampling.staleness() };
  const difference = mean(apart);
  const { maxDifference } = config.engine;
  if (!(difference <= maxDifference))
    throw new ConfigError(
      `phase ${phase}: the log-probabilities that ${sampling.by} gives for ${chosen.length} sampled actions differ by ${difference.toFixed(3)} nats per token from those of the trained model (at most ${Math.max(...apart).toFixed(2)}); engine.maxDifference is ${maxDifference}`,
      "Nothing was learned from them. Let the sampler serve the same base in the same precision (vLLM: --logprobs-mode raw_logprobs, which is its default) and start a new run; or raise engine.maxDifference.",
    );
  return {
    "sampler/difference_mean": difference,
    "sampler/difference_max": apart.reduce((most, each) => Math.max(most, each), 0),
    "sampler/staleness": sampling.staleness(),
  };
}
