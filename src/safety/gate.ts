/**
 * @file The gate: applies a policy to an intent, asks people, and records the decision. `episode-gate.ts` puts it
 * between a browser episode and the world. No text from a model or a page has any influence here.
 */

import { readFileSync } from "node:fs";
import { belongsTo } from "../browser/typed-secrets.ts";
import type { Secret, Secrets } from "../browser/typed-secrets.ts";
import { ConfigError } from "../core/errors.ts";
import { keepSecret, redactJson, whyNoSecret } from "../text/secrets.ts";
import type { Answer, Approver, Intent, Question } from "./approval.ts";
import { pathFits, pathMayFit } from "./classify.ts";
import { findReachedLimit, startSpent, spend } from "./ledger.ts";
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
      /** Who was asked, and what they said; `null` if nobody was. */
      answer: (Answer & { at: string }) | null;
      granted: boolean;
      /** Why it was refused. */
      reason: string | null;
    }
  | {
      kind: "outcome";
      of: string;
      outcome: string;
      /** Nothing was sent, so it does not count. */ unused?: true;
    };

/** Where every decision is written down before it takes effect. */
export interface AuditSink {
  /** The entry is on disk when this returns. */
  append(entry: AuditEntry): void;
  /** What earlier entries granted on this day (`2026-11-29`, UTC). */
  sumSpent(day: string): Spent;
}

/** The parts of a gate: the policy, who approves, where decisions are recorded, and the clock. */
export interface GateOptions {
  policy: SafetyPolicy;
  /** If absent, nobody can be asked, so whatever needs a question is refused. */
  approver?: Approver | undefined;
  audit?: AuditSink | undefined;
  /** Default: the machine's clock. */
  now?: (() => Date) | undefined;
}

/** Whether an intent may go ahead, by which rule, and why not. */
export interface Decision {
  id: string;
  granted: boolean;
  rule: string;
  /** For the agent, if it was refused. */
  reason: string | null;
  /** Call once with the outcome. */
  end(outcome: string, options?: { unused?: true }): void;
}

/** Works below the model and decides by the policy what may leave the browser. */
export interface Gate {
  /** The values of the policy's placeholders. */
  readonly secrets: Secrets;
  readonly policy: SafetyPolicy;
  /** Decides, asks if the policy says so, and records the decision. A granted intent counts against the limits. */
  decide(intent: Intent, options?: DecideOptions): Promise<Decision>;
  /** What the policy says, without asking anybody. */
  weigh(intent: Intent): { verdict: PolicyVerdict; rule: string };
  /** From now on, decisions belong to this run, and counts per run start again. */
  beginRun(id: string): void;
  /** Milliseconds so far spent waiting for somebody's answer. */
  sumAskedMs(): number;
}

/** Options of one decision. */
export interface DecideOptions {
  /** Overrides the policy: at least ask, or deny; `rule` says why. */
  atLeast?: { verdict: "ask" | "deny"; rule: string } | undefined;
  signal?: AbortSignal | undefined;
  /** Called with a question while it is being asked. */
  onAsk?: ((asking: Promise<unknown>) => void) | undefined;
}

const STRICTNESS: readonly PolicyVerdict[] = ["allow", "ask", "deny"];

/**
 * Throws a `ConfigError` if a secret of the policy is missing, or if there are limits per day but no log to count by.
 */
export function openGate(options: GateOptions): Gate {
  const { policy, approver, audit, now = () => new Date() } = options;
  const { limits } = policy;
  if (!audit && (limits.amountPerDay !== undefined || Object.keys(limits.countPerDay).length > 0))
    throw new ConfigError(
      "the policy has limits per day, but there is no audit log to count by",
      "Give the agent a directory, or remove amountPerDay and countPerDay from the policy.",
    );
  const secrets = readSecrets(policy);
  let run: string | null = null;
  let inRun = startSpent();
  let day = { name: "", spent: startSpent() };
  let count = 0;
  const waiting = openStopwatch();
  // Keeps ids unique when several processes write into one log after each other.
  const prefix = now().getTime().toString(36);
  const today = (): Spent => {
    const name = now().toISOString().slice(0, 10);
    // What this process grants is added to it; a new day begins with what the log has for it.
    if (day.name !== name) day = { name, spent: audit?.sumSpent(name) ?? startSpent() };
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
    sumAskedMs: waiting.ms,
    beginRun: (id) => {
      run = id;
      inRun = startSpent();
    },
  };
}

/** Measures the time during which at least one of several calls is under way. */
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

/** No answer, an invalid answer, and a failure to ask all mean no. */
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
          `the secret ${name} comes from ${from}, which ${env === undefined ? "is empty" : "is not set"}`,
          "Set it, or remove the secret from the policy.",
        );
      const why = whyNoSecret(value);
      if (why !== null)
        throw new ConfigError(
          `the secret ${name} cannot be kept out of pages and records: ${why}`,
          "Choose another one, or write it into the instruction: then it is not a secret.",
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
