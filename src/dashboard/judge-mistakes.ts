/** @file Finds wrong rewards: rollouts on which judge and verifier disagree, the most confident first. */

import type { EpisodeDetail } from "./episodes.ts";
import { allEpisodes, disagree, episodeDetail } from "./episodes.ts";
import { takeTurns } from "../core/take-turns.ts";
import type { RunFiles } from "../run/run-files.ts";

export interface JudgeMistakes {
  /** Verdicts of the run that the verifier contradicts. */
  total: number;
  /** Alternates between wrongly rewarded and wrongly unrewarded rollouts. */
  examples: EpisodeDetail[];
}

export async function judgeMistakes(run: RunFiles, most: number): Promise<JudgeMistakes> {
  const wrong = (await allEpisodes(run))
    .filter(disagree)
    .sort((a, b) => certainty(b.judged!) - certainty(a.judged!) || (a.id < b.id ? -1 : 1));
  const [missed, rewarded] = [false, true].map((success) =>
    wrong.filter((e) => e.judged!.success === success),
  );
  const chosen = takeTurns([rewarded!, missed!]).slice(0, most);
  const examples = await Promise.all(
    chosen.map(({ phase, kind, id }) => episodeDetail(run, phase, kind, id)),
  );
  return { total: wrong.length, examples: examples.filter((example) => example !== null) };
}

const certainty = ({ probability }: { probability: number }) => Math.abs(probability - 0.5);
