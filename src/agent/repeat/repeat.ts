/**
 * @file Repeats a run that succeeded, without the model wherever possible, and chooses the run in an agent's directory.
 */

import { join } from "node:path";
import { ConfigError } from "../../core/errors.ts";
import type { Trajectory } from "../../core/trajectory.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import type { Policy } from "../../rollout/policy.ts";
import { readJsonLines } from "../../run/json-lines.ts";
import { phasePath } from "../../run/paths.ts";
import { readJournal } from "../journal.ts";
import type { JournalLine } from "../journal.ts";
import type { RunLimits, RunOptions, RunResult } from "../run.ts";
import type { AgentSession } from "../session.ts";
import { recordingOf } from "./recording.ts";
import type { Recording } from "./recording.ts";
import { repeatPolicy } from "./repeat-policy.ts";
import type { Repetition } from "./repeat-policy.ts";
import { indexOfWord, replaceIn, replaceInUrl, replacementsOf, spellingsOf } from "./words.ts";

/** How a recorded run is repeated. */
export interface RepeatOptions {
  /** Other values in the same task: `{ two: "three" }`. They are words or phrases of the instruction. */
  values?: Readonly<Record<string, string>> | undefined;
  /** Never ask the model: end where the page has changed. */
  alone?: boolean | undefined;
  limits?: Partial<RunLimits> | undefined;
  onStep?: RunOptions["onStep"];
  signal?: AbortSignal | undefined;
}

/** The result of a repetition. */
export interface RepeatResult extends RunResult, Repetition {
  /**
   * It ended as recorded: the steps brought about everything that they did before. If the model did the rest, this is
   * the model's own claim, as in every run.
   */
  same: boolean;
}

/**
 * Repeats a run. The repetition is a run of the session's directory like any other; if it succeeds, it is what is
 * repeated the next time, the model's steps included. Throws a `ConfigError` when the run did not end as it should, or
 * does not have these values.
 */
export async function repeatRun(
  session: AgentSession,
  trajectory: Trajectory,
  model: Policy,
  options: RepeatOptions = {},
): Promise<RepeatResult> {
  const { values = {}, alone = false, limits, onStep, signal } = options;
  const recording = recordingOf(trajectory);
  const replacements = replacementsOf(values, recording.instruction);
  const instruction = replaceIn(recording.instruction, replacements);
  const unused = unusedValue(recording, values);
  if (unused !== null && alone)
    throw new ConfigError(
      `no step of ${trajectory.id} has the value ${JSON.stringify(unused)}`,
      "Only the model can tell where it belongs: leave `alone` out, or record a run that uses it.",
    );
  await session.open(replaceInUrl(recording.startUrl, replacements), { signal });
  const policy = repeatPolicy(recording, replacements, alone ? null : model, unused);
  const result = await session.run(instruction, { policy, limits: limits ?? {}, onStep, signal });
  const { report } = policy;
  const isDone = result.outcome === "done";
  const same = isDone && report.differences.length === 0;
  const outcome = report.stuck !== null ? "stopped" : result.outcome;
  const reason =
    report.stuck ??
    (isDone && !same
      ? `the result differs from the recording: ${report.differences.join("; ")}`
      : result.reason);
  session.record.journal.append({
    kind: "repeat/ended",
    run: result.id,
    of: trajectory.id,
    same,
    ...report,
  });
  return {
    ...result,
    ...report,
    outcome,
    reason,
    same,
    answer: report.stuck === null ? result.answer : null,
  };
}

/** Finds a value that no step has: one bag is often ordered without typing a 1. */
export function unusedValue({ steps }: Recording, values: Readonly<Record<string, string>>): string | null {
  const texts = steps.flatMap(({ action, target, place }) => [
    ...("text" in action ? [action.text] : []),
    ...(action.kind === "select_options" ? action.texts : []),
    ...(target ? [target.label, ...target.key] : []),
    place.replace(/[-/]/g, " "),
  ]);
  const isUsed = (value: string) =>
    spellingsOf(value).some((way) => texts.some((text) => indexOfWord(text, way) >= 0));
  return Object.keys(values).find((value) => !isUsed(value)) ?? null;
}

/**
 * Chooses the run of an agent's directory to repeat: the named one, or the last one that was done. Repetitions whose
 * result differed from the recording do not count. Throws a `ConfigError` if there is none.
 */
export async function runToRepeat(directory: string, id?: string): Promise<Trajectory> {
  const journal = await readJournal(directory);
  const path = join(directory, phasePath(0, "trajectories.jsonl"));
  const records = await readJsonLines<EpisodeRecord>(path);
  if (records.length === 0)
    throw new ConfigError(`${directory} holds no agent's runs`, "Name the directory of an agent.");
  const good = goodRuns(journal);
  const found =
    id === undefined
      ? records.findLast((record) => good.has(record.id))
      : records.find((record) => record.id === id);
  if (found) return found.trajectory;
  throw new ConfigError(
    id === undefined ? `no run in ${directory} succeeded` : `${directory} has no run ${id}`,
    `It has ${records
      .slice(-5)
      .map((record) => record.id)
      .join(", ")}.`,
  );
}

function goodRuns(journal: readonly JournalLine[]): Set<string> {
  const good = new Set<string>();
  for (const line of journal) {
    if (line.kind === "run_ended" && line.outcome === "done") good.add(line.run as string);
    if (line.kind === "repeat/ended" && !line.same) good.delete(line.run as string);
  }
  return good;
}
