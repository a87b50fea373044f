/**
 * @file What happens in a conversation, as lines of its journal, and the state that follows from them. A restarted
 * server, a returning client and an operator's page all read the same lines.
 */

import type { JournalLine } from "../journal.ts";
import type { Field, Values } from "./fields.ts";

/**
 * - `agent`: the agent answers;
 * - `waiting`: a person has been requested, but nobody has come yet;
 * - `person`: a person answers;
 * - `closed`: over.
 */
export type ConversationState = "agent" | "waiting" | "person" | "closed";

export type Speaker = "customer" | "agent" | "person" | "system";

export interface ChatMessage {
  n: number;
  time: string;
  from: Speaker;
  text: string;
}

/** `n` counts in the conversation from 1, and is the id of the event in streams. */
export type ChatEvent = { n: number; time: string } & (
  | { kind: "chat/opened"; format: number; id: string; token: string; origin: string | null }
  /** `key`: chosen by the client, to recognize a message that is sent twice. */
  | {
      kind: "chat/message";
      from: Speaker;
      text: string;
      key?: string;
      by?: string;
      unsupported?: boolean;
      run?: string;
    }
  | { kind: "chat/asked"; form: string; purpose: "identity" | "question"; fields: Field[] }
  | { kind: "chat/answered"; form: string; values: Values }
  | { kind: "chat/checked"; known: boolean; customer: Values | null; reason: string | null }
  | { kind: "chat/confirm"; question: string; text: string }
  | { kind: "chat/confirmed"; question: string; yes: boolean; by: string }
  | { kind: "chat/state"; state: ConversationState; by: string; reason: string; summary?: string }
  /** For operators only. */
  | { kind: "chat/note"; by: string; text: string }
  /** The agent's turn for the messages up to `upTo` has ended, with or without a result. */
  | { kind: "chat/turn"; upTo: number; outcome: string; failed: boolean; run: string | null }
);

/** Increase it when the meaning of the lines changes. */
export const CHAT_FORMAT = 1;

type Without<T> = T extends unknown ? Omit<T, "n" | "time"> : never;
/** An event before it is written: the conversation adds the number, the journal the time. */
export type NewChatEvent = Without<ChatEvent>;

export interface OpenForm {
  form: string;
  purpose: "identity" | "question";
  fields: Field[];
}

/** The state of a conversation, derived from its lines. */
export interface ConversationView {
  id: string;
  /** SHA-256 of the customer's token. */
  token: string;
  format: number;
  origin: string | null;
  openedAt: string;
  /** The last time anybody said or did something. */
  lastAt: string;
  /** Number of the last event. */
  n: number;
  state: ConversationState;
  reason: string;
  summary: string | null;
  messages: ChatMessage[];
  form: OpenForm | null;
  confirm: { question: string; text: string } | null;
  customer: Values | null;
  answers: Values;
  /** Failed checks of identity. */
  attempts: number;
  /** Turns in a row without a result. */
  failures: number;
  /** The last message that a turn of the agent or a person has answered. */
  answeredUpTo: number;
}

export function emptyView(): ConversationView {
  return {
    id: "",
    token: "",
    format: CHAT_FORMAT,
    origin: null,
    openedAt: "",
    lastAt: "",
    n: 0,
    state: "agent",
    reason: "",
    summary: null,
    messages: [],
    form: null,
    confirm: null,
    customer: null,
    answers: {},
    attempts: 0,
    failures: 0,
    answeredUpTo: 0,
  };
}

export function applyEvent(view: ConversationView, event: ChatEvent): void {
  view.n = event.n;
  view.lastAt = event.time;
  switch (event.kind) {
    case "chat/opened":
      Object.assign(view, {
        id: event.id,
        token: event.token,
        format: event.format,
        origin: event.origin,
        openedAt: event.time,
      });
      break;
    case "chat/message":
      view.messages.push({ n: event.n, time: event.time, from: event.from, text: event.text });
      if (event.from === "person") view.answeredUpTo = event.n;
      break;
    case "chat/asked":
      view.form = { form: event.form, purpose: event.purpose, fields: event.fields };
      break;
    case "chat/answered":
      if (view.form?.form !== event.form) break;
      if (view.form.purpose === "question") Object.assign(view.answers, event.values);
      view.form = null;
      break;
    case "chat/checked":
      if (event.known) view.customer = event.customer;
      else view.attempts++;
      break;
    case "chat/confirm":
      view.confirm = { question: event.question, text: event.text };
      break;
    case "chat/confirmed":
      view.confirm = null;
      break;
    case "chat/state":
      view.state = event.state;
      view.reason = event.reason;
      view.summary = event.summary ?? view.summary;
      if (event.state === "agent") view.failures = 0;
      // A question of the agent becomes void.
      else view.form = null;
      break;
    case "chat/turn":
      view.answeredUpTo = Math.max(view.answeredUpTo, event.upTo);
      view.failures = event.failed ? view.failures + 1 : 0;
      break;
    case "chat/note":
      break;
  }
}

export function viewOf(events: readonly ChatEvent[]): ConversationView {
  const view = emptyView();
  for (const event of events) applyEvent(view, event);
  return view;
}

const isChatEvent = (line: object): line is ChatEvent =>
  "kind" in line && typeof line.kind === "string" && line.kind.startsWith("chat/") && "n" in line;

export const chatEventsOf = (lines: readonly JournalLine[]): ChatEvent[] =>
  lines.filter((line): line is JournalLine & ChatEvent => isChatEvent(line));

/** Whether the customer has written something that nobody has answered. */
export const isUnanswered = ({ messages, answeredUpTo }: ConversationView): boolean =>
  messages.some(({ from, n }) => from === "customer" && n > answeredUpTo);

/** What a customer's client sees of an event; `null`: nothing. */
export function forCustomer(event: ChatEvent): { type: string; data: object } | null {
  const { n, time } = event;
  switch (event.kind) {
    case "chat/message":
      return {
        type: "message",
        data: { n, time, from: event.from, text: event.text, ...(event.key && { key: event.key }) },
      };
    case "chat/asked":
      return { type: "form", data: { n, form: event.form, purpose: event.purpose, fields: event.fields } };
    case "chat/answered":
      return { type: "answered", data: { n, form: event.form } };
    case "chat/confirm":
      return { type: "confirm", data: { n, question: event.question, text: event.text } };
    case "chat/confirmed":
      return { type: "confirmed", data: { n, question: event.question, yes: event.yes } };
    case "chat/state":
      return { type: "state", data: { n, state: event.state } };
    case "chat/opened":
    case "chat/checked":
    case "chat/note":
    case "chat/turn":
      return null;
  }
}
