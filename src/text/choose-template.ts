/**
 * @file Determines which template a model reads, and whether its tokenizer supports it. `auto` asks, in this order:
 * 1. who made the tokenizer: models with ours (`trainBpe`) read `compact`;
 * 2. the model's name: WebRL's released checkpoints read `paper`; their names say `webrl`
 *    (`webrl-llama-3.1-8b`,
 *    `webrl-glm-4-9b`, `webrl-orm-llama-3.1-8b`), and their tokenizer is that of Llama 3 or GLM-4;
 * 3. all others read `chat`, their own conversation format.
 */

import type { Tokenizer } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import type { ObservationFormat } from "../core/observation.ts";
import { chatLayout } from "./chat-layout.ts";
import { ormAnswers } from "./prompt-orm.ts";
import { valueAnswers } from "./prompt.ts";
import type { FormatSetting, PromptTemplate, TemplateSetting } from "./template-names.ts";

/** Special tokens of Llama 3 that `paper` and `compact` are written in. */
const LLAMA3 = ["<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"];
/** GLM-4 was trained on `paper` with Llama's role tokens as ordinary text. */
const GLM4 = ["[gMASK]", "<sop>", "<|user|>"];

/**
 * The template of a model. `names` are its possible names: its directory, and `_name_or_path` of its configuration.
 * Throws a `ConfigError` if the tokenizer does not support the template.
 */
export function chooseTemplate(
  tokenizer: Tokenizer,
  setting: TemplateSetting,
  names: readonly string[] = [],
): PromptTemplate {
  const template = setting === "auto" ? templateOf(tokenizer, names) : setting;
  checkTemplate(tokenizer, template, names[0] ?? "the model");
  return template;
}

function templateOf(tokenizer: Tokenizer, names: readonly string[]): PromptTemplate {
  if (tokenizer.madeHere && has(tokenizer, LLAMA3)) return "compact";
  const isReleased = names.some((name) => /\bwebrl-(?:orm-)?(?:llama|glm)/i.test(name));
  return isReleased && (has(tokenizer, LLAMA3) || has(tokenizer, GLM4)) ? "paper" : "chat";
}

const listMissing = (tokenizer: Tokenizer, tokens: readonly string[]) =>
  tokens.filter((token) => tokenizer.idOf(token) === undefined);
const has = (tokenizer: Tokenizer, tokens: readonly string[]) => listMissing(tokenizer, tokens).length === 0;

/**
 * The format of pages that the templates of these models were trained with. Throws a `ConfigError` if they contradict
 * each other.
 */
export function chooseFormat(
  setting: FormatSetting,
  templates: Readonly<Record<string, PromptTemplate>>,
): ObservationFormat {
  const [first] = Object.values(templates);
  const format = setting === "auto" ? (first === "paper" ? "webrl" : "compact") : setting;
  for (const [who, template] of Object.entries(templates)) {
    const needed = template === "paper" ? "webrl" : template === "compact" ? "compact" : format;
    if (needed !== format)
      throw new ConfigError(
        `${who} reads the template ${template}, whose pages are written in the format ${needed}, but pages come in the format ${format}`,
        "Leave the format of observations at auto, or choose models that read the same pages. Imported samples get theirs from `webrl model samples import --observation`.",
      );
  }
  return format;
}

function checkTemplate(tokenizer: Tokenizer, template: PromptTemplate, name: string): void {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ConfigError(
      `${name} cannot read the template ${template}: ${why}`,
      cause instanceof ConfigError && cause.hint ? cause.hint : "Choose the template auto, or another model.",
      { cause },
    );
  };
  if (template !== "chat" && !has(tokenizer, LLAMA3) && !(template === "paper" && has(tokenizer, GLM4)))
    refuse(`its tokenizer has no token ${listMissing(tokenizer, LLAMA3).join(", ")}`);
  try {
    if (template === "chat") chatLayout(tokenizer);
    valueAnswers(tokenizer);
    ormAnswers(tokenizer, template);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuse(error.message, error);
  }
}
