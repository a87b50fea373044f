/** @file Opens a policy outside a run: a model that an engine opens, or one on a server. */

import type { ChatModel } from "../core/chat.ts";
import type { Engine } from "../core/engine.ts";
import { chatPolicy, releasedPolicy } from "../rollout/chat-policy.ts";
import { modelPolicy } from "../rollout/model-policy.ts";
import type { Policy } from "../rollout/policy.ts";
import { samplerChat } from "../rollout/sampler-chat.ts";
import type { PromptTemplate, TemplateSetting } from "../text/template-names.ts";
import { modelTemplate } from "./prompt-template.ts";

/** A model that acts: one that an engine opens, or one on a server. */
export type Actor =
  /** `model`: its directory; `template`: default `auto`. */
  | { engine: Engine; model: string; template?: TemplateSetting | undefined }
  /** `model`: its name in trajectories. */
  | {
      chat: ChatModel;
      model: string;
      contextTokens: number;
      /** It completes the prompt of the released checkpoints, instead of getting messages. */
      completes?: boolean;
    };

export interface OpenPolicyOptions {
  /** Name in trajectories. */
  name: string;
  maxNewTokens: number;
  temperature: number;
}

export interface OpenedPolicy extends AsyncDisposable {
  policy: Policy;
  /** The layout of its prompts; `null` for a model on a server. */
  template: PromptTemplate | null;
  /** The same model, for other questions; `null` if it has no chat template. */
  chat: ChatModel | null;
  /** The most tokens that it reads, prompt and reply together. */
  contextTokens: number;
}

export async function openPolicy(actor: Actor, options: OpenPolicyOptions): Promise<OpenedPolicy> {
  if ("chat" in actor) {
    const { chat, contextTokens } = actor;
    return {
      policy: actor.completes
        ? releasedPolicy({ ...options, model: chat })
        : chatPolicy({ ...options, model: chat, contextTokens }),
      template: null,
      chat,
      contextTokens,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const sampler = await actor.engine.open({ path: actor.model });
  const template = await modelTemplate(actor.model, actor.template ?? "auto", sampler.tokenizer);
  return {
    policy: modelPolicy({ ...options, sampler, template }),
    template,
    chat: template === "chat" ? samplerChat(sampler, options.name) : null,
    contextTokens: sampler.contextTokens,
    [Symbol.asyncDispose]: () => sampler[Symbol.asyncDispose](),
  };
}
