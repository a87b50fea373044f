/**
 * @file The outcome reward model's prompt: instruction, all past actions, and the final page (paper §2, released
 * scorer). Style `paper` is the layout of the released checkpoint; `compact` is the policy's compact layout with another
 * question, so that a reward model made of a small policy keeps what that can: telling a page on which it is done.
 *
 * Deviation: the official scorer keeps the first tokens, so that a long page cuts off the answer cue; here the page
 * is shortened, then the oldest actions are left out.
 */

import type { Tokenizer } from "../core/engine.ts";
import type { Trajectory } from "../core/trajectory.ts";
import { END_OF_ACTION, fitPrompt, lastTokens, neutralise } from "./prompt-tokens.ts";
import type { FittedPrompt, PromptParts } from "./prompt-tokens.ts";
import { compactCue } from "./prompt.ts";
import { spaceValues, spaceWords } from "./spacing.ts";

export type OrmPromptStyle = "paper" | "compact";

export interface OrmPromptInput {
  instruction: string;
  /** Raw model texts, oldest first; the last usually is `exit(…)`. */
  responses: readonly string[];
  /** Text of the final page. */
  page: string;
}

export interface OrmPromptOptions extends OrmPromptInput {
  tokenizer: Tokenizer;
  contextTokens: number;
  /** Default `paper`. */
  style?: OrmPromptStyle;
}

/** Compatibility string of the released checkpoint; the first and third apostrophe are typographic. */
export const ORM_SYSTEM =
  "You are an expert in evaluating the performance of a website navigation agent. The agent is designed to help a human user navigate the website to complete a task. Given the user’s intent, the agent's action history, and the final state of the screen, your goal is to decide whether the agent’s execution is successful or not. You must respond with YES or NO.";

/** Lines joined by `; `, trimmed. */
const oneLine = (response: string) => neutralise(response.trim().split("\n").join("; "));

function ormParts(input: OrmPromptInput, style: OrmPromptStyle, tokenizer?: Tokenizer): PromptParts {
  const shorten = (response: string, tokens: number) =>
    tokenizer === undefined ? response : lastTokens(tokenizer, response, tokens);
  const rounds = input.responses.map((response) => {
    const line = oneLine(response);
    return { text: `${line}\n`, cutTail: (tokens: number) => `${shorten(line, tokens)}\n` };
  });
  const instruction = neutralise(input.instruction.trim());
  const page = neutralise(input.page.trim());
  if (style === "compact")
    return {
      head: () => `Task:${spaceWords(instruction)}\n${END_OF_ACTION}`,
      rounds: input.responses.map((response) => {
        const line = spaceValues(oneLine(response));
        const end = (text: string) => `${text}${END_OF_ACTION}`;
        return { text: end(line), cutTail: (tokens: number) => end(shorten(line, tokens)) };
      }),
      page: {
        before: "",
        text: spaceWords(page),
        after: `${compactCue(input.instruction)}Is the task solved? Answer YES or NO:\n`,
      },
    };
  return {
    head: () =>
      `<|start_header_id|>system<|end_header_id|>\n\n${ORM_SYSTEM}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThe User Intent:\n${instruction}\n\nAction History:\n`,
    rounds,
    page: {
      before: "\nThe Current Screenshot:\n",
      text: page,
      after: "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    },
  };
}

/** The prompt as text, uncut and without the start token. */
export function ormPromptText(input: OrmPromptInput, style: OrmPromptStyle = "paper"): string {
  const parts = ormParts(input, style);
  const { before, text, after } = parts.page;
  return parts.head(0) + parts.rounds.map((r) => r.text).join("") + before + text + after;
}

/** At most `contextTokens − 1` tokens; the answer is one token, YES or NO. */
export function ormPrompt(options: OrmPromptOptions): number[] {
  return fitOrmPrompt(options).tokens_T;
}

export function fitOrmPrompt(options: OrmPromptOptions): FittedPrompt {
  const { tokenizer, contextTokens, style = "paper" } = options;
  return fitPrompt(tokenizer, ormParts(options, style, tokenizer), contextTokens - 1);
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
