/** @file A language model as a policy: builds the prompt, samples and parses. */

import type { Sampler } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { parseAction } from "../text/action.ts";
import type { PromptTemplate } from "../text/template-names.ts";
import { policyPrompt, responseText, stopStrings, stopTokens } from "../text/prompt.ts";
import type { Policy } from "./policy.ts";

/** The model that acts, and how it samples its actions. */
export interface ModelPolicyOptions {
  /** Name of the policy in trajectories, e.g. `phase-2`. */
  name: string;
  sampler: Sampler;
  template: PromptTemplate;
  maxNewTokens: number;
  /** 0 is greedy. */
  temperature: number;
}

/** Throws a `ConfigError` if the model's context has no room for a prompt beside `maxNewTokens`. */
export function modelPolicy(options: ModelPolicyOptions): Policy {
  const { sampler, template, maxNewTokens, temperature } = options;
  const { tokenizer, contextTokens } = sampler;
  const stops = {
    stopTokens: stopTokens(tokenizer, template),
    stopStrings: stopStrings(tokenizer, template),
  };
  // Otherwise every episode would end at once with a full context, as if the policy could not do anything.
  policyPrompt({
    tokenizer,
    contextTokens,
    maxNewTokens,
    template,
    instruction: "",
    history: [],
    observation: "",
  });
  return {
    name: options.name,
    begin: () => async (turn) => {
      let prompt_T: number[];
      try {
        prompt_T = policyPrompt({
          tokenizer,
          contextTokens,
          maxNewTokens,
          template,
          instruction: turn.task.instruction,
          history: turn.history,
          observation: turn.observation.text,
        });
      } catch (error) {
        // The instruction alone is too long for this model, so the episode cannot continue.
        if (error instanceof ConfigError) return { kind: "context_full" };
        throw error;
      }
      const sampled = await sampler.sample({
        prompt_T,
        maxTokens: maxNewTokens,
        temperature,
        ...stops,
        seed: turn.seed,
        ...(turn.signal && { signal: turn.signal }),
      });
      const response = responseText(sampled.text, template);
      return {
        kind: "act",
        response,
        // Includes the thoughts: only they show that a reply ended within them.
        action: parseAction(template === "chat" ? sampled.text : response),
        promptTokens: prompt_T,
        responseTokens: sampled.tokens_T,
        logprobs: sampled.logprobs_T,
      };
    },
  };
}
