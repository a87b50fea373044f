/**
 * @file The outcome reward model's prompt: instruction, all past actions, and the final page (paper §2, released
 * scorer). Template `paper` is the layout of the released checkpoint. `compact` is the policy's compact layout with
 * another question, so that a reward model made of a small policy keeps what that policy can do: recognise a page on
 * which it is done. `chat` is a conversation in the model's own format (`prompt-conversation.ts`).
 *
 * Deviation: the official scorer keeps the first tokens, so that a long page cuts off the answer cue; here the page
 * is shortened, then the oldest actions are left out.
 */

import type { Tokenizer } from "../core/engine.ts";
import type { Trajectory } from "../core/trajectory.ts";
import { chatLayout } from "./chat-layout.ts";
import { chatOrmParts } from "./prompt-conversation.ts";
import type { OrmPromptInput } from "./prompt-input.ts";
import {
  END_OF_ACTION,
  fitPrompt,
  lastTokens,
  neutralise,
  piecesOf,
  plain,
  textOf,
} from "./prompt-tokens.ts";
import type { FittedPrompt, PromptParts } from "./prompt-tokens.ts";
import type { AnswerTokens } from "./prompt.ts";
import type { PromptTemplate } from "./template-names.ts";
import { answerTokens, compactCue } from "./prompt.ts";
import { spaceValues, spaceWords } from "./spacing.ts";

/** What a reward model's prompt is made of. */
export interface OrmPromptOptions extends OrmPromptInput {
  tokenizer: Tokenizer;
  contextTokens: number;
  /** Default `paper`. */
  template?: PromptTemplate;
}

/** Compatibility string of the released checkpoint; the first and third apostrophe are typographic. */
export const ORM_SYSTEM =
  "You are an expert in evaluating the performance of a website navigation agent. The agent is designed to help a human user navigate the website to complete a task. Given the user’s intent, the agent's action history, and the final state of the screen, your goal is to decide whether the agent’s execution is successful or not. You must respond with YES or NO.";

/** Lines joined by `; `, trimmed. */
const oneLine = (response: string) => neutralise(response.trim().split("\n").join("; "));

function ormParts(input: OrmPromptInput, template: PromptTemplate, tokenizer: Tokenizer): PromptParts {
  if (template === "chat") return chatOrmParts(input, tokenizer);
  const instruction = neutralise(input.instruction.trim());
  const page = neutralise(input.page.trim());
  const rounds = (lineOf: (response: string) => string, end: string): PromptParts["rounds"] =>
    input.responses.map((response) => {
      const line = lineOf(response);
      return {
        text: [plain(line), end],
        cutTail: (tokens) => [plain(lastTokens(tokenizer, line, tokens)), end],
      };
    });
  if (template === "compact")
    return {
      begin: true,
      head: () => ["Task:", plain(spaceWords(instruction)), `\n${END_OF_ACTION}`],
      rounds: rounds((response) => spaceValues(oneLine(response)), END_OF_ACTION),
      page: {
        before: "",
        text: plain(spaceWords(page)),
        after: [...compactCue(input.instruction), "Is the task solved? Answer YES or NO:\n"],
      },
    };
  return {
    begin: true,
    head: () => [
      `<|start_header_id|>system<|end_header_id|>\n\n${ORM_SYSTEM}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThe User Intent:\n`,
      plain(instruction),
      "\n\nAction History:\n",
    ],
    rounds: rounds(oneLine, "\n"),
    page: {
      before: "\nThe Current Screenshot:\n",
      text: plain(page),
      after: ["<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"],
    },
  };
}

/** The tokens that a reward model answers with. */
export function ormAnswers(tokenizer: Tokenizer, template: PromptTemplate): AnswerTokens {
  if (template !== "chat") return answerTokens(tokenizer);
  const { answerCue, toReply, reply } = chatLayout(tokenizer);
  return answerTokens(tokenizer, answerCue, (toReply + reply.before).slice(answerCue.length));
}

/** The prompt as text, uncut and without the start token. */
export function ormPromptText(
  input: OrmPromptInput & { tokenizer: Tokenizer },
  template: PromptTemplate = "paper",
): string {
  return textOf(piecesOf(ormParts(input, template, input.tokenizer)));
}

/**
 * What template `paper` says as one text, for a server that completes it, with the page cut to what `fit` leaves of it.
 * The server puts the start token before it.
 */
export function releasedOrmPrompt(
  input: OrmPromptInput,
  fit: (page: string, others: string) => string,
): string {
  const lines = input.responses.map((response) => `${oneLine(response)}\n`).join("");
  const before = `<|start_header_id|>system<|end_header_id|>\n\n${ORM_SYSTEM}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThe User Intent:\n${neutralise(input.instruction.trim())}\n\nAction History:\n${lines}\nThe Current Screenshot:\n`;
  const after = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n";
  return before + fit(neutralise(input.page.trim()), before + after) + after;
}

/** At most `contextTokens − 1` tokens; the answer is one token, YES or NO. */
export function ormPrompt(options: OrmPromptOptions): number[] {
  return fitOrmPrompt(options).tokens_T;
}

export function fitOrmPrompt(options: OrmPromptOptions): FittedPrompt {
  const { tokenizer, contextTokens, template = "paper" } = options;
  return fitPrompt(tokenizer, ormParts(options, template, tokenizer), contextTokens - 1);
}

/**
 * What the ORM reads of a trajectory. The paper shows the page on which the last action was chosen; here it is the
 * page after it where there is one, which differs only where the agent never said `exit`.
 */
export function ormInput(trajectory: Trajectory): OrmPromptInput {
  const page = trajectory.finalObservation ?? trajectory.steps.at(-1)?.observation ?? null;
  return {
    instruction: trajectory.task.instruction,
    responses: trajectory.steps.map((step) => step.response),
    page: page?.text ?? "",
  };
}
