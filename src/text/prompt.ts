/**
 * @file The policy's and the critic's prompt, as tokens. Template `paper` is WebRL's completion template
 * (arXiv:2411.02337 and its released code): no system prompt, all past responses, only the current page.
 *
 * Deviations:
 * 1. Cut by tokens instead of characters, so that the answer cue and the instruction always survive.
 * 2. Pages, instructions and past responses cannot write special tokens: they are encoded without them.
 * 3. The critic is a language model: its prompt is the policy's prompt plus a question, and V is the share of YES.
 * 4. Template `compact` says the same in fewer tokens, for small models, every word with a space before it
 *    (`spacing.ts`), so that names can be copied token by token. The instruction stands before the page, to read the
 *    page by, and after it, to copy from.
 * 5. Template `chat` is a conversation in the model's own format (`prompt-conversation.ts`).
 */

import type { Datum, Tokenizer } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { chatLayout } from "./chat-layout.ts";
import { chatPolicyParts } from "./prompt-conversation.ts";
import type { PolicyPromptInput } from "./prompt-input.ts";
import {
  END_OF_ACTION,
  fitPrompt,
  lastTokens,
  neutralise,
  piecesOf,
  plain,
  textOf,
} from "./prompt-tokens.ts";
import type { FittedPrompt, Pieces, PromptParts } from "./prompt-tokens.ts";
import { spaceValues, spaceWords, unspaceValues } from "./spacing.ts";
import type { PromptTemplate } from "./template-names.ts";
import { withoutThoughts } from "./thoughts.ts";

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
export const PAST_PAGE = "** Simplified html **";
export const TO_USER = "<|eot_id|><|start_header_id|>user<|end_header_id|>";
export const TO_ASSISTANT = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>";

/** What follows the page in the `compact` template: the instruction once more, and the beginning of the reply. */
export function compactCue(instruction: string): Pieces {
  return [
    "<|start_header_id|>user<|end_header_id|>\nTask:",
    plain(spaceWords(neutralise(instruction.trim()))),
    "\n<|start_header_id|>assistant<|end_header_id|>\n",
  ];
}

/** Parts begin and end at special tokens, so that encoding them one by one is encoding the whole. */
function policyParts(input: PolicyPromptInput, template: PromptTemplate, tokenizer: Tokenizer): PromptParts {
  if (template === "chat") return chatPolicyParts(input, tokenizer);
  const instruction = neutralise(input.instruction);
  const round = (pieces: (response: string) => Pieces, response: string) => ({
    text: pieces(response),
    cutTail: (tokens: number) => pieces(lastTokens(tokenizer, response, tokens)),
  });
  if (template === "compact")
    return {
      begin: true,
      head: () => ["Task:", plain(spaceWords(instruction)), `\n${END_OF_ACTION}`],
      rounds: input.history.map(({ response }) =>
        round((text) => [plain(text), END_OF_ACTION], spaceValues(neutralise(response))),
      ),
      page: {
        before: "",
        text: plain(spaceWords(neutralise(input.observation))),
        after: compactCue(input.instruction),
      },
    };
  return {
    begin: true,
    head: (first) => ["Task Instruction: ", plain(instruction), `\n\nRound ${first}\n\n${TO_USER}`],
    rounds: input.history.map(({ response }, i) =>
      round(
        (text) => [
          "\n",
          i === 0 ? plain(instruction) : PAST_PAGE,
          `\n\n${TO_ASSISTANT}\n`,
          plain(text),
          `\n\nRound ${i + 1}\n\n${TO_USER}`,
        ],
        neutralise(response),
      ),
    ),
    page: { before: "\n", text: plain(neutralise(input.observation)), after: [`\n\n${TO_ASSISTANT}\n`] },
  };
}

/** The policy's prompt as text, uncut and without the start token: what the template says. */
export function policyPromptText(
  input: PolicyPromptInput & { tokenizer: Tokenizer },
  template: PromptTemplate = "paper",
): string {
  return textOf(piecesOf(policyParts(input, template, input.tokenizer)));
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

/** The token ids of YES and NO. */
export interface AnswerTokens {
  yes: number;
  no: number;
}

/**
 * The tokens of `YES` and `NO` after `cue`, which the prompt ends with, and `before`, which such a reply begins with;
 * where one has several tokens, its first, if those differ.
 */
export function answerTokens(tokenizer: Tokenizer, cue = "", before = ""): AnswerTokens {
  const at = tokenizer.encode(cue).length;
  const [yes, no] = ["YES", "NO"].map((word) => tokenizer.encode(cue + before + word)[at]);
  if (yes === undefined || no === undefined || yes === no)
    throw new ConfigError(
      "the tokenizer cannot tell YES from NO by their first token",
      "Use a tokenizer that has the tokens YES and NO; critic and ORM answer with them.",
    );
  return { yes, no };
}

/** What the critic answers with, after `VALUE_QUESTION`. */
export function valueAnswers(tokenizer: Tokenizer): AnswerTokens {
  return answerTokens(tokenizer, VALUE_QUESTION);
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

/** An action as tokens, ended by the token that ends a reply: the target of SFT and of demonstrations in replay. */
export function actionTokens(
  tokenizer: Tokenizer,
  response: string,
  template: PromptTemplate = "paper",
): number[] {
  if (template !== "chat") {
    const text = neutralise(response);
    return tokenizer.encode([plain(template === "compact" ? spaceValues(text) : text), END_OF_ACTION]);
  }
  const { toReply, reply } = chatLayout(tokenizer);
  const pieces = [reply.before, plain(response.trim()), reply.end];
  // As it follows the prompt: some tokenizers put a space before what they encode.
  const cue_T = tokenizer.encode(toReply);
  const whole_T = tokenizer.encode([toReply, ...pieces]);
  return cue_T.every((token, t) => token === whole_T[t])
    ? whole_T.slice(cue_T.length)
    : tokenizer.encode(pieces);
}

/** What a model wrote, as the action it means: the inverse of `actionTokens`. Unfinished thoughts are not an action. */
export function responseText(sampled: string, template: PromptTemplate): string {
  if (template === "chat") return withoutThoughts(sampled)?.trim() ?? "";
  return template === "compact" ? unspaceValues(sampled) : sampled;
}

/** Ids after which generation of an action ends. */
export function stopTokens(tokenizer: Tokenizer, template: PromptTemplate = "paper"): number[] {
  if (template === "chat") return chatLayout(tokenizer).stopTokens;
  const id = tokenizer.idOf(END_OF_ACTION);
  return id === undefined ? [] : [id];
}

/** Texts that end an action where no token does: the role tokens of `paper` are ordinary text for GLM-4. */
export function stopStrings(tokenizer: Tokenizer, template: PromptTemplate): string[] {
  return template === "chat" || tokenizer.idOf(END_OF_ACTION) !== undefined ? [] : [END_OF_ACTION];
}
