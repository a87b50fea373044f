/** @file What happens in a run, as it happens: written to `events.jsonl` and shown on the terminal. */

import type { ChatUsage } from "../core/chat.ts";
import type { FaultCode } from "../core/errors.ts";
import type { EndingName } from "../core/trajectory.ts";

/** The stages of a phase, in their order. */
export const STAGES = [
  /** Propose and filter: what the phase's tasks are, and why. */
  "curriculum",
  "rollout",
  "judge",
  "select",
  "critic",
  "actor",
  "evaluate",
] as const;

/** The stages of a phase, in their order. */
export type StageName = (typeof STAGES)[number];

/** What happens in a run, as `events.jsonl` records it. */
export type RunEvent =
  | { kind: "run_started"; method: string; phases: number }
  | { kind: "run_resumed"; version: string }
  | { kind: "stage_started"; phase: number; stage: StageName }
  /**
   * `success` counts those of `done` that succeeded, where that is known. `part` names work of the stage that comes before or after
   * what its bar counts: log π_ref of the actor's steps, the critic's values.
   */
  | {
      kind: "progress";
      phase: number;
      stage: StageName;
      done: number;
      total: number;
      success?: number;
      part?: "reference" | "values";
    }
  /** Over once an `episode` with this id follows, or the stage starts again. */
  | {
      kind: "episode_started";
      phase: number;
      stage: StageName;
      id: string;
      taskId: string;
      instruction: string;
    }
  | {
      kind: "episode";
      phase: number;
      stage: StageName;
      id: string;
      taskId: string;
      instruction: string;
      steps: number;
      ending: EndingName;
      /** The verifier's verdict, where there is one. */
      success: boolean | null;
    }
  | { kind: "fault"; phase: number; stage: StageName; id: string; code: FaultCode; message: string }
  /** Something that a person should know: a curriculum without tasks, a critic that collapsed. */
  | { kind: "warning"; phase: number; stage: StageName; message: string }
  | {
      kind: "stage_finished";
      phase: number;
      stage: StageName;
      seconds: number;
      metrics: Record<string, number>;
    }
  /** `usage`: what requests to a chat model's server took since this process began; absent where there were none. */
  | { kind: "run_finished"; usage?: ChatUsage }
  | { kind: "run_stopped"; reason: string; usage?: ChatUsage };

/** Is called with every event of a run. */
export type Observer = (event: RunEvent) => void;
