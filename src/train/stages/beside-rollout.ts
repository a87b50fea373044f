/**
 * @file Work that servers do while a rollout's last episodes run: judging finished episodes, and computing log π_ref of
 * their actions, since π_ref is the policy that took them. What is not finished here is left to the stages after the
 * rollout.
 */

import { invariant } from "../../core/errors.ts";
import { experienceOf, type ExperienceStep } from "../../replay/experience.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import type { ReferenceLine } from "../../run/records.ts";
import type { Stage } from "../../run/run-directory.ts";
import { actionLogprobs } from "../action-logprobs.ts";
import { usesReference } from "../advantages.ts";
import type { Context } from "../context.ts";
import { watchGroups, type GroupWatcher } from "../finished-groups.ts";
import { judgeGroup } from "./judge.ts";

export interface BesideRollout extends GroupWatcher {
  /** Call when the rollout broke; waits for nothing. */
  abort(reason: unknown): void;
}

/** For the rollout's episodes `ids`. `end` waits for requested verdicts, and for all log-probabilities. */
export async function workBeside(
  whole: Context,
  stage: Stage,
  phase: number,
  ids: readonly string[],
): Promise<BesideRollout> {
  const { elsewhere = {}, judge } = whole.parts;
  const watchers: GroupWatcher[] = [];
  const stop = new AbortController();
  const signal = whole.signal ? AbortSignal.any([whole.signal, stop.signal]) : stop.signal;
  const context = { ...whole, signal };
  let isOver = false;
  if (elsewhere.judge && judge) {
    const lines = stage.lines("early-verdicts.jsonl");
    const known = new Set((await lines.read()).map(({ id }) => id));
    const work = async (group: EpisodeRecord[]) => {
      if (!isOver && !group.every(({ id }) => known.has(id)))
        lines.append(...(await judgeGroup(context, group)));
    };
    watchers.push(watchGroups(ids, leaveLater(context, stage, "judging", work)));
  }
  if (elsewhere.actor && usesReference(context.method.loss)) {
    const lines = stage.lines("reference.jsonl");
    const known = new Set((await lines.read()).map(keyOf));
    const model = await context.models.read("actor", Math.max(0, phase - 1));
    const work = async (group: EpisodeRecord[]) => {
      const steps = group.flatMap(({ trajectory }) =>
        experienceOf(trajectory, 0, { phase, source: "rollout" }),
      );
      if (steps.every((step) => known.has(keyOf(step)))) return;
      const rows = await actionLogprobs(model, steps, { signal });
      lines.append(
        ...steps.map(({ trajectoryId, index }, i) => ({ trajectoryId, index, logprobs: [...rows[i]!] })),
      );
    };
    watchers.push(watchGroups(ids, leaveLater(context, stage, "log-probabilities of actions", work)));
  }
  return {
    noteEnded: (record) => {
      for (const watcher of watchers) watcher.noteEnded(record);
    },
    abort: (reason) => stop.abort(reason),
    end: async () => {
      isOver = true;
      for (const watcher of watchers) await watcher.end();
    },
  };
}

/** After an error nothing more is tried here: the stage whose work it is will meet the error again and handle it. */
function leaveLater(
  { signal }: Context,
  stage: Stage,
  what: string,
  work: (group: EpisodeRecord[]) => Promise<void>,
): (group: EpisodeRecord[]) => Promise<void> {
  let hasFailed = false;
  return async (group) => {
    if (hasFailed || signal?.aborted) return;
    await work(group).catch((error: unknown) => {
      hasFailed = true;
      if (!signal?.aborted)
        stage.emit({
          kind: "warning",
          message: `${what} beside the rollout stopped and continues after it: ${(error as Error).message}`,
        });
    });
  };
}

const keyOf = ({ trajectoryId, index }: Pick<ExperienceStep, "trajectoryId" | "index">) =>
  `${trajectoryId}#${index}`;

/**
 * log π_ref of the phase's new steps, as far as it is known from their rollouts, since π_ref is the policy that took
 * them. If this process sampled, the sampler computed it (within rounding); a server was asked beside the rollout.
 * Steps of phase 0 are new in phase 1.
 */
export async function earlyReference(
  { run, parts }: Context,
  phase: number,
): Promise<(step: ExperienceStep & { isNew?: boolean }) => Float32Array | undefined> {
  const known = new Map<string, ReferenceLine>();
  for (const each of phase === 1 ? [0, 1] : [phase])
    for (const line of await run.read(each, "reference.jsonl")) known.set(keyOf(line), line);
  return (step) => {
    if (!step.isNew) return undefined;
    const logprobs = known.get(keyOf(step))?.logprobs ?? (parts.elsewhere?.actor ? undefined : step.logprobs);
    if (logprobs === undefined) return undefined;
    // The files belong to finished stages, whose files are checked against their hashes.
    invariant(logprobs.length === step.responseTokens.length, `${keyOf(step)} has a log π_ref per token`);
    return Float32Array.from(logprobs);
  };
}
