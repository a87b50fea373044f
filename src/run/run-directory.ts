/**
 * @file A run as a directory of human-readable files (`docs/run-directory.md`). A stage is done when its marker
 * `phases/NN/<stage>.done.json` exists; until then everything that it wrote can be written again. That makes `kill -9`
 * harmless: nothing half-written is ever trusted.
 */

import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { open as openFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { redactJson, redactOutput } from "../text/secrets.ts";
import { checkConsistency } from "./check-consistency.ts";
import { trainConfigSchema } from "./config.ts";
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

/** What a stage's body can use. */
export interface Stage {
  readonly phase: number;
  readonly name: StageName;
  /** Opens an append-only file of the phase and repairs its tail; a stage that appends skips what is there already. */
  lines<K extends keyof PhaseRecords>(name: K): JsonLines<PhaseRecords[K]>;
  /** Replaces a file of the phase atomically. */
  write<K extends keyof PhaseRecords>(name: K, values: readonly PhaseRecords[K][]): Promise<void>;
  writeEvaluation(evaluation: Evaluation): Promise<void>;
  /** Keeps a picture of a page and returns its path for the trajectory's record. */
  writeScreenshot(episodeId: string, index: number, image: Uint8Array): Promise<string>;
  /** Records metrics; with `step` for one optimiser step, without for the stage as a whole. */
  metrics(values: Partial<Record<MetricName, number>>, step?: number): void;
  emit(event: StageEvent): void;
}

/** Emits an event of the stage; phase and stage are added. */
export type StageEvent<E = RunEvent> = E extends { phase: number; stage: StageName }
  ? Omit<E, "phase" | "stage">
  : never;

/** An open run directory. Only this process may use it until it is disposed. */
export interface Run extends AsyncDisposable {
  readonly directory: string;
  readonly info: RunInfo;
  /** Runs `body` unless the stage is done already, and returns what it returned (plain JSON) then or now. */
  stage<T>(phase: number, name: StageName, body: (stage: Stage) => Promise<T>): Promise<T>;
  isDone(phase: number, name: StageName): boolean;
  /** The lines of a phase's file; none if it does not exist yet. */
  read<K extends keyof PhaseRecords>(phase: number, name: K): Promise<PhaseRecords[K][]>;
  emit(event: RunEvent): void;
}

/** Writes a file, without known secrets, so that it exists completely or not at all, even after a loss of power. */
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

/** Refuses to overwrite an existing run: throws a `ConfigError` that says how to continue it. */
export function refuseExistingRun(directory: string): void {
  if (directory.trim() === "")
    throw new ConfigError("a run needs the name of a directory", "Give one with --run DIRECTORY.");
  // Whatever exists on the path must be a directory.
  for (let path = resolve(directory); ; path = dirname(path)) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && !found.isDirectory())
      throw new ConfigError(
        `${path} is a file, so no run can be written there`,
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

/** Opens a run that `createRun` made, to continue it. */
export async function openRun(
  directory: string,
  observer: Observer,
  options: { version: string; change?(info: RunInfo): RunInfo },
): Promise<Run> {
  const before = await readRunInfo(directory);
  const info = options.change?.(before) ?? before;
  const run = await open(directory, info, observer, { kind: "run_resumed", version: options.version });
  // Written only by the process that holds the lock.
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
      "Restore it: it was intact when the run began, and only `webrl resume --phases` changes it.",
      { cause },
    );
  }
  if ("agent" in info)
    throw new ConfigError(
      `${directory} is an agent's directory, not a training run`,
      "Name the directory of a run that `webrl train` or `webrl demo` made.",
    );
  // It may be from an older version with fewer settings, or edited by hand.
  try {
    const config = parseConfig(trainConfigSchema, info.config);
    // Before this setting existed, pages were compact.
    if (!("observation" in info.config)) config.observation.format = "compact";
    checkConsistency(config);
    return { ...info, config };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ConfigError(`${path}: ${cause.message}`, cause.hint, { cause });
  }
}

/** Whether a directory's `config.json` belongs to something other than an agent. */
export async function isRunDirectory(directory: string): Promise<boolean> {
  const text = await readIfThere(join(directory, "config.json"));
  if (text === "") return false;
  try {
    return !("agent" in (JSON.parse(text) as object));
  } catch {
    // Damaged or somebody else's: not ours to overwrite.
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
  // A killed process leaves pictures behind, and no later episode may replace them.
  await rm(join(directory, LIVE_PICTURES), { recursive: true, force: true });
  const { done, warnings } = await readMarkers(directory);
  const metricsPath = join(directory, "metrics.jsonl");
  warnings.push(...(await healMetrics(metricsPath, done)));
  const events = openJsonLines<EventLine>(join(directory, "events.jsonl"));
  const metricLines = openJsonLines<MetricLine>(metricsPath);
  const pathOf = (phase: number, name: string) => join(directory, phasePath(phase, name));

  const emit = (told: RunEvent) => {
    const event = redactJson(told);
    // Progress is only for the screen: the episodes themselves are on disk.
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

/** The stages that are done, by {@link stageKey}. Throws if a file that one of them left has changed. */
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
        warnings.push({ phase, stage, message: `${path} is damaged, so the stage is done again` });
        continue;
      }
      await checkFiles(directory, phase, stage, marker);
      done.set(stageKey(phase, stage), marker);
    }
  return { done, warnings };
}

/**
 * Keeps only the lines of finished stages, because other stages write theirs again. Reports the stages whose lines were
 * lost or changed; only curves are made of them, so the run continues.
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
    return warn("lines of this stage in metrics.jsonl were changed: curves may be wrong there");
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

/** The stage of a line of `metrics.jsonl`; `null` for a torn or damaged line. */
function stageOf(line: string): string | null {
  try {
    const { phase, stage } = JSON.parse(line) as MetricLine;
    return stageKey(phase, stage);
  } catch {
    return null;
  }
}

/** Empties the directory of a checkpoint: removes what an interrupted stage left. */
export async function freshDirectory(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await makeDirectory(dirname(path));
  return path;
}
