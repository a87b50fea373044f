/** @file Names of episodes in a run. The dashboard's page uses this file too, so it must not need Node. */

/** At least two digits, as in the names of directories. */
export const phaseName = (phase: number) => String(phase).padStart(2, "0");

/** The kinds of episodes: those that train and those that score. */
export type EpisodeKind = "rollout" | "evaluation";

/** An id that is unique in the run and sorts by phase and position in the phase. */
export const episodeId = (kind: EpisodeKind, phase: number, index: number) =>
  `${kind === "rollout" ? "phase" : "evaluation"}-${phaseName(phase)}/${String(index).padStart(4, "0")}`;

/** The phase of a rollout's episode; `null` for an id of something else, such as a demonstration. */
export function rolloutPhaseOf(id: string): number | null {
  const phase = /^phase-(\d+)\//.exec(id)?.[1];
  return phase === undefined ? null : Number(phase);
}
