/**
 * @file One browser session of an agent, in which everything is guarded, journalled and recorded. All uses (runs,
 * extraction, jobs, conversations) act through it; none has direct access to the browser.
 *
 *     step(action) ─► gate ─► journal: intent ─► browser ─► journal: effect ─► the page
 *                       └► journal: refused ─► the same page, with `error.code` "blocked"
 *
 * How the others plug in:
 * - below the model: the gate, which `createAgent` makes from `safety` and `approve`, works inside the browser episode
 *   (`safety/episode-gate.ts`), as it does in training;
 * - uses: take the `AgentSession` of an agent; add their own lines to `session.record.journal`; read the page by
 *   `session.read` with functions that they add to `browser/page/main.ts`.
 *
 * One thing at a time: concurrent calls of `step`, `open` and `run` wait for each other.
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
   * Carries out one action other than `exit`, which ends a run and not the session. The observation's `error` says if
   * the action was refused or could not be carried out. Throws a `Fault` when the world breaks; the next call then
   * begins on a fresh page.
   */
  step(action: ParsedAction, options?: StepOptions): Promise<Observation>;
  /**
   * Goes to an address of the session's hosts. Not an action of the model, but guarded and journalled like one. Tried
   * once more in a new browser if the browser is gone.
   */
  open(url: string, options?: StepOptions): Promise<Observation>;
  /**
   * Asks the policy turn by turn until it says `exit` or a limit is reached. The session stays open for the next one.
   */
  run(instruction: string, options?: RunOptions): Promise<RunResult>;
  /**
   * Lets the runtime read the current page between two steps. Throws a `Fault` when the world breaks, and otherwise
   * what `body` throws.
   */
  read<T>(body: (reader: PageReader) => Promise<T>): Promise<T>;
  /**
   * The number of browser contexts so far: there is a new one after each fault and after each new sign-in, and the
   * page's state is gone then.
   */
  readonly contexts: number;
  screenshot(): Promise<Uint8Array>;
  /** Hosts that were blocked so far, with counts. */
  countBlockedHosts(): Record<string, number>;
  /** Milliseconds so far that the gate spent asking somebody. */
  sumAskedMs(): number;
  /** The truth about what was done, if the site's world knows it; otherwise `null`. */
  verify(answer: string | null): Promise<Verdict | null>;
  /** The site asks to sign in, but the session cannot. */
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
  /** Without a gate, everything on the site's hosts is allowed. */
  gate?: Gate | undefined;
  /** Replaces the gate if a use has wrapped it; `sumAskedMs` is that of the inner gate. */
  guarded?: { guard: MakeGuard; sumAskedMs(): number } | undefined;
  browserLimits?: Partial<BrowserLimits> | undefined;
  /** Keep a picture of every page that is acted on; without it, only of the last page of each run. */
  screenshots?: boolean | undefined;
  onStep?: RunOptions["onStep"];
  signal?: AbortSignal | undefined;
}

/**
 * Opens the browser at the site's start. Throws a `ConfigError` or a `Fault` if it cannot, and then leaves nothing
 * behind.
 */
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

/** The browser is gone, which has nothing to do with the site. */
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
  /** Resolves when the work under way ends. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Hosts that were blocked in contexts that are now closed. */
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
      // A site that has never answered is the user's mistake.
      if (error instanceof Fault && (error.code === "site_down" || error.code === "navigation_timeout"))
        throw new ConfigError(
          `${site.name}: ${error.message}`,
          "Check the address and the start path, and that the site answers.",
          { cause: error },
        );
      throw error;
    }
  }

  async step(action: ParsedAction, { signal }: StepOptions = {}): Promise<Observation> {
    invariant(!action.ok || action.action.kind !== "exit", "exit ends a run, not the session");
    return this.#inTurn(async () => {
      const episode = await this.#ready(signal);
      // A reply that is not an action does nothing, and the observation says so.
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
      // A concurrent call has noticed it by itself.
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

  countBlockedHosts(): Record<string, number> {
    const all = { ...this.#blocked };
    for (const [host, count] of Object.entries(this.#episode?.countBlockedHosts() ?? {}))
      all[host] = (all[host] ?? 0) + count;
    return all;
  }

  sumAskedMs(): number {
    const { guarded, gate } = this.#options;
    return (guarded ?? gate)?.sumAskedMs() ?? 0;
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

  /** Runs `body` after the work under way; what that work throws concerns its own caller. */
  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    invariant(!this.#disposed, "the session is in use after its disposal");
    const mine = this.#turn.then(body);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** The current episode; a fresh one if the world broke the last one. */
  async #ready(signal: AbortSignal | undefined): Promise<BrowserEpisode> {
    signal?.throwIfAborted();
    return this.#episode ?? this.#start({ signal });
  }

  /** The page may have changed since the last step, and that step's error is no longer relevant. */
  async #look(signal: AbortSignal | undefined): Promise<void> {
    const isFresh = this.#episode === null || this.#page === this.#episode.first;
    const episode = await this.#ready(signal);
    if (isFresh) return;
    const next = await episode.look();
    if (next.kind !== "last") return void (this.#page = next.observation);
    // Nothing has been done yet that could be lost.
    await this.#lose(next);
    await this.#start({ notice: "the browser broke and was started again", signal });
  }

  /** Observes the page without acting. */
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
    for (const [host, count] of Object.entries(episode.countBlockedHosts()))
      this.#blocked[host] = (this.#blocked[host] ?? 0) + count;
    await episode[Symbol.asyncDispose]();
  }

  /** The journal's line for the next step. */
  #line(action: JournalledAction) {
    return { session: this.record.session, run: this.#run, step: this.#steps++, url: this.page.url, action };
  }

  /** Journals the outcome of an action. If it led to the site's sign-in page, signs in again and opens `then`. */
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

  /** Closes what broke; the next call begins in a new context. */
  async #lose({ ending }: Pick<Last, "ending">) {
    const { journal, session } = this.record;
    // Nothing on a real site ends an episode except a fault of the world.
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
