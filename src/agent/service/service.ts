/**
 * @file The conversations of one service: opens, finds, limits and deletes them, and continues them after a restart. No
 * HTTP here.
 *
 *     DIR/config.json, journal.jsonl, lock-N.json   the service: one process at a time
 *     DIR/conversations/ID/                         one conversation, as an agent's directory, with its audit log
 */

import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { startBrowserEpisode } from "../../browser/episode.ts";
import { ConfigError } from "../../core/errors.ts";
import { AUDIT_FILE, openAudit, verifyAudit } from "../../safety/audit.ts";
import type { AuditSink } from "../../safety/gate.ts";
import { openGate } from "../../safety/gate.ts";
import { startSpent, spend } from "../../safety/ledger.ts";
import type { Spent } from "../../safety/ledger.ts";
import { readJournal } from "../journal.ts";
import type { ModelOptions } from "../model.ts";
import { openModel } from "../model.ts";
import { defaultDirectory, openRecord, sitePortIn } from "../record.ts";
import { browserFor } from "../parts.ts";
import type { AgentSite, SiteOptions } from "../site.ts";
import { openSite } from "../site.ts";
import { Conversation } from "./conversation.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { Refused } from "./conversation-parts.ts";
import type { ChatEvent, ConversationView } from "./events.ts";
import { CHAT_FORMAT, chatEventsOf, viewOf } from "./events.ts";
import type { VerifyCustomer } from "./identify.ts";
import { limitGuesses, verifierOf } from "./identify.ts";
import type { ServicePolicy, ServiceSettings } from "./policy.ts";
import { loadServicePolicy, parseServicePolicy } from "./policy.ts";
import { guardLooking, guardReach, openReach } from "./reach.ts";
import { decisionsOf } from "./summary.ts";
import { openTurns } from "./turns.ts";

/** A service's site, model, policy and directory. */
export interface ServiceOptions extends Omit<SiteOptions, "page" | "start">, ModelOptions {
  /** A policy, or the path of a JSON file with one; see docs/agent.md. */
  policy: ServiceSettings | string;
  /** Default: a new one in `runs/`. The directory of a stopped service is continued. */
  directory?: string | undefined;
  /** Identifies a customer, instead of `identity.check`. */
  verify?: VerifyCustomer | undefined;
}

/** A conversation in the operators' list. */
export interface Listed {
  view: ConversationView;
  /** `null` if it is closed and not in memory. */
  conversation: Conversation | null;
}

export interface Service extends AsyncDisposable {
  readonly directory: string;
  readonly policy: ServicePolicy;
  readonly site: AgentSite;
  /** Begins a conversation. Throws `Refused` when there are too many. */
  open(origin: string | null): Promise<{ conversation: Conversation; token: string }>;
  /** Finds a conversation that is open, or was closed a moment ago. */
  find(id: string): Conversation | undefined;
  /** The events of any conversation; `null` if there is no such conversation. */
  history(id: string): Promise<{ events: ChatEvent[]; view: ConversationView } | null>;
  /** Open conversations first, then closed ones, newest first. */
  list(): Listed[];
  /** The gate's decisions in a conversation, open or closed. */
  decisions(id: string): ReturnType<typeof decisionsOf>;
  /** Deletes everything that is stored of a conversation. `false` if there is no such conversation. */
  forget(id: string, by: string): Promise<boolean>;
  /**
   * Closes what nobody has used for long, and deletes what is older than the policy allows. Runs every few seconds
   * anyway.
   */
  tidy(now?: number): Promise<void>;
  /** Calls back whenever something happens in any conversation; call the result to stop. */
  onChange(listener: (id: string) => void): () => void;
}

const TIDY_MS = 5000;
const ID = /^[0-9a-f]{16}$/;

/** Throws a `ConfigError` when site, model, policy or directory are wrong, and then leaves nothing open. */
export async function openService(options: ServiceOptions): Promise<Service> {
  const policy =
    typeof options.policy === "string"
      ? await loadServicePolicy(options.policy)
      : parseServicePolicy(options.policy);
  const opened: AsyncDisposable[] = [];
  const close = async () => {
    for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
  };
  try {
    const start = policy.pages.start;
    const site = await openSite({
      ...options,
      browser: await browserFor(options),
      port: await sitePortIn(options.directory),
      ...(start !== undefined && { start }),
    });
    opened.push(site);
    const model = await openModel(options);
    opened.push(model);
    const directory = options.directory ?? defaultDirectory();
    const record = await openRecord(directory, { site: site.name, model: model.name, port: site.port });
    opened.push(record);
    // Finds missing secrets now, before the first customer would.
    openGate({ policy: policy.safety, audit: { append: () => {}, sumSpent: startSpent } });
    const home = new URL((await site.world({ signInAgain: false })).startUrl);
    const verify = verifierOf(policy, site, home, options.verify);
    await tryStart(site, policy, home);
    const ending = new AbortController();
    const service = new Conversations(
      {
        policy,
        site,
        model,
        home,
        verify,
        guesses: limitGuesses(policy.identity?.attempts ?? 1),
        sumSpent: sumSpent(directory),
        turns: openTurns(policy.limits.atOnce),
        onTrouble: (message) => {
          record.journal.append({ kind: "service/trouble", message });
          options.onTrouble?.(message);
        },
        signal: ending.signal,
      },
      directory,
      async () => {
        ending.abort(new Error("the service ends"));
        await close();
      },
    );
    await service.goOn();
    return service;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Checks that the start page exists and is public. */
async function tryStart(site: AgentSite, policy: ServicePolicy, home: URL): Promise<void> {
  const reach = openReach(policy.pages, home.host);
  const outside = (url: string) =>
    new ConfigError(
      `the agent starts on ${url}, which is not among pages.public`,
      "Set pages.start to a page of pages.public.",
    );
  if (!reach.allows(home, "GET")) throw outside(home.href);
  const world = await site.world({ signInAgain: false });
  const task = {
    id: "start",
    sites: [site.name],
    instruction: "",
    startUrl: home.href,
    templateId: null,
    params: {},
  };
  await using episode = await startBrowserEpisode(
    site.contexts,
    { ...task, category: "navigation", difficulty: 1, split: "train" },
    world,
    { format: "compact", seed: 0, guard: guardReach(reach, guardLooking) },
  );
  const { url } = episode.first;
  if (URL.canParse(url) && /^https?:/.test(url) && !reach.allows(new URL(url), "GET")) throw outside(url);
}

/** Limits per day apply to all conversations together: every gate adds to one sum. */
function sumSpent(directory: string): AuditSink["sumSpent"] {
  const days = new Map<string, Spent>();
  return (day) => {
    let sum = days.get(day);
    if (!sum) days.set(day, (sum = sumOfDay(directory, day)));
    return sum;
  };
}

function sumOfDay(directory: string, day: string): Spent {
  const sum = startSpent();
  const root = join(directory, "conversations");
  if (!existsSync(root)) return sum;
  const all = readdirSync(root).filter((name) => ID.test(name));
  for (const { decision, outcome } of all.flatMap((id) => readDecisions(join(root, id))))
    if (decision.granted && decision.at.startsWith(day) && !outcome?.unused)
      spend(sum, decision.intent.effect, decision.intent.amount, 1);
  return sum;
}

function readDecisions(directory: string): ReturnType<typeof decisionsOf> {
  return existsSync(join(directory, AUDIT_FILE)) ? decisionsOf(verifyAudit(directory).lines) : [];
}

class Conversations implements Service {
  readonly directory: string;
  readonly #parts: ConversationParts;
  readonly #end: () => Promise<void>;
  readonly #open = new Map<string, Conversation>();
  /** Closed conversations, whose contents are on disk. */
  readonly #closed = new Map<string, ConversationView>();
  readonly #listeners = new Set<(id: string) => void>();
  readonly #begun: number[] = [];
  #opening = 0;
  #timer: NodeJS.Timeout | undefined;
  #tidying: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(parts: ConversationParts, directory: string, end: () => Promise<void>) {
    this.#parts = parts;
    this.directory = directory;
    this.#end = end;
  }

  get policy(): ServicePolicy {
    return this.#parts.policy;
  }

  get site(): AgentSite {
    return this.#parts.site;
  }

  /** Continues what another process left. */
  async goOn(): Promise<void> {
    const root = join(this.directory, "conversations");
    const ids = existsSync(root) ? (await readdir(root)).filter((name) => ID.test(name)).sort() : [];
    const views = new Map<string, ConversationView>();
    // All are read before any is continued, so that an unreadable one stops the service before it has done anything.
    for (const id of ids) {
      const events = chatEventsOf(await readJournal(join(root, id)));
      // Killed before its first line: nobody has its token.
      if (events.length === 0) continue;
      const view = viewOf(events);
      if (view.format !== CHAT_FORMAT)
        throw new ConfigError(
          `${join(root, id)} is a conversation in format ${view.format}; this version reads format ${CHAT_FORMAT}`,
          "Continue with the version that wrote it, or name another directory.",
        );
      views.set(id, view);
    }
    for (const [id, view] of views)
      if (view.state === "closed") this.#closed.set(id, view);
      else this.#keep(id, await this.#load(id)).resume();
    this.#timer = setInterval(() => void this.tidy(), TIDY_MS);
    this.#timer.unref();
  }

  async open(origin: string | null) {
    const { limits } = this.policy;
    const now = Date.now();
    while (this.#begun.length > 0 && now - this.#begun[0]! > 60_000) this.#begun.shift();
    const active = [...this.#open.values()].filter(({ view }) => view.state !== "closed").length;
    if (
      this.#ended ||
      active + this.#opening >= limits.conversations ||
      this.#begun.length >= limits.newPerMinute
    )
      throw new Refused(429, "too many people are here just now; please try again in a minute");
    this.#begun.push(now);
    this.#opening++;
    try {
      const id = randomBytes(8).toString("hex");
      const conversation = this.#keep(id, await this.#load(id));
      const token = conversation.begin(id, origin);
      return { conversation, token };
    } finally {
      this.#opening--;
    }
  }

  find(id: string): Conversation | undefined {
    return this.#open.get(id);
  }

  async history(id: string) {
    const conversation = this.#open.get(id);
    const directory = this.#directoryOf(id);
    if (!conversation && !this.#closed.has(id)) return null;
    const events = chatEventsOf(await readJournal(directory));
    return { events, view: conversation?.view ?? viewOf(events) };
  }

  list(): Listed[] {
    const open = [...this.#open.values()].map((conversation) => ({ view: conversation.view, conversation }));
    const closed = [...this.#closed.values()].map((view) => ({ view, conversation: null }));
    const isClosed = ({ view }: Listed) => Number(view.state === "closed");
    return [...open, ...closed].sort(
      (a, b) => isClosed(a) - isClosed(b) || b.view.lastAt.localeCompare(a.view.lastAt),
    );
  }

  decisions(id: string): ReturnType<typeof decisionsOf> {
    return ID.test(id) ? readDecisions(this.#directoryOf(id)) : [];
  }

  async forget(id: string, by: string): Promise<boolean> {
    if (!this.#open.has(id) && !this.#closed.has(id)) return false;
    const conversation = this.#open.get(id);
    conversation?.close(by, "deleted");
    await conversation?.[Symbol.asyncDispose]();
    this.#open.delete(id);
    this.#closed.delete(id);
    await rm(this.#directoryOf(id), { recursive: true, force: true });
    this.#tell(id);
    return true;
  }

  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= (async () => {
      clearInterval(this.#timer);
      await this.#tidying;
      const closing = [...this.#open.values()].map((conversation) => conversation[Symbol.asyncDispose]());
      await Promise.allSettled(closing);
      await this.#end();
    })();
    return this.#ended;
  }

  #directoryOf(id: string): string {
    return join(this.directory, "conversations", id);
  }

  async #load(id: string): Promise<Conversation> {
    const { site, model } = this.#parts;
    const record = await openRecord(this.#directoryOf(id), { site: site.name, model: model.name });
    try {
      return new Conversation(this.#parts, record, await openAudit(this.#directoryOf(id)));
    } catch (error) {
      await record[Symbol.asyncDispose]();
      throw error;
    }
  }

  #keep(id: string, conversation: Conversation): Conversation {
    this.#open.set(id, conversation);
    conversation.listen(conversation.view.n, () => this.#tell(id));
    conversation.approvals.onChange(() => this.#tell(id));
    return conversation;
  }

  #tell(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }

  tidy(now = Date.now()): Promise<void> {
    return (this.#tidying = this.#tidying
      .then(() => this.#tidyNow(now))
      .catch((error: unknown) => this.#parts.onTrouble((error as Error).message)));
  }

  async #tidyNow(now: number): Promise<void> {
    const { keepDays } = this.policy.limits;
    for (const [id, conversation] of this.#open) {
      conversation.tidy(now);
      if (conversation.view.state !== "closed" || conversation.isAtWork) continue;
      await conversation[Symbol.asyncDispose]();
      this.#closed.set(id, conversation.view);
      this.#open.delete(id);
    }
    if (keepDays !== undefined)
      for (const [id, view] of this.#closed)
        if (now - Date.parse(view.lastAt) > keepDays * 86_400_000) await this.forget(id, "service");
  }
}
