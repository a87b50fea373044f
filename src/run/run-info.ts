/** @file The contents of a run's `config.json`: the resolved configuration, and what ran it. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TrainConfig } from "./config.ts";

/** A run's `config.json`: its configuration, and what it was started with. */
export interface RunInfo {
  /** Version of this package. */
  version: string;
  /** Commit of the working tree, with `+changes` where it was changed; `null` outside a repository. */
  revision: string | null;
  node: string;
  startedAt: string;
  config: TrainConfig;
}

/** The `config.json` of an agent's directory, which has no training but is laid out like a run. */
export interface AgentInfo extends Omit<RunInfo, "config"> {
  /** `port`: where the agent starts its site, so that addresses stay valid when the directory is continued. */
  agent: { site: string; model: string; port?: number | undefined };
}

/** What a new run writes down first: its configuration, webrl's version and commit, Node's version, the time. */
export function runInfo(config: TrainConfig): RunInfo {
  return {
    version: packageVersion(),
    revision: gitRevision(),
    node: process.version,
    startedAt: new Date().toISOString(),
    config,
  };
}

/** The nearest package.json above this file: `src/` and `dist/` are equally deep. */
export const packageDirectory = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export function packageVersion(): string {
  const text = readFileSync(join(packageDirectory, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

export function gitRevision(): string | null {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: packageDirectory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return git("rev-parse", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+changes");
  } catch {
    // Not a checkout, or git is not installed: an installed package has a version only.
    return null;
  }
}
