/**
 * @file Reads what an agent did (`docs/agent.md`) as episodes to learn from, each with the verdict of a person or the
 * ORM.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import type { Verdict } from "../core/trajectory.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { readJsonLines } from "../run/json-lines.ts";
import { phasePath } from "../run/paths.ts";
import type { VerdictLine } from "../run/records.ts";
import { isRunDirectory } from "../run/run-directory.ts";
import { PERSON } from "../run/records.ts";

/** Whether this is an agent's directory. */
export async function isAgentDirectory(path: string): Promise<boolean> {
  return existsSync(join(path, "config.json")) && !(await isRunDirectory(path));
}

/**
 * The runs of an agent; judged ones have a `verdict`: a person's last one, or else the ORM's. Throws a `ConfigError` if
 * none is judged, because then there is nothing to learn.
 */
export async function readAgentEpisodes(directory: string): Promise<EpisodeRecord[]> {
  const lines = <T>(name: string) => readJsonLines<T>(join(directory, phasePath(0, name)));
  const verdicts = new Map<string, VerdictLine>();
  for (const line of await lines<VerdictLine>("verdicts.jsonl"))
    if (line.by === PERSON || verdicts.get(line.id)?.by !== PERSON) verdicts.set(line.id, line);
  if (verdicts.size === 0)
    throw new ConfigError(
      `no run in ${directory} has been judged`,
      `Judge them: \`webrl agent judge ${directory} --success\` (or --failure), or with --orm to judge all runs that no person has judged.`,
    );
  return (await lines<EpisodeRecord>("trajectories.jsonl")).map((record) => {
    const said = verdicts.get(record.id);
    return said ? { ...record, verdict: verdictOf(said) } : record;
  });
}

function verdictOf({ by, success, probability, threshold, reasons, undecided }: VerdictLine): Verdict {
  return {
    by,
    success,
    probability,
    reasons,
    ...(threshold !== undefined && { threshold }),
    ...(undecided && { undecided }),
  };
}
