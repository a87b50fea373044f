/** @file The identity of a run: its directory, method, seed and version. */

import { basename } from "node:path";
import type { RunFiles } from "../run/run-files.ts";
import type { AgentInfo, RunInfo } from "../run/run-info.ts";

/** What a view needs of the configuration, and what people ask first. */
export interface RunHead {
  directory: string;
  name: string;
  /** The method, with the parts that are left out of it. */
  method: string;
  seed: number | null;
  phases: number;
  /** Who gives the reward; `null` in an agent's directory, or if unknown. */
  judge: RunInfo["config"]["models"]["judge"] | null;
  /** An agent at work, and no training. */
  agent: AgentInfo["agent"] | null;
  version: string | null;
  revision: string | null;
  startedAt: string | null;
  config: RunInfo["config"] | null;
}

export async function readRunHead(run: RunFiles): Promise<RunHead> {
  const agent = await run.agent();
  const info = agent ?? (await run.info());
  const config = info && "config" in info ? info.config : null;
  const without = config?.without ?? [];
  return {
    directory: run.directory,
    name: basename(run.directory),
    agent: agent?.agent ?? null,
    method: agent
      ? `agent on ${agent.agent.site} with ${agent.agent.model}`
      : config
        ? [config.method, ...without.map((part) => `without ${part}`)].join(" ")
        : "unknown method",
    seed: config?.seed ?? null,
    phases: config?.phases ?? 0,
    judge: config?.models.judge ?? null,
    version: info?.version ?? null,
    revision: info?.revision ?? null,
    startedAt: info?.startedAt ?? null,
    config,
  };
}
