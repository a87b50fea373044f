/**
 * @file Writes demonstrations in the formats of other tools: chat JSON Lines and the completion samples of the released
 * SFT data (one sample per turn), and a data set folder in Hugging Face's layout. `import-samples.ts` reads them.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import type { ObservationFormat } from "../core/observation.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { openJsonLines } from "../run/json-lines.ts";
import { writeAtomically } from "../run/run-directory.ts";
import { policyMessages } from "../text/prompt-chat.ts";
import { releasedPrompt } from "../text/released-prompt.ts";
import type { ImitationSample } from "./demonstrations.ts";
import { imitationSamples } from "./demonstrations.ts";

/**
 * `chat`: `{ messages }`; `completion`: `{ conversations }` of the prompt that the released checkpoints read, and the
 * reply.
 */
export type SampleFormat = "chat" | "completion";

/** The prompt of the released data does not say it, since its pages are all in `webrl`. */
const withFormat = (format: ObservationFormat) => (format === "webrl" ? {} : { pageFormat: format });

function chatSample(sample: ImitationSample, format: ObservationFormat) {
  const messages = policyMessages({ ...sample, maxTokens: Infinity, count: (text) => text.length });
  return {
    ...withFormat(format),
    messages: [...messages, { role: "assistant", content: sample.response }],
  };
}

const completionSample = (sample: ImitationSample, format: ObservationFormat) => ({
  ...withFormat(format),
  conversations: [
    { from: "human", value: releasedPrompt(sample) },
    { from: "gpt", value: sample.response },
  ],
});

/**
 * Writes the turns that are worth imitating to a `.jsonl` file, or else to a new directory that `datasets.load_dataset`
 * reads. Never overwrites anything.
 */
export async function exportSamples(
  records: readonly EpisodeRecord[],
  { out, format }: { out: string; format: SampleFormat },
): Promise<{ samples: number; episodes: number; file: string }> {
  if (existsSync(out)) throw new ConfigError(`${out} exists already`, "Name another --out.");
  const samples = records.flatMap((record) =>
    imitationSamples([record]).map((sample) => ({ sample, format: formatOf(record) })),
  );
  if (samples.length === 0)
    throw new ConfigError(
      "there is nothing to export: none of the episodes succeeded",
      "Give --demos with successful episodes.",
    );
  const isFile = out.endsWith(".jsonl");
  const file = isFile ? out : join(out, "data", "train.jsonl");
  await makeDirectory(join(file, ".."));
  openJsonLines<unknown>(file).append(
    ...samples.map(({ sample, format: pages }) =>
      format === "chat" ? chatSample(sample, pages) : completionSample(sample, pages),
    ),
  );
  const episodes = new Set(samples.map(({ sample }) => sample.source)).size;
  if (!isFile) await writeAtomically(join(out, "README.md"), datasetCard(samples.length, episodes, format));
  return { samples: samples.length, episodes, file };
}

/** All pages of an episode come in one format. */
const formatOf = ({ trajectory }: EpisodeRecord): ObservationFormat =>
  trajectory.steps[0]?.observation.format ?? "webrl";

const datasetCard = (samples: number, episodes: number, format: SampleFormat) => `---
configs:
  - config_name: default
    data_files:
      - split: train
        path: data/train.jsonl
tags:
  - web-agent
---

Turns of web episodes that succeeded: ${samples} samples of ${episodes} episodes, written by webrl. Each has ${
  format === "chat"
    ? "`messages`: what a chat model is shown, and what it should say"
    : "`conversations`: the prompt of WebRL's released checkpoints (`human`), and the reply (`gpt`)"
}. \`pageFormat\` says how pages are written; where it is absent, in WebRL's simplified HTML.
`;
