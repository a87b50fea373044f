/** @file Opens the model that acts outside a run: from a directory or on a server, as the user names it. */

import { checkLlm, hasBudget, promptTokensOf } from "../chat/config.ts";
import { createMeter } from "../chat/meter.ts";
import { isServerName } from "../chat/server-name.ts";
import type { ChatModel, ChatUsage } from "../core/chat.ts";
import type { EngineSettings } from "../core/engine-settings.ts";
import { isOnServer } from "../core/engine-settings.ts";
import { ConfigError } from "../core/errors.ts";
import { createOnnxEngine } from "../engine/onnx/engine.ts";
import { isPointer } from "../engine/tinker/client/pointer.ts";
import type { Actor } from "../imitation/open-policy.ts";
import { modelTemplate } from "../imitation/prompt-template.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import { loadLlm } from "../run/parse-config.ts";
import type { Settings } from "../run/parse-config.ts";
import { END_OF_ACTION } from "../text/prompt-tokens.ts";
import type { PromptTemplate, TemplateSetting } from "../text/template-names.ts";
import { followServers, openServer } from "./open-engine.ts";
import { openChat, patientChat, serverOf } from "./open-chat.ts";
import type { LocalChat } from "./open-local-chat.ts";
import { openLocalChat, refuseBudget } from "./open-local-chat.ts";
import { modelDirectory, modelPath } from "./open-parts.ts";

export interface ActorOptions {
  /** A directory, or `openai:NAME@URL`. */
  model: string;
  /** The option that names it, for messages; default `--model`. */
  from?: string | undefined;
  /** A chat model that judges: on a server, or a directory. */
  judge?: string | undefined;
  /** Settings of the server from `--llm`; they override a run's. */
  llm: readonly string[];
  llmOfRun?: Settings | undefined;
  /** Where the run that `model` comes from trains its models. */
  engineOfRun?: EngineSettings | undefined;
  /** Default `auto`. */
  template?: TemplateSetting | undefined;
  /** Default: 96, or `llm.maxTokens` for a model on a server. */
  maxNewTokens?: number | undefined;
  /** Minutes to wait for the judge's chat server; default as `rollout.siteDownMinutes`. */
  limitMinutes?: number | undefined;
  onTrouble: (message: string) => void;
  /** Aborts waiting for servers. */
  signal?: AbortSignal | undefined;
}

export interface OpenedActor extends AsyncDisposable {
  actor: Actor;
  /** Directories of the models that are opened here, the actor's first. */
  openedHere: string[];
  /** The template that it reads; `null` for a model on a server, which gets messages. */
  template: PromptTemplate | null;
  judge: ChatModel | null;
  /** The most tokens of the judge's prompts. */
  maxPromptTokens: number;
  maxNewTokens: number;
  /** What servers have used so far; absent if none was asked. */
  usage(): ChatUsage | undefined;
  /** Whether a budget may end the command in the middle. */
  hasBudget: boolean;
  /** Whether money can be counted, because a price is set. */
  hasPrice: boolean;
}

export async function openActor(options: ActorOptions): Promise<OpenedActor> {
  const { model, judge: judgeName, onTrouble, from = "--model" } = options;
  const llm = await loadLlm(options.llm, options.llmOfRun);
  const meter = createMeter(llm.budget);
  const openNamed = (name: string, from: string) =>
    openChat({ ...llm, model: name }, { meter, from, onWarning: onTrouble });
  const isServer = isServerName(model.trim());
  const { maxNewTokens = isServer ? llm.maxTokens : 96 } = options;
  if (isServer) checkLlm({ ...llm, maxTokens: maxNewTokens });
  else if (judgeName === undefined && options.llm.length > 0)
    throw new ConfigError("--llm is for a model on a server, but none is named", "Leave --llm out.");
  // For a released checkpoint: its server completes the prompt that it was trained on.
  const completes = isServer && options.template === "paper";
  if (isServer && options.template !== undefined && !completes)
    throw new ConfigError(
      "--template lays out the prompts of a model that is opened here, but a model on a server gets messages",
      "Leave --template out; or name paper, for a released checkpoint of WebRL whose server completes texts.",
    );

  const server = isServer ? serverOf({ ...llm, model }, from) : null;
  const judgeDirectory = judgeName === undefined ? null : modelDirectory(judgeName);
  const ofJudge =
    judgeName === undefined || judgeDirectory !== null
      ? null
      : serverOf({ ...llm, model: judgeName }, "--judge");
  const isSame = server !== null && !completes && JSON.stringify(server) === JSON.stringify(ofJudge);
  if (server && ofJudge && !isSame && llm.budget.cost !== null)
    throw new ConfigError(
      "a budget of money needs the price of every model, but --model and --judge are two models and llm.price is only one price",
      "Limit requests or tokens instead, or let the same model judge.",
    );
  if (judgeDirectory !== null && !server) refuseBudget(llm, "--judge");
  const chat =
    server &&
    openChat(
      { ...llm, model: model.trim() },
      { meter, from, onWarning: onTrouble, ...(completes && { completeUntil: [END_OF_ACTION] }) },
    );
  const patiently = (asked: ChatModel) =>
    patientChat(asked, {
      limitMinutes: options.limitMinutes ?? rolloutConfigSchema.parse({}).siteDownMinutes,
      onWait: onTrouble,
      signal: options.signal,
    });
  const path = server ? null : modelPath(model, from);
  // Refuses a model that cannot read the template, before anything starts.
  const template = path === null ? null : await modelTemplate(path, options.template ?? "auto");
  const waiting = { onTrouble, signal: options.signal };
  // The base of a run on a server has no weights here, and does not name the server.
  const ofRun =
    path !== null && options.engineOfRun && isOnServer(options.engineOfRun) && !(await isPointer(path))
      ? await openServer(options.engineOfRun, { tokenizer: path, ...waiting })
      : null;
  const engine = followServers(createOnnxEngine, waiting);
  const close = async () => {
    await engine[Symbol.asyncDispose]();
    await ofRun?.engine[Symbol.asyncDispose]();
  };
  const openedHere: string[] = [];
  for (const each of [ofRun ? null : path, judgeDirectory])
    if (each !== null && !(await isPointer(each))) openedHere.push(each);
  let local: LocalChat | null = null;
  try {
    if (path !== null) await engine.reach(path);
    if (judgeDirectory !== null) local = await openLocalChat(engine, judgeDirectory, llm, "--judge");
  } catch (error) {
    await close();
    throw error;
  }
  return {
    openedHere,
    template: completes ? "paper" : template,
    actor:
      chat === null
        ? { engine: ofRun?.engine ?? engine, model: path!, template: template! }
        : { chat, model: `openai:${server!.model}`, contextTokens: llm.contextTokens, completes },
    judge:
      local?.chat ??
      (judgeName === undefined ? null : patiently(isSame ? chat! : openNamed(judgeName, "--judge"))),
    maxPromptTokens: local?.promptTokens ?? promptTokensOf(llm),
    maxNewTokens,
    usage: () => (meter.getUsage().requests > 0 ? meter.getUsage() : undefined),
    hasBudget: hasBudget(llm),
    hasPrice: llm.price !== null,
    [Symbol.asyncDispose]: async () => {
      await local?.[Symbol.asyncDispose]();
      await close();
    },
  };
}
