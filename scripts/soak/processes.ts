/** @file Lists the processes below this one, from `/proc`; none where there is no `/proc`. */

import { readdirSync, readFileSync } from "node:fs";

export interface Child {
  pid: number;
  command: string;
  /** Resident memory, MiB. */
  residentMiB: number;
}

const read = (path: string) => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // It ended while it was read, or belongs to somebody else.
    if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
};

const pids = () =>
  process.platform === "linux" ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];

const childOf = (pid: string, status: string): Child => ({
  pid: Number(pid),
  command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " "),
  residentMiB: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024,
});

/** Living processes below `root`, however deep. */
export function processesBelow(root = process.pid): Child[] {
  const status = new Map(pids().map((pid) => [pid, read(`/proc/${pid}/status`)]));
  const field = (pid: string, name: string) =>
    new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status.get(pid) ?? "")?.[1];
  const isBelow = (pid: string): boolean => {
    const parent = field(pid, "PPid");
    return parent !== undefined && parent !== "0" && (Number(parent) === root || isBelow(parent));
  };
  return [...status]
    .filter(([pid]) => field(pid, "State") !== "Z" && isBelow(pid))
    .map(([pid, text]) => childOf(pid, text));
}

/** Living processes, whoever started them, that have this text among their environment variables. */
export const processesWith = (variable: string): Child[] =>
  pids()
    .filter((pid) => Number(pid) !== process.pid && read(`/proc/${pid}/environ`).includes(variable))
    .map((pid) => childOf(pid, read(`/proc/${pid}/status`)));

/** Open files of this process; sockets and pipes count. */
export const openFiles = () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0);

export const isBrowser = ({ command }: Child) => /chrom/i.test(command.split(" ")[0]!);
/** Not one of the browser's renderers and helpers. */
export const isMainBrowser = (child: Child) => isBrowser(child) && !/--type=/.test(child.command);
