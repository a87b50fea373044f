/**
 * @file A job that was learned on one item: the run that did it is repeated for the others, with their values instead of its
 * own, and the model is asked only where a page is otherwise. What an item is afterwards is read back as ever, so that a repetition
 * is believed no more than the model is.
 */

import { ConfigError } from "../../core/errors.ts";
import type { Trajectory } from "../../core/trajectory.ts";
import type { Policy } from "../../rollout/policy.ts";
import { recordingOf } from "../repeat/recording.ts";
import type { Recording } from "../repeat/recording.ts";
import { unusedValue } from "../repeat/repeat.ts";
import { repeatPolicy } from "../repeat/repeat-policy.ts";
import type { RepeatPolicy } from "../repeat/repeat-policy.ts";
import { replacementsOf } from "../repeat/words.ts";
import type { Values } from "./template.ts";
import { columnsIn } from "./template.ts";

/** An instruction and what it was filled with. */
export interface Told {
  template: string;
  values: Values;
}

export interface LearnedJob {
  /** How to do this item as another one was done; `null`: nothing is known that fits it. */
  repeat(told: Told): RepeatPolicy | null;
  /** A run without a repetition has done its item. */
  learn(told: Told, trajectory: Trajectory): void;
  /** A repetition has not done its item: what was learned is wrong here, and is learned anew. */
  forget(): void;
}

export function learnJob(model: Policy): LearnedJob {
  let known: { told: Told; recording: Recording } | null = null;
  return {
    repeat: (told) => {
      if (known === null) return null;
      const values = changesBetween(known.told, told);
      if (values === null || unusedValue(known.recording, values) !== null) return null;
      try {
        return repeatPolicy(
          known.recording,
          replacementsOf(values, known.recording.instruction),
          model,
          null,
        );
      } catch (error) {
        // Values that overlap, or are empty: nobody knows which of them a step has.
        if (error instanceof ConfigError) return null;
        throw error;
      }
    },
    learn: (told, trajectory) => {
      if (trajectory.ending.kind !== "terminated" || trajectory.ending.answer === null) return;
      // What the agent said at the end is about that item alone, and nobody reads it.
      known = { told, recording: { ...recordingOf(trajectory), answer: "" } };
    },
    forget: () => {
      known = null;
    },
  };
}

/** Which value takes the place of which; `null` where that is not clear. */
function changesBetween(from: Told, to: Told): Record<string, string> | null {
  if (from.template !== to.template) return null;
  const changes = new Map<string, string>();
  for (const name of new Set(columnsIn(from.template, "instruction"))) {
    const [before, now] = [from.values[name]!, to.values[name]!];
    if (changes.has(before) && changes.get(before) !== now) return null;
    changes.set(before, now);
  }
  // A value of the other item that happens to be the same stays as it is.
  return Object.fromEntries([...changes].filter(([before, now]) => before !== now));
}
