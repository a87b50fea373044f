/** @file `createAgent`: makes an agent of a site, a model and a directory. Each of its uses begins here. */

import { ConfigError } from "../core/errors.ts";
import type { Observation } from "../core/observation.ts";
import type { Trajectory } from "../core/trajectory.ts";
import { act } from "./act.ts";
import type { ActOptions, ActResult } from "./act.ts";
import { runBatch, undoBatch } from "./batch/batch.ts";
import type { BatchOptions, UndoOptions } from "./batch/batch.ts";
import { itemGrants } from "./batch/grant.ts";
import type { BatchResult } from "./batch/result.ts";
import { extractWith } from "./extract/agent-extract.ts";
import type { AgentExtractOptions, OrNull } from "./extract/agent-extract.ts";
import type { Extraction } from "./extract/extract.ts";
import type { RowValues } from "./extract/schema.ts";
import { checkCost } from "./model.ts";
import type { AgentOptions } from "./parts.ts";
import { openAgentParts } from "./parts.ts";
import { repeatRun, runToRepeat } from "./repeat/repeat.ts";
import type { RepeatOptions, RepeatResult } from "./repeat/repeat.ts";
import type { RunOptions, RunResult } from "./run.ts";
import type { z } from "zod";

/** An agent at work on a site. Made by `createAgent`; dispose of it to close its browser. */
export interface Agent extends AsyncDisposable {
  /** Where everything is recorded. */
  readonly directory: string;
  /** The page as the model sees it now. */
  readonly page: Observation;
  /**
   * Carries out an instruction. Runs follow each other in the same browser: the next one begins where the last one
   * ended.
   */
  run(instruction: string, options?: RunOptions): Promise<RunResult>;
  /** Carries out one action, or a few, to do what the instruction says. */
  act(instruction: string, options?: ActOptions): Promise<ActResult>;
  /**
   * Reads the rows of a list over all its pages, described by a zod object or a JSON schema. Begins on the current
   * page, or at `start`. What is not on the pages is null in the rows. Throws a `ConfigError` when schema or options
   * are wrong.
   */
  extract<S extends z.ZodObject>(
    instruction: string,
    schema: S,
    options?: AgentExtractOptions,
  ): Extraction<OrNull<z.output<S>>>;
  extract(instruction: string, schema: object, options?: AgentExtractOptions): Extraction<RowValues>;
  /** Goes to a path of the site, or an address of its hosts. */
  open(url: string): Promise<Observation>;
  /** Carries out a table of jobs, each exactly once; continues a batch that ended early. */
  batch(options: BatchOptions): Promise<BatchResult>;
  /**
   * Repeats what a run did, without the model wherever the pages are as they were. The run is a trajectory, the id of a
   * run in the agent's directory, or (`null`) the last successful one there.
   */
  repeat(run: Trajectory | string | null, options?: RepeatOptions): Promise<RepeatResult>;
  /** Undoes what the batch in the agent's directory has done. */
  undoBatch(options?: UndoOptions): Promise<BatchResult>;
}

/**
 * Opens site, model and directory. Throws a `ConfigError` when one of them is missing or does not fit, and then leaves
 * nothing open. The caller owns the agent and disposes it: `await using agent = await createAgent({ … })`.
 */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const grants = itemGrants(options.approve);
  const parts = await openAgentParts({ ...options, approve: grants.approver });
  const { session, record } = parts;
  const ofBatch = { grants, model: parts.model.policy };
  return {
    directory: record.directory,
    get page() {
      return session.page;
    },
    run: async (instruction, given) => {
      checkCost(parts.model, given?.limits?.maxCost ?? null);
      return session.run(checkInstruction(instruction), given);
    },
    act: async (instruction, given) => act(session, checkInstruction(instruction), given),
    extract: (instruction: string, schema: object, given: AgentExtractOptions = {}) =>
      extractWith(parts, options, instruction, schema, given) as Extraction<never>,
    open: async (url) => session.open(checkAddress(url, session.page.url)),
    batch: (given) => runBatch(session, { signal: options.signal, ...given }, ofBatch),
    undoBatch: (given) => undoBatch(session, { signal: options.signal, ...given }, ofBatch),
    repeat: async (run, given) => {
      const trajectory =
        run === null || typeof run === "string" ? await runToRepeat(record.directory, run ?? undefined) : run;
      return repeatRun(session, trajectory, parts.model.policy, { signal: options.signal, ...given });
    },
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

export function checkInstruction(instruction: string): string {
  if (instruction.trim() !== "") return instruction;
  throw new ConfigError("the instruction is empty", "Say what the agent should do.");
}

function checkAddress(url: string, base: string): string {
  if (URL.canParse(url, base)) return new URL(url, base).href;
  throw new ConfigError(
    `${JSON.stringify(url)} is neither a path nor an address`,
    "Write it like /orders?state=open.",
  );
}
