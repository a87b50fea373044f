/**
 * @file Carries out one instruction with a policy, turn by turn, and reports honestly how it ended. The loop is that of
 * `rollout/episode.ts`, on a session that outlives it: `exit` ends the run and leaves the browser where it is.
 */

import type { AgentResult, RunOutcome } from "../core/agent-result.ts";
import type { ActionError, ParsedAction } from "../core/action.ts";
import { BudgetSpent, ConfigError, Fault } from "../core/errors.ts";
import type { Observation } from "../core/observation.ts";
import { hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { Ending, Step, Trajectory } from "../core/trajectory.ts";
import { findReachedLimit } from "../rollout/episode.ts";
import type { Choice, Policy } from "../rollout/policy.ts";
import { startClock } from "./clock.ts";
import { findEvidence, isReport } from "./evidence.ts";
import type { AgentRecord } from "./record.ts";
import type { AgentSite } from "./site.ts";

/** Limits at which a run ends without an answer. */
export interface RunLimits {
  /** Turns of the policy. */
  maxSteps: number;
  /** Seconds of the whole run: waiting for a model's server counts, waiting for people to answer the gate does not. */
  maxSeconds: number;
  /** Tokens in prompts and replies together; `null`: no limit. */
  maxTokens: number | null;
  /** Money, in the currency of `llm.price`; `null`: no limit. Only models on servers have a price. */
  maxCost: number | null;
  /** How often in a row the same action may be taken on the same page. */
  repeatedAction: number;
  /** How many mistakes may follow each other. */
  repeatedError: number;
}

export const RUN_LIMITS: RunLimits = {
  maxSteps: 30,
  maxSeconds: 600,
  maxTokens: null,
  maxCost: null,
  repeatedAction: 4,
  repeatedError: 4,
};

/** Fills in the defaults. Throws a `ConfigError` if a limit is unknown or not a positive number. */
export function checkLimits(given: Partial<RunLimits>): RunLimits {
  const limits = { ...RUN_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const isUnlimited = value === null && (name === "maxTokens" || name === "maxCost");
    const least = name.startsWith("repeated") ? 2 : 0;
    if (!(name in RUN_LIMITS))
      throw new ConfigError(`there is no limit ${name}`, `Limits: ${Object.keys(RUN_LIMITS).join(", ")}.`);
    if (!isUnlimited && !(typeof value === "number" && value > 0 && value >= least))
      throw new ConfigError(`the limit ${name} is ${String(value)}`, "Give a number above 0.");
  }
  return limits;
}

/** Options of one run. */
export interface RunOptions {
  /** Override the agent's limits. */
  limits?: Partial<RunLimits>;
  /** Ends the run after this many actions were carried out: `act` is a run of one. */
  maxActions?: number | undefined;
  /** Called after every turn. */
  onStep?: ((step: Step, run: { id: string; next: Observation | null }) => void) | undefined;
  /** Ends the run after the action that is under way. */
  signal?: AbortSignal | undefined;
  /** Acts instead of the agent's model. */
  policy?: Policy | undefined;
}

/** What a run used: time, steps, tokens, money. */
export interface RunUsage {
  steps: number;
  seconds: number;
  promptTokens: number;
  completionTokens: number;
  /** Absent if the model has no price. */
  cost?: number;
}

/** The result of a run. */
export interface RunResult extends AgentResult {
  /** The run's id in the agent's directory. */
  id: string;
  /**
   * The budget of the model's server is used up, so that later runs cannot work either. This is not a limit of the run.
   */
  budgetSpent: boolean;
  trajectory: Trajectory;
  usage: RunUsage;
}

/** What a run needs of its session. */
interface RunSession {
  readonly page: Observation;
  readonly signedOut: boolean;
  readonly record: AgentRecord;
  readonly site: AgentSite;
  step(action: ParsedAction): Promise<Observation>;
  screenshot(): Promise<Uint8Array>;
  countBlockedHosts(): Record<string, number>;
  /** Milliseconds so far spent waiting for a person's answer. */
  sumAskedMs(): number;
}

/** What {@link runInstruction} needs beside the session and the task. */
export interface RunParts extends RunOptions {
  policy: Policy;
  limits: RunLimits;
  seed: number;
  /** Keep a picture of every page that is acted on. */
  screenshots: boolean;
}

export async function runInstruction(session: RunSession, task: Task, parts: RunParts): Promise<RunResult> {
  const { policy, seed } = parts;
  const started = performance.now();
  const steps: Step[] = [];
  const blockedBefore = session.countBlockedHosts();
  let end: End;
  try {
    end = await takeTurns(session, task, steps, parts);
  } catch (error) {
    end = endOf(error, parts.signal);
    // The user's mistakes and our bugs are thrown as such; the record is kept all the same.
    if (!(error instanceof Fault) && !(error instanceof BudgetSpent) && !parts.signal?.aborted) {
      keep(end);
      throw error;
    }
  }
  return keep(end, await lastPicture(session, task.id, steps.length, end));

  function keep(to: End, picture: string | null = null): RunResult {
    const { record, site } = session;
    const trajectory: Trajectory = {
      id: task.id,
      task,
      policy: policy.name,
      seed,
      steps,
      ending: to.ending,
      finalObservation: to.ending.kind === "faulted" ? null : session.page,
      blockedHosts: countsSince(blockedBefore, session.countBlockedHosts()),
      ...(site.browser && { browser: site.browser }),
    };
    const wallMs = performance.now() - started;
    const answer = to.answer === "" ? null : to.answer;
    const claims = answer !== null && to.outcome !== "gave up" && !isReport(answer);
    const found = claims ? findEvidence(answer, trajectory) : null;
    const { outcome, reason } = to;
    const unsupported = found !== null && !found.supported;
    const evidence = found?.evidence ?? [];
    const result: AgentResult = { outcome, reason, answer, unsupported, evidence, picture };
    record.keepRun(trajectory, result, Math.round(wallMs));
    record.journal.append({ kind: "run_ended", run: task.id, outcome, reason, answer, unsupported });
    return {
      id: task.id,
      ...result,
      budgetSpent: to.budgetSpent ?? false,
      trajectory,
      usage: { ...usageOf(steps), seconds: wallMs / 1000 },
    };
  }
}

interface End {
  outcome: RunOutcome;
  reason: string;
  answer: string | null;
  ending: Ending;
  budgetSpent?: boolean;
}

/** The policy's turns until it says `exit` or a limit is reached. */
async function takeTurns(session: RunSession, task: Task, steps: Step[], parts: RunParts): Promise<End> {
  const { policy, limits, seed, onStep, signal, maxActions } = parts;
  const act = policy.begin(task, seed);
  using clock = startClock(1000 * limits.maxSeconds, () => session.sumAskedMs());
  const deadline = clock.signal;
  const both = signal ? AbortSignal.any([signal, deadline]) : deadline;
  let carriedOut = 0;
  let { page } = session;
  for (;;) {
    const index = steps.length;
    if (session.signedOut) return stopAt("signed_out", SIGNED_OUT);
    const turnStarted = performance.now();
    let choice: Choice;
    try {
      const asked = act({
        task,
        observation: page,
        history: steps,
        seed: hash32(`${seed}/${index}`),
        signal: both,
      });
      choice = await unlessAborted(asked, both);
    } catch (error) {
      if (signal?.aborted) return stopAt("interrupted", "it was interrupted");
      if (deadline.aborted) return stopAt("max_time", `it had ${limits.maxSeconds} seconds`);
      throw error;
    }
    if (choice.kind === "context_full")
      return stopAt("context_full", "the instruction alone is too long for the model");
    const sampled = performance.now();
    const screenshot = parts.screenshots
      ? await session.record.keepPicture(task.id, index, await session.screenshot())
      : undefined;
    const acting = performance.now();
    const exit = choice.action.ok && choice.action.action.kind === "exit" ? choice.action.action : null;
    const step = stepOf(index, page, choice, screenshot, {
      sampleMs: Math.round(sampled - turnStarted),
      actMs: 0,
    });
    steps.push(step);
    if (exit) {
      onStep?.(step, { id: task.id, next: null });
      return endByExit(exit.message, steps, page);
    }
    // Wait for an action that has begun: its outcome is part of the record.
    page = await session.step(choice.action);
    step.time!.actMs = Math.round(performance.now() - acting);
    onStep?.(step, { id: task.id, next: page });
    if (page.error === null) carriedOut++;
    if (maxActions !== undefined && carriedOut >= maxActions) return endAfter(carriedOut);
    const limit = limitOf(steps, page, limits);
    if (limit) return limit;
  }
}

function stepOf(
  index: number,
  observation: Observation,
  choice: Extract<Choice, { kind: "act" }>,
  screenshot: string | undefined,
  time: NonNullable<Step["time"]>,
): Step {
  const { response, action, promptTokens, responseTokens, logprobs, usage } = choice;
  return {
    index,
    observation,
    response,
    action,
    ...(promptTokens && { promptTokens }),
    ...(responseTokens && { responseTokens }),
    ...(logprobs && { logprobs }),
    ...(usage && { usage }),
    ...(screenshot && { screenshot }),
    time,
  };
}

/** `promise`, or the signal's reason as soon as it is aborted: a policy need not listen. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {});
  signal.throwIfAborted();
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort!);
  }
}

const SIGNED_OUT =
  "the site asks to sign in, and the agent cannot: its session has ended. Give it a fresh storage state, or a `login` in the site's definition";

type Limit = Extract<Ending, { kind: "truncated" }>["reason"];

const stopAt = (limit: Limit, reason: string): End => ({
  outcome: "stopped",
  reason,
  answer: null,
  ending: { kind: "truncated", reason: limit },
});

/** What a model says when it cannot do what it was asked; our prompts ask for "N/A". */
const CANNOT =
  /^\s*(?:n\/a|not (?:possible|available|applicable|found)|impossible|(?:i )?(?:cannot|can ?not|can't|could not|couldn't|am (?:unable|not able)|was (?:unable|not able)|unable)\b.*)[.!]?\s*$/is;

function endByExit(message: string, steps: readonly Step[], page: Observation): End {
  const ending: Ending = { kind: "terminated", reason: "exit", answer: message };
  const end = { answer: message, ending };
  if (steps.length > 1 && isRefused(page.error))
    return { ...end, outcome: "refused", reason: page.error.message };
  if (CANNOT.test(message)) return { ...end, outcome: "gave up", reason: "the agent says that it cannot" };
  return { ...end, outcome: "done", reason: "the agent says that it is done" };
}

const endAfter = (actions: number): End => ({
  outcome: "done",
  reason: `${actions} ${actions === 1 ? "action was" : "actions were"} carried out`,
  answer: null,
  ending: { kind: "truncated", reason: "max_steps" },
});

const isRefused = (error: ActionError | null): error is ActionError => error?.code === "blocked";

function limitOf(steps: readonly Step[], page: Observation, limits: RunLimits): End | null {
  const ending = findReachedLimit(steps, page, limits);
  if (ending && isRefused(page.error))
    return { outcome: "refused", reason: page.error.message, answer: null, ending };
  if (ending)
    return { outcome: "stopped", reason: describeLimit(ending.reason, limits, page), answer: null, ending };
  const { promptTokens, completionTokens, cost = 0 } = usageOf(steps);
  if (limits.maxTokens !== null && promptTokens + completionTokens >= limits.maxTokens)
    return stopAt("budget", `it had ${limits.maxTokens} tokens`);
  if (limits.maxCost !== null && cost >= limits.maxCost)
    return stopAt("budget", `it had money for a cost of ${limits.maxCost}`);
  return null;
}

function describeLimit(limit: Limit, limits: RunLimits, page: Observation): string {
  switch (limit) {
    case "max_steps":
      return `it had ${limits.maxSteps} steps`;
    case "repeated_action":
      return `it did the same on the same page ${limits.repeatedAction} times`;
    case "repeated_error":
      return `its last ${limits.repeatedError} actions could not be carried out: ${page.error?.message ?? ""}`;
    default:
      return limit;
  }
}

/** The ending of a run that was aborted. */
function endOf(error: unknown, signal: AbortSignal | undefined): End {
  if (signal?.aborted) return stopAt("interrupted", "it was interrupted");
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BudgetSpent) return { ...stopAt("budget", message), budgetSpent: true };
  const code = error instanceof Fault ? error.code : "engine_failed";
  return { outcome: "faulted", reason: message, answer: null, ending: { kind: "faulted", code, message } };
}

function usageOf(steps: readonly Step[]): Omit<RunUsage, "seconds"> {
  const sum: Omit<RunUsage, "seconds"> = { steps: steps.length, promptTokens: 0, completionTokens: 0 };
  for (const { usage, promptTokens, responseTokens } of steps) {
    sum.promptTokens += usage?.promptTokens ?? promptTokens?.length ?? 0;
    sum.completionTokens += usage?.completionTokens ?? responseTokens?.length ?? 0;
    if (usage?.cost !== undefined) sum.cost = (sum.cost ?? 0) + usage.cost;
  }
  return sum;
}

/** A picture of the page that the run ends on. */
async function lastPicture(
  session: RunSession,
  runId: string,
  index: number,
  { ending }: End,
): Promise<string | null> {
  if (ending.kind === "faulted") return null;
  try {
    return await session.record.keepPicture(runId, index, await session.screenshot());
  } catch (error) {
    // The run is over; if the browser is gone, the next run will notice.
    if (error instanceof Fault) return null;
    throw error;
  }
}

function countsSince(before: Record<string, number>, now: Record<string, number>): Record<string, number> {
  const since: Record<string, number> = {};
  for (const [host, count] of Object.entries(now))
    if (count > (before[host] ?? 0)) since[host] = count - (before[host] ?? 0);
  return since;
}
