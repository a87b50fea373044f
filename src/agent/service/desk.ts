/**
 * @file The browser of one conversation: opened when needed, kept within the customer's reach, and on the customer's
 * own page once they are known.
 */

import type { Policy } from "../../rollout/policy.ts";
import type { AgentRecord } from "../record.ts";
import { RUN_LIMITS } from "../run.ts";
import type { AgentSession, SessionOptions } from "../session.ts";
import { openSession } from "../session.ts";
import type { Commitments } from "./commitments.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import type { Values } from "./fields.ts";
import { addressOf } from "./identify.ts";
import type { Reach } from "./reach.ts";
import { guardReach, openReach } from "./reach.ts";

export class Desk {
  readonly #parts: ConversationParts;
  readonly #record: AgentRecord;
  readonly #guarded: NonNullable<SessionOptions["guarded"]>;
  readonly #reach: Reach;
  #session: AgentSession | null = null;
  #leaving: Promise<void> = Promise.resolve();
  /** The session has been on the customer's own page, in this browser context. */
  #isHome = false;
  #homeContext = 0;
  usedAt = Date.now();

  /** `commitments`: what the reach asks next. */
  constructor(parts: ConversationParts, record: AgentRecord, commitments: Commitments) {
    this.#parts = parts;
    this.#record = record;
    this.#reach = openReach(parts.policy.pages, parts.home.host);
    this.#guarded = {
      guard: guardReach(this.#reach, commitments.guard, (url) => parts.site.isSignInAddress(url)),
      sumAskedMs: () => commitments.sumAskedMs(),
    };
  }

  /** `null` if no browser is open. */
  get session(): AgentSession | null {
    return this.#session;
  }

  /** From now on the customer's own pages can be reached. */
  set customer(customer: Values | null) {
    this.#reach.customer = customer;
    this.#isHome = false;
  }

  /** Since the last {@link open}, a customer's page was refused because nobody is known. */
  get wantsIdentity(): boolean {
    return this.#reach.wantsIdentity;
  }

  async open(signal: AbortSignal): Promise<AgentSession> {
    this.usedAt = Date.now();
    this.#reach.wantsIdentity = false;
    const { policy, site, model, home, signal: ending } = this.#parts;
    if (!this.#session) {
      this.#isHome = false;
      this.#session = await openSession({
        site,
        model: model.name,
        policy: this.#policy(),
        format: model.format,
        record: this.#record,
        limits: { ...RUN_LIMITS, maxSteps: policy.limits.steps, maxSeconds: policy.limits.seconds },
        guarded: this.#guarded,
        // The service's signal, not this turn's: later turns use the session, too.
        signal: ending,
      });
    }
    const session = this.#session;
    const { customer } = this.#reach;
    // A broken browser was restarted elsewhere.
    if (session.contexts !== this.#homeContext) this.#isHome = false;
    if (!this.#isHome && customer !== null && policy.pages.home !== undefined) {
      // No public page links to it.
      const address = addressOf(policy.pages.home, customer, home);
      if (address !== null) await session.open(address, { signal });
      this.#isHome = true;
      this.#homeContext = session.contexts;
    }
    return session;
  }

  /** Resolves when no browser is left, including one that an earlier call is closing. */
  leave(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    const earlier = this.#leaving;
    const leave = async () => {
      await session?.[Symbol.asyncDispose]();
      // An error in it concerns its own caller.
      await earlier.catch(() => {});
    };
    return (this.#leaving = leave());
  }

  /** The model, asked only after the links of the present page have been read: they may be the customer's own pages. */
  #policy(): Policy {
    const { policy } = this.#parts.model;
    return {
      name: policy.name,
      ...(policy.probe && { probe: (signal) => policy.probe!(signal) }),
      begin: (task, seed) => {
        const act = policy.begin(task, seed);
        return async (turn) => {
          await this.#readLinks(turn.observation.url);
          return act(turn);
        };
      },
    };
  }

  async #readLinks(url: string): Promise<void> {
    const session = this.#session;
    if (!session || !this.#reach.isList(url)) return;
    const { links } = await session.read(async (reader) => (await reader.document()).call("wholePage"));
    this.#reach.sawLinks(url, links);
  }
}
