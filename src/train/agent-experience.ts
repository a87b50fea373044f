/**
 * @file Reads what agents did in use as initial rollouts of a run: successes are learned from and replayed later, and
 * failures teach the critic and inspire new tasks.
 */

import { ConfigError } from "../core/errors.ts";
import { normaliseInstruction } from "../curriculum/catalog.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { TrainConfig } from "../run/config.ts";
import type { TokenizeOptions } from "../imitation/demonstrations.ts";
import { onSitesOf, tokenizeSample } from "../imitation/demonstrations.ts";
import { isAgentDirectory, readAgentEpisodes } from "../imitation/agent-episodes.ts";
import type { Suite } from "../tasks/suite.ts";
import { observationFormat } from "./prompt-template.ts";

export async function assertAgentDirectory(directory: string): Promise<void> {
  if (await isAgentDirectory(directory)) return;
  throw new ConfigError(
    `${directory} is not an agent's directory (experience)`,
    "Name a directory that `webrl agent run --out DIRECTORY` made, or leave it out.",
  );
}

/**
 * The judged runs of the agents that `experience` names. Throws a `ConfigError` if a directory is not an agent's, its
 * runs have no verdicts, or they have other sites or another page format than the run. Runs with one of the `heldOut`
 * instructions are left out, which `onTrouble` is told, because models are scored on those.
 */
export async function readExperience(
  config: TrainConfig,
  suite: Pick<Suite, "tasks">,
  heldOut: ReadonlySet<string>,
  onTrouble?: (message: string) => void,
): Promise<EpisodeRecord[]> {
  const tasks = suite.tasks({ split: "train" });
  const format = observationFormat(config);
  const all: EpisodeRecord[] = [];
  for (const directory of config.experience) {
    await assertAgentDirectory(directory);
    const judged = (await readAgentEpisodes(directory)).filter(
      (record) => record.verdict && !record.verdict.undecided && !isFaulted(record),
    );
    const here = onSitesOf(tasks, judged);
    if (here.length === 0)
      throw new ConfigError(
        `none of the judged runs in ${directory} is on a site of the run's training tasks (experience)`,
        `The agent worked on ${[...new Set(judged.flatMap((record) => record.trajectory.task.sites))].join(", ")}: train there, or leave it out.`,
      );
    const other = here
      .flatMap((record) => record.trajectory.steps)
      .find((step) => step.observation.format !== format)?.observation.format;
    if (other !== undefined)
      throw new ConfigError(
        `the agent of ${directory} saw pages in the format ${other}, but the run's pages are in the format ${format} (experience)`,
        "Set observation.format to it, or leave it out.",
      );
    const isHeldOut = ({ trajectory }: EpisodeRecord) =>
      heldOut.has(normaliseInstruction(trajectory.task.instruction));
    const left = here.filter(isHeldOut);
    if (left.length > 0)
      onTrouble?.(
        `${left.length} of ${here.length} runs in ${directory} were at held-out tasks and are left out: ${left.map(({ id }) => id).join(", ")}`,
      );
    all.push(...here.filter((record) => !isHeldOut(record)));
  }
  return all;
}

/** Encodes the agent's run in the tokens of the run's model, whatever acted in it; stored beside the rollouts. */
export function tokenizeExperience(record: EpisodeRecord, options: TokenizeOptions): EpisodeRecord {
  const { trajectory } = record;
  const { instruction } = trajectory.task;
  const steps = trajectory.steps.map(({ screenshot: _picture, logprobs: _logprobs, ...step }) => {
    if (step.response.trim() === "") return step;
    const history = trajectory.steps.slice(0, step.index).map(({ response }) => ({ response }));
    const { response, observation } = step;
    const sample = { source: record.id, instruction, history, observation: observation.text, response };
    return { ...step, ...tokenizeSample(sample, options) };
  });
  return { ...record, trajectory: { ...trajectory, steps } };
}
