/**
 * @file Finds every process of one start of an application by a mark in its environment, which children inherit
 * wherever they go. This works only if there is `/proc` (Linux). A process that has removed its environment (some
 * daemons do) is not found.
 */

import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** The variable that holds the mark. */
export const MARK = "WEBRL_COPY";

export const newMark = (): string => randomUUID();

/**
 * Signals all processes that have the mark, and returns their number. Does not wait, so it can be used while this
 * process ends.
 */
export function signalMarked(mark: string, signal: NodeJS.Signals | 0): number {
  const found = markedPids(mark);
  for (const pid of found)
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has just ended.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  return found.length;
}

/** Looks again, because one of them may have started another in the meantime. */
export function killMarked(mark: string): void {
  let tries = 10;
  while (signalMarked(mark, "SIGKILL") > 0 && tries > 0) tries--;
}

function markedPids(mark: string): number[] {
  if (!existsSync("/proc/self/environ")) return [];
  const entry = `${MARK}=${mark}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).split("\0").includes(entry))
    .map(Number);
}

/** Empty for a process that has ended, and for one of another user, which is not ours. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return "";
    throw error;
  }
}
