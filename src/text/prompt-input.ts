/** @file The input of prompts, in any template. */

export interface PolicyPromptInput {
  instruction: string;
  /** Past turns, oldest first: what the model said, even if it could not be parsed. */
  history: readonly { response: string }[];
  /** Text of the current page (`Observation.text`). */
  observation: string;
}

/** What the reward model reads of an episode. */
export interface OrmPromptInput {
  instruction: string;
  /** What the model said, oldest first; the last usually is `exit(…)`. */
  responses: readonly string[];
  /** Text of the final page. */
  page: string;
}
