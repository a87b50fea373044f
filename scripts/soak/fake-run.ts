/**
 * @file Tiny runs on fakes, each in a process of its own that starts within a fifth of a second, so that hundreds can
 * be killed.
 */

import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { EpisodeRecord } from "../../src/rollout/episode.ts";
import { isLocked } from "../../src/run/run-lock.ts";
import { bundleRunOnce } from "../../src/train/testing/bundle-run-once.ts";
import { fakeConfig, makeFakeBase } from "../../src/train/testing/fake-run.ts";
import { runFacts } from "../../src/train/testing/run-facts.ts";
import type { RunFacts } from "../../src/train/testing/run-facts.ts";

export interface FakeRuns extends AsyncDisposable {
  demonstrations: EpisodeRecord[];
  configText: string;
  /** A run that nothing disturbed. */
  whole: string;
  wholeMs: number;
  /** Runs or continues the run in this directory, whose parent {@link prepare} has prepared. */
  start(directory: string, options?: StartOptions): Promise<Ended>;
  /** Puts into a directory what runs below it read. */
  prepare(parent: string): Promise<void>;
  /** How a finished run differs from the undisturbed one; `null` if it does not. */
  differsFrom(directory: string): Promise<string | null>;
}

export interface StartOptions {
  killAfterMs?: number;
  /** `N:SHARE:kill` or `N:SHARE:full`. */
  write?: string;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export async function openFakeRuns(): Promise<FakeRuns> {
  const home = await mkdtemp(join(tmpdir(), "fake-"));
  const bundles = await bundleRunOnce(["scripts/soak/write-trouble.ts"]);
  const { base, demonstrations } = await makeFakeBase(home);
  const configText = JSON.stringify(fakeConfig(base, { phases: 2 }));

  const runs: Omit<FakeRuns, "whole" | "wholeMs" | "differsFrom"> = {
    demonstrations,
    configText,
    prepare: async (parent) => {
      await writeFile(join(parent, "demonstrations.json"), JSON.stringify(demonstrations));
      await writeFile(join(parent, "config.json"), configText);
    },
    start: (directory, { killAfterMs, write } = {}) =>
      new Promise((resolve) => {
        const child = spawn(
          process.execPath,
          ["--import", join(bundles.directory, "write-trouble.mjs"), bundles.runOnce, directory, "never"],
          {
            stdio: ["ignore", "ignore", "pipe"],
            env: { ...process.env, ...(write !== undefined && { SOAK_WRITE: write }) },
          },
        );
        let stderr = "";
        child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
        const timer =
          killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
        child.once("close", (code, signal) => {
          clearTimeout(timer);
          resolve({ code, signal, stderr });
        });
      }),
    [Symbol.asyncDispose]: async () => {
      await rm(home, { recursive: true, force: true });
      await bundles[Symbol.asyncDispose]();
    },
  };
  await runs.prepare(home);
  const whole = join(home, "whole");
  const started = performance.now();
  const { code, stderr } = await runs.start(whole);
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${stderr}`);
  const wholeMs = performance.now() - started;
  const [facts, files] = [await runFacts(whole), await filesOf(whole)];
  return {
    ...runs,
    whole,
    wholeMs,
    differsFrom: async (directory) => {
      if (await isLocked(directory)) return "its lock is still held";
      const listed = await filesOf(directory);
      const others = [
        ...listed.filter((name) => !files.includes(name)).map((name) => `${name} is left over`),
        ...files.filter((name) => !listed.includes(name)).map((name) => `${name} is missing`),
      ];
      return others.length > 0 ? others.join(", ") : differenceOf(await runFacts(directory), facts);
    },
  };
}

/** Names of all files; the lock's number says how often the run was opened. */
export async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replace(/^lock-\d+/, "lock-N"))
    .sort();
}

export function differenceOf(found: RunFacts, expected: RunFacts): string | null {
  for (const part of ["files", "weights"] as const)
    for (const [name, value] of Object.entries(expected[part]))
      if (!isDeepStrictEqual(found[part][name], value)) return `${name} is another one`;
  return isDeepStrictEqual(found.metrics, expected.metrics) ? null : "metrics.jsonl is another one";
}
