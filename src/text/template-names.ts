/** @file The names of the templates that prompts can be laid out in. */

export type PromptTemplate = "compact" | "paper" | "chat";

/** `auto` asks what the model is (`choose-template.ts`). */
export const TEMPLATES = ["auto", "compact", "paper", "chat"] as const;
export type TemplateSetting = (typeof TEMPLATES)[number];
