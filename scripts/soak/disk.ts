/**
 * @file Full disks: an error at a random write of a tiny run and at every write after it, and a real file system of a
 * few megabytes that fills up. Each time, some space is freed and the run goes on; it must equal the undisturbed run.
 * `webrl train` itself must end there with a sentence and exit code 2.
 */

import { execFile } from "node:child_process";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { openFakeRuns } from "./fake-run.ts";
import type { FakeRuns } from "./fake-run.ts";
import type { Part, Round } from "./part.ts";
import { isStack, startTraining } from "./training.ts";

const RUNS = 2;
const MOST_TROUBLES = 8;
const MOST_WRITES = 60;

let runs: FakeRuns | undefined;

export const disk: Part = {
  name: "disk",
  title: "full disks, injected and real",
  async round(round) {
    runs ??= await openFakeRuns();
    for (let i = 0; i < RUNS; i++) await injected(runs, join(round.directory, String(i)), round);
    const mounted = join(round.directory, "disk");
    const obstacle = await mount(mounted);
    if (obstacle !== null) {
      round.count("real disks left out");
      round.say(`no real full disk: ${obstacle}`);
      return;
    }
    try {
      await realFake(runs, mounted, round);
      await realTraining(mounted, round);
    } finally {
      await promisify(execFile)("umount", [mounted]);
    }
  },
  async end() {
    await runs?.[Symbol.asyncDispose]();
    runs = undefined;
  },
};

const isFullDisk = (stderr: string) => /ENOSPC|disk is full/.test(stderr);

async function injected(runs: FakeRuns, parent: string, { rng, signal, count, find }: Round) {
  await mkdir(parent);
  await runs.prepare(parent);
  const run = join(parent, "run");
  for (let met = 0, done = false; !done;) {
    signal.throwIfAborted();
    const write = `${1 + rng.int(MOST_WRITES)}:${rng.next()}:full`;
    const { code, stderr } = await runs.start(run, met >= MOST_TROUBLES ? {} : { write });
    if (code === 0) done = true;
    else if (met++ < MOST_TROUBLES && isFullDisk(stderr)) count("injected full disks");
    else return find(`a run ends otherwise than by a full disk (${write}): ${stderr}`);
  }
  const difference = await runs.differsFrom(run);
  if (difference !== null) find(`is another run after full disks: ${difference}`);
  count("runs");
}

/** Gives the directory a file system of its own. Returns why it cannot, or `null`. */
async function mount(directory: string): Promise<string | null> {
  await mkdir(directory);
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root on Linux may mount one";
  return promisify(execFile)("mount", ["-t", "tmpfs", "-o", "size=24m", "soak", directory]).then(
    () => null,
    (error: Error) => error.message.trim(),
  );
}

/** Leaves this many bytes free. */
async function fill(directory: string, freeBytes: number): Promise<void> {
  const filler = join(directory, "filler");
  await rm(filler, { force: true });
  const { bavail, bsize } = await statfs(directory);
  await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes), 1));
}

async function realFake(runs: FakeRuns, mounted: string, { rng, signal, count, find }: Round) {
  const parent = join(mounted, "fake");
  await mkdir(parent);
  await runs.prepare(parent);
  const run = join(parent, "run");
  for (let met = 0, done = false; !done;) {
    signal.throwIfAborted();
    await fill(mounted, met >= MOST_TROUBLES ? 16 << 20 : rng.int(80) * 4096);
    const { code, stderr } = await runs.start(run);
    if (code === 0) done = true;
    else if (met++ < MOST_TROUBLES && isFullDisk(stderr)) count("real full disks, tiny runs");
    else return find(`a run ends otherwise than by a full disk: ${stderr}`);
  }
  await rm(join(mounted, "filler"));
  const difference = await runs.differsFrom(run);
  if (difference !== null) find(`is another run after a real full disk: ${difference}`);
  count("runs");
  await rm(parent, { recursive: true });
}

async function realTraining(mounted: string, { rng, signal, count, find }: Round) {
  const run = join(mounted, "run");
  for (let tries = 0; tries < 3; tries++) {
    await fill(mounted, rng.int(20) * 4096);
    const { code, stderr } = await startTraining(run, { signal }).ended;
    if (code === 0) return count("trainings with space enough");
    count("real full disks, webrl train");
    if (code !== 2 || isStack(stderr) || !/is full/.test(stderr))
      find(`webrl train on a full disk ends with ${code}: ${stderr}`);
  }
  await rm(join(mounted, "filler"));
  const { code, stderr } = await startTraining(run, { signal }).ended;
  if (code !== 0) find(`webrl resume, with space again, ends with ${code}: ${stderr}`);
}
