/**
 * @file One browser session of an agent, in which everything is guarded, journalled and recorded. All uses (runs,
 * extraction, jobs, conversations) act through it; none has the browser by itself.
 *
 *     step(action) ─► gate ─► journal: intent ─► browser ─► journal: effect ─► the page
 *                       └► journal: refused ─► the same page, with `error.code` "blocked"
 *
 * How the others plug in:
 * - below the model: the gate, which `createAgent` makes of its `safety` and `approve`, stands in the browser episode itself
 *   (`safety/episode-gate.ts`), as it does in training;
 * - uses: take the `AgentSession` of an agent; add their own lines to `session.record.journal`; read the page by
 *   `session.read` with functions that they add to `browser/page/main.ts`.
 *
 * One thing at a time: `step`, `open` and `run` wait for each other where they are called at once.
 */

import type { ParsedAction } from "../core/action.ts";
import { ConfigError, Fault, invariant } from "../core/errors.ts";
import type { Observation, ObservationFormat } from "../core/observation.ts";
import type { TimeStep } from "../core/episode.ts";
import { hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { Verdict } from "../core/trajectory.ts";
import type { BrowserEpisode, BrowserLimits } from "../browser/episode.ts";
import { startBrowserEpisode } from "../browser/episode.ts";
import type { MakeGuard } from "../browser/guard.ts";
import type { PageReader } from "../browser/reader.ts";
import type { Policy } from "../rollout/policy.ts";
import { guardBy } from "../safety/episode-gate.ts";
import type { Gate } from "../safety/gate.ts";
import { redactJson } from "../text/secrets.ts";
import type { JournalledAction } from "./journal.ts";
import type { AgentRecord } from "./record.ts";
import type { RunLimits, RunOptions, RunResult } from "./run.ts";
import { checkLimits, runInstruction } from "./run.ts";
import type { AgentSite } from "./site.ts";

export interface StepOptions {
  signal?: AbortSignal | undefined;
}

export interface AgentSession extends AsyncDisposable {
  readonly site: AgentSite;
  readonly record: AgentRecord;
  /** The page as the model sees it now. */
  readonly page: Observation;
  /**
   * One action, `exit` excepted: that ends a run, not the session. An action that is refused or could not be carried out is
   * told in the observation's `error`. Throws a `Fault` where the world broke: the next call then begins on a fresh page.
   */
  step(action: ParsedAction, options?: StepOptions): Promise<Observation>;
  /**
   * Goes to an address of the session's hosts: no action of the model, but guarded and journalled like one. Tried once more in a new
   * browser where the browser is gone.
   */
  open(url: string, options?: StepOptions): Promise<Observation>;
  /** Asks the policy turn by turn until it says `exit` or a limit is reached. The session stays open for the next one. */
  run(instruction: string, options?: RunOptions): Promise<RunResult>;
  /**
   * The runtime's own reading of the page that stands, between two steps. Throws a `Fault` where the world broke, and what `body`
   * throws otherwise.
   */
  read<T>(body: (reader: PageReader) => Promise<T>): Promise<T>;
  /** Browser contexts so far: one more after a fault, and where the session was signed in again. What the page held is gone then. */
  readonly contexts: number;
  screenshot(): Promise<Uint8Array>;
  /** Hosts that were refused so far, with counts. */
  blockedHosts(): Record<string, number>;
  /** Milliseconds, so far, in which the gate was asking somebody. */
  askedMs(): number;
  /** The truth about what was done, where the site's world knows it; `null` elsewhere. */
  verify(answer: string | null): Promise<Verdict | null>;
  /** The site asks to sign in, and the session cannot. */
  readonly signedOut: boolean;
}

export interface SessionOptions {
  site: AgentSite;
  policy: Policy;
  record: AgentRecord;
  /** Name of the model, for the journal. */
  model: string;
  format: ObservationFormat;
  limits: RunLimits;
  /** Without one everything is allowed that stays on the site's hosts. */
  gate?: Gate | undefined;
  /** What stands in the gate's place, where a use has put something around it; `askedMs` is that of the gate within. */
  guarded?: { guard: MakeGuard; askedMs(): number } | undefined;
  browserLimits?: Partial<BrowserLimits> | undefined;
  /** Keep the picture of every page that is acted on; without it, of the last one of each run. */
  screenshots?: boolean | undefined;
  onStep?: RunOptions["onStep"];
  signal?: AbortSignal | undefined;
}

/** Opens the browser at the site's start. Throws a `ConfigError` or a `Fault` where that cannot be; nothing is left behind then. */
export async function openSession(options: SessionOptions): Promise<AgentSession> {
  const session = new Session(options);
  try {
    await session.begin();
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

type Last = Extract<TimeStep, { kind: "last" }>;

/** The browser is gone, whatever the site is like. */
const isGone = ({ ending }: Last): boolean =>
  ending.kind === "faulted" && ["browser_crashed", "browser_lost", "page_crashed"].includes(ending.code);

class Session implements AgentSession {
  readonly #options: SessionOptions;
  #episode: BrowserEpisode | null = null;
  #page: Observation | undefined;
  #steps = 0;
  #contexts = 0;
  #run: string | null = null;
  #signedOut = false;
  /** The end of what is under way. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Hosts that were refused in contexts that are closed by now. */
  readonly #blocked: Record<string, number> = {};
  #disposed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get site(): AgentSite {
    return this.#options.site;
  }

  get record(): AgentRecord {
    return this.#options.record;
  }

  get page(): Observation {
    invariant(this.#page, "the session has begun");
    return this.#page;
  }

  get contexts(): number {
    return this.#contexts;
  }

  get signedOut(): boolean {
    return this.#signedOut;
  }

  async begin(): Promise<void> {
    const { site, record, model } = this.#options;
    record.journal.append({ kind: "opened", session: record.session, site: site.name, model });
    try {
      await this.#start({});
    } catch (error) {
      // A site that never has answered is the user's to correct.
      if (error instanceof Fault && (error.code === "site_down" || error.code === "navigation_timeout"))
        throw new ConfigError(
          `${site.name}: ${error.message}`,
          "Check the address and the start, and that the site answers.",
          { cause: error },
        );
      throw error;
    }
  }

  async step(action: ParsedAction, { signal }: StepOptions = {}): Promise<Observation> {
    invariant(!action.ok || action.action.kind !== "exit", "exit ends a run, not the session");
    return this.#inTurn(async () => {
      const episode = await this.#ready(signal);
      // A reply that is no action does nothing: the page tells the model so.
      if (!action.ok) return this.#takePage(await episode.step(action));
      const line = this.#line(action.action);
      const { journal } = this.record;
      let isAnnounced = false;
      const next = await episode.step(action, {
        askSignal: signal ?? this.#options.signal,
        onAdmitted: () => {
          journal.append({ kind: "intent", ...line });
          isAnnounced = true;
        },
      });
      if (isAnnounced || next.kind === "last") return this.#effect(next, signal);
      journal.append({ kind: "refused", ...line, reason: next.observation.error?.message ?? "" });
      return (this.#page = next.observation);
    });
  }

  async open(url: string, { signal }: StepOptions = {}): Promise<Observation> {
    return this.#inTurn(async () => {
      let episode = await this.#ready(signal);
      for (let isLast = false; ; isLast = true) {
        this.record.journal.append({ kind: "intent", ...this.#line({ kind: "open", url }) });
        const next = await episode.open(url);
        if (isLast || next.kind !== "last" || !isGone(next)) return this.#effect(next, signal, url);
        await this.#lose(next);
        episode = await this.#ready(signal);
      }
    });
  }

  async read<T>(body: (reader: PageReader) => Promise<T>): Promise<T> {
    const episode = this.#episode;
    if (episode === null) throw new Fault("observation_failed", "the page is gone", { retryable: true });
    try {
      return await body(episode.reader);
    } catch (error) {
      const fault = await episode.findFault(error);
      if (fault === null) throw error;
      const { code, message } = fault;
      // Whoever acts at the same time has found it out for itself.
      if (this.#episode === episode) await this.#lose({ ending: { kind: "faulted", code, message } });
      throw fault;
    }
  }

  async run(instruction: string, options: RunOptions = {}): Promise<RunResult> {
    const { policy, record, limits, screenshots, onStep, signal } = this.#options;
    const id = record.nextRunId();
    await this.#inTurn(() => this.#look(options.signal ?? signal));
    this.#options.gate?.beginRun(id);
    record.journal.append({ kind: "run_started", run: id, instruction });
    this.#run = id;
    try {
      return await runInstruction(this, this.#task(id, instruction), {
        policy: options.policy ?? policy,
        limits: checkLimits({ ...limits, ...options.limits }),
        seed: hash32(id),
        screenshots: screenshots ?? false,
        onStep: options.onStep ?? onStep,
        signal: options.signal ?? signal,
        maxActions: options.maxActions,
      });
    } finally {
      this.#run = null;
    }
  }

  async screenshot(): Promise<Uint8Array> {
    if (this.#episode === null)
      throw new Fault("observation_failed", "the page is gone", { retryable: true });
    return this.#episode.screenshot();
  }

  async verify(answer: string | null): Promise<Verdict | null> {
    return this.#episode === null ? null : this.#episode.verify(answer);
  }

  blockedHosts(): Record<string, number> {
    const all = { ...this.#blocked };
    for (const [host, count] of Object.entries(this.#episode?.blockedHosts() ?? {}))
      all[host] = (all[host] ?? 0) + count;
    return all;
  }

  askedMs(): number {
    const { guarded, gate } = this.#options;
    return (guarded ?? gate)?.askedMs() ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#turn;
    const { journal, session } = this.record;
    try {
      await this.#leave();
    } finally {
      journal.append({ kind: "closed", session });
    }
  }

  /** `body` after what is under way; what that throws is its caller's. */
  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    invariant(!this.#disposed, "the session is in use after its disposal");
    const mine = this.#turn.then(body);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** The episode that acts; a fresh one where the world broke the last one. */
  async #ready(signal: AbortSignal | undefined): Promise<BrowserEpisode> {
    signal?.throwIfAborted();
    return this.#episode ?? this.#start({ signal });
  }

  /** The page may have changed since the last step, and what was wrong with that one concerns nobody any more. */
  async #look(signal: AbortSignal | undefined): Promise<void> {
    const isFresh = this.#episode === null || this.#page === this.#episode.first;
    const episode = await this.#ready(signal);
    if (isFresh) return;
    const next = await episode.look();
    if (next.kind !== "last") return void (this.#page = next.observation);
    // Nothing was done yet that could be lost.
    await this.#lose(next);
    await this.#start({ notice: "the browser had broken, and was started again", signal });
  }

  /** The page, after nothing was done on it. */
  async #takePage(next: TimeStep): Promise<Observation> {
    return next.kind === "mid" ? (this.#page = next.observation) : this.#broke(next);
  }

  async #start(how: {
    startUrl?: string;
    notice?: string;
    signInAgain?: boolean;
    signal?: AbortSignal | undefined;
  }): Promise<BrowserEpisode> {
    const { site, format, browserLimits, gate, signal } = this.#options;
    const guard = this.#options.guarded?.guard ?? (gate && guardBy(gate));
    const both = how.signal ?? signal;
    const world = await site.world({
      startUrl: how.startUrl,
      signInAgain: how.signInAgain ?? false,
      signal: both,
    });
    const task = this.#task("session", "", world.startUrl);
    this.#episode = await startBrowserEpisode(site.contexts, task, world, {
      format,
      seed: 0,
      ...(both && { signal: both }),
      ...(browserLimits && { limits: browserLimits }),
      guard,
      notice: how.notice,
    });
    this.#contexts++;
    this.#page = this.#episode.first;
    return this.#episode;
  }

  async #leave(): Promise<void> {
    const episode = this.#episode;
    this.#episode = null;
    if (!episode) return;
    for (const [host, count] of Object.entries(episode.blockedHosts()))
      this.#blocked[host] = (this.#blocked[host] ?? 0) + count;
    await episode[Symbol.asyncDispose]();
  }

  /** What the journal says of the next step. */
  #line(action: JournalledAction) {
    return { session: this.record.session, run: this.#run, step: this.#steps++, url: this.page.url, action };
  }

  /** Journals what came of an action, and signs in again, and opens `then`, where it came out at the site's sign-in. */
  async #effect(
    next: TimeStep,
    signal: AbortSignal | undefined,
    then: string = this.page.url,
  ): Promise<Observation> {
    if (next.kind === "last") return this.#broke(next);
    const page = (this.#page = next.observation);
    const { journal, session } = this.record;
    const { url, title, error } = redactJson(page);
    journal.append({ kind: "effect", session, step: this.#steps - 1, url, title, error });
    const { site } = this;
    this.#signedOut = site.isSignInPage(page);
    if (!this.#signedOut || !site.canSignIn) return page;
    await this.#leave();
    await this.#start({
      startUrl: then,
      notice: "the site had ended the session; it was signed in again, and the last page was opened anew",
      signInAgain: true,
      signal,
    });
    this.#signedOut = site.isSignInPage(this.page);
    journal.append({ kind: "signed_in", session, url: this.page.url });
    return this.page;
  }

  async #broke(next: Last): Promise<never> {
    const { code, message } = await this.#lose(next);
    throw new Fault(code, message, { retryable: true });
  }

  /** Leaves what broke; the next call begins in a new context. */
  async #lose({ ending }: Pick<Last, "ending">) {
    const { journal, session } = this.record;
    // A site of its own ends no episodes; what ends one is the world.
    invariant(ending.kind === "faulted", "an agent's episode ends by faults only");
    const { code, message } = ending;
    journal.append({ kind: "fault", session, step: this.#steps - 1, code, message });
    await this.#leave();
    return ending;
  }

  #task(id: string, instruction: string, startUrl = this.page.url): Task {
    return {
      id,
      sites: [this.site.name],
      instruction,
      startUrl,
      templateId: null,
      params: {},
      category: "navigation",
      difficulty: 1,
      split: "train",
    };
  }
}
