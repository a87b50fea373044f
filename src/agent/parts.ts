/**
 * @file Opens the parts of an agent together: site, model, directory, session. `createAgent` publishes methods on them;
 * each use is a function of these parts in its own file or folder, which `agent.ts` calls.
 */

import { rm } from "node:fs/promises";
import type { BrowserConfig } from "../browser/launch.ts";
import type { AgentModel, ModelOptions } from "./model.ts";
import { browserOfModel, checkCost, openModel } from "./model.ts";
import type { AgentRecord } from "./record.ts";
import { defaultDirectory, openRecord, sitePortIn } from "./record.ts";
import type { RunLimits, RunOptions } from "./run.ts";
import { checkLimits } from "./run.ts";
import type { Gate } from "../safety/gate.ts";
import { openSafety } from "./safety.ts";
import type { Safety, SafetyOptions } from "./safety.ts";
import type { AgentSession } from "./session.ts";
import { openSession } from "./session.ts";
import type { AgentSite, SiteOptions } from "./site.ts";
import { openSite } from "./site.ts";

/** The site, the model, and what the agent may do. */
export interface AgentOptions extends SiteOptions, ModelOptions, SafetyOptions {
  /** Where everything is recorded; an agent's existing directory is continued. Default: a new one in `runs/`. */
  directory?: string | undefined;
  /** Limits of each run; override the defaults. */
  limits?: Partial<RunLimits> | undefined;
  /** Keep a picture of every page that is acted on. Default: only of the last page of each run. */
  screenshots?: boolean | undefined;
  onStep?: RunOptions["onStep"];
  /** Aborts whatever is under way. */
  signal?: AbortSignal | undefined;
}

export interface AgentParts extends AsyncDisposable {
  readonly site: AgentSite;
  readonly model: AgentModel;
  /** The directory, with its journal. */
  readonly record: AgentRecord;
  readonly session: AgentSession;
  /** Decides what may be done, even for what the runtime does by itself. */
  readonly gate: Gate;
}

/** The settings that were asked for override those of the model's run. A given page stays as it is. */
export async function browserFor({
  browser,
  model,
  page,
}: SiteOptions & ModelOptions): Promise<BrowserConfig | undefined> {
  if (page) return browser;
  const ofRun = await browserOfModel(model);
  return ofRun ? { ...ofRun, ...browser } : browser;
}

/** Throws a `ConfigError` when one of them is missing or does not fit, and then leaves nothing open. */
export async function openAgentParts(options: AgentOptions): Promise<AgentParts> {
  const limits = checkLimits(options.limits ?? {});
  const site = await openSite({
    ...options,
    browser: await browserFor(options),
    port: await sitePortIn(options.directory),
  });
  let model: AgentModel | undefined;
  let record: AgentRecord | undefined;
  let session: AgentSession | undefined;
  let safety: Safety | undefined;
  const close = async () => {
    try {
      await session?.[Symbol.asyncDispose]();
    } finally {
      await site[Symbol.asyncDispose]();
      await model?.[Symbol.asyncDispose]();
      await safety?.[Symbol.asyncDispose]();
      await record?.[Symbol.asyncDispose]();
    }
  };
  try {
    model = await openModel(options);
    checkCost(model, limits.maxCost);
    const directory = options.directory ?? defaultDirectory();
    record = await openRecord(directory, { site: site.name, model: model.name, port: site.port });
    safety = await openSafety(options, directory);
    const { gate } = safety;
    session = await openSession({
      site,
      record,
      policy: model.policy,
      model: model.name,
      format: model.format,
      limits,
      gate,
      screenshots: options.screenshots,
      onStep: options.onStep,
      signal: options.signal,
    });
  } catch (error) {
    await close();
    // Nothing was done in this directory, and nobody named it.
    if (record && options.directory === undefined) await rm(record.directory, { recursive: true });
    throw error;
  }
  return { site, model, record, session, gate: safety.gate, [Symbol.asyncDispose]: close };
}
