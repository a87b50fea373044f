/**
 * @file Runs that are killed again and again, at random milliseconds and in the middle of random writes, and resumed
 * until they end. File by file, they must equal the run that nothing disturbed.
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { FakeRuns } from "./fake-run.ts";
import { openFakeRuns } from "./fake-run.ts";
import type { Part } from "./part.ts";

const RUNS = 3;
/** Kills of one run; after that it is left in peace. */
const MOST_KILLS = 16;
/** An undisturbed run makes about a hundred writes, so it is killed again and again on its way. */
const MOST_WRITES = 30;

let runs: FakeRuns | undefined;
/** The shortest time in which a process has reached its end; kills come earlier. */
let shortestMs = Infinity;

export const kills: Part = {
  name: "kills",
  title: "tiny runs, killed at random moments and inside writes, and resumed",
  async round({ rng, directory, signal, count, find }) {
    runs ??= await openFakeRuns();
    for (let i = 0; i < RUNS; i++) {
      const parent = join(directory, String(i));
      await mkdir(parent);
      await runs.prepare(parent);
      const run = join(parent, "run");
      for (let killed = 0, done = false; !done;) {
        signal.throwIfAborted();
        const inside = rng.next() < 0.6;
        const write = `${1 + rng.int(MOST_WRITES)}:${rng.next()}:kill`;
        const killAfterMs = 20 + rng.int(Math.min(runs.wholeMs, shortestMs));
        const started = performance.now();
        const ended = await runs.start(run, killed >= MOST_KILLS ? {} : inside ? { write } : { killAfterMs });
        if (ended.signal === "SIGKILL") {
          killed++;
          count(inside ? "kills inside a write" : "kills at a random moment");
          if (ended.stderr !== "") find(`before its kill, run ${i} said: ${ended.stderr}`);
        } else {
          done = true;
          shortestMs = Math.min(shortestMs, performance.now() - started);
          if (ended.code !== 0)
            find(`run ${i} cannot be resumed after ${killed} kills (${write}): ${ended.stderr}`);
        }
      }
      count("runs");
      const difference = await runs.differsFrom(run);
      if (difference !== null) find(`run ${i} is not the one that was never killed: ${difference}`);
    }
  },
  async end() {
    await runs?.[Symbol.asyncDispose]();
    runs = undefined;
  },
};
