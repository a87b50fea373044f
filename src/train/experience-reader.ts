/**
 * @file Reads experience from the run's files: judged trajectories of a phase as steps, the replay buffer of a phase,
 * and the data that critic and actor of a phase train on. The files are the only source, so a resumed run reads the
 * same as an uninterrupted one.
 */

import { invariant } from "../core/errors.ts";
import type { ReplayBuffer } from "../replay/buffer.ts";
import { createReplayBuffer } from "../replay/buffer.ts";
import type { ExperienceStep } from "../replay/experience.ts";
import { experienceOf } from "../replay/experience.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { TrainConfig } from "../run/config.ts";
import { demonstrationSteps } from "../imitation/demonstrations.ts";
import type { ValueLine, VerdictLine } from "../run/records.ts";
import type { Run } from "../run/run-directory.ts";
import type { Parts } from "./parts.ts";
import { promptTemplate } from "./prompt-template.ts";
import type { RunModels } from "./run-models.ts";

/** Reads a run's episodes as experience: steps with outcomes, as tokens. */
export interface ExperienceReader {
  /** Sorted by id. */
  episodes(phase: number): Promise<EpisodeRecord[]>;
  verdicts(phase: number): Promise<Map<string, VerdictLine>>;
  /** Steps of the phase's own trajectories, successes and failures; phase 1 includes the initial rollouts. */
  newSteps(phase: number): Promise<ExperienceStep[]>;
  /** Demonstrations and successes from before the phase. */
  buffer(phase: number): Promise<ReplayBuffer>;
  /** New steps and the replayed ones that the phase's selection chose; `isNew` distinguishes them. */
  data(phase: number): Promise<DataStep[]>;
}

/** A step of a phase's data, with the trajectory that it belongs to. */
export interface DataStep extends ExperienceStep {
  isNew: boolean;
  /** The whole trajectory that it belongs to, in order. */
  trajectory: readonly ExperienceStep[];
}

export function createExperienceReader(
  run: Run,
  config: TrainConfig,
  parts: Parts,
  models: RunModels,
): ExperienceReader {
  /** Tokens take much memory, so only the phases requested last are kept. */
  const cache = new Map<string, unknown>();
  const getCached = async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    if (!cache.has(key)) {
      if (cache.size > 24) cache.delete(cache.keys().next().value!);
      cache.set(key, await make());
    }
    return cache.get(key) as T;
  };

  // Sorted by id: the file has them in the order in which they finished, which varies.
  const episodes = async (phase: number) =>
    (await run.read(phase, "trajectories.jsonl")).sort((a, b) => (a.id < b.id ? -1 : 1));
  const verdicts = async (phase: number) =>
    new Map((await run.read(phase, "verdicts.jsonl")).map((line) => [line.id, line]));

  const ownSteps = (phase: number) =>
    getCached(`steps-${phase}`, async () => {
      invariant(run.isDone(phase, "judge"), `phase ${phase} is judged before its experience is used`);
      const rewards = await verdicts(phase);
      return (await episodes(phase))
        .filter((record) => !isFaulted(record))
        .flatMap((record) => {
          const verdict = rewards.get(record.id);
          invariant(verdict !== undefined, `${record.id} has a verdict`);
          if (verdict.undecided) return [];
          return [experienceOf(record.trajectory, verdict.success ? 1 : 0, { phase, source: "rollout" })];
        })
        .filter((steps) => steps.length > 0);
    });

  const newTrajectories = async (phase: number) =>
    phase === 1 ? [...(await ownSteps(0)), ...(await ownSteps(1))] : ownSteps(phase);

  const demonstrations = () =>
    getCached("demonstrations", async () => {
      const { tokenizer, contextTokens } = await models.read("actor", 0);
      const options = {
        tokenizer,
        contextTokens,
        maxNewTokens: config.rollout.maxNewTokens,
        template: promptTemplate(config),
      };
      return parts.demonstrations
        .map((record) => demonstrationSteps(record, options))
        .filter((steps) => steps.length > 0);
    });

  const buffer = async (phase: number) => {
    const replay = createReplayBuffer({ capacity: config.replay.capacity });
    for (const steps of await demonstrations()) replay.add(steps);
    // The initial rollouts count as new in phase 1 and as old from phase 2 on.
    for (let earlier = 0; earlier < phase && phase > 1; earlier++)
      for (const steps of await ownSteps(earlier)) if (steps[0]!.outcome === 1) replay.add(steps);
    return replay;
  };

  return {
    episodes,
    verdicts,
    newSteps: async (phase) => (await newTrajectories(phase)).flat(),
    buffer,
    data: async (phase) => {
      const fresh = (await newTrajectories(phase)).flatMap((trajectory) =>
        trajectory.map((step) => ({ ...step, isNew: true, trajectory })),
      );
      const lines = await run.read(phase, "selection.jsonl");
      const chosen = lines.filter((line) => line.outcome === "selected");
      if (chosen.length === 0) return fresh;
      const replay = await buffer(phase);
      const replayed = chosen.map((line) => {
        const trajectory = replay.trajectory(line.trajectoryId);
        invariant(trajectory !== undefined, `${line.trajectoryId} is in the replay buffer`);
        return { ...trajectory[line.index]!, isNew: false, trajectory };
      });
      return [...fresh, ...replayed];
    },
  };
}

/** V by step; `undefined` for a step that no advantage uses. */
export function lookUpValues(
  lines: readonly ValueLine[],
): (trajectoryId: string, index: number) => number | undefined {
  const values = new Map(lines.map((line) => [`${line.trajectoryId}#${line.index}`, line.value]));
  return (trajectoryId, index) => values.get(`${trajectoryId}#${index}`);
}
