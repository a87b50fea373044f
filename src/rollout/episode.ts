/**
 * @file Runs one episode: a policy acts on a site until the episode ends, and the verifier gives its verdict before the
 * site is gone.
 */

import type { AgentResult } from "../core/agent-result.ts";
import type { ChatUsage } from "../core/chat.ts";
import type { Episode, Site } from "../core/episode.ts";
import type { FaultCode } from "../core/errors.ts";
import { Fault } from "../core/errors.ts";
import type { Observation } from "../core/observation.ts";
import { hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { Ending, Step, Trajectory, Verdict } from "../core/trajectory.ts";
import { answerOf } from "../core/trajectory.ts";
import { sumUsage } from "../core/usage.ts";
import type { RolloutConfig } from "./config.ts";
import type { Policy } from "./policy.ts";

/** A request for one episode. The same request gives the same episode, as far as the site is deterministic. */
export interface EpisodeRequest {
  /** Unique within the rollout; becomes the trajectory's id. */
  id: string;
  task: Task;
  seed: number;
}

/** A finished episode as stored. */
export interface EpisodeRecord {
  id: string;
  trajectory: Trajectory;
  /**
   * The verifier's verdict; `null` if the task has no verifier or the episode faulted. Used for evaluation and audits,
   * never as the reward of a generated task.
   */
  truth: Verdict | null;
  /** A judge's verdict, if no verifier could give one and the episode was collected as a demonstration. */
  verdict?: Verdict;
  /** Earlier attempts that the world broke. */
  faults: { code: FaultCode; message: string }[];
  /** Indices of steps that must not be imitated: deliberate errors, or mistakes of a demonstrating model. */
  mistakes: number[];
  wallMs: number;
  /** What the model's server used for the episode, including attempts that the world broke. */
  usage?: ChatUsage;
  /** The result of an agent at work, with the evidence for it. */
  result?: AgentResult;
}

/** The limits after which an episode is truncated. */
export type EpisodeLimits = Pick<
  RolloutConfig,
  "maxSteps" | "maxTimeMs" | "repeatedAction" | "repeatedError"
>;

/**
 * Called with every page before the policy acts on it. Takes and stores a picture if one is wanted, and returns the
 * path for `Step.screenshot`; `undefined` if none is kept with the trajectory.
 */
export type SaveScreenshot = (
  episodeId: string,
  index: number,
  take: () => Promise<Uint8Array>,
) => Promise<string | undefined>;

/** What an episode needs to run. */
export interface EpisodeOptions {
  site: Site;
  policy: Policy;
  limits: EpisodeLimits;
  saveScreenshot?: SaveScreenshot | undefined;
  /** A clock in milliseconds, only for limits and the record. */
  now?: () => number;
  signal?: AbortSignal | undefined;
}

/** Whether the world broke in this episode. Such an episode is neither rewarded nor trained on nor scored. */
export function isFaulted(record: EpisodeRecord): boolean {
  return record.trajectory.ending.kind === "faulted";
}

/** The state of an attempt, which survives if the world breaks in the middle. */
interface Attempt {
  readonly steps: Step[];
  readonly mistakes: number[];
  lastPage: Observation | null;
}

/**
 * Runs one attempt. A fault of the world becomes the ending; an abort rejects with the signal's reason and leaves no
 * record; anything else that is thrown is a bug and passes through.
 */
export async function runEpisode(request: EpisodeRequest, options: EpisodeOptions): Promise<EpisodeRecord> {
  const { site, policy, signal } = options;
  const now = options.now ?? Date.now;
  const started = now();
  const attempt: Attempt = { steps: [], mistakes: [], lastPage: null };
  let ending: Ending;
  let blockedHosts: Record<string, number> = {};
  let truth: Verdict | null = null;
  let episode: Episode | undefined;
  let { task } = request;
  try {
    signal?.throwIfAborted();
    episode = await site.start(request.task, { seed: request.seed, ...(signal ? { signal } : {}) });
    task = episode.task;
    // The time to set up the world does not count as the agent's.
    ending = await takeTurns(episode, request, attempt, now(), options);
    blockedHosts = episode.countBlockedHosts();
    if (ending.kind !== "faulted") truth = await episode.verify(answerOf(ending));
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    ending = { kind: "faulted", code: error.code, message: error.message };
    truth = null;
  } finally {
    await episode?.[Symbol.asyncDispose]();
  }
  const usage = sumUsage(attempt.steps.map((step) => step.usage));
  return {
    id: request.id,
    trajectory: {
      id: request.id,
      task,
      policy: policy.name,
      seed: request.seed,
      ...(site.browser && { browser: site.browser }),
      steps: attempt.steps,
      ending,
      finalObservation: attempt.lastPage,
      blockedHosts,
    },
    truth,
    faults: [],
    mistakes: attempt.mistakes,
    wallMs: now() - started,
    ...(usage && { usage }),
  };
}

/** The policy's turns until the episode ends or a limit is reached. */
async function takeTurns(
  episode: Episode,
  request: EpisodeRequest,
  attempt: Attempt,
  started: number,
  { policy, limits, saveScreenshot, now = Date.now, signal }: EpisodeOptions,
): Promise<Ending> {
  const { steps } = attempt;
  const act = policy.begin(episode.task, request.seed);
  let observation = episode.first;
  let waitedMs = 0;
  attempt.lastPage = observation;
  for (;;) {
    const index = steps.length;
    if (now() - started - waitedMs > limits.maxTimeMs) return { kind: "truncated", reason: "max_time" };
    const turnStarted = now();
    const choice = await act({
      task: episode.task,
      observation,
      history: steps,
      seed: hash32(`${request.seed}/${index}`),
      ...(signal ? { signal } : {}),
    });
    signal?.throwIfAborted();
    if (choice.kind === "context_full") return { kind: "truncated", reason: "context_full" };
    waitedMs += choice.waitedMs ?? 0;
    const sampled = now();
    const screenshot = await saveScreenshot?.(request.id, index, () => episode.screenshot());
    const acting = now();
    if (choice.mistake) attempt.mistakes.push(index);
    const next = await episode.step(choice.action, signal ? { signal } : {});
    signal?.throwIfAborted();
    steps.push({
      index,
      observation,
      response: choice.response,
      action: choice.action,
      ...(choice.promptTokens && { promptTokens: choice.promptTokens }),
      ...(choice.responseTokens && { responseTokens: choice.responseTokens }),
      ...(choice.logprobs && { logprobs: choice.logprobs }),
      ...(choice.usage && { usage: choice.usage }),
      ...(screenshot && { screenshot }),
      time: { sampleMs: sampled - turnStarted, actMs: now() - acting },
    });
    attempt.lastPage = next.observation;
    if (next.kind === "last") return next.ending;
    observation = next.observation;
    const limit = findReachedLimit(steps, observation, limits);
    if (limit) return limit;
  }
}

/** The limit that the episode has reached after `steps`, with `next` as the page to act on, if any. */
export function findReachedLimit(
  steps: readonly Step[],
  next: Observation,
  limits: Pick<EpisodeLimits, "maxSteps" | "repeatedAction" | "repeatedError">,
): Extract<Ending, { kind: "truncated" }> | undefined {
  const recentErrors = [...steps.slice(1).map((step) => step.observation.error), next.error];
  if (
    recentErrors.length >= limits.repeatedError &&
    recentErrors.slice(-limits.repeatedError).every((error) => error !== null)
  )
    return { kind: "truncated", reason: "repeated_error" };
  const recent = steps.slice(-limits.repeatedAction);
  const first = recent[0]!;
  const key = (step: Step) => (step.action.ok ? JSON.stringify(step.action.action) : step.response);
  if (
    recent.length === limits.repeatedAction &&
    recent.every(
      (step) =>
        key(step) === key(first) &&
        step.observation.text === first.observation.text &&
        step.observation.url === first.observation.url,
    )
  )
    return { kind: "truncated", reason: "repeated_action" };
  if (steps.length >= limits.maxSteps) return { kind: "truncated", reason: "max_steps" };
  return undefined;
}
