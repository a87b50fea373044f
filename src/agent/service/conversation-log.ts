/** @file The lines of one conversation: written to its journal, told to whoever listens, and what the conversation is by them. */

import type { Journal } from "../journal.ts";
import type { ChatEvent, ConversationView, NewChatEvent } from "./events.ts";
import { applyEvent, chatEventsOf, emptyView } from "./events.ts";

export class ConversationLog {
  readonly view: ConversationView = emptyView();
  readonly #journal: Pick<Journal, "append">;
  readonly #events: ChatEvent[];
  readonly #listeners = new Set<(event: ChatEvent) => void>();

  constructor(journal: Pick<Journal, "append" | "earlier">) {
    this.#journal = journal;
    this.#events = chatEventsOf(journal.earlier);
    for (const event of this.#events) applyEvent(this.view, event);
  }

  append(event: NewChatEvent): void {
    const numbered = { ...event, n: this.view.n + 1 };
    this.#journal.append(numbered);
    const full = { ...numbered, time: new Date().toISOString() } as ChatEvent;
    this.#events.push(full);
    applyEvent(this.view, full);
    for (const listener of this.#listeners) listener(full);
  }

  /** A message with this key of the client's is there. */
  has(key: string): boolean {
    return this.#events.some((event) => event.kind === "chat/message" && event.key === key);
  }

  /** Events after the one numbered `after`, then those to come; the result ends that. */
  listen(after: number, listener: (event: ChatEvent) => void): () => void {
    for (const event of this.#events) if (event.n > after) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
