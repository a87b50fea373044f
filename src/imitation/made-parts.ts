/** @file What `make-model.ts` and `make-orm.ts` share. */

import type { LoraSettings } from "../core/engine.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { chooseFormat } from "../text/choose-template.ts";
import type { PromptTemplate } from "../text/template-names.ts";

/** Throws a `ConfigError` if recorded pages have another format than the template is for. */
export function checkFormat(records: readonly EpisodeRecord[], base: string, template: PromptTemplate): void {
  const formats = records.flatMap(({ trajectory }) =>
    trajectory.steps.slice(0, 1).map((step) => step.observation.format),
  );
  for (const format of new Set(formats)) chooseFormat(format, { [base]: template });
}

/** Names of the sites that the records are of, sorted. */
export const sitesOf = (records: readonly EpisodeRecord[]): string[] =>
  [...new Set(records.flatMap(({ trajectory }) => trajectory.task.sites))].sort();

/** The number of samples whose tokens are counted before the start. */
const COUNTED = 64;

/** Some, spread evenly. */
export const someOf = <T>(samples: readonly T[]): T[] => {
  const stride = Math.max(1, Math.floor(samples.length / COUNTED));
  return samples.filter((_, i) => i % stride === 0).slice(0, COUNTED);
};

/** The adapter, for the card. */
export const loraFacts = (lora: LoraSettings | undefined) =>
  lora && {
    "adapter's rank": lora.rank,
    "adapter's alpha": lora.alpha,
    "adapter's layers": lora.layers === undefined ? "all" : String(lora.layers),
  };
