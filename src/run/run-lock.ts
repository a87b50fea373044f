/**
 * @file One process a run. The lock is the file `lock-N.json` with the highest N, which says whose it is; an empty one was
 * given back. To take it is to make the file N + 1, whole and only where nobody has made it: of several processes that
 * find a dead owner, one succeeds. A killed process leaves its file behind, and the next one sees that it is dead.
 */

import { randomBytes } from "node:crypto";
import { constants, copyFile, link, readdir, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { isAlive, thisProcess } from "../core/process-owner.ts";
import type { ProcessOwner } from "../core/process-owner.ts";
import { readRegular } from "../core/regular-file.ts";

/** Milliseconds after which the lock of a process on another host, which cannot be asked, means nothing unless touched. */
const STALE_MS = 60_000;
const TOUCH_MS = 10_000;

interface Lock {
  number: number;
  path: string;
  /** `null` where it was given back, or is damaged: then nobody who lives has written it. */
  owner: ProcessOwner | null;
  touchedAt: number;
}

const DRAFT = /^\.lock-[0-9a-f]{12}$/;
const lockPathOf = (directory: string, number: number) => join(directory, `lock-${number}.json`);

async function numbersIn(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.flatMap((name) => /^lock-(\d{1,15})\.json$/.exec(name)?.[1] ?? []).map(Number);
}

async function readLock(directory: string): Promise<Lock | null> {
  const number = Math.max(0, ...(await numbersIn(directory)));
  if (number === 0) return null;
  const path = lockPathOf(directory, number);
  try {
    const { mtimeMs } = await stat(path);
    const written = JSON.parse(
      (await readRegular(path, { maxBytes: 1 << 20 })).toString("utf8"),
    ) as Partial<ProcessOwner> | null;
    const { pid, host, started = null } = written ?? {};
    if (!Number.isInteger(pid) || typeof host !== "string") throw new Error("names no process");
    return { number, path, owner: { pid: pid!, host, started }, touchedAt: mtimeMs };
  } catch {
    return { number, path, owner: null, touchedAt: 0 };
  }
}

/** On this host the process is asked: one that has no time to touch its lock is at work all the same. */
function isHeld({ owner, touchedAt }: Lock): boolean {
  if (owner === null) return false;
  return owner.host === hostname() ? isAlive(owner) : Date.now() - touchedAt <= STALE_MS;
}

/** Whether a process is working on the run. */
export async function isLocked(directory: string): Promise<boolean> {
  const lock = await readLock(directory);
  return lock !== null && isHeld(lock);
}

/** Takes the run's lock; throws a `ConfigError` while another process has it. The result gives it back. */
export async function lockRun(directory: string): Promise<() => Promise<void>> {
  let mine: string | null = null;
  while (mine === null) {
    const current = await readLock(directory);
    if (current && isHeld(current))
      throw new ConfigError(
        `${directory} is in use by process ${current.owner!.pid} on ${current.owner!.host}`,
        "Wait for it or end it; a run can be continued by one process at a time.",
      );
    mine = await claim(directory, (current?.number ?? 0) + 1);
  }
  const path = mine;
  const touching = setInterval(() => {
    // Gone only where another host took this process for dead. Going on beside it would spoil the run; ending spoils nothing.
    utimes(path, new Date(), new Date()).catch((cause: unknown) => {
      throw new Error(`${directory} was taken over by another process`, { cause });
    });
  }, TOUCH_MS);
  touching.unref();
  return async () => {
    clearInterval(touching);
    // Emptied instead of removed, so that its number is not used again; and that needs no space.
    await truncate(path, 0);
  };
}

/** The path of the lock with this number once it is ours, `null` where somebody was quicker. */
async function claim(directory: string, number: number): Promise<string | null> {
  const path = lockPathOf(directory, number);
  const draft = join(directory, `.lock-${randomBytes(6).toString("hex")}`);
  try {
    await writeFile(draft, `${JSON.stringify(thisProcess())}\n`);
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      // The draft may be gone: whoever has the lock by now removed it.
      if (error.code === "EEXIST" || error.code === "ENOENT") throw error;
      // File systems without hard links.
      return copyFile(draft, path, constants.COPYFILE_EXCL);
    });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || (code === "ENOENT" && syscall === "link")) return null;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  // A process that was slow may have made a number that others have passed.
  const numbers = await numbersIn(directory);
  if (Math.max(...numbers) !== number) {
    await rm(path, { force: true });
    return null;
  }
  for (const earlier of numbers)
    if (earlier < number) await rm(lockPathOf(directory, earlier), { recursive: true, force: true });
  // What was killed in the middle of this left its draft; who is in the middle of it is too late.
  for (const name of await readdir(directory))
    if (DRAFT.test(name)) await rm(join(directory, name), { recursive: true, force: true });
  return path;
}

/** What stands for the lock in a mark of a run's state: it does not change while one process holds it. */
export async function lockMark(directory: string): Promise<string> {
  const lock = await readLock(directory);
  return lock === null ? "-" : `${lock.number}.${lock.owner === null ? "free" : "taken"}`;
}
