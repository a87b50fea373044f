/**
 * @file Many episodes at once. Sampling is batched by the sampler, because every running episode asks for its next
 * action concurrently. The world's faults are tried again with a fresh episode and the same seed, so that a run's
 * numbers do not depend on the luck of its browser.
 */

import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import type { Site } from "../core/episode.ts";
import type { FaultCode } from "../core/errors.ts";
import { Fault, invariant } from "../core/errors.ts";
import type { RolloutConfig } from "./config.ts";
import type { EpisodeRecord, EpisodeRequest, SaveScreenshot } from "./episode.ts";
import { isFaulted, runEpisode } from "./episode.ts";
import { sumUsage } from "../core/usage.ts";
import { createOutage, isSiteFault, watchForOutages } from "./outage.ts";
import type { Policy } from "./policy.ts";

/** Which episodes are played, by whom, and how many at once. */
export interface RolloutOptions {
  site: Site;
  policy: Policy;
  /** Episodes that are still wanted; ids must be unique. */
  requests: readonly EpisodeRequest[];
  config: Pick<
    RolloutConfig,
    | "parallel"
    | "maxSteps"
    | "maxTimeMs"
    | "repeatedAction"
    | "repeatedError"
    | "faultRetries"
    | "faultRateLimit"
    | "siteDownMinutes"
  > & { stragglerMinutes?: number | null };
  /** Called once per request, before its first attempt. */
  onStart?(request: EpisodeRequest): void;
  /** Called once per finished episode, one at a time, in the order in which they finish. */
  onEpisode?(record: EpisodeRecord): void | Promise<void>;
  /** Called for every attempt that the world broke, given-up ones included. */
  onFault?(fault: { id: string; code: FaultCode; message: string }): void;
  /** Called whenever a site, or the model's server, that is down was tried again in vain. */
  onOutage?(message: string, waitedMs: number): void;
  saveScreenshot?: SaveScreenshot | undefined;
  /** Waits before a site, or the model's server, is tried again. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  now?: () => number;
  signal?: AbortSignal | undefined;
}

/** The share of a rollout's episodes that may be cut as stragglers. */
const STRAGGLERS = 0.05;
/**
 * How often an episode goes elsewhere with its endpoint gone, before that counts as its own fault: it may be what
 * breaks them.
 */
const MOVES = 8;
/** Attempts that the recent fault rate is taken over, and the fewest that it is believed on. */
const FAULT_WINDOW = 20;
const FAULT_WINDOW_MIN = 6;

/**
 * Runs every request and returns the records in the requests' order. A record whose ending is `faulted` was given up
 * after `faultRetries`: it is returned so that it is counted, and must not be used.
 *
 * A task that cannot be used (`task_unusable`) is given up at once and counts in no rate. A site that is down is waited
 * for, up to `siteDownMinutes`, and so are the server of the policy's model and browsers elsewhere; what broke with it
 * counts neither as a retry nor in the fault rate. Throws a `Fault` (not retryable) after that time, and when the share
 * of faults among the last attempts passes `faultRateLimit`: a broken site must not look like a weak policy.
 *
 * With `stragglerMinutes`, what still runs that long after all but a twentieth have ended is cut: its record is
 * `faulted` (`straggler_cut`) and has no steps.
 */
export async function rollout(options: RolloutOptions): Promise<EpisodeRecord[]> {
  const { requests, config, signal } = options;
  invariant(
    new Set(requests.map((request) => request.id)).size === requests.length,
    "episode ids are not unique",
  );
  const records: EpisodeRecord[] = Array.from({ length: requests.length });
  const stop = new AbortController();
  const linked = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  // Every running episode listens; Node warns from eleven listeners on.
  setMaxListeners(0, linked);
  const count = watchFaults(config.faultRateLimit);
  const waiting = {
    limitMinutes: config.siteDownMinutes,
    onTry: (message: string, waitedMs: number) => options.onOutage?.(message, waitedMs),
    now: options.now,
    pause: options.pause,
    signal: linked,
  };
  const outage = watchForOutages({ ...waiting, site: options.site, requests });
  const waitForServer = createOutage({
    ...waiting,
    name: `the server of ${options.policy.name}`,
    code: "model_server_failed",
    probe: async () => (await options.policy.probe?.(linked)) ?? null,
  });
  const cutting = cutStragglers(requests.length, config.stragglerMinutes ?? null, options.pause, linked);
  let writing: Promise<void> = Promise.resolve();

  const runOne = async (request: EpisodeRequest, index: number) => {
    linked.throwIfAborted();
    cutting.noteStart();
    const faults: EpisodeRecord["faults"] = [];
    const began = (options.now ?? Date.now)();
    const record = await tryUntilItEnds(request, faults).catch((error: unknown) => {
      if (!cutting.signal.aborted || linked.aborted) throw error;
      options.onFault?.({ id: request.id, code: "straggler_cut", message: STRAGGLER });
      return cutRecord(request, options, faults, (options.now ?? Date.now)() - began);
    });
    cutting.noteEnd();
    records[index] = record;
    // Called one at a time, so that a consumer may append to a file.
    const turn = writing.then(() => options.onEpisode?.(record));
    writing = turn.catch(() => {});
    await turn;
  };

  const tryUntilItEnds = async (request: EpisodeRequest, faults: EpisodeRecord["faults"]) => {
    const signal = AbortSignal.any([linked, cutting.signal]);
    const untilCut = <T>(waiting: Promise<T>) => Promise.race([waiting, cutting.cut]);
    const usages: EpisodeRecord["usage"][] = [];
    let retries = 0;
    let moves = 0;
    let record: EpisodeRecord;
    options.onStart?.(request);
    for (;;) {
      record = await runEpisode(request, {
        site: options.site,
        policy: options.policy,
        limits: config,
        saveScreenshot: options.saveScreenshot,
        ...(options.now && { now: options.now }),
        signal,
      });
      usages.push(record.usage);
      const { ending, finalObservation } = record.trajectory;
      if (finalObservation !== null) outage.noteStarted(request);
      if (ending.kind !== "faulted") {
        count(null, "");
        break;
      }
      options.onFault?.({ id: record.id, code: ending.code, message: ending.message });
      faults.push({ code: ending.code, message: ending.message });
      // Trying again does not help, and the fault tells nothing about the other tasks.
      if (ending.code === "task_unusable") break;
      if (ending.code === "browser_lost" && moves++ < MOVES) {
        await untilCut(outage.waitForBrowser(request));
        continue;
      }
      if (isSiteFault(ending.code) && (await untilCut(outage.wait(request)))) continue;
      if (ending.code === "model_server_failed" && (await untilCut(waitForServer(request)))) continue;
      count(ending.code, ending.message);
      if (retries++ === config.faultRetries) break;
    }
    record.faults = isFaulted(record) ? faults.slice(0, -1) : faults;
    const usage = sumUsage(usages);
    if (usage) record.usage = usage;
    return record;
  };

  const limit = pLimit(config.parallel);
  const runs = requests.map((request, index) =>
    limit(async () => {
      try {
        await runOne(request, index);
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
  try {
    await Promise.all(runs);
  } finally {
    await Promise.allSettled(runs);
    cutting.end();
  }
  return records;
}

const STRAGGLER = "it still ran long after almost all others had ended (rollout.stragglerMinutes)";

/** Only the fact that it was cut is kept: its steps would make slow sites look like weak policies. */
function cutRecord(
  { id, task, seed }: EpisodeRequest,
  { policy, site }: Pick<RolloutOptions, "policy" | "site">,
  faults: EpisodeRecord["faults"],
  wallMs: number,
): EpisodeRecord {
  const trajectory: EpisodeRecord["trajectory"] = {
    id,
    task,
    policy: policy.name,
    seed,
    ...(site.browser && { browser: site.browser }),
    steps: [],
    ending: { kind: "faulted", code: "straggler_cut", message: STRAGGLER },
    finalObservation: null,
    blockedHosts: {},
  };
  return { id, trajectory, truth: null, faults, mistakes: [], wallMs };
}

/** Aborts the signal `minutes` after all episodes have begun and all but a twentieth, or all but one, have ended. */
function cutStragglers(
  total: number,
  minutes: number | null,
  pause: RolloutOptions["pause"],
  outer: AbortSignal,
) {
  const cutter = new AbortController();
  setMaxListeners(0, cutter.signal);
  const over = new AbortController();
  const wait = pause ?? ((ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }));
  const cut = new Promise<never>((_, reject) => {
    cutter.signal.addEventListener("abort", () => reject(cutter.signal.reason as Error), { once: true });
  });
  // If nothing waits, nothing listens.
  cut.catch(() => {});
  let [begun, done, waits] = [0, 0, false];
  const look = () => {
    const left = total - done;
    if (minutes === null || waits || left === 0 || begun < total) return;
    if (left > Math.max(1, Math.floor(STRAGGLERS * total)) || total === 1) return;
    waits = true;
    wait(minutes * 60_000, AbortSignal.any([outer, over.signal])).then(
      () => cutter.abort(new Error(STRAGGLER)),
      () => {},
    );
  };
  return {
    signal: cutter.signal,
    cut,
    noteStart: () => {
      begun++;
      look();
    },
    noteEnd: () => {
      done++;
      look();
    },
    end: () => over.abort(),
  };
}

/** Counts attempts, and broken ones by code; throws once too many of the last ones were broken. */
function watchFaults(rateLimit: number): (fault: FaultCode | null, message: string) => void {
  const recent: (FaultCode | null)[] = [];
  return (fault, message) => {
    recent.push(fault);
    if (recent.length > FAULT_WINDOW) recent.shift();
    const faults = recent.filter((code) => code !== null);
    if (recent.length < FAULT_WINDOW_MIN || faults.length / recent.length <= rateLimit) return;
    throw new Fault(
      fault ?? faults[0]!,
      `${faults.length} of the last ${recent.length} episodes were broken by the site, the browser or the model's server, more than the ` +
        `limit of ${rateLimit}; the last one said: ${message}`,
      { retryable: false },
    );
  };
}
