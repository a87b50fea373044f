/** @file A person's verdict on what an agent did: with it the run is experience to learn from. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { openJsonLines, readJsonLines } from "../run/json-lines.ts";
import { phasePath } from "../run/paths.ts";
import type { VerdictLine } from "../run/records.ts";
import { lockRun } from "../run/run-lock.ts";
import { readJournal } from "./journal.ts";

export interface PersonsVerdict {
  /** Id of the run; default: the last one. */
  run?: string | undefined;
  success: boolean;
  /** Why, for people. */
  reason?: string | undefined;
}

/** Who says so, in verdicts. */
const PERSON = "person";

/**
 * Notes a verdict in the agent's directory; a later one on the same run holds. Throws a `ConfigError` where the directory is no agent's,
 * has no such run, or is being worked in.
 */
export async function judgeRun(
  directory: string,
  { run, success, reason }: PersonsVerdict,
): Promise<VerdictLine> {
  const episodes = join(directory, phasePath(0, "trajectories.jsonl"));
  const isAgents = existsSync(episodes) && (await readJournal(directory)).length > 0;
  if (!isAgents)
    throw new ConfigError(
      `${directory} is no agent's directory with runs in it`,
      "Name the directory that `webrl agent run` told, or gave --out.",
    );
  const release = await lockRun(directory);
  try {
    const records = await readJsonLines<EpisodeRecord>(episodes);
    const ids = records.map(({ id }) => id);
    const record = run === undefined ? records.at(-1) : records.find(({ id }) => id === run);
    if (record === undefined) {
      const near = run === undefined ? undefined : nearest(run, ids);
      throw new ConfigError(
        run === undefined ? `${directory} has no runs` : `${directory} has no run ${JSON.stringify(run)}`,
        ids.length === 0
          ? "Let the agent do something first."
          : `Name ${near ?? `one of ${ids.slice(-5).join(", ")}`}.`,
      );
    }
    if (record.trajectory.ending.kind === "faulted")
      throw new ConfigError(
        `${record.id} ended by a fault of the world: ${record.trajectory.ending.message}`,
        "It is no experience, whatever came of it; judge another run.",
      );
    const verdict: VerdictLine = {
      id: record.id,
      taskId: record.trajectory.task.id,
      success,
      probability: success ? 1 : 0,
      by: PERSON,
      reasons: reason === undefined ? [] : [reason],
      truth: null,
    };
    openJsonLines<VerdictLine>(join(directory, phasePath(0, "verdicts.jsonl"))).append(verdict);
    return verdict;
  } finally {
    await release();
  }
}
