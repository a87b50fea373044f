/**
 * @file Determines how much memory this process may have: the machine's, or the limit of its control groups (a
 * container, a service).
 */

import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { join } from "node:path";

/** Bytes. */
interface MemoryGroup {
  limit: number;
  /** What its processes hold, without pages of files, which the kernel frees when memory is needed. */
  used: number;
}

/** Names of a version's files; only a number is a limit. */
const VERSIONS = {
  v1: {
    mount: "memory",
    limits: ["memory.limit_in_bytes"],
    usage: "memory.usage_in_bytes",
    /** `total_`: with those of groups below. */
    pages: /^total_(?:in)?active_file (\d+)$/gm,
  },
  v2: {
    mount: "",
    limits: ["memory.max", "memory.high"],
    usage: "memory.current",
    pages: /^(?:in)?active_file (\d+)$/gm,
  },
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux, no control groups, or none that is visible from inside a container.
    return "";
  }
};

/**
 * The groups that this process is in and that have a limit: its own and those above it. `membership` is what
 * `/proc/self/cgroup` says, `mount` is where control groups are mounted. Inside of a container the path may be that of
 * the machine outside, and the container's own group is the mount itself.
 */
export function memoryGroups(membership: string, mount: string): MemoryGroup[] {
  return membership.split("\n").flatMap((line) => {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    const isV1 = controllers?.split(",").includes("memory");
    if (path === undefined || (!isV1 && id !== "0")) return [];
    const version = VERSIONS[isV1 ? "v1" : "v2"];
    const parts = path.split("/").filter((part) => part !== "");
    const above = parts.includes("..") ? [] : parts;
    return [...above.keys(), above.length].flatMap((depth) => {
      const group = join(mount, version.mount, ...above.slice(0, depth));
      const limits = version.limits.map((file) => Number.parseInt(textOf(join(group, file)), 10));
      const limit = Math.min(...limits.filter((bytes) => !Number.isNaN(bytes)));
      if (!Number.isFinite(limit)) return [];
      const pages = [...textOf(join(group, "memory.stat")).matchAll(version.pages)];
      const ofFiles = pages.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
      const usage = Number.parseInt(textOf(join(group, version.usage)), 10);
      return [{ limit, used: Math.max(0, usage - ofFiles) }];
    });
  });
}

const ownGroups = () => memoryGroups(textOf("/proc/self/cgroup"), "/sys/fs/cgroup");

/** Bytes: the machine's, or less if the process is confined. */
export const memoryLimitBytes = (): number => Math.min(totalmem(), ...ownGroups().map(({ limit }) => limit));

/** Bytes that are free now. */
export const freeMemoryBytes = (): number =>
  Math.max(0, Math.min(freemem(), ...ownGroups().map(({ limit, used }) => limit - used)));

/** `2.9 GB`, `18 MB`. */
export const sizeText = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
