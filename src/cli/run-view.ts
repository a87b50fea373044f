/** @file A run on the terminal: phase, stage, bar, success rate and time left; plain lines without a terminal. */

import { duration } from "../core/duration.ts";
import { percent } from "../core/percent.ts";
import { methodParts } from "../run/config.ts";
import type { TrainConfig } from "../run/config.ts";
import type { Observer, RunEvent, StageName } from "../run/events.ts";
import { STAGES } from "../run/events.ts";
import type { Evaluation, Score } from "../run/records.ts";
import { table } from "./command.ts";

/** Seconds that a stage is assumed to take until one of its kind has finished. */
const GUESS_S: Record<StageName, number> = {
  curriculum: 10,
  rollout: 60,
  judge: 10,
  select: 15,
  critic: 60,
  actor: 60,
  evaluate: 60,
};

const TITLE: Record<StageName, string> = {
  curriculum: "new tasks",
  rollout: "rollout",
  judge: "judge",
  select: "replay",
  critic: "critic",
  actor: "actor",
  evaluate: "evaluation",
};

/** What a stage's bar counts. */
const UNIT: Record<StageName, string> = {
  curriculum: "tasks",
  rollout: "episodes",
  judge: "verdicts",
  select: "steps",
  critic: "updates",
  actor: "updates",
  evaluate: "tasks",
};

const PART = { reference: "log-probabilities before the update", values: "their values" };

/** Seconds between plain lines of one stage. */
const PLAIN_SECONDS = 15;

export interface RunView {
  observer: Observer;
  /** Clears the changing line. */
  end(): void;
}

export function createRunView(config: TrainConfig, stream: NodeJS.WriteStream = process.stderr): RunView {
  const clock = createClock(config);
  let lastShown = -Infinity;
  let base: number | null = null;
  let firstEpisode = true;
  const tty = stream.isTTY;

  const clear = () => void (tty && stream.write("\r\u001b[K"));
  const line = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  /** Updates the changing line; without a terminal, prints a new one. */
  const status = (text: string) => {
    if (tty) stream.write(`\r\u001b[K${text.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
    else stream.write(`${text}\n`);
  };
  const where = ({ phase, stage }: { phase: number; stage: StageName }) =>
    `${phase === 0 ? "before training" : `phase ${phase}/${config.phases}`}, ${TITLE[stage]}`;
  const observer: Observer = (event: RunEvent) => {
    switch (event.kind) {
      case "run_started":
        line(introduction(config));
        break;
      case "run_resumed":
        line("Continuing where the run stopped; nothing that is done is done again.");
        break;
      case "stage_started":
        clock.start();
        lastShown = -Infinity;
        if (tty) status(`${where(event)} …`);
        break;
      case "progress": {
        const now = performance.now();
        const interval = tty ? 100 : 1000 * PLAIN_SECONDS;
        if (now - lastShown < interval && event.done < event.total) break;
        if (!tty && event.done >= event.total) break;
        lastShown = now;
        const fraction = event.total === 0 ? 1 : event.done / event.total;
        const success =
          event.success === undefined || event.done === 0
            ? ""
            : `, ${percent(event.success / event.done)} successful`;
        const head = `${where(event)} ${bar(fraction)} ${event.done}/${event.total}`;
        // A part says nothing about how long the stage takes.
        if (event.part) {
          status(`${head} steps, ${PART[event.part]}`);
          clock.start();
          break;
        }
        const left = duration(clock.secondsLeft(event.phase, event.stage, fraction));
        status(`${head} ${UNIT[event.stage]}${success}; about ${left} left in the run`);
        break;
      }
      case "episode":
        if (!firstEpisode) break;
        firstEpisode = false;
        line(
          `first episode: ${JSON.stringify(event.instruction)} — ${event.steps} steps, ${event.success === null ? event.ending : event.success ? "solved" : `not solved (${event.ending})`}`,
        );
        break;
      case "fault":
        line(`${where(event)}: the world broke ${event.id} (${event.code}: ${event.message})`);
        break;
      case "warning":
        line(`${where(event)}: warning: ${event.message}`);
        break;
      case "stage_finished":
        clock.finish(event.phase, event.stage, event.seconds);
        line(`${where(event).padEnd(27)} ${duration(event.seconds).padStart(6)}  ${summary(event, base)}`);
        if (event.stage === "evaluate") base ??= event.metrics["evaluation/success_rate"] ?? null;
        break;
      case "run_finished":
      case "run_stopped":
        clear();
    }
  };
  return { observer, end: clear };
}

/** Estimates the rest of the run: each stage takes as long as the last one of its name. */
function createClock(config: TrainConfig) {
  const plan = planOf(config);
  const took = new Map<StageName, number>();
  const done = new Set<string>();
  let started = 0;
  const cost = (name: StageName) => took.get(name) ?? GUESS_S[name];
  return {
    /** A stage begins. */
    start: () => void (started = performance.now()),
    finish: (phase: number, stage: StageName, seconds: number) => {
      done.add(`${phase}/${stage}`);
      took.set(stage, seconds);
    },
    /** `fraction` of the stage under way is done. */
    secondsLeft: (phase: number, stage: StageName, fraction: number): number => {
      const elapsed = (performance.now() - started) / 1000;
      let seconds = 0;
      for (const item of plan) {
        if (done.has(`${item.phase}/${item.stage}`)) continue;
        const current = item.phase === phase && item.stage === stage;
        // The stage under way is judged by its own pace once it has one.
        if (!current) seconds += cost(item.stage);
        else if (fraction > 0.05) seconds += (elapsed / fraction) * (1 - fraction);
        else seconds += Math.max(0, cost(item.stage) - elapsed);
      }
      return seconds;
    },
  };
}

function planOf(config: TrainConfig): { phase: number; stage: StageName }[] {
  const plan: { phase: number; stage: StageName }[] = [{ phase: 0, stage: "evaluate" }];
  const method = methodParts(config);
  if (!method.trains) return plan;
  for (const stage of ["curriculum", "rollout", "judge"] as const) plan.push({ phase: 0, stage });
  if (method.tasks === "evolved") plan.push({ phase: 0, stage: "critic" });
  for (let phase = 1; phase <= config.phases; phase++)
    for (const stage of STAGES)
      if (stage !== "evaluate" || phase % config.evaluation.every === 0 || phase === config.phases)
        plan.push({ phase, stage });
  return plan;
}

function introduction(config: TrainConfig): string {
  const { method, without, phases, tasks, evaluation, models } = config;
  const name = [method, ...without.map((part) => `without ${part}`)].join(" ");
  const scored = `scored on up to ${evaluation.tasks} ${evaluation.split} tasks`;
  return methodParts(config).trains && phases > 0
    ? `${name} from ${models.base}: ${tasks.initial} tasks to start with, then ${phases === 1 ? "1 phase" : `${phases} phases`} of up to ${tasks.perPhase}; ${scored}.`
    : `${models.base}: ${scored}, no training.`;
}

/** The few numbers that tell how a stage went. `base`: success before training, if known. */
function summary({ stage, metrics }: Extract<RunEvent, { kind: "stage_finished" }>, base: number | null) {
  const has = (name: string) => metrics[name] !== undefined;
  const rate = (name: string) => percent(metrics[name]!);
  const number = (name: string, digits = 2) => metrics[name]!.toFixed(digits);
  const list = (...parts: (string | false)[]) => parts.filter((part) => part !== false).join(", ");
  switch (stage) {
    case "curriculum":
      if (!has("curriculum/kept")) return "tasks of the suite";
      return list(
        `${metrics["curriculum/kept"]} new tasks of ${metrics["curriculum/proposed"]} proposed`,
        has("curriculum/mean_value") && `mean V(s₀) ${number("curriculum/mean_value")}`,
        metrics["curriculum/fallback"]! > 0 && `${metrics["curriculum/fallback"]} tried again`,
      );
    case "rollout":
      return list(
        `${metrics["rollout/episodes"]} episodes`,
        has("rollout/success_rate") && `${rate("rollout/success_rate")} successful`,
        has("rollout/steps_mean") && `${number("rollout/steps_mean", 1)} steps each`,
        metrics["faults/attempts"]! > 0 && `${metrics["faults/attempts"]} attempts broken by the world`,
      );
    case "judge":
      if (!has("judge/success_rate")) return "there was nothing to judge";
      return list(
        `${rate("judge/success_rate")} rewarded`,
        has("judge/accuracy") && `${rate("judge/accuracy")} of verdicts agree with the verifiers`,
      );
    case "select":
      return `${metrics["experience/new_steps"]} new steps, ${metrics["experience/replayed_steps"]} replayed`;
    case "critic":
      if (!has("critic/mean_value")) return "this method has none";
      return list(
        `mean V ${number("critic/mean_value")}`,
        has("critic/auc") && `AUC ${number("critic/auc")} of success against failure`,
      );
    case "actor":
      return (
        list(
          has("actor/kl") && `KL ${number("actor/kl", 3)} nats per action`,
          has("actor/positive_rate") && `${rate("actor/positive_rate")} of advantages positive`,
        ) || "updated"
      );
    case "evaluate":
      return list(
        `${rate("evaluation/success_rate")} ± ${percent(metrics["evaluation/standard_error"]!)} successful on ${metrics["evaluation/episodes"]} held-out tasks`,
        base !== null && `${percent(base)} before training`,
      );
  }
}

function bar(fraction: number, width = 20): string {
  const full = Math.round(width * Math.min(1, Math.max(0, fraction)));
  return "█".repeat(full) + "░".repeat(width - full);
}

/** Success by phase. */
export function learningCurve(evaluations: readonly { phase: number; evaluation: Evaluation }[]): string {
  return evaluations
    .map(
      ({ phase, evaluation }) =>
        `phase ${String(phase).padStart(2)}  ${bar(evaluation.success, 30)}  ${percent(evaluation.success)} ± ${percent(evaluation.standardError)}`,
    )
    .join("\n");
}

/** The first and last evaluation, by site, category and what is new in the tasks. */
export function beforeAndAfter(first: Evaluation, last: Evaluation): string {
  const formatScore = (score: Score | undefined) =>
    score === undefined ? "–" : `${percent(score.success)} ± ${percent(score.standardError)}`;
  const change = (before: Score | undefined, after: Score | undefined) => {
    if (!before || !after) return "–";
    const points = 100 * (after.success - before.success);
    return `${points > 0 ? "+" : ""}${points.toFixed(1)}`;
  };
  const rows = (groups: "bySite" | "byCategory" | "byNovelty") =>
    Object.keys(last[groups]).map((name) => [
      name,
      last[groups][name]!.tasks,
      formatScore(first[groups][name]),
      formatScore(last[groups][name]),
      change(first[groups][name], last[groups][name]),
    ]);
  return table(
    ["", "tasks", "before", "after", "points"],
    [
      ...rows("bySite"),
      ...rows("byCategory"),
      ...rows("byNovelty"),
      ["all", last.tasks, formatScore(first), formatScore(last), change(first, last)],
    ],
  );
}
