/**
 * @file `npm run soak`: hours of trouble of every kind, one part after another, and what must hold after each round. It
 * is for those who develop webrl, and is in no package. `--directory` keeps the figures: a soak that is started again
 * with the same directory continues them, whatever ended the soak before.
 */

import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { table, wholeNumber } from "../../src/cli/command.ts";
import { ConfigError } from "../../src/core/errors.ts";
import { createRng } from "../../src/core/rng.ts";
import { damage } from "./damage.ts";
import { disk } from "./disk.ts";
import { episodes } from "./episodes.ts";
import { fuzz } from "./fuzz.ts";
import { kills } from "./kills.ts";
import type { Part } from "./part.ts";
import { processesBelow, isBrowser } from "./processes.ts";
import type { Child } from "./processes.ts";
import { resources } from "./resources.ts";
import { appendSample, readSamples, readSoak, takeSample, writeSoak } from "./state.ts";
import type { Sample, Soak } from "./state.ts";
import { training } from "./training.ts";

const PARTS: readonly Part[] = [fuzz, episodes, resources, kills, disk, damage, training];

interface Options {
  minutes: number;
  directory: string;
  seed: number;
  parts: string[];
  json?: boolean;
}

const options = new Command("soak")
  .description(
    "Hours of episodes, kills, faults, full disks and damage, and what must hold after each round.",
  )
  .option("--minutes <n>", "End after the round in which this time is over.", wholeNumber(), 180)
  .option("--directory <path>", "Figures and findings; the same one goes on with them.", "runs/soak")
  .option("--seed <n>", "Of the trouble; a directory keeps its first.", wholeNumber(0), 1)
  .option(
    "--parts <names...>",
    `Some of ${PARTS.map(({ name }) => name).join(", ")}.`,
    PARTS.map(({ name }) => name),
  )
  .option("--json", "Print figures, samples and findings as JSON.")
  .parse()
  .opts<Options>();

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => stop.abort(new Error(`the soak was stopped by ${signal}`)));

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Files in this process's directory for temporary files, those of a running browser included. */
async function countTemporaryFiles(directory: string): Promise<number> {
  for (;;)
    try {
      return (await readdir(directory, { recursive: true })).length;
    } catch (error) {
      // A browser removes directories while they are read.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
}

async function soak(): Promise<{ soak: Soak; samples: Sample[]; skipped: Record<string, string> }> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  const state = readSoak(directory) ?? { seed: options.seed, seconds: 0, parts: {}, findings: [] };
  const skipped: Record<string, string> = {};
  const parts: Part[] = [];
  for (const name of options.parts) {
    const part = PARTS.find((one) => one.name === name);
    if (!part)
      throw new ConfigError(
        `there is no part ${name}`,
        `Parts are ${PARTS.map((one) => one.name).join(", ")}.`,
      );
    const obstacle = await part.obstacle?.();
    if (obstacle) say(`${name} is left out: ${(skipped[name] = obstacle)}`);
    else parts.push(part);
  }
  // Short: Chromium puts a socket below it, whose path may have 107 bytes.
  const temporary = await mkdtemp(join(tmpdir(), "soak-"));
  process.env["TMPDIR"] = temporary;
  const until = performance.now() + options.minutes * 60_000;
  try {
    while (parts.length > 0 && performance.now() < until && !stop.signal.aborted)
      // The one that had the least time is next.
      await runRound(
        directory,
        state,
        parts.reduce((a, b) => (secondsOf(state, a) <= secondsOf(state, b) ? a : b)),
        temporary,
      );
  } finally {
    for (const part of parts) await part.end?.();
    await rm(temporary, { recursive: true, force: true });
  }
  return { soak: state, samples: readSamples(directory), skipped };
}

const secondsOf = (state: Soak, { name }: Part) => state.parts[name]?.seconds ?? 0;

/** Processes that are still there seconds after the round, except the episodes' browser and what starts TypeScript. */
async function leftProcesses(): Promise<Child[]> {
  for (let tries = 0; ; tries++) {
    const left = processesBelow().filter(
      (child) => !isBrowser(child) && !/\besbuild\b|^$/.test(child.command),
    );
    if (left.length === 0 || tries === 10) return left;
    await sleep(500);
  }
}

async function runRound(directory: string, state: Soak, part: Part, temporary: string): Promise<void> {
  const before = state.parts[part.name] ?? { rounds: 0, seconds: 0, figures: {} };
  const round = before.rounds;
  const figures: Record<string, number> = {};
  const findings: Soak["findings"] = [];
  const scratch = await mkdtemp(join(temporary, "r-"));
  const started = performance.now();
  const spent = state.seconds;
  const at = () => `${((spent + (performance.now() - started) / 1000) / 60).toFixed(1)} min`;
  const find = (text: string) => {
    findings.push({ part: part.name, round, text });
    say(`[${at()}] ${part.name} ${round}: FOUND: ${text}`);
  };
  try {
    await part.round({
      rng: createRng(`${state.seed}/${part.name}/${round}`),
      directory: scratch,
      signal: stop.signal,
      count: (name, times = 1) => void (figures[name] = (figures[name] ?? 0) + times),
      find,
      say: (text) => say(`[${at()}] ${part.name} ${round}: ${text}`),
    });
  } catch (error) {
    // An unfinished round counts for nothing and is done again.
    if (stop.signal.aborted) return;
    find(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  for (const child of await leftProcesses()) find(`a process is left: ${child.pid} ${child.command}`);
  const seconds = (performance.now() - started) / 1000;
  for (const [name, value] of Object.entries(figures))
    before.figures[name] = (before.figures[name] ?? 0) + value;
  state.parts[part.name] = { rounds: round + 1, seconds: before.seconds + seconds, figures: before.figures };
  state.seconds += seconds;
  state.findings.push(...findings);
  const sample = takeSample(
    { part: part.name, round, seconds: Math.round(state.seconds) },
    await countTemporaryFiles(temporary),
  );
  appendSample(directory, sample);
  await writeSoak(directory, state);
  say(
    `[${at()}] ${part.name} ${round}: done in ${seconds.toFixed(0)} s; ${sample.residentMiB} MiB, browser ${sample.browserMiB} MiB, ${sample.openFiles} files, ${sample.processes} processes`,
  );
}

function describe({
  soak: { seconds, parts, findings },
  samples,
  skipped,
}: Awaited<ReturnType<typeof soak>>) {
  const figures = Object.entries(parts).flatMap(([name, part]) => [
    [name, "rounds", part.rounds],
    [name, "minutes", (part.seconds / 60).toFixed(1)],
    ...Object.entries(part.figures).map(([figure, value]) => [name, figure, value]),
  ]);
  const measures = [
    "residentMiB",
    "heapMiB",
    "browserMiB",
    "processes",
    "openFiles",
    "handles",
    "temporaryFiles",
  ] as const;
  const held = measures.map((measure) => {
    const values = samples.map((sample) => sample[measure]);
    return [measure, values[0] ?? 0, Math.max(0, ...values), values.at(-1) ?? 0];
  });
  return [
    `${(seconds / 60).toFixed(1)} minutes in all`,
    table(["part", "figure", ""], figures),
    table(["held after a round", "first", "most", "last"], held),
    ...Object.entries(skipped).map(([name, reason]) => `${name} was left out: ${reason}`),
    findings.length === 0 ? "Nothing was found." : `${findings.length} findings:`,
    ...findings.map(({ part, round, text }) => `  ${part} ${round}: ${text}`),
  ].join("\n\n");
}

try {
  const result = await soak();
  process.stdout.write(`${options.json ? JSON.stringify(result) : describe(result)}\n`);
  process.exitCode = stop.signal.aborted ? 130 : result.soak.findings.length > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  say(`${error.message}\n${error.hint}`);
  process.exitCode = 2;
}
