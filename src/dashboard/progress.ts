/** @file The progress of a run: its state, its stage, and how far that stage has come. */

import type { StageName } from "../run/events.ts";
import type { RunHead } from "./run-head.ts";
import type { EventLine } from "../run/records.ts";
import type { RunFiles } from "../run/run-files.ts";

export interface Progress {
  /** `interrupted`: neither finished nor stopped, and no process works on it. */
  state: "empty" | "running" | "finished" | "stopped" | "interrupted";
  /** Why it stopped. */
  reason: string | null;
  phase: number | null;
  /** The stage that is running, or was when it was interrupted. */
  stage: StageName | null;
  stageStartedAt: string | null;
  /** Of the stage's items (episodes, verdicts, optimiser steps); `null` where it is not counted. */
  done: number | null;
  total: number | null;
  lastEventAt: string | null;
}

/** An agent at work has no stages. */
const NOTHING: Omit<Progress, "state"> = {
  reason: null,
  phase: null,
  stage: null,
  stageStartedAt: null,
  done: null,
  total: null,
  lastEventAt: null,
};

export async function readProgress(run: RunFiles, head: RunHead): Promise<Progress> {
  const events = await run.events();
  const last = events.at(-1);
  const locked = await run.isLocked();
  if (head.agent) return { ...NOTHING, state: locked ? "running" : "finished" };
  const open = openStage(events);
  const state =
    last?.kind === "run_finished"
      ? "finished"
      : locked
        ? "running"
        : last === undefined
          ? "empty"
          : last.kind === "run_stopped"
            ? "stopped"
            : "interrupted";
  const counts = open && state !== "finished" ? await countsOf(run, head, open, events) : null;
  const latest = events.findLast((event) => "phase" in event);
  return {
    state,
    reason: last?.kind === "run_stopped" ? last.reason : null,
    phase: open?.phase ?? (latest && "phase" in latest ? latest.phase : null),
    stage: state === "finished" ? null : (open?.stage ?? null),
    stageStartedAt: open?.time ?? null,
    done: counts?.done ?? null,
    total: counts?.total ?? null,
    lastEventAt: last?.time ?? null,
  };
}

type StageStarted = Extract<EventLine, { kind: "stage_started" }>;

function openStage(events: readonly EventLine[]): StageStarted | null {
  const index = events.findLastIndex((e) => e.kind === "stage_started" || e.kind === "stage_finished");
  const event = events[index];
  return event?.kind === "stage_started" ? event : null;
}

async function countsOf(
  run: RunFiles,
  head: RunHead,
  { phase, stage }: StageStarted,
  events: readonly EventLine[],
): Promise<{ done: number; total: number | null } | null> {
  const episodes = () =>
    new Set(
      events.flatMap((e) => (e.kind === "episode" && e.phase === phase && e.stage === stage ? [e.id] : [])),
    ).size;
  const { config } = head;
  switch (stage) {
    case "rollout":
      return { done: episodes(), total: (await run.lines(phase, "tasks.jsonl")).length || null };
    case "evaluate":
      return {
        done: episodes(),
        total: (await run.evaluation(0))?.tasks ?? config?.evaluation?.tasks ?? null,
      };
    case "judge":
      return {
        done: (await run.lines(phase, "verdicts.jsonl")).length,
        total: (await run.episodePlaces(phase, "rollout")).length || null,
      };
    case "critic":
    case "actor": {
      const metrics = await run.metrics();
      const mine = metrics.filter((line) => line.phase === phase);
      const data = mine.find((line) => line.stage === "select" && line.step === undefined);
      const steps =
        Number(data?.["experience/new_steps"] ?? 0) + Number(data?.["experience/replayed_steps"] ?? 0);
      const part = config?.[stage];
      return {
        done: mine.filter((line) => line.stage === stage && line.step !== undefined).length,
        total: part && steps > 0 ? Math.ceil(steps / part.batchSize) * part.epochs : null,
      };
    }
    default:
      return null;
  }
}
