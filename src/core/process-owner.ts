/** @file Tells whether the process that left something behind is still alive. */

import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";

export interface ProcessOwner {
  pid: number;
  host: string;
  /** Ticks at which the process started, so that a reused pid is not mistaken for it; `null` if unknown. */
  started: string | null;
}

export const ownerOf = (pid: number): ProcessOwner => ({ pid, host: hostname(), started: startOf(pid) });

export const thisProcess = (): ProcessOwner => ownerOf(process.pid);

/** An owner on another host counts as alive, because it cannot be checked. */
export function isAlive(owner: ProcessOwner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return owner.started === null || owner.started === startOf(owner.pid);
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
