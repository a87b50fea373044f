/**
 * @file Lets only one process use a run. The lock is the file `lock-N.json` with the highest N, which names its owner;
 * an empty file was released. A process takes the lock by creating file N + 1 atomically and exclusively, so that one
 * of several processes that find a dead owner succeeds. A killed process leaves its file behind, and the next one sees
 * that the owner is dead.
 */

import { randomBytes } from "node:crypto";
import { constants, copyFile, link, readdir, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { isAlive, thisProcess } from "../core/process-owner.ts";
import type { ProcessOwner } from "../core/process-owner.ts";
import { readRegular } from "../core/regular-file.ts";

/**
 * A lock of a process on another host, which cannot be checked, expires if it was not touched for this many
 * milliseconds.
 */
const STALE_MS = 60_000;
const TOUCH_MS = 10_000;

interface Lock {
  number: number;
  path: string;
  /** `null` if it was released, or is damaged: no living process has written it then. */
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

/** On this host the process itself is checked: it may be too busy to touch its lock. */
function isHeld({ owner, touchedAt }: Lock): boolean {
  if (owner === null) return false;
  return owner.host === hostname() ? isAlive(owner) : Date.now() - touchedAt <= STALE_MS;
}

/** Whether a process is working on the run. */
export async function isLocked(directory: string): Promise<boolean> {
  const lock = await readLock(directory);
  return lock !== null && isHeld(lock);
}

/** Takes the run's lock; throws a `ConfigError` while another process has it. Call the result to release it. */
export async function lockRun(directory: string): Promise<() => Promise<void>> {
  let mine: string | null = null;
  while (mine === null) {
    const current = await readLock(directory);
    if (current && isHeld(current))
      throw new ConfigError(
        `${directory} is in use by process ${current.owner!.pid} on ${current.owner!.host}`,
        "Wait for it or end it; only one process at a time can continue a run.",
      );
    mine = await claim(directory, (current?.number ?? 0) + 1);
  }
  const path = mine;
  const touching = setInterval(() => {
    // The lock is lost only if another host took this process for dead. Continuing beside it would damage the run;
    // ending does not.
    utimes(path, new Date(), new Date()).catch((cause: unknown) => {
      throw new Error(`${directory} was taken over by another process`, { cause });
    });
  }, TOUCH_MS);
  touching.unref();
  return async () => {
    clearInterval(touching);
    // Emptied instead of removed, so that its number is not used again; emptying needs no disk space.
    await truncate(path, 0);
  };
}

/** Takes the lock with this number and returns its path; `null` if somebody was quicker. */
async function claim(directory: string, number: number): Promise<string | null> {
  const path = lockPathOf(directory, number);
  const draft = join(directory, `.lock-${randomBytes(6).toString("hex")}`);
  try {
    await writeFile(draft, `${JSON.stringify(thisProcess())}\n`);
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      // The draft may be gone because the new owner of the lock removed it.
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
  // A slow process may have created a number that others have passed.
  const numbers = await numbersIn(directory);
  if (Math.max(...numbers) !== number) {
    await rm(path, { force: true });
    return null;
  }
  for (const earlier of numbers)
    if (earlier < number) await rm(lockPathOf(directory, earlier), { recursive: true, force: true });
  // A process killed in the middle of this left its draft; one that is in the middle of it is too late.
  for (const name of await readdir(directory))
    if (DRAFT.test(name)) await rm(join(directory, name), { recursive: true, force: true });
  return path;
}

/** The lock's part in the version of a run's state: it does not change while one process holds the lock. */
export async function lockMark(directory: string): Promise<string> {
  const lock = await readLock(directory);
  return lock === null ? "-" : `${lock.number}.${lock.owner === null ? "free" : "taken"}`;
}
