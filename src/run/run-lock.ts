/** @file One process a run: a lock that a second process is refused by and that a killed one does not leave behind. */

import { existsSync } from "node:fs";
import { rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { readRegular } from "../core/regular-file.ts";
import { ConfigError } from "../core/errors.ts";
import { isAlive, thisProcess } from "../core/process-owner.ts";
import type { ProcessOwner } from "../core/process-owner.ts";

/** Milliseconds after which a lock that nobody refreshes means nothing, where its owner cannot be asked. */
const STALE_MS = 60_000;

const lockPathOf = (directory: string) => join(directory, "lock");
const ownerPathOf = (directory: string) => join(directory, "lock-owner.json");

/** `null` where the file is missing or damaged. */
async function readOwner(directory: string): Promise<ProcessOwner | null> {
  try {
    const bytes = await readRegular(ownerPathOf(directory), { maxBytes: 1 << 20 });
    const owner = JSON.parse(bytes.toString("utf8")) as ProcessOwner | null;
    return owner !== null && Number.isInteger(owner.pid)
      ? { ...owner, started: owner.started ?? null }
      : null;
  } catch {
    // A process that is killed while it takes the lock leaves no owner, or half of one.
    return null;
  }
}

/** Whether a process is working on the run. */
export async function isLocked(directory: string): Promise<boolean> {
  const lockFile = await stat(lockPathOf(directory)).catch(() => null);
  if (!lockFile) return false;
  const owner = await readOwner(directory);
  // A process that has no time to refresh its lock is at work all the same.
  if (owner?.host === hostname()) return isAlive(owner);
  return Date.now() - lockFile.mtimeMs <= STALE_MS;
}

/** Takes the run's lock; throws a `ConfigError` while another process has it. The result gives it back. */
export async function lockRun(directory: string): Promise<() => Promise<void>> {
  const lockfilePath = lockPathOf(directory);
  const ownerPath = ownerPathOf(directory);
  const owner = await readOwner(directory);
  // A killed owner does not refresh its lock any more: make it as old as it is, instead of waiting for it to age.
  if (owner && owner.host === hostname() && !isAlive(owner) && existsSync(lockfilePath))
    await utimes(lockfilePath, 0, 0);
  let release: () => Promise<void>;
  try {
    release = await lock(directory, { lockfilePath, stale: STALE_MS, update: 10_000, realpath: false });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ELOCKED") throw cause;
    throw new ConfigError(
      `${directory} is in use by process ${owner ? `${owner.pid} on ${owner.host}` : "of unknown number"}`,
      "Wait for it or end it; a run can be continued by one process at a time.",
      { cause },
    );
  }
  const self = thisProcess();
  await writeFile(ownerPath, JSON.stringify(self));
  return async () => {
    await rm(ownerPath, { force: true });
    await release();
  };
}
