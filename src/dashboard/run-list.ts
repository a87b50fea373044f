/** @file The runs that the dashboard shows: directories that were named, and those inside directories of runs. */

import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import type { RunFiles } from "../run/run-files.ts";
import { openRunFiles } from "../run/run-files.ts";

export interface ListedRun {
  /** Stands in addresses; the directory's name, made unique. */
  key: string;
  files: RunFiles;
}

export interface RunList {
  /** Looks again: a run that began since then is in it. */
  list(): Promise<ListedRun[]>;
  find(key: string): Promise<ListedRun | undefined>;
}

const RUN_PARTS = ["config.json", "events.jsonl", "metrics.jsonl", "phases"];
const looksLikeRun = (directory: string) => RUN_PARTS.some((part) => existsSync(join(directory, part)));

/** Throws a `ConfigError` where a path is not a directory. */
export function openRunList(paths: readonly string[]): RunList {
  const hint = "Name directories of runs, or a directory that has runs in it.";
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) throw new ConfigError(`${JSON.stringify(path)} does not exist`, hint);
    if (!found.isDirectory()) throw new ConfigError(`${path} is not a directory`, hint);
  }
  const opened = new Map<string, ListedRun>();
  const keys = new Set<string>();

  const list = async () => {
    const directories: string[] = [];
    for (const path of paths) {
      const directory = resolve(path);
      if (looksLikeRun(directory)) directories.push(directory);
      else directories.push(...(await runsIn(directory, 2)));
    }
    for (const directory of directories) {
      if (opened.has(directory)) continue;
      const name = basename(directory);
      let key = name;
      for (let i = 2; keys.has(key); i++) key = `${name}-${i}`;
      keys.add(key);
      opened.set(directory, { key, files: openRunFiles(directory) });
    }
    return [...new Set(directories)].map((directory) => opened.get(directory)!);
  };
  return {
    list,
    find: async (key) => (await list()).find((run) => run.key === key),
  };
}

async function runsIn(directory: string, depth: number): Promise<string[]> {
  // A directory of somebody else's hides no run.
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const name of entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()) {
    const path = join(directory, name);
    if (existsSync(join(path, "config.json")) && looksLikeRun(path)) found.push(path);
    else if (depth > 1 && !name.startsWith(".") && name !== "node_modules")
      found.push(...(await runsIn(path, depth - 1)));
  }
  return found;
}
