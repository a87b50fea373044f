/** @file The model of an agent: the newest policy of a run, a model's directory, one behind a server, or a policy of your own. */

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

/** Which model acts, and how it is prompted. */
export interface ModelOptions {
  /**
   * The directory of a run (its newest finished policy), of a model or of an adapter; `openai:NAME@URL`, a model behind an
   * OpenAI-compatible server (key: OPENAI_API_KEY); or a policy.
   */
  model: string | Policy;
  /** Settings of the model's server: `["timeoutSeconds=600", "budget.requests=500"]`. */
  llm?: readonly string[] | undefined;
  /** How the model reads pages and prompts. Default `auto`. */
  observation?: FormatSetting | undefined;
  template?: TemplateSetting | undefined;
  /** Default: 96, or `llm.maxTokens` of a model behind a server. */
  maxNewTokens?: number | undefined;
  /** 0 (the default) is greedy. */
  temperature?: number | undefined;
  /** Told what a person should know of the model's server. */
  onTrouble?: ((message: string) => void) | undefined;
  /** Ends waiting for it. */
  signal?: AbortSignal | undefined;
}

export interface AgentModel extends AsyncDisposable {
  /** As it is named in trajectories. */
  readonly name: string;
  readonly policy: Policy;
  /** For uses that ask it other things than for the next action; `null` where it knows nothing else. */
  readonly chat: ChatModel | null;
  /** Tokens that it reads at most, prompt and reply together; `null` of a policy of your own. */
  readonly contextTokens: number | null;
  readonly format: ObservationFormat;
  /** What it takes costs money that is counted. */
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

/** A model's `config.json` says nothing of a run's configuration; that of another agent is refused as a run that is none. */
async function isRun(directory: string): Promise<boolean> {
  if (isServerName(directory.trim())) return false;
  const path = join(directory, "config.json");
  if (!existsSync(path)) return false;
  const config = await readJsonObject(path);
  return "config" in config || "agent" in config;
}

/** What a run's model was shown its pages in, wherever the run's browsers were; `undefined` of any other model. */
export async function browserOfModel(model: ModelOptions["model"]): Promise<BrowserSettings | undefined> {
  if (typeof model !== "string" || !(await isRun(model))) return undefined;
  const { width, height, locale, timezone } = (await newestPolicy(model)).config.browser;
  return { width, height, locale, timezone };
}

/** A limit on money means nothing where nobody knows the price. */
export function checkCost(model: AgentModel, maxCost: number | null): void {
  if (maxCost !== null && !model.hasPrice)
    throw new ConfigError(
      `a limit of ${maxCost} on what ${model.name} costs, and it has no price`,
      'Set the price of a million tokens, llm.price={"input": 2.5, "output": 10}, or limit tokens in its place.',
    );
}
