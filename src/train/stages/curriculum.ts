/**
 * @file The stage that chooses a phase's tasks: new ones made from the last phase's failures, or the next ones of the
 * train split.
 */

import { group } from "d3-array";
import { mean } from "../../algo/statistics.ts";
import { Fault, invariant } from "../../core/errors.ts";
import { hash32 } from "../../core/rng.ts";
import type { Task } from "../../core/task.ts";
import { heldOutInstructions } from "../../curriculum/catalog.ts";
import { growCurriculum } from "../../curriculum/grow.ts";
import { createStartValue } from "../../curriculum/start-value.ts";
import type { Context } from "../context.ts";
import { promptTemplate } from "../prompt-template.ts";
import type { Stage } from "../../run/run-directory.ts";
import { spread } from "../../core/spread.ts";

export interface CurriculumOutput {
  tasks: number;
}

/** Writes `tasks.jsonl`, and `curriculum.jsonl` with every candidate and why it was kept or dropped. */
export async function growTasks(context: Context, phase: number): Promise<CurriculumOutput> {
  return context.run.stage(phase, "curriculum", async (stage) => {
    const tasks = await chooseTasks(context, phase, stage);
    invariant(tasks.length > 0, "a phase has tasks");
    await stage.write("tasks.jsonl", tasks);
    return { tasks: tasks.length };
  });
}

async function chooseTasks(context: Context, phase: number, stage: Stage): Promise<Task[]> {
  const { config, method, parts, rng, signal } = context;
  const train = parts.suite.tasks({ split: "train" });
  const order = spread(train, config.tasks.given ?? train.length, rng.fork("tasks"));
  if (phase === 0 || method.tasks === "given") return nextTasks(order, config.tasks, phase);

  const failed = await failedTasks(context, phase - 1);
  // What an agent did in use is no task of the suite: nothing could check another attempt at it.
  const tried = new Set((await context.run.read(phase - 1, "tasks.jsonl")).map(({ id }) => id));
  const seen: string[] = [];
  for (let earlier = 0; earlier < phase; earlier++)
    seen.push(...(await context.run.read(earlier, "tasks.jsonl")).map((task) => task.instruction));
  const critic = await context.models.read("critic", phase - 1);
  const grown = await growCurriculum({
    proposer: parts.proposer,
    failed,
    repeatable: failed.filter(({ id }) => tried.has(id)),
    seeds: order.slice(0, config.tasks.perPhase),
    count: config.tasks.perPhase,
    phase,
    rng: rng.fork(`curriculum-${phase}`),
    seen,
    heldOut: heldOutInstructions(parts.catalog),
    value: createStartValue(critic, {
      observe: startPages(context),
      maxNewTokens: config.rollout.maxNewTokens,
      template: promptTemplate(config),
    }),
    ...(parts.feasible && { feasible: parts.feasible }),
    onRound: (kept) => stage.emit({ kind: "progress", done: kept, total: config.tasks.perPhase }),
    range: { min: config.curriculum.minValue, max: config.curriculum.maxValue },
    ...(signal && { signal }),
  });
  await stage.write("curriculum.jsonl", grown.records);
  if (grown.shortfall !== null) stage.emit({ kind: "warning", message: grown.shortfall });
  const values = grown.records.flatMap(({ value }) => (value === null ? [] : [value]));
  const { counts } = grown;
  stage.metrics({
    "curriculum/proposed": grown.records.length,
    "curriculum/kept": counts.kept,
    "curriculum/duplicate": counts.duplicate,
    "curriculum/held_out": counts.held_out,
    "curriculum/too_hard": counts.too_hard,
    "curriculum/too_easy": counts.too_easy,
    "curriculum/unobserved": counts.unobserved,
    "curriculum/infeasible": counts.infeasible,
    "curriculum/not_needed": counts.not_needed,
    "curriculum/fallback": grown.fallback,
    ...(values.length > 0 && { "curriculum/mean_value": mean(values) }),
  });
  return grown.tasks;
}

/**
 * The next tasks in `order`, starting over once all have had their turn. An update memorizes the tasks that it has
 * seen, so a phase on other tasks is worth more than a second look at the same ones (docs/log.md).
 */
function nextTasks(order: readonly Task[], tasks: Context["config"]["tasks"], phase: number): Task[] {
  const [from, count] =
    phase === 0 ? [0, tasks.initial] : [tasks.initial + (phase - 1) * tasks.perPhase, tasks.perPhase];
  return Array.from({ length: Math.min(count, order.length) }, (_, i) => order[(from + i) % order.length]!);
}

/** Tasks of a phase of whose attempts at least half were judged failures. */
async function failedTasks(context: Context, phase: number): Promise<Task[]> {
  const verdicts = await context.experience.verdicts(phase);
  const judged = (await context.experience.episodes(phase)).flatMap(({ id, trajectory: { task } }) => {
    const verdict = verdicts.get(id);
    return verdict === undefined || verdict.undecided ? [] : [{ task, success: verdict.success }];
  });
  return [...group(judged, ({ task }) => task.id).values()]
    .filter((attempts) => 2 * attempts.filter(({ success }) => success).length <= attempts.length)
    .map(([first]) => first!.task);
}

/**
 * Text of a task's first page. Tasks with the same template and address start alike, so only one of them is opened. A
 * fault is tried again as in rollouts, and costs only the task that was asked about.
 */
function startPages({ config, parts }: Context): (task: Task, signal?: AbortSignal) => Promise<string> {
  const pages = new Map<string, string>();
  const open = async (key: string, task: Task, signal?: AbortSignal) => {
    const seed = hash32(`${config.seed}/start/${key}`);
    await using episode = await parts.site.start(task, { seed, ...(signal && { signal }) });
    return episode.first.text;
  };
  return async (task, signal) => {
    const key = `${task.templateId ?? ""} ${task.startUrl}`;
    for (let retries = 0; !pages.has(key); retries++) {
      signal?.throwIfAborted();
      try {
        pages.set(key, await open(key, task, signal));
      } catch (error) {
        const isOver =
          !(error instanceof Fault && error.retryable) || retries === config.rollout.faultRetries;
        if (isOver) throw error;
      }
    }
    return pages.get(key)!;
  };
}
