/**
 * @file The gate: what a policy says of an intent, whom it asks, and what is written down about it. `episode-gate.ts` puts it
 * between a browser episode and the world. No text that a model or a page writes has a say here.
 */

import { readFileSync } from "node:fs";
import { belongsTo } from "../browser/typed-secrets.ts";
import type { Secret, Secrets } from "../browser/typed-secrets.ts";
import { ConfigError } from "../core/errors.ts";
import { keepSecret, redactJson, whyNoSecret } from "../text/secrets.ts";
import type { Answer, Approver, Intent, Question } from "./approval.ts";
import { pathFits, pathMayFit } from "./classify.ts";
import { findReachedLimit, nothingSpent, spend } from "./ledger.ts";
import type { Spent } from "./ledger.ts";
import type { PolicyVerdict, SafetyPolicy } from "./policy.ts";

/** One line of the audit log. */
export type AuditEntry =
  | {
      kind: "decision";
      /** Unique in the log; outcomes refer to it. */
      id: string;
      run: string | null;
      intent: Intent;
      /** What the policy said, and by which rule. */
      verdict: PolicyVerdict;
      rule: string;
      /** Who was asked, and what they said; `null` where nobody was. */
      answer: (Answer & { at: string }) | null;
      granted: boolean;
      /** Why it was refused. */
      reason: string | null;
    }
  | {
      kind: "outcome";
      of: string;
      outcome: string;
      /** Nothing was sent: it does not count. */ unused?: true;
    };

/** Where every decision is written down before it takes effect. */
export interface AuditSink {
  /** The entry is on disk when this returns. */
  append(entry: AuditEntry): void;
  /** What was granted on this day (`2026-11-29`, UTC) by entries that were there before. */
  spentOn(day: string): Spent;
}

/** What a gate decides by: the policy, who approves, where decisions are recorded, and the time. */
export interface GateOptions {
  policy: SafetyPolicy;
  /** Absent: nobody is there, and what has to be asked is refused. */
  approver?: Approver | undefined;
  audit?: AuditSink | undefined;
  /** Default: the time of the machine. */
  now?: (() => Date) | undefined;
}

/** Whether an intent may go ahead, by which rule, and why not. */
export interface Decision {
  id: string;
  granted: boolean;
  rule: string;
  /** For the agent, where it was refused. */
  reason: string | null;
  /** Tells what became of it, once. */
  end(outcome: string, options?: { unused?: true }): void;
}

/** Stands below the model and decides, by the policy, what may leave the browser. */
export interface Gate {
  /** What the policy's placeholders stand for. */
  readonly secrets: Secrets;
  readonly policy: SafetyPolicy;
  /** Decides, asks where the policy says so, and writes it down. Counts against the limits when it is granted. */
  decide(intent: Intent, options?: DecideOptions): Promise<Decision>;
  /** What a policy says without asking anybody. */
  weigh(intent: Intent): { verdict: PolicyVerdict; rule: string };
  /** From now on, decisions belong to this run, and what counts by run begins anew. */
  beginRun(id: string): void;
  /** Milliseconds, so far, in which somebody was being asked. */
  askedMs(): number;
}

/** How one decision is made. */
export interface DecideOptions {
  /** Whatever the policy says: it is asked at least, or denied; `rule` says why. */
  atLeast?: { verdict: "ask" | "deny"; rule: string } | undefined;
  signal?: AbortSignal | undefined;
  /** Told of a question that is being asked. */
  onAsk?: ((asking: Promise<unknown>) => void) | undefined;
}

const STRICTNESS: readonly PolicyVerdict[] = ["allow", "ask", "deny"];

/** Throws a `ConfigError` where a secret of the policy is not there, or where a limit by day has no log to count by. */
export function openGate(options: GateOptions): Gate {
  const { policy, approver, audit, now = () => new Date() } = options;
  const { limits } = policy;
  if (!audit && (limits.amountPerDay !== undefined || Object.keys(limits.countPerDay).length > 0))
    throw new ConfigError(
      "the policy has limits by day, and there is no audit log to count by",
      "Give the agent a directory, or take amountPerDay and countPerDay out of the policy.",
    );
  const secrets = readSecrets(policy);
  let run: string | null = null;
  let inRun = nothingSpent();
  let day = { name: "", spent: nothingSpent() };
  let count = 0;
  const waiting = openStopwatch();
  // Ids of several processes that write into one log after each other.
  const prefix = now().getTime().toString(36);
  const today = (): Spent => {
    const name = now().toISOString().slice(0, 10);
    // What this process grants is added to it; a new day begins with what the log has of it.
    if (day.name !== name) day = { name, spent: audit?.spentOn(name) ?? nothingSpent() };
    return day.spent;
  };

  const weigh = (intent: Intent): { verdict: PolicyVerdict; rule: string } => {
    const fits = policy.rules.find(
      (rule) =>
        (!rule.effects || rule.effects.includes(intent.effect)) &&
        (!rule.hosts || (intent.url !== null && belongsTo(rule.hosts, intent.url))) &&
        (!rule.paths ||
          (intent.url !== null &&
            rule.paths.some((path) =>
              (rule.verdict === "allow" ? pathFits : pathMayFit)(path, new URL(intent.url!).pathname),
            ))) &&
        (rule.amountUpTo === undefined || (intent.amount !== null && intent.amount <= rule.amountUpTo)),
    );
    const [verdict, rule] = fits
      ? [fits.verdict, `rule ${JSON.stringify(fits.name)}`]
      : [policy.effects[intent.effect], `effects.${intent.effect} is ${policy.effects[intent.effect]}`];
    if (verdict === "deny") return { verdict, rule };
    const over = findReachedLimit(intent, limits, inRun, today());
    return over === null ? { verdict, rule } : { verdict: limits.over, rule: over };
  };

  const ask = async (intent: Intent, rule: string, signal: AbortSignal | undefined) => {
    const at = now();
    const until = new Date(at.getTime() + policy.approval.timeoutSeconds * 1000);
    const question: Question = {
      id: `${prefix}-q${count}`,
      intent,
      rule,
      askedAt: at.toISOString(),
      until: until.toISOString(),
    };
    const answer = approver
      ? await waiting.during(() =>
          askWithin(approver, question, policy.approval.timeoutSeconds * 1000, signal),
        )
      : { approved: false, by: "nobody", note: "nobody is there to be asked" };
    return { ...answer, at: now().toISOString() };
  };

  const decide: Gate["decide"] = async (given, { atLeast, signal, onAsk } = {}) => {
    const intent = redactJson(given);
    const id = `${prefix}-${++count}`;
    let { verdict, rule } = weigh(given);
    if (atLeast && STRICTNESS.indexOf(atLeast.verdict) > STRICTNESS.indexOf(verdict))
      ({ verdict, rule } = atLeast);
    let answer: (Answer & { at: string }) | null = null;
    if (verdict === "ask") {
      const asking = ask(intent, rule, signal);
      onAsk?.(asking);
      answer = await asking;
    }
    const granted = verdict === "allow" || answer?.approved === true;
    const reason = granted ? null : refusal(given, rule, answer);
    audit?.append({ kind: "decision", id, run, intent, verdict, rule, answer, granted, reason });
    const counted = [inRun, today()];
    if (granted) for (const spent of counted) spend(spent, given.effect, given.amount, 1);
    let ended = false;
    return {
      id,
      granted,
      rule,
      reason,
      end: (outcome, { unused } = {}) => {
        if (ended) return;
        ended = true;
        audit?.append({ kind: "outcome", of: id, outcome, ...(unused && { unused }) });
        if (granted && unused) for (const spent of counted) spend(spent, given.effect, given.amount, -1);
      },
    };
  };

  return {
    policy,
    secrets,
    weigh,
    decide,
    askedMs: waiting.ms,
    beginRun: (id) => {
      run = id;
      inRun = nothingSpent();
    },
  };
}

/** Measures the time in which at least one of several things is under way. */
function openStopwatch() {
  let passed = 0;
  let since = 0;
  let running = 0;
  return {
    during: async <T>(body: () => Promise<T>): Promise<T> => {
      if (running++ === 0) since = performance.now();
      try {
        return await body();
      } finally {
        if (--running === 0) passed += performance.now() - since;
      }
    },
    ms: (): number => passed + (running > 0 ? performance.now() - since : 0),
  };
}

function refusal({ effect, method, url }: Intent, rule: string, answer: Answer | null): string {
  const what =
    url === null || method === null ? "this" : `${method} ${new URL(url).host}${new URL(url).pathname}`;
  const why =
    answer === null ? rule : `${answer.by} did not approve it${answer.note ? ` (${answer.note})` : ""}`;
  return `${what} would ${effect}, and that is not allowed: ${why}`;
}

/** No answer, an answer that is none, and a failure to ask are a no. */
async function askWithin(
  approver: Approver,
  question: Question,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const end = new AbortController();
  const stop = () => end.abort(signal?.reason ?? new Error("nobody waits for the answer"));
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  const timer = setTimeout(() => end.abort(new Error("no answer in time")), ms);
  const aborted = new Promise<Answer>((resolve) => {
    const no = () =>
      resolve({ approved: false, by: "nobody", note: String((end.signal.reason as Error).message) });
    if (end.signal.aborted) no();
    else end.signal.addEventListener("abort", no, { once: true });
  });
  try {
    const asked = end.signal.aborted ? aborted : approver(question, end.signal);
    const answer = await Promise.race([asked, aborted]);
    return answer?.approved === true && typeof answer.by === "string" && answer.by !== ""
      ? { approved: true, by: answer.by, ...(answer.note !== undefined && { note: answer.note }) }
      : {
          approved: false,
          by: answer?.by || "nobody",
          ...(answer?.note !== undefined && { note: answer.note }),
        };
  } catch (error) {
    const note = end.signal.aborted
      ? String((end.signal.reason as Error).message)
      : `asking failed: ${(error as Error).message}`;
    return { approved: false, by: "nobody", note };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function readSecrets(policy: SafetyPolicy): Secrets {
  return new Map(
    Object.entries(policy.secrets).map(([name, { env, file, hosts, fields }]): [string, Secret] => {
      const from = env === undefined ? `the file ${file}` : `the environment variable ${env}`;
      const value = env === undefined ? readSecretFile(name, file!) : process.env[env];
      if (!value)
        throw new ConfigError(
          `the secret ${name} is to come from ${from}, which ${env === undefined ? "is empty" : "is not set"}`,
          "Set it, or take the secret out of the policy.",
        );
      const why = whyNoSecret(value);
      if (why !== null)
        throw new ConfigError(
          `the secret ${name} cannot be kept out of pages and records: ${why}`,
          "Choose another one, or write it into the instruction: it is none then.",
        );
      keepSecret(value, `the secret ${name}`);
      return [name, { value, hosts, fields }];
    }),
  );
}

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new ConfigError(
      `the file ${file} of the secret ${name} cannot be read`,
      "Correct `file`, or its permissions.",
      {
        cause,
      },
    );
  }
}
