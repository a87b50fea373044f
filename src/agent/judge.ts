/**
 * @file Records the verdict of a person or the reward model on an agent's run, which makes the run experience to learn
 * from.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Judge } from "../core/contracts.ts";
import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { Verdict } from "../core/trajectory.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import { openJsonLines, readJsonLines } from "../run/json-lines.ts";
import { phasePath } from "../run/paths.ts";
import type { VerdictLine } from "../run/records.ts";
import { PERSON } from "../run/records.ts";
import { lockRun } from "../run/run-lock.ts";
import { readJournal } from "./journal.ts";

export interface PersonsVerdict {
  /** Id of the run; default: the last one. */
  run?: string | undefined;
  success: boolean;
  /** Why, for people. */
  reason?: string | undefined;
}

/**
 * Writes a verdict into the agent's directory; a later one on the same run replaces it. Throws a `ConfigError` when the
 * directory is not an agent's, has no such run, or is in use.
 */
export async function judgeRun(
  directory: string,
  { run, success, reason }: PersonsVerdict,
): Promise<VerdictLine> {
  await using judging = await openJudging(directory);
  const { records } = judging;
  const record = run === undefined ? records.at(-1) : records.find(({ id }) => id === run);
  if (record === undefined) {
    const ids = records.map(({ id }) => id);
    const near = run === undefined ? undefined : nearest(run, ids);
    throw new ConfigError(
      run === undefined ? `${directory} has no runs` : `${directory} has no run ${JSON.stringify(run)}`,
      ids.length === 0
        ? "Let the agent do something first."
        : `Name ${near ?? `one of ${ids.slice(-5).join(", ")}`}.`,
    );
  }
  const { ending } = record.trajectory;
  if (ending.kind === "faulted")
    throw new ConfigError(
      `${record.id} ended by a fault of the world: ${ending.message}`,
      "Such a run cannot be learned from; judge another one.",
    );
  const verdict = verdictLine(record, {
    by: PERSON,
    success,
    probability: success ? 1 : 0,
    reasons: reason === undefined ? [] : [reason],
  });
  judging.append(verdict);
  return verdict;
}

/** Lets a judge give a verdict on every run that has none yet. */
export async function judgeRest(
  directory: string,
  judge: Judge,
  options: { signal?: AbortSignal } = {},
): Promise<VerdictLine[]> {
  await using judging = await openJudging(directory);
  const judged = new Set(judging.verdicts.map(({ id }) => id));
  const open = judging.records.filter((record) => !judged.has(record.id) && !isFaulted(record));
  if (open.length === 0) return [];
  const verdicts = await judge.judge(
    open.map(({ trajectory }) => trajectory),
    options,
  );
  const lines = open.map((record, i) => verdictLine(record, verdicts[i]!));
  judging.append(...lines);
  return lines;
}

interface Judging extends AsyncDisposable {
  records: EpisodeRecord[];
  verdicts: VerdictLine[];
  append(...lines: VerdictLine[]): void;
}

/** Locks the directory meanwhile. */
async function openJudging(directory: string): Promise<Judging> {
  const episodes = join(directory, phasePath(0, "trajectories.jsonl"));
  const isAgents = existsSync(episodes) && (await readJournal(directory)).length > 0;
  if (!isAgents)
    throw new ConfigError(
      `${directory} is not an agent's directory with runs in it`,
      "Name the directory that `webrl agent run` printed, or that you gave it with --out.",
    );
  const release = await lockRun(directory);
  try {
    const lines = openJsonLines<VerdictLine>(join(directory, phasePath(0, "verdicts.jsonl")));
    return {
      records: await readJsonLines<EpisodeRecord>(episodes),
      verdicts: await lines.read(),
      append: (...verdicts) => lines.append(...verdicts),
      [Symbol.asyncDispose]: release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

const verdictLine = ({ id, trajectory }: EpisodeRecord, verdict: Verdict): VerdictLine => {
  const { by, success, probability, threshold, reasons, undecided } = verdict;
  return {
    id,
    taskId: trajectory.task.id,
    success,
    probability,
    ...(threshold !== undefined && { threshold }),
    by,
    reasons,
    ...(undecided && { undecided }),
    truth: null,
  };
};
