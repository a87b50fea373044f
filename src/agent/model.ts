/**
 * @file Opens the model of an agent: the newest policy of a run, a model's directory, a model on a server, or a policy
 * of your own.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { isServerName } from "../chat/server-name.ts";
import type { ChatModel } from "../core/chat.ts";
import { ConfigError } from "../core/errors.ts";
import type { BrowserSettings } from "../core/trajectory.ts";
import type { ObservationFormat } from "../core/observation.ts";
import { readJsonObject } from "../engine/onnx/checkpoint/read-file.ts";
import { openPolicy } from "../imitation/open-policy.ts";
import type { Policy } from "../rollout/policy.ts";
import { chooseFormat } from "../text/choose-template.ts";
import type { FormatSetting, TemplateSetting } from "../text/template-names.ts";
import { newestPolicy } from "../train/evaluate-model.ts";
import { openActor } from "../train/open-actor.ts";

/** Which model acts, and how to prompt it. */
export interface ModelOptions {
  /**
   * The directory of a run (its newest finished policy), of a model or of an adapter; `openai:NAME@URL`, a model on an
   * OpenAI-compatible server (key: OPENAI_API_KEY); or a policy.
   */
  model: string | Policy;
  /** Settings of the model's server: `["timeoutSeconds=600", "budget.requests=500"]`. */
  llm?: readonly string[] | undefined;
  /** How the model reads pages and prompts. Default `auto`. */
  observation?: FormatSetting | undefined;
  template?: TemplateSetting | undefined;
  /** Default: 96, or `llm.maxTokens` for a model on a server. */
  maxNewTokens?: number | undefined;
  /** 0 (the default) is greedy. */
  temperature?: number | undefined;
  /** Called with what a person should know about the model's server, and about a site that takes long to start. */
  onTrouble?: ((message: string) => void) | undefined;
  /** Aborts waiting for it. */
  signal?: AbortSignal | undefined;
}

export interface AgentModel extends AsyncDisposable {
  /** Its name in trajectories. */
  readonly name: string;
  readonly policy: Policy;
  /** For uses that ask for other things than the next action; `null` if the model cannot do anything else. */
  readonly chat: ChatModel | null;
  /** The most tokens in prompt and reply together; `null` for a policy of your own. */
  readonly contextTokens: number | null;
  readonly format: ObservationFormat;
  /** Its use costs money, which is counted. */
  readonly hasPrice: boolean;
}

export async function openModel(options: ModelOptions): Promise<AgentModel> {
  const { model, observation = "auto", temperature = 0 } = options;
  if (typeof model !== "string")
    return {
      name: model.name,
      policy: model,
      chat: null,
      contextTokens: null,
      format: chooseFormat(observation, {}),
      hasPrice: false,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  const run = (await isRun(model)) ? await newestPolicy(model) : null;
  const opened = await openActor({
    model: run?.model ?? model,
    from: "model",
    llm: options.llm ?? [],
    engineOfRun: run?.config.engine,
    template: options.template ?? run?.config.models.template,
    maxNewTokens: options.maxNewTokens ?? run?.config.rollout.maxNewTokens,
    onTrouble: options.onTrouble ?? (() => {}),
    signal: options.signal,
  });
  try {
    const { actor, template, maxNewTokens } = opened;
    const format = chooseFormat(
      observation === "auto" ? (run?.config.observation.format ?? "auto") : observation,
      template ? { [actor.model]: template } : {},
    );
    const policy = await openPolicy(actor, { name: actor.model, maxNewTokens, temperature });
    return {
      name: actor.model,
      policy: policy.policy,
      chat: policy.chat,
      contextTokens: policy.contextTokens,
      format,
      hasPrice: opened.hasPrice && "chat" in actor,
      [Symbol.asyncDispose]: async () => {
        await policy[Symbol.asyncDispose]();
        await opened[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The `config.json` of a model does not hold the configuration of a run; an agent's directory is refused because it is
 * not a run.
 */
async function isRun(directory: string): Promise<boolean> {
  if (isServerName(directory.trim())) return false;
  const path = join(directory, "config.json");
  if (!existsSync(path)) return false;
  const config = await readJsonObject(path);
  return "config" in config || "agent" in config;
}

/** The browser settings with which pages were shown to a run's model; `undefined` for any other model. */
export async function browserOfModel(model: ModelOptions["model"]): Promise<BrowserSettings | undefined> {
  if (typeof model !== "string" || !(await isRun(model))) return undefined;
  const { width, height, locale, timezone } = (await newestPolicy(model)).config.browser;
  return { width, height, locale, timezone };
}

/** Refuses a limit on money when the price is unknown. */
export function checkCost(model: AgentModel, maxCost: number | null): void {
  if (maxCost !== null && !model.hasPrice)
    throw new ConfigError(
      `the cost of ${model.name} is limited to ${maxCost}, but it has no price`,
      'Set the price of a million tokens, llm.price={"input": 2.5, "output": 10}, or limit tokens instead.',
    );
}
