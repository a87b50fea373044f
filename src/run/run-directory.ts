/**
 * @file A run as a directory of files that a person can read (`docs/run-directory.md`). A stage is done when its
 * marker `phases/NN/<stage>.done.json` exists; until then all that it wrote can be written again. That is what makes
 * `kill -9` harmless: nothing is ever half believed.
 */

import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { open as openFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { redactJson, redactOutput } from "../text/secrets.ts";
import { checkConsistency, trainConfigSchema } from "./config.ts";
import { checkFiles, markFile, readMarker } from "./done-marker.ts";
import type { DoneMarker, FileMark } from "./done-marker.ts";
import type { Observer, RunEvent, StageName } from "./events.ts";
import { STAGES } from "./events.ts";
import type { JsonLines } from "./json-lines.ts";
import { openJsonLines, readIfThere, readJsonLines, refuseIrregular } from "./json-lines.ts";
import { LIVE_PICTURES } from "./live-pictures.ts";
import type { MetricName } from "./metrics.ts";
import { parseConfig } from "./parse-config.ts";
import { donePath, phasePath, phasesIn, screenshotName } from "./paths.ts";
import type { Evaluation, EventLine, MetricLine, PhaseRecords } from "./records.ts";
import { EVALUATION_FILE } from "./records.ts";
import { lockRun } from "./run-lock.ts";
import type { RunInfo } from "./run-info.ts";

/** What a stage's body has at hand. */
export interface Stage {
  readonly phase: number;
  readonly name: StageName;
  /** An append-only file of the phase, healed; a stage that appends skips what is there already. */
  lines<K extends keyof PhaseRecords>(name: K): JsonLines<PhaseRecords[K]>;
  /** Replaces a file of the phase at once. */
  write<K extends keyof PhaseRecords>(name: K, values: readonly PhaseRecords[K][]): Promise<void>;
  writeEvaluation(evaluation: Evaluation): Promise<void>;
  /** Keeps a picture of a page; the result is its path for the trajectory's record. */
  writeScreenshot(episodeId: string, index: number, image: Uint8Array): Promise<string>;
  /** Records metrics; with `step` for one optimiser step, without for the stage as a whole. */
  metrics(values: Partial<Record<MetricName, number>>, step?: number): void;
  emit(event: StageEvent): void;
}

/** An event of a stage; which phase and stage it is, the stage knows itself. */
export type StageEvent<E = RunEvent> = E extends { phase: number; stage: StageName }
  ? Omit<E, "phase" | "stage">
  : never;

/** An open run directory. This process alone has it until it is disposed. */
export interface Run extends AsyncDisposable {
  readonly directory: string;
  readonly info: RunInfo;
  /** Runs `body` unless the stage is done already, and returns what it returned (plain JSON) then or now. */
  stage<T>(phase: number, name: StageName, body: (stage: Stage) => Promise<T>): Promise<T>;
  isDone(phase: number, name: StageName): boolean;
  /** What a phase's file holds; nothing where it is not there yet. */
  read<K extends keyof PhaseRecords>(phase: number, name: K): Promise<PhaseRecords[K][]>;
  emit(event: RunEvent): void;
}

/** Writes a file, without the known secrets, so that it is there completely or not at all, after a loss of power as well. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.part`;
  await makeDirectory(dirname(path));
  try {
    await using file = await openFile(part, "w");
    await file.writeFile(typeof content === "string" ? redactOutput(content) : content);
    await file.sync();
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await rename(part, path);
}

/** A new run does not go over an old one: throws a `ConfigError` that says how to continue it. */
export function refuseExistingRun(directory: string): void {
  if (directory.trim() === "")
    throw new ConfigError("a run needs the name of a directory", "Give one with --run DIRECTORY.");
  // What exists on the way to it must be directories.
  for (let path = resolve(directory); ; path = dirname(path)) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && !found.isDirectory())
      throw new ConfigError(
        `${path} is a file: no run can be written there`,
        "Give another --run DIRECTORY.",
      );
    if (found) break;
  }
  if (existsSync(join(directory, "config.json")))
    throw new ConfigError(
      `${directory} already holds a run`,
      `Continue it with \`webrl resume ${directory}\`, or give a new run another --run DIRECTORY.`,
    );
}

/** Makes a new run directory with its resolved configuration and opens it. */
export async function createRun(directory: string, info: RunInfo, observer: Observer): Promise<Run> {
  refuseExistingRun(directory);
  await makeDirectory(directory);
  await writeAtomically(join(directory, "config.json"), `${JSON.stringify(info, null, 2)}\n`);
  return open(directory, info, observer, { kind: "run_started", ...briefly(info) });
}

/** Opens a run that `createRun` made, to go on with it. */
export async function openRun(
  directory: string,
  observer: Observer,
  options: { version: string; change?(info: RunInfo): RunInfo },
): Promise<Run> {
  const before = await readRunInfo(directory);
  const info = options.change?.(before) ?? before;
  const run = await open(directory, info, observer, { kind: "run_resumed", version: options.version });
  // Written only by the process that has the lock.
  if (info !== before)
    await writeAtomically(join(directory, "config.json"), `${JSON.stringify(info, null, 2)}\n`);
  return run;
}

export async function readRunInfo(directory: string): Promise<RunInfo> {
  const path = join(directory, "config.json");
  refuseIrregular(path);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(
      `${directory} is not a run: it has no config.json`,
      "Name the directory of a run.",
      {
        cause,
      },
    );
  });
  let info: RunInfo;
  try {
    info = JSON.parse(text) as RunInfo;
  } catch (cause) {
    throw new ConfigError(
      `${path} is not JSON: ${(cause as Error).message}`,
      "Restore it: it was whole when the run began, and nothing of the run changes it but `webrl resume --phases`.",
      { cause },
    );
  }
  if ("agent" in info)
    throw new ConfigError(
      `${directory} is what an agent did, and no run of training`,
      "Name the directory of a run that `webrl train` or `webrl demo` made.",
    );
  // It may be of an older version, whose settings were fewer, or edited by hand.
  try {
    const config = parseConfig(trainConfigSchema, info.config);
    // Before there was a choice, pages were compact.
    if (!("observation" in info.config)) config.observation.format = "compact";
    checkConsistency(config);
    return { ...info, config };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ConfigError(`${path}: ${cause.message}`, cause.hint, { cause });
  }
}

/** Whether a directory's `config.json` is of something else than an agent. */
export async function isRunDirectory(directory: string): Promise<boolean> {
  const text = await readIfThere(join(directory, "config.json"));
  if (text === "") return false;
  try {
    return !("agent" in (JSON.parse(text) as object));
  } catch {
    // Damaged or of somebody else: not ours to write over.
    return true;
  }
}

const briefly = (info: RunInfo) => ({ method: info.config.method, phases: info.config.phases });

async function open(directory: string, info: RunInfo, observer: Observer, first: RunEvent): Promise<Run> {
  const release = await lockRun(directory);
  try {
    return await openLocked(directory, info, observer, first, release);
  } catch (error) {
    await release();
    throw error;
  }
}

const stageKey = (phase: number, name: string) => `${phase}/${name}`;

async function openLocked(
  directory: string,
  info: RunInfo,
  observer: Observer,
  first: RunEvent,
  release: () => Promise<void>,
): Promise<Run> {
  // A killed process leaves some behind, and there may be no episode left that would replace them.
  await rm(join(directory, LIVE_PICTURES), { recursive: true, force: true });
  const { done, warnings } = await readMarkers(directory);
  const metricsPath = join(directory, "metrics.jsonl");
  warnings.push(...(await healMetrics(metricsPath, done)));
  const events = openJsonLines<EventLine>(join(directory, "events.jsonl"));
  const metricLines = openJsonLines<MetricLine>(metricsPath);
  const pathOf = (phase: number, name: string) => join(directory, phasePath(phase, name));

  const emit = (told: RunEvent) => {
    const event = redactJson(told);
    // Progress is for the screen: the episodes themselves are on disk.
    if (event.kind !== "progress") events.append({ time: new Date().toISOString(), ...event });
    observer(event);
  };
  emit(first);
  for (const { phase, stage, message } of warnings) emit({ kind: "warning", phase, stage, message });

  return {
    directory,
    info,
    emit,
    read: (phase, name) => readJsonLines(pathOf(phase, name)),
    isDone: (phase, name) => done.has(stageKey(phase, name)),
    stage: async (phase, name, body) => {
      const before = done.get(stageKey(phase, name));
      if (before) return before.output as never;
      await makeDirectory(pathOf(phase, ""));
      emit({ kind: "stage_started", phase, stage: name });
      const started = Date.now();
      const summary: Record<string, number> = {};
      const written = new Set<string>();
      let lines = 0;
      const record = (line: MetricLine) => {
        metricLines.append(line);
        lines++;
      };
      const output = await body({
        phase,
        name,
        lines: (file) => {
          written.add(file);
          return openJsonLines(pathOf(phase, file));
        },
        write: (file, values) => {
          written.add(file);
          return writeAtomically(
            pathOf(phase, file),
            values.map((value) => `${JSON.stringify(value)}\n`).join(""),
          );
        },
        writeEvaluation: (evaluation) => {
          written.add(EVALUATION_FILE);
          return writeAtomically(pathOf(phase, EVALUATION_FILE), `${JSON.stringify(evaluation, null, 2)}\n`);
        },
        writeScreenshot: async (episodeId, index, image) => {
          const path = phasePath(phase, screenshotName(episodeId, index, image));
          await makeDirectory(dirname(join(directory, path)));
          await writeFile(join(directory, path), image);
          return path;
        },
        metrics: (values, step) => {
          if (step === undefined) Object.assign(summary, values);
          else record({ phase, stage: name, step, ...values });
        },
        emit: (event) => emit({ ...event, phase, stage: name } as RunEvent),
      });
      const seconds = (Date.now() - started) / 1000;
      summary["time/stage_s"] = seconds;
      record({ phase, stage: name, ...summary });
      const files: Record<string, FileMark> = {};
      for (const file of written)
        if (existsSync(pathOf(phase, file))) files[file] = await markFile(pathOf(phase, file));
      const ofStage = linesByStage(await readIfThere(metricsPath)).get(stageKey(phase, name)) ?? [];
      const metricsSha256 = sha256(ofStage);
      const marker: DoneMarker = {
        output: output ?? null,
        seconds,
        metricLines: lines,
        metricsSha256,
        files,
      };
      await writeAtomically(donePath(directory, phase, name), `${JSON.stringify(marker, null, 2)}\n`);
      done.set(stageKey(phase, name), marker);
      emit({ kind: "stage_finished", phase, stage: name, seconds, metrics: summary });
      return output;
    },
    [Symbol.asyncDispose]: release,
  };
}

interface StageWarning {
  phase: number;
  stage: StageName;
  message: string;
}

/** The stages that are done, by {@link stageKey}. Throws where a file that one of them left is not what it was. */
async function readMarkers(
  directory: string,
): Promise<{ done: Map<string, DoneMarker>; warnings: StageWarning[] }> {
  const done = new Map<string, DoneMarker>();
  const warnings: StageWarning[] = [];
  for (const phase of await phasesIn(directory))
    for (const stage of STAGES) {
      const marker = await readMarker(directory, phase, stage);
      if (marker === null) continue;
      if (marker === "damaged") {
        const path = phasePath(phase, `${stage}.done.json`);
        warnings.push({ phase, stage, message: `${path} is damaged: the stage is done again` });
        continue;
      }
      await checkFiles(directory, phase, stage, marker);
      done.set(stageKey(phase, stage), marker);
    }
  return { done, warnings };
}

/**
 * Leaves the lines of stages that are done: those of others are written again. Says of which stages lines were lost
 * or changed; nothing but curves is made of them, so the run goes on.
 */
async function healMetrics(path: string, done: ReadonlyMap<string, DoneMarker>): Promise<StageWarning[]> {
  const text = await readIfThere(path);
  const healed = text
    .split("\n")
    .filter((line) => done.has(stageOf(line) ?? ""))
    .map((line) => `${line}\n`)
    .join("");
  if (healed !== text) await writeAtomically(path, healed);
  const byStage = linesByStage(healed);
  return [...done].flatMap(([key, { metricLines = 0, metricsSha256 }]) => {
    const lines = byStage.get(key) ?? [];
    const lost = metricLines - lines.length;
    const [phase, stage] = key.split("/") as [string, StageName];
    const warn = (message: string) => [{ phase: Number(phase), stage, message }];
    if (lost > 0)
      return warn(`metrics.jsonl has lost ${lost} of this stage's ${metricLines} lines: curves have a gap`);
    if (metricsSha256 === undefined || metricsSha256 === sha256(lines)) return [];
    return warn("metrics.jsonl has lines of this stage that were changed: curves may be wrong there");
  });
}

/** Lines of `metrics.jsonl` by {@link stageKey}. */
function linesByStage(text: string): Map<string, string[]> {
  const byStage = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const key = stageOf(line);
    if (key === null) continue;
    const lines = byStage.get(key);
    if (lines) lines.push(line);
    else byStage.set(key, [line]);
  }
  return byStage;
}

const sha256 = (lines: readonly string[]) => createHash("sha256").update(lines.join("\n")).digest("hex");

/** Which stage a line of `metrics.jsonl` is of; `null` for a torn or damaged one. */
function stageOf(line: string): string | null {
  try {
    const { phase, stage } = JSON.parse(line) as MetricLine;
    return stageKey(phase, stage);
  } catch {
    return null;
  }
}

/** A checkpoint is written into an empty directory: what an interrupted stage left is removed. */
export async function freshDirectory(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await makeDirectory(dirname(path));
  return path;
}
