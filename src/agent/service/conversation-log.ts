/**
 * @file The lines of one conversation: writes them to its journal, sends them to listeners, and derives the
 * conversation's state from them.
 */

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

  /** Whether there is a message with this client's key. */
  has(key: string): boolean {
    return this.#events.some((event) => event.kind === "chat/message" && event.key === key);
  }

  /** Sends the events after number `after`, then new ones as they come; call the result to stop. */
  listen(after: number, listener: (event: ChatEvent) => void): () => void {
    for (const event of this.#events) if (event.n > after) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
