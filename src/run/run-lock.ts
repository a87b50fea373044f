/** @file One process a run: a lock that a second process is refused by and that a killed one does not leave behind. */

import { existsSync, readFileSync } from "node:fs";
import { readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { ConfigError } from "../core/errors.ts";

/** What `lock-owner.json` says. */
export interface Owner {
  pid: number;
  host: string;
  /** Ticks at which the process started, so that a reused pid is not taken for it; `null` where unknown. */
  started: string | null;
}

/** Field 22 of /proc/PID/stat, after the parenthesised name. */
function startOf(pid: number): string | null {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return null;
  return (
    readFileSync(path, "utf8")
      .replace(/^.*\)\s+/s, "")
      .split(" ")[19] ?? null
  );
}

/** Only for an owner on this host. */
export function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return owner.started === null || owner.started === startOf(owner.pid);
}

/** Takes the run's lock; throws a `ConfigError` while another process has it. The result gives it back. */
export async function lockRun(directory: string): Promise<() => Promise<void>> {
  const lockfilePath = join(directory, "lock");
  const ownerPath = join(directory, "lock-owner.json");
  const owner = await readFile(ownerPath, "utf8").then(
    (text) => JSON.parse(text) as Owner,
    () => null,
  );
  // A killed owner does not refresh its lock any more: make it as old as it is, instead of waiting for it to age.
  if (owner && owner.host === hostname() && !isAlive(owner) && existsSync(lockfilePath))
    await utimes(lockfilePath, 0, 0);
  let release: () => Promise<void>;
  try {
    release = await lock(directory, { lockfilePath, stale: 60_000, update: 10_000, realpath: false });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ELOCKED") throw cause;
    throw new ConfigError(
      `${directory} is in use by process ${owner ? `${owner.pid} on ${owner.host}` : "of unknown number"}`,
      "Wait for it or end it; a run can be continued by one process at a time.",
      { cause },
    );
  }
  const self: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  await writeFile(ownerPath, JSON.stringify(self));
  return async () => {
    await rm(ownerPath, { force: true });
    await release();
  };
}
