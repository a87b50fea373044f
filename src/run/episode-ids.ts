/** @file Names of episodes in a run. The dashboard's page uses this file too: it needs nothing of Node. */

/** Two digits at least, as in the names of directories. */
export const phaseName = (phase: number) => String(phase).padStart(2, "0");

/** Where episodes are from: those that train and those that score. */
export type EpisodeKind = "rollout" | "evaluation";

/** Unique in the run; sorts by phase and place in the phase. */
export const episodeId = (kind: EpisodeKind, phase: number, index: number) =>
  `${kind === "rollout" ? "phase" : "evaluation"}-${phaseName(phase)}/${String(index).padStart(4, "0")}`;

/** The phase of a rollout's episode; `null` where an id is of something else, a demonstration. */
export function rolloutPhaseOf(id: string): number | null {
  const phase = /^phase-(\d+)\//.exec(id)?.[1];
  return phase === undefined ? null : Number(phase);
}
