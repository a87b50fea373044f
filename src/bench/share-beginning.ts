/** @file What the runs of a comparison have in common until an actor first learns, computed once. */

import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { methodParts } from "../run/config.ts";
import { readMarker } from "../run/done-marker.ts";
import { episodeId } from "../run/episode-ids.ts";
import type { RunEvent, StageName } from "../run/events.ts";
import { openJsonLines, readJsonLines } from "../run/json-lines.ts";
import { checkpointPath, donePath, isStageDone, phasePath, pictureName } from "../run/paths.ts";
import type { MetricLine } from "../run/records.ts";
import type { BenchRun } from "./methods.ts";
import { hasBegun } from "./methods.ts";

type StageKey = readonly [phase: number, stage: StageName];

/** What every run that trains begins with: the base is scored, and tries the same tasks. */
const BEGINNING: readonly StageKey[] = [
  [0, "evaluate"],
  [0, "curriculum"],
  [0, "rollout"],
  [0, "judge"],
];

/** The stages until an actor learns for the first time that two runs of a seed have in common, in their order. */
function commonStages(one: BenchRun, other: BenchRun): readonly StageKey[] {
  const [a, b] = [methodParts(one.config), methodParts(other.config)];
  if (!a.trains || !b.trains) return BEGINNING.slice(0, 1);
  if (a.tasks !== b.tasks) return BEGINNING;
  return [
    ...BEGINNING,
    ...(a.tasks === "evolved" ? ([[0, "critic"]] as const) : []),
    [1, "curriculum"],
    [1, "rollout"],
    [1, "judge"],
  ];
}

/**
 * Runs of a seed begin alike: the same model is scored on the same tasks, is rolled out on the same tasks, and, as long
 * as no actor has learned, chooses the same next ones if the methods choose alike. A run that does not exist yet gets
 * these stages, with their metrics and events, from the run of its seed that has most of them. Call it before the run
 * is created and after `refuseOtherSettings`.
 */
export async function shareBeginning(run: BenchRun, plan: readonly BenchRun[]): Promise<void> {
  if (hasBegun(run)) return;
  // What is there without a run is a copy that was cut short, perhaps from a run with other settings.
  await rm(run.directory, { recursive: true, force: true });
  const beginnings = plan
    .filter((other) => other.seed === run.seed && hasBegun(other))
    .map((other) => {
      const stages = commonStages(run, other);
      const missing = stages.findIndex(([phase, stage]) => !isStageDone(other.directory, phase, stage));
      return { from: other.directory, stages: missing < 0 ? stages : stages.slice(0, missing) };
    });
  const longest = beginnings.toSorted((a, b) => b.stages.length - a.stages.length)[0];
  if (longest === undefined) return;
  const { from, stages } = longest;
  const copied = new Set<string>();
  for (const [phase, stage] of stages) {
    if (!(await copyStage(from, run.directory, phase, stage))) break;
    copied.add(`${phase}/${stage}`);
  }
  const isShared = (line: MetricLine | RunEvent) =>
    "stage" in line && copied.has(`${line.phase}/${line.stage}`);
  for (const file of ["metrics.jsonl", "events.jsonl"])
    openJsonLines(join(run.directory, file)).append(
      ...(await readJsonLines<MetricLine | RunEvent>(join(from, file))).filter(isShared),
    );
}

/** Copies what a finished stage left: its files, pictures and weights, and its marker; false if that is damaged. */
async function copyStage(from: string, to: string, phase: number, stage: StageName): Promise<boolean> {
  const copy = (path: string, options?: { filter(path: string): boolean }) =>
    cp(join(from, path), join(to, path), { recursive: true, ...options });
  const marker = await readMarker(from, phase, stage);
  if (marker === null || marker === "damaged") return false;
  for (const name of Object.keys(marker.files ?? {})) await copy(phasePath(phase, name));
  const pictures = phasePath(phase, "screenshots");
  const kind = stage === "rollout" ? "rollout" : stage === "evaluate" ? "evaluation" : null;
  if (kind !== null && existsSync(join(from, pictures))) {
    const prefix = pictureName(episodeId(kind, phase, 0)).replace(/\d+$/, "");
    const root = join(from, pictures);
    await copy(pictures, {
      filter: (path) => path === root || path.slice(root.length + 1).startsWith(prefix),
    });
  }
  if (stage === "critic") await copy(checkpointPath("", "critic", phase));
  await cp(donePath(from, phase, stage), donePath(to, phase, stage));
  return true;
}
