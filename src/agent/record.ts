/**
 * @file An agent's directory: laid out like a run with one phase, so that everything which reads runs can read it
 * (dashboard, report, `webrl model sft`, `webrl train`). See docs/agent.md.
 *
 *     DIR/config.json                 what the agent was: site, model, version
 *     DIR/journal.jsonl               what it was about to do and did: journal.ts
 *     DIR/lock-N.json                 whose it is
 *     DIR/phases/00/trajectories.jsonl  one run a line, as an episode of a rollout
 *     DIR/phases/00/verdicts.jsonl    what a person or the ORM says about them
 *     DIR/phases/00/screenshots/
 */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { AgentResult } from "../core/agent-result.ts";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import type { Trajectory } from "../core/trajectory.ts";
import { sumUsage } from "../core/usage.ts";
import { readJsonObject } from "../engine/onnx/checkpoint/read-file.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { openJsonLines } from "../run/json-lines.ts";
import { phasePath, screenshotName } from "../run/paths.ts";
import { isRunDirectory, writeAtomically } from "../run/run-directory.ts";
import { gitRevision, packageVersion } from "../run/run-info.ts";
import type { AgentInfo } from "../run/run-info.ts";
import type { Journal } from "./journal.ts";
import { openJournal } from "./journal.ts";

export interface AgentRecord extends AsyncDisposable {
  readonly directory: string;
  readonly journal: Journal;
  /** This process's session in the directory; the ids of its runs begin with it. */
  readonly session: string;
  nextRunId(): string;
  /** Keeps a picture of a page; the result is its path in the directory. */
  keepPicture(runId: string, index: number, image: Uint8Array): Promise<string>;
  keepRun(trajectory: Trajectory, result: AgentResult, wallMs: number): void;
}

/** The default directory: `runs/agent-…`. */
export function defaultDirectory(now = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]|\..*/g, "");
  return join("runs", `agent-${stamp}-${randomBytes(2).toString("hex")}`);
}

/**
 * Opens an agent's existing directory, or creates it. Throws a `ConfigError` if it is a run of `webrl train`, is in use
 * by another process, or has a journal in another format.
 */
export async function openRecord(directory: string, about: AgentInfo["agent"]): Promise<AgentRecord> {
  if (await isRunDirectory(directory))
    throw new ConfigError(
      `${directory} holds a run of training`,
      "Name another directory for what the agent does.",
    );
  const journal = await openJournal(directory);
  try {
    const config = join(directory, "config.json");
    if (!existsSync(config)) {
      const info: AgentInfo = {
        version: packageVersion(),
        revision: gitRevision(),
        node: process.version,
        startedAt: new Date().toISOString(),
        agent: about,
      };
      await writeAtomically(config, `${JSON.stringify(info, null, 2)}\n`);
    }
    const path = join(directory, phasePath(0, "trajectories.jsonl"));
    await makeDirectory(dirname(path));
    return recordIn(journal, openJsonLines<EpisodeRecord>(path));
  } catch (error) {
    await journal[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The port on which a directory's agent started its site; `undefined` if it did not start one, or the directory is new.
 */
export async function sitePortIn(directory: string | undefined): Promise<number | undefined> {
  if (directory === undefined) return undefined;
  const path = join(directory, "config.json");
  return existsSync(path) ? SITE_PORT.safeParse(await readJsonObject(path)).data?.agent.port : undefined;
}

const SITE_PORT = z.object({ agent: z.object({ port: z.int().optional() }) });

function recordIn(journal: Journal, trajectories: { append(record: EpisodeRecord): void }): AgentRecord {
  const { directory } = journal;
  // Unique beyond the directory, because replay buffers hold experience from many.
  const session = `agent-${randomBytes(4).toString("hex")}`;
  let runs = 0;
  return {
    directory,
    journal,
    session,
    nextRunId: () => `${session}/${String(++runs).padStart(4, "0")}`,
    keepPicture: async (runId, index, image) => {
      const path = phasePath(0, screenshotName(runId, index, image));
      await makeDirectory(join(directory, dirname(path)));
      // For people only, so it need not survive a loss of power: waiting for the disk would delay every run.
      await writeFile(join(directory, path), image);
      return path;
    },
    keepRun: (trajectory, result, wallMs) => {
      const usage = sumUsage(trajectory.steps.map((step) => step.usage));
      trajectories.append({
        id: trajectory.id,
        trajectory,
        truth: null,
        faults: [],
        mistakes: [],
        wallMs,
        ...(usage && { usage }),
        result,
      });
    },
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
  };
}
