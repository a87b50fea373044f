/**
 * @file Opens one run directory for reading: every file by name, kept up to date while another process writes, tolerant
 * of missing or damaged files. Large files (trajectories) are indexed by byte offsets and never held in memory.
 */

import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { openRegular, readFrom, readRegular } from "../core/regular-file.ts";
import type { Task } from "../core/task.ts";
import { STAGES } from "./events.ts";
import { LIVE_PICTURES } from "./live-pictures.ts";
import type { EpisodeKind } from "./episode-ids.ts";
import { isStageDone, phasePath, phasesIn } from "./paths.ts";
import type { Evaluation, EventLine, MetricLine, PhaseRecords } from "./records.ts";
import { EPISODE_FILES, EVALUATION_FILE, STAGE_FILES } from "./records.ts";
import type { AgentInfo, RunInfo } from "./run-info.ts";
import { isLocked, lockMark } from "./run-lock.ts";
import type { LinePlace, TailedLines } from "./tailed-lines.ts";
import { parseRecord, reasonOf, tailJson, tailLines } from "./tailed-lines.ts";

/** Where an episode is in its file, and the beginning of its line. */
export interface EpisodePlace extends LinePlace {
  id: string;
  task: Task;
}

export interface RunFiles {
  readonly directory: string;
  /** `null` if `config.json` is missing or damaged. */
  info(): Promise<RunInfo | null>;
  /** `null` if the directory is not an agent's. */
  agent(): Promise<AgentInfo | null>;
  events(): Promise<readonly EventLine[]>;
  metrics(): Promise<readonly MetricLine[]>;
  /** Numbers of the phases that have a directory, ascending. */
  phases(): Promise<number[]>;
  /** Lines of a small file; episodes are read by their position instead. */
  lines<K extends Exclude<keyof PhaseRecords, "trajectories.jsonl" | "evaluation.jsonl">>(
    phase: number,
    name: K,
  ): Promise<readonly PhaseRecords[K][]>;
  evaluation(phase: number): Promise<Evaluation | null>;
  episodePlaces(phase: number, kind: EpisodeKind): Promise<readonly EpisodePlace[]>;
  /** A picture of the run, or its beginning; `null` if there is none (a live one may be gone by now). */
  picture(path: string, headBytes?: number): Promise<Buffer<ArrayBuffer> | null>;
  /** Path in the run of a file of a phase. */
  path(phase: number, name: string): string;
  /** Whether a process is working on the run. */
  isLocked(): Promise<boolean>;
  /** A value that changes whenever something was written that a view shows. */
  version(): Promise<string>;
  /** What was found to be missing or damaged so far, for people. */
  problems(): Promise<string[]>;
}

/** The beginning of a trajectory's line contains its id and its task; observations follow. */
const HEAD_BYTES = 16 * 1024;
/** Larger files are not ours. */
const MOST_JSON_BYTES = 64 << 20;
const MOST_PICTURE_BYTES = 32 << 20;

export function openRunFiles(path: string): RunFiles {
  const directory = resolve(path);
  const tails = new Map<string, TailedLines<unknown>>();
  const damaged = new Map<string, string>();
  const show = (file: string) => relative(directory, file);
  const pathOf = (phase: number, name: string) => join(directory, phasePath(phase, name));

  const tail = <T>(
    file: string,
    make: (file: string) => TailedLines<T> = (path) => tailJson<T>(path, directory),
  ): TailedLines<T> => {
    let lines = tails.get(file) as TailedLines<T> | undefined;
    if (!lines) tails.set(file, (lines = make(file)));
    return lines;
  };

  const json = async <T>(file: string, required: boolean): Promise<T | null> => {
    damaged.delete(file);
    let text: string;
    try {
      const bytes = await readRegular(file, { within: directory, maxBytes: MOST_JSON_BYTES });
      text = bytes.toString("utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        damaged.set(file, `${show(file)} ${reasonOf(error)}`);
      else if (required) damaged.set(file, `${show(file)} is missing`);
      return null;
    }
    try {
      return parseRecord<T>(text);
    } catch {
      damaged.set(file, `${show(file)} is not complete JSON`);
      return null;
    }
  };

  const config = () => json<RunInfo | AgentInfo>(join(directory, "config.json"), true);

  return {
    directory,
    path: pathOf,
    agent: async () => {
      const info = await config();
      return info !== null && "agent" in info ? info : null;
    },
    info: async () => {
      const file = join(directory, "config.json");
      const info = await config();
      if (info !== null && "agent" in info) return null;
      if (info !== null && (typeof info.config !== "object" || info.config === null)) {
        damaged.set(file, "config.json is not the configuration of a run");
        return null;
      }
      return info;
    },
    events: () => tail<EventLine>(join(directory, "events.jsonl")).refresh(),
    metrics: () => tail<MetricLine>(join(directory, "metrics.jsonl")).refresh(),
    phases: () => phasesIn(directory),
    lines: (phase, name) => tail<never>(pathOf(phase, name)).refresh(),
    evaluation: (phase) => json<Evaluation>(pathOf(phase, EVALUATION_FILE), false),
    episodePlaces: (phase, kind) =>
      tail(pathOf(phase, EPISODE_FILES[kind]), (file) =>
        tailLines<EpisodePlace>(file, (text, place) => ({ ...headOf(text), ...place }), {
          headBytes: HEAD_BYTES,
          within: directory,
        }),
      ).refresh(),
    picture: async (name, headBytes = MOST_PICTURE_BYTES) => {
      try {
        await using file = await openRegular(join(directory, name), { within: directory });
        const { size } = await file.stat();
        return Buffer.from(await readFrom(file, 0, Math.min(size, headBytes)));
      } catch {
        return null;
      }
    },
    isLocked: () => isLocked(directory),
    version: () => versionOf(directory),
    problems: async () => [
      ...damaged.values(),
      ...[...tails.values()].flatMap((lines) =>
        lines.problems.map((problem) => problem.replace(lines.path, show(lines.path))),
      ),
      ...(await missingFiles(directory)),
    ],
  };
}

/** Sizes and times of the files that a view shows. */
async function versionOf(directory: string): Promise<string> {
  const files = ["config.json", "events.jsonl", "metrics.jsonl", LIVE_PICTURES];
  const last = (await phasesIn(directory)).at(-1);
  if (last !== undefined)
    files.push(
      ...["", "verdicts.jsonl", ...Object.values(EPISODE_FILES)].map((name) => phasePath(last, name)),
    );
  const marks = await Promise.all(
    files.map((file) =>
      stat(join(directory, file)).then(
        (s) => `${s.size}.${s.mtimeMs}`,
        () => "-",
      ),
    ),
  );
  return [await lockMark(directory), ...marks].join("|");
}

/** Files of finished stages that are missing or incomplete. */
async function missingFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const phase of await phasesIn(directory)) {
    for (const stage of STAGES)
      if (isStageDone(directory, phase, stage))
        for (const name of STAGE_FILES[stage])
          if (!existsSync(join(directory, phasePath(phase, name))))
            found.push(`${phasePath(phase, name)} is missing, although ${stage} is done`);
    for (const name of Object.values(EPISODE_FILES)) {
      const path = phasePath(phase, name);
      const problem = existsSync(join(directory, path)) ? await problemOf(directory, path) : null;
      if (problem !== null) found.push(`${path} ${problem}`);
    }
  }
  return found;
}

/** What is wrong with the file, or with its end. */
async function problemOf(directory: string, path: string): Promise<string | null> {
  try {
    await using file = await openRegular(join(directory, path), { within: directory });
    const { size } = await file.stat();
    const isWhole = size === 0 || (await readFrom(file, size - 1, 1))[0] === 0x0a;
    return isWhole ? null : "ends in the middle of a line";
  } catch (error) {
    return reasonOf(error);
  }
}

/** Parses id and task from the beginning of an episode's line; throws if they are not there. */
export function headOf(text: string): { id: string; task: Task } {
  const id = /^\{"id":("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  const start = text.indexOf('"task":{');
  const end = start < 0 ? -1 : endOfObject(text, start + 7);
  if (id !== undefined && end > 0)
    return { id: JSON.parse(id) as string, task: JSON.parse(text.slice(start + 7, end)) as Task };
  // Short lines are complete; others were written by something else.
  const record = JSON.parse(text) as { id: string; trajectory: { task: Task } };
  return { id: record.id, task: record.trajectory.task };
}

/** Index after the object that begins at `start`; −1 if it does not end. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (c === "{") depth++;
    else if (c === "}" && --depth === 0) return i + 1;
  }
  return -1;
}

/** Phases that have been scored, with their scores. */
export async function readEvaluations(run: RunFiles): Promise<{ phase: number; evaluation: Evaluation }[]> {
  const found = await Promise.all(
    (await run.phases()).map(async (phase) => ({ phase, evaluation: await run.evaluation(phase) })),
  );
  return found.flatMap(({ phase, evaluation }) =>
    // Runs older than `byNovelty` can be read as well.
    evaluation && typeof evaluation.success === "number"
      ? [{ phase, evaluation: { ...evaluation, byNovelty: evaluation.byNovelty ?? {} } }]
      : [],
  );
}
