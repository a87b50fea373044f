/**
 * @file Chat templates: messages to the text that a model was trained on, by the Jinja template that comes with its
 * tokenizer. It renders only our own text; `chat-layout.ts` learns from it where other people's text goes.
 */

import { join } from "node:path";

import { Template } from "@huggingface/jinja";

import type { ChatMessage } from "../core/chat.ts";
import type { ChatTemplateSource } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { IrregularFile, readRegular } from "../core/regular-file.ts";
import { withinTime } from "../core/within-time.ts";

/** A template is a program by the model's maker, and may loop. */
const MOST_MS = 2000;
const MOST_BYTES = 16 << 20;
/** Characters that a template may make of messages, beside their own. */
const MOST_ADDED = 1 << 20;

/** Llama 3's turns without its default system prompt and dates: what new models start with. */
export const defaultChatTemplate =
  "{{ bos_token }}{% for message in messages %}" +
  "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] + '<|eot_id|>' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";

export interface RenderOptions {
  /** Appends what precedes the assistant's reply. Default true. */
  addGenerationPrompt?: boolean;
  /** Further variables of the template, e.g. `enable_thinking`. */
  variables?: Record<string, unknown>;
}

export interface ChatTemplate {
  /**
   * Text to encode as it is: it contains the special tokens and the beginning of text, and also those that messages
   * write. Throws a `ConfigError` if the template refuses.
   */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
}

/** A prompt must be the same on every day: Llama 3.1's own default stands for today. */
const TODAY: Record<string, string> = { d: "26", b: "Jul", B: "July", m: "07", y: "24", Y: "2024" };
/** Stands for `strftime_now`, which the package defines and lets nobody redefine. */
const NOW = "webrl_date";
const ALWAYS = {
  bos_token: "",
  eos_token: "",
  [NOW]: (format: string) => format.replace(/%([a-zA-Z])/g, (code, letter: string) => TODAY[letter] ?? code),
};

export function createChatTemplate({ source, variables, name }: ChatTemplateSource): ChatTemplate {
  const hint =
    "Use the tokenizer_config.json that belongs to the model, or messages that its template takes.";
  const fail = (what: string, cause: unknown) =>
    new ConfigError(`${name} ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, hint, {
      cause,
    });
  let parsed: Template;
  try {
    parsed = withinTime(MOST_MS, () => new Template(source.replaceAll("strftime_now", NOW)));
  } catch (cause) {
    throw fail("cannot be parsed", cause);
  }
  return {
    render(messages, { addGenerationPrompt = true, variables: own = {} } = {}) {
      const values = { messages: [...messages], add_generation_prompt: addGenerationPrompt };
      let text: string;
      try {
        text = withinTime(MOST_MS, () => parsed.render({ ...ALWAYS, ...variables, ...own, ...values }));
      } catch (cause) {
        throw fail("cannot render these messages", cause);
      }
      const said = messages.reduce((sum, { content }) => sum + content.length, 0);
      if (text.length > said + MOST_ADDED)
        throw fail("cannot render these messages", `it makes ${text.length} characters of ${said}`);
      return text;
    },
  };
}

/**
 * The template of a model directory: `chat_template.jinja`, or `chat_template` of `tokenizer_config.json`; `null` if
 * there is none.
 */
export async function readChatTemplate(directory: string): Promise<ChatTemplateSource | null> {
  const configFile = join(directory, "tokenizer_config.json");
  const text = await readIfThere(configFile);
  let config: Record<string, unknown> = {};
  try {
    if (text !== null) config = (parseJson(text) ?? {}) as Record<string, unknown>;
  } catch (cause) {
    throw new ConfigError(`${configFile} is not valid JSON`, "Download or save the model again.", { cause });
  }
  const file = join(directory, "chat_template.jinja");
  const own = await readIfThere(file);
  const source = own ?? templateOf(config["chat_template"]);
  if (source === null) return null;
  const variables = Object.fromEntries(
    ["bos_token", "eos_token", "pad_token", "unk_token"].flatMap((key) => {
      const token = tokenText(config[key]);
      return token === null ? [] : [[key, token]];
    }),
  );
  return { source, variables, name: own === null ? `chat_template of ${configFile}` : file };
}

/** A string, or a list of named ones with a `default`. */
function templateOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return null;
  const named = value as { name?: unknown; template?: unknown }[];
  const found = named.find(({ name }) => name === "default")?.template;
  return typeof found === "string" ? found : null;
}

/** A token is a string or an object with its `content`. */
function tokenText(value: unknown): string | null {
  if (typeof value === "string") return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : null;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readRegular(file, { maxBytes: MOST_BYTES })).toString("utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    const what = cause instanceof IrregularFile ? cause.message : "cannot be read";
    throw new ConfigError(`${file} ${what}`, "Check the file and its permissions.", { cause });
  }
}
