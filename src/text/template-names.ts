/** @file The names of the templates that prompts can be laid out in. */

export type PromptTemplate = "compact" | "paper" | "chat";

/** How pages are written for the model; `auto`: `webrl` for the template `paper`, else `compact`. */
export const FORMATS = ["auto", "compact", "webrl", "aria"] as const;

/** A page format, or `auto` to choose it by the prompt template. */
export type FormatSetting = (typeof FORMATS)[number];

/** `auto` asks what the model is (`choose-template.ts`). */
export const TEMPLATES = ["auto", "compact", "paper", "chat"] as const;

/** A prompt template, or `auto` to choose it by the model. */
export type TemplateSetting = (typeof TEMPLATES)[number];
