/** @file A run at a glance: state, learning curve, stages, faults, throughput, quality of the judge. */

import { classificationReport } from "../algo/classification.ts";
import type { ClassificationReport } from "../algo/classification.ts";
import type { ChatUsage } from "../core/chat.ts";
import { sumUsage } from "../core/usage.ts";
import { STAGES } from "../run/events.ts";
import type { MetricName } from "../run/metrics.ts";
import type { StageName } from "../run/events.ts";
import { openEpisodes } from "./open-episodes.ts";
import type { OpenEpisode } from "./open-episodes.ts";
import { readProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";
import type { Evaluation, EventLine, MetricLine } from "../run/records.ts";
import type { RunFiles } from "../run/run-files.ts";
import { readEvaluations } from "../run/run-files.ts";
import type { RunHead } from "./run-head.ts";
import { readRunHead } from "./run-head.ts";
import type { Series } from "./series.ts";
import { phaseSeries, stepSeries } from "./series.ts";

export interface JudgeQuality extends Omit<ClassificationReport, "bins"> {
  /** `all` or a phase or a site. */
  group: string;
}

export interface Overview {
  head: RunHead;
  progress: Progress;
  evaluations: { phase: number; evaluation: Evaluation }[];
  /** Curves by metric: of phases, and of optimiser steps. */
  byPhase: Record<string, Series>;
  byStep: Record<string, Series>;
  stages: { phase: number; stage: StageName; seconds: number }[];
  faults: {
    byCode: Record<string, number>;
    /** Attempts that faulted per attempt, by phase. */
    rates: { phase: number; faults: number; attempts: number }[];
    recent: { time: string; id: string; code: string; message: string }[];
  };
  /** Steps of episodes per second of the stage, and episodes per minute. */
  throughput: { phase: number; stage: StageName; stepsPerSecond: number; episodesPerMinute: number }[];
  judge: JudgeQuality[];
  calibration: ClassificationReport["bins"];
  warnings: { time: string; phase: number; stage: string; message: string }[];
  openEpisodes: OpenEpisode[];
  /** What judge and proposer on a server used in finished stages; `null` if none was asked. */
  usage: ChatUsage | null;
  problems: string[];
}

const STEP_METRICS = [
  "actor/loss",
  "actor/log_ratio",
  "actor/gradient_norm",
  "critic/loss",
  "critic/gradient_norm",
];

export async function overview(run: RunFiles): Promise<Overview> {
  const head = await readRunHead(run);
  const [events, metrics, evaluations] = [
    await run.events(),
    await run.metrics(),
    await readEvaluations(run),
  ];
  // If a verifier gives the reward, there is nothing to compare it with.
  const judge = head.judge === "verifier" ? { quality: [], calibration: [] } : await judgeQuality(run);
  const progress = await readProgress(run, head);
  const phaseMetrics = new Set(
    metrics
      .flatMap((line) => (line.step === undefined ? Object.keys(line) : []))
      .filter((key) => key.includes("/")),
  );
  return {
    head,
    progress,
    evaluations,
    byPhase: Object.fromEntries([...phaseMetrics].map((metric) => [metric, phaseSeries(metrics, metric)])),
    byStep: Object.fromEntries(STEP_METRICS.map((metric) => [metric, stepSeries(metrics, metric)])),
    stages: metrics.flatMap((line) => {
      const seconds = line["time/stage_s"];
      return line.step === undefined && typeof seconds === "number"
        ? [{ phase: line.phase, stage: line.stage, seconds }]
        : [];
    }),
    faults: faultsOf(events, metrics),
    throughput: throughputOf(events),
    judge: judge.quality,
    calibration: judge.calibration,
    warnings: events.flatMap((event) =>
      event.kind === "warning"
        ? [{ time: event.time, phase: event.phase, stage: event.stage, message: event.message }]
        : [],
    ),
    openEpisodes: progress.state === "running" ? await openEpisodes(run, progress) : [],
    usage: sumUsage(metrics.map(usageOf)) ?? null,
    problems: [
      ...new Set([
        ...(await run.problems()),
        ...(head.agent ? [] : listMissing(progress, metrics, evaluations, events)),
      ]),
    ],
  };
}

/** What the metrics of a stage say about a chat model's server. */
function usageOf(line: MetricLine): ChatUsage | undefined {
  const of = (name: MetricName) => (typeof line[name] === "number" ? line[name] : 0);
  if (line["chat/requests"] === undefined) return undefined;
  return {
    requests: of("chat/requests"),
    promptTokens: of("chat/prompt_tokens"),
    cachedTokens: of("chat/cached_tokens"),
    completionTokens: of("chat/completion_tokens"),
    ...(line["chat/cost"] !== undefined && { cost: of("chat/cost") }),
  };
}

function listMissing(
  progress: Progress,
  metrics: readonly MetricLine[],
  evaluations: Overview["evaluations"],
  events: readonly EventLine[],
): string[] {
  if (events.length === 0) return ["events.jsonl is missing or empty: nothing has happened yet"];
  // What a running run has not reached yet is not missing.
  if (progress.state === "running") return [];
  const problems: string[] = [];
  if (metrics.length === 0) problems.push("metrics.jsonl is missing or empty: no stage has finished yet");
  if (evaluations.length === 0) problems.push("no evaluation is complete yet");
  return problems;
}

function faultsOf(events: readonly EventLine[], metrics: readonly MetricLine[]): Overview["faults"] {
  const faults = events.filter((event) => event.kind === "fault");
  const byCode: Record<string, number> = {};
  for (const { code } of faults) byCode[code] = (byCode[code] ?? 0) + 1;
  const rates = metrics.flatMap((line) => {
    const attempts = line["faults/attempts"];
    if (line.stage !== "rollout" || typeof attempts !== "number") return [];
    const episodes = Number(line["rollout/episodes"] ?? 0) + Number(line["faults/given_up"] ?? 0);
    return [
      {
        phase: line.phase,
        faults: attempts,
        attempts: episodes + attempts - Number(line["faults/given_up"] ?? 0),
      },
    ];
  });
  return {
    byCode,
    rates,
    recent: faults.slice(-20).map(({ time, id, code, message }) => ({ time, id, code, message })),
  };
}

function throughputOf(events: readonly EventLine[]): Overview["throughput"] {
  const groups = new Map<
    string,
    { phase: number; stage: StageName; from: number; to: number; steps: number; episodes: number }
  >();
  for (const event of events) {
    if (event.kind !== "stage_started" && event.kind !== "episode") continue;
    const key = `${event.phase} ${event.stage}`;
    const time = Date.parse(event.time);
    if (event.kind === "stage_started") {
      groups.set(key, {
        phase: event.phase,
        stage: event.stage,
        from: time,
        to: time,
        steps: 0,
        episodes: 0,
      });
      continue;
    }
    const group = groups.get(key);
    if (!group) continue;
    group.to = time;
    group.steps += event.steps;
    group.episodes += 1;
  }
  return [...groups.values()].flatMap(({ phase, stage, from, to, steps, episodes }) => {
    const seconds = (to - from) / 1000;
    return episodes > 0 && seconds > 0
      ? [{ phase, stage, stepsPerSecond: steps / seconds, episodesPerMinute: (60 * episodes) / seconds }]
      : [];
  });
}

/** The reward's verdicts against the verifiers, where both exist: of the whole run, by phase and by site. */
async function judgeQuality(
  run: RunFiles,
): Promise<{ quality: JudgeQuality[]; calibration: ClassificationReport["bins"] }> {
  const groups = new Map<string, { probabilities: number[]; outcomes: (0 | 1)[]; predicted: boolean[] }>();
  for (const phase of await run.phases()) {
    const verdicts = await run.lines(phase, "verdicts.jsonl");
    const sites = new Map(
      (await run.lines(phase, "tasks.jsonl")).map((task) => [task.id, task.sites?.[0] ?? ""]),
    );
    for (const { taskId, probability, success, truth } of verdicts) {
      if (typeof truth !== "boolean" || !Number.isFinite(probability)) continue;
      for (const key of ["all", `phase ${phase}`, sites.get(taskId) ?? "unknown site"]) {
        const group = groups.get(key) ?? { probabilities: [], outcomes: [], predicted: [] };
        groups.set(key, group);
        group.probabilities.push(probability);
        group.outcomes.push(truth ? 1 : 0);
        group.predicted.push(success === true);
      }
    }
  }
  let calibration: ClassificationReport["bins"] = [];
  const rank = (group: string) => (group === "all" ? 0 : /^phase \d+$/.test(group) ? 1 : 2);
  const ordered = [...groups].sort(
    ([a], [b]) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }),
  );
  const quality = ordered.map(([group, { probabilities, outcomes, predicted }]) => {
    const { bins, ...report } = classificationReport(probabilities, outcomes, predicted);
    if (group === "all") calibration = bins;
    return { group, ...report };
  });
  return { quality, calibration };
}

/** Seconds of each stage over the whole run, in the stages' order. */
export function secondsByStage(stages: Overview["stages"]): { stage: StageName; seconds: number }[] {
  return STAGES.flatMap((stage) => {
    const seconds = stages
      .filter((each) => each.stage === stage)
      .reduce((sum, each) => sum + each.seconds, 0);
    return seconds > 0 ? [{ stage, seconds }] : [];
  });
}
