/**
 * @file The policy's and the critic's prompt, as tokens. Template `paper` is WebRL's completion template
 * (arXiv:2411.02337 and its released code): no system prompt, all past responses, only the current page.
 *
 * Deviations:
 * 1. Cut by tokens instead of characters, so that the answer cue and the instruction always survive.
 * 2. `<|` in pages, instructions and past responses becomes `< |`: a page cannot write special tokens.
 * 3. The critic is a language model: its prompt is the policy's prompt plus a question, and V is the share of YES.
 * 4. Template `compact` says the same in fewer tokens, for small models, every word with a space before it
 *    (`spacing.ts`), so that names can be copied token by token. The instruction stands before the page, to read the
 *    page by, and after it, to copy from.
 */

import type { Datum, Tokenizer } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { END_OF_ACTION, fitPrompt, lastTokens, neutralise } from "./prompt-tokens.ts";
import type { FittedPrompt, PromptParts } from "./prompt-tokens.ts";
import { spaceValues, spaceWords, unspaceValues } from "./spacing.ts";

export type PromptTemplate = "paper" | "compact";

export interface PolicyPromptInput {
  instruction: string;
  /** Past turns, oldest first: raw model text, kept also where it could not be parsed. */
  history: readonly { response: string }[];
  /** Text of the current page (`Observation.text`). */
  observation: string;
}

export interface PolicyPromptOptions extends PolicyPromptInput {
  tokenizer: Tokenizer;
  /** The model's context, prompt and reply together. */
  contextTokens: number;
  /** Tokens kept free for the reply. */
  maxNewTokens: number;
  /** Default `paper`. */
  template?: PromptTemplate;
}

/** Stands where a past page was. */
const PAST_PAGE = "** Simplified html **";
const TO_USER = "<|eot_id|><|start_header_id|>user<|end_header_id|>";
const TO_ASSISTANT = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>";

/** What follows the page in the `compact` template: the instruction once more, and the beginning of the reply. */
export function compactCue(instruction: string): string {
  return `<|start_header_id|>user<|end_header_id|>\nTask:${spaceWords(neutralise(instruction.trim()))}\n<|start_header_id|>assistant<|end_header_id|>\n`;
}

/** Parts begin and end at special tokens, so that encoding them one by one is encoding the whole. */
function policyParts(input: PolicyPromptInput, template: PromptTemplate, tokenizer?: Tokenizer): PromptParts {
  const instruction = neutralise(input.instruction);
  const shorten = (response: string, tokens: number) =>
    tokenizer === undefined ? response : lastTokens(tokenizer, response, tokens);
  const round = (text: (response: string) => string, response: string) => ({
    text: text(response),
    cutTail: (tokens: number) => text(shorten(response, tokens)),
  });
  if (template === "compact")
    return {
      head: () => `Task:${spaceWords(instruction)}\n${END_OF_ACTION}`,
      rounds: input.history.map(({ response }) =>
        round((text) => `${text}${END_OF_ACTION}`, spaceValues(neutralise(response))),
      ),
      page: {
        before: "",
        text: spaceWords(neutralise(input.observation)),
        after: compactCue(input.instruction),
      },
    };
  return {
    head: (first) => `Task Instruction: ${instruction}\n\nRound ${first}\n\n${TO_USER}`,
    rounds: input.history.map(({ response }, i) =>
      round(
        (text) =>
          `\n${i === 0 ? instruction : PAST_PAGE}\n\n${TO_ASSISTANT}\n${text}\n\nRound ${i + 1}\n\n${TO_USER}`,
        neutralise(response),
      ),
    ),
    page: { before: "\n", text: neutralise(input.observation), after: `\n\n${TO_ASSISTANT}\n` },
  };
}

/** The policy's prompt as text, uncut and without the start token: what the template says. */
export function policyPromptText(input: PolicyPromptInput, template: PromptTemplate = "paper"): string {
  const parts = policyParts(input, template);
  const { before, text, after } = parts.page;
  return parts.head(0) + parts.rounds.map((r) => r.text).join("") + before + text + after;
}

/** The policy's prompt with what had to be cut. Room is kept for the reply and for the critic's question alike. */
export function fitPolicyPrompt(options: PolicyPromptOptions): FittedPrompt {
  const { tokenizer, contextTokens, maxNewTokens, template = "paper" } = options;
  const question = tokenizer.encode(VALUE_QUESTION).length + 1;
  return fitPrompt(
    tokenizer,
    policyParts(options, template, tokenizer),
    contextTokens - Math.max(maxNewTokens, question),
  );
}

/** At most `contextTokens − maxNewTokens` tokens, start token included. */
export function policyPrompt(options: PolicyPromptOptions): number[] {
  return fitPolicyPrompt(options).tokens_T;
}

/** Follows the assistant header, so that policy and critic share their prompt as a prefix. */
export const VALUE_QUESTION = "Will the task be solved? Answer YES or NO:\n";

/** The critic's prompt: the policy's prompt plus the value question. Its answer is one token. */
export function valuePrompt(options: PolicyPromptOptions): number[] {
  return valuePromptOf(options.tokenizer, policyPrompt(options));
}

/** The critic's prompt of a state of which the policy's prompt is at hand (as trajectories and replay keep it). */
export function valuePromptOf(tokenizer: Tokenizer, policyPrompt_T: readonly number[]): number[] {
  return [...policyPrompt_T, ...tokenizer.encode(VALUE_QUESTION)];
}

export interface AnswerTokens {
  yes: number;
  no: number;
}

/** The tokens of `YES` and `NO`; where one has several tokens, its first, if those differ. */
export function answerTokens(tokenizer: Tokenizer): AnswerTokens {
  const yes = tokenizer.encode("YES")[0];
  const no = tokenizer.encode("NO")[0];
  if (yes === undefined || no === undefined || yes === no)
    throw new ConfigError(
      "the tokenizer cannot tell YES from NO by their first token",
      "Use a tokenizer that has the tokens YES and NO; critic and ORM answer with them.",
    );
  return { yes, no };
}

/** Asks a prompt for YES and NO: the log-probabilities come back as [log P(YES), log P(NO)]. */
export function answerDatum(prompt_T: readonly number[], answers: AnswerTokens): Datum {
  const last = prompt_T.length - 1;
  return { tokens_T: prompt_T, positions_N: [last, last], targets_N: [answers.yes, answers.no] };
}

/** Asks for the log-probability of every token of an action, its end token included. */
export function actionDatum(prompt_T: readonly number[], action_T: readonly number[]): Datum {
  return {
    tokens_T: [...prompt_T, ...action_T.slice(0, -1)],
    positions_N: action_T.map((_, n) => prompt_T.length - 1 + n),
    targets_N: action_T,
  };
}

/** An action as tokens, ended by `<|eot_id|>`: the target of SFT and of demonstrations in replay. */
export function actionTokens(
  tokenizer: Tokenizer,
  response: string,
  template: PromptTemplate = "paper",
): number[] {
  const text = neutralise(response);
  return tokenizer.encode((template === "compact" ? spaceValues(text) : text) + END_OF_ACTION);
}

/** What a model wrote, as the action it means: the inverse of {@link actionTokens}. */
export function responseText(sampled: string, template: PromptTemplate): string {
  return template === "compact" ? unspaceValues(sampled) : sampled;
}

/** Ids after which generation of an action ends. */
export function stopTokens(tokenizer: Tokenizer): number[] {
  const id = tokenizer.idOf(END_OF_ACTION);
  return id === undefined ? [] : [id];
}
