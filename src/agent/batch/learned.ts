/**
 * @file A job learned from one item: the run that did it is repeated for the other items with their values, and the
 * model is asked only where a page differs. The effect is read back as always: a repetition is trusted no more than the
 * model.
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

/** An instruction and the row that filled it. */
export interface FilledInstruction {
  template: string;
  values: Values;
}

export interface LearnedJob {
  /** How to do this item as another one was done; `null` when no known run fits. */
  repeat(told: FilledInstruction): RepeatPolicy | null;
  /** Records that a run without repetition did its item. */
  learn(told: FilledInstruction, trajectory: Trajectory): void;
  /** Records that a repetition did not do its item: what was learned is wrong and will be learned again. */
  forget(): void;
}

export function learnJob(model: Policy): LearnedJob {
  let known: { told: FilledInstruction; recording: Recording } | null = null;
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
        // Values that overlap or are empty: it is unclear which of them a step contains.
        if (error instanceof ConfigError) return null;
        throw error;
      }
    },
    learn: (told, trajectory) => {
      if (trajectory.ending.kind !== "terminated" || trajectory.ending.answer === null) return;
      // What the agent said at the end concerns only that item, and nothing reads it.
      known = { told, recording: { ...recordingOf(trajectory), answer: "" } };
    },
    forget: () => {
      known = null;
    },
  };
}

/** Which value replaces which; `null` when that is not clear. */
function changesBetween(from: FilledInstruction, to: FilledInstruction): Record<string, string> | null {
  if (from.template !== to.template) return null;
  const changes = new Map<string, string>();
  for (const name of new Set(columnsIn(from.template, "instruction"))) {
    const [before, now] = [from.values[name]!, to.values[name]!];
    if (changes.has(before) && changes.get(before) !== now) return null;
    changes.set(before, now);
  }
  // A value that happens to be the same for both items stays as it is.
  return Object.fromEntries([...changes].filter(([before, now]) => before !== now));
}
