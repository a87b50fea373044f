/**
 * @file The layout of a model's conversations: its chat template, learnt once as the pieces of text between messages.
 * Prompts are then assembled from these without the template, so that other people's text is never part of a program,
 * the parts of a prompt can be cut one by one, and the prompt of a turn begins with that of the turn before.
 *
 * How it is learnt: a conversation of three rounds is rendered, in which each text is a word that nobody can guess,
 * containing the characters that templates like to change; the pieces between the words must be the same in every
 * round. Texts are trimmed first, so that it makes no difference whether a template trims.
 */

import { randomBytes } from "node:crypto";
import type { ChatMessage } from "../core/chat.ts";
import type { Tokenizer } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import type { ChatTemplate } from "./chat-template.ts";
import { createChatTemplate } from "./chat-template.ts";

export interface ChatLayout {
  /** What precedes the system's text. */
  start: string;
  /** Between the system's text and the first of the user. */
  afterSystem: string;
  userToAssistant: string;
  assistantToUser: string;
  /** Between the user's last text and the reply that is to be written. */
  toReply: string;
  /** What a reply begins with, after `toReply`, and ends with. */
  reply: { before: string; end: string };
  /** If one word is asked for: `toReply`, and the part of `reply.before` that does not belong to the word's token. */
  answerCue: string;
  /** Ids that end a reply: the end of its turn, and what the model's files name. */
  stopTokens: number[];
}

const layouts = new WeakMap<Tokenizer, ChatLayout>();

/** The layout that belongs to a tokenizer's chat template. Throws a `ConfigError` if there is no usable one. */
export function chatLayout(tokenizer: Tokenizer): ChatLayout {
  let layout = layouts.get(tokenizer);
  if (!layout) layouts.set(tokenizer, (layout = learnLayout(tokenizer)));
  return layout;
}

const HINT =
  "Use the tokenizer_config.json and generation_config.json that belong to an instruction-tuned model, or the template compact or paper where the model was trained on it.";

function learnLayout(tokenizer: Tokenizer): ChatLayout {
  const source = tokenizer.chatTemplate;
  if (!source)
    throw new ConfigError(
      "the model has no chat template: neither chat_template.jinja nor chat_template in tokenizer_config.json",
      HINT,
    );
  const template = createChatTemplate(source);
  const texts = learnTexts(template, source.name);
  const toReply = closeThought(texts.toReply, source.source);
  const ending = endOfTurn(tokenizer, texts.assistantToUser);
  const endTokens = tokenizer.endTokens ?? [];
  const [named] = endTokens;
  if (ending === null && named === undefined)
    throw new ConfigError(
      `nothing says where a reply ends: ${source.name} puts no special token after it, and neither generation_config.json nor eos_token names one`,
      HINT,
    );
  const before =
    toReply === texts.toReply && texts.userToAssistant.startsWith(toReply)
      ? texts.userToAssistant.slice(toReply.length)
      : "";
  return {
    ...texts,
    toReply,
    reply: { before, end: ending?.text ?? tokenizer.decode([named!]) },
    answerCue: toReply + (isCut(tokenizer, toReply + before, "YES") ? before : ""),
    stopTokens: [...new Set([...(ending ? [ending.id] : []), ...endTokens])],
  };
}

type Texts = Pick<ChatLayout, "start" | "afterSystem" | "userToAssistant" | "assistantToUser" | "toReply">;

/** With a system message if the template supports it; otherwise its text goes into the user's first message. */
function learnTexts(template: ChatTemplate, name: string): Texts {
  const trouble: unknown[] = [];
  for (const inSystem of [true, false]) {
    try {
      return textsOf(template, inSystem);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      trouble.push(error);
    }
  }
  throw new ConfigError(`${name} cannot be used: ${(trouble[1] as ConfigError).message}`, HINT, {
    cause: trouble[0],
  });
}

function textsOf(template: ChatTemplate, inSystem: boolean): Texts {
  const [system, u0, a0, u1, a1, u2] = Array.from({ length: 6 }, secretText) as [string, ...string[]] as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const begin: ChatMessage[] = inSystem
    ? [
        { role: "system", content: system },
        { role: "user", content: u0 },
      ]
    : [{ role: "user", content: `${system}\n\n${u0}` }];
  // Without thoughts, if the template can do that.
  const render = (messages: ChatMessage[]) =>
    template.render(messages, { variables: { enable_thinking: false } });
  const [start, afterSystem, ...between] = cut(
    render([
      ...begin,
      { role: "assistant", content: a0 },
      { role: "user", content: u1 },
      { role: "assistant", content: a1 },
      { role: "user", content: u2 },
    ]),
    [system, u0, a0, u1, a1, u2],
  );
  const [userToAssistant, assistantToUser, again, andAgain, toReply] = between;
  if (userToAssistant !== again || assistantToUser !== andAgain)
    throw irregular("what it puts between messages is not the same in every round");
  const first = cut(render(begin), [system, u0]);
  if (first[0] !== start || first[1] !== afterSystem || first[2] !== toReply)
    throw irregular("it begins a conversation of one message otherwise than a longer one");
  return {
    start: start!,
    afterSystem: afterSystem!,
    userToAssistant: userToAssistant!,
    assistantToUser: assistantToUser!,
    toReply: toReply!,
  };
}

/** A word that no template contains, with what templates escape, split, fold or collapse inside. */
const secretText = () =>
  `w${randomBytes(12).toString("hex")} \t<b>"'&\\\n\n{{ é */ W${randomBytes(12).toString("hex")}`;

/** The pieces of `rendered` around `texts`, which it has to contain in this order, once and unchanged. */
function cut(rendered: string, texts: readonly string[]): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const text of texts) {
    const found = rendered.indexOf(text);
    if (found < 0) throw irregular("it leaves a message out or changes its text");
    if (found < at || rendered.indexOf(text, found + 1) >= 0) throw irregular("it moves or repeats messages");
    pieces.push(rendered.slice(at, found));
    at = found + text.length;
  }
  return [...pieces, rendered.slice(at)];
}

const irregular = (what: string) => new ConfigError(what, HINT);

/** A reply starts after an empty thought if the template would make the model think first. */
function closeThought(toReply: string, source: string): string {
  const last = (tag: string) => toReply.lastIndexOf(tag);
  if (last("<think>") > last("</think>")) return `${toReply.trimEnd()}\n\n</think>\n\n`;
  // It takes thoughts out of past replies, so replies have them.
  if (source.includes("</think>") && last("</think>") < 0) return `${toReply}<think>\n\n</think>\n\n`;
  return toReply;
}

/**
 * The first special token after a reply, with the text before it; `null` where there is none before the user's turn.
 */
function endOfTurn(tokenizer: Tokenizer, assistantToUser: string): { id: number; text: string } | null {
  const ids = tokenizer.encode([assistantToUser]);
  const at = ids.findIndex((id) => isSpecial(tokenizer, id));
  if (at < 0) return null;
  const token = tokenizer.decode([ids[at]!]);
  return { id: ids[at]!, text: assistantToUser.slice(0, assistantToUser.indexOf(token) + token.length) };
}

/** Whether no token reaches from `text` into `word` after it. */
function isCut(tokenizer: Tokenizer, text: string, word: string): boolean {
  const whole_T = tokenizer.encode(text + word);
  return tokenizer.encode(text).every((token, t) => token === whole_T[t]);
}

/** Whether only our own text can produce this token. */
function isSpecial(tokenizer: Tokenizer, id: number): boolean {
  const text = tokenizer.decode([id]);
  return tokenizer.idOf(text) === id && !tokenizer.encode([{ plain: text }]).includes(id);
}
