/** @file The events of a run, written to `events.jsonl` and shown on the terminal as they happen. */

import type { ChatUsage } from "../core/chat.ts";
import type { FaultCode } from "../core/errors.ts";
import type { EndingName } from "../core/trajectory.ts";

/** The stages of a phase, in their order. */
export const STAGES = [
  /** Proposes and filters the phase's tasks. */
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
   * `success` counts how many of `done` succeeded, if known. `part` names work of the stage before or after what its
   * bar counts: log π_ref of the actor's steps, or the critic's values.
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
  /** The episode is over once an `episode` event with this id follows, or the stage starts again. */
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
      /** The verifier's verdict, if there is one. */
      success: boolean | null;
    }
  | { kind: "fault"; phase: number; stage: StageName; id: string; code: FaultCode; message: string }
  /** Something that a person should know, such as a curriculum without tasks or a collapsed critic. */
  | { kind: "warning"; phase: number; stage: StageName; message: string }
  | {
      kind: "stage_finished";
      phase: number;
      stage: StageName;
      seconds: number;
      metrics: Record<string, number>;
    }
  /** `usage`: what requests to chat models' servers used since this process began; absent if there were none. */
  | { kind: "run_finished"; usage?: ChatUsage }
  | { kind: "run_stopped"; reason: string; usage?: ChatUsage };

/** Called with every event of a run. */
export type Observer = (event: RunEvent) => void;
