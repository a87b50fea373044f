/**
 * @file Carries out a table of jobs, item by item in one session, and undoes it. Everything is in the journal: however
 * a batch ended, the same call on the same directory continues it.
 */

import { ConfigError, Fault } from "../../core/errors.ts";
import type { Policy } from "../../rollout/policy.ts";
import type { RunLimits, RunOptions } from "../run.ts";
import type { AgentSession } from "../session.ts";
import type { AskItem } from "./approve.ts";
import { parseRules } from "./approve.ts";
import { differences, pickWanted } from "./compare.ts";
import { defineJob, loadJob } from "./definition.ts";
import type { JobDefinition, JobInput } from "./definition.ts";
import type { BatchEvent, Direction, Histories, ItemOutcome, ItemStatus } from "./events.ts";
import { historiesIn } from "./events.ts";
import type { ItemGrants } from "./grant.ts";
import { doItem } from "./item.ts";
import type { Goal, ItemParts, ItemRun } from "./item.ts";
import { learnJob } from "./learned.ts";
import type { LearnedJob } from "./learned.ts";
import { keepPlan, readPlan } from "./plan-file.ts";
import type { Plan } from "./plan-file.ts";
import { readTable } from "./table.ts";
import type { TableRow } from "./table.ts";
import type { BatchItem, BatchResult } from "./result.ts";
import { fill } from "./template.ts";
import { undoGoal } from "./undo.ts";
import { writeResults } from "./results.ts";

/** A table of jobs, and how to work through it. */
export interface BatchOptions {
  /** A .csv or .jsonl file, one job a row. */
  table: string;
  /** What the table means: a file, or the definition itself. */
  job: string | JobInput;
  /** Replaces the job's instruction. */
  instruction?: string | undefined;
  /** Reads what would change, without changing anything. */
  dryRun?: boolean | undefined;
  /** `["all"]`, or rules such as `price<=10%`; see approve.ts. */
  approve?: readonly string[] | undefined;
  /** Asks about each item that no rule approves; without it those items are refused. */
  ask?: AskItem | undefined;
  /**
   * `false`: the model does every item. By default the steps that did one item are repeated for the others without the
   * model, with their values, wherever the pages are alike.
   */
  learn?: boolean | undefined;
  /** Limits of each item's run; override the agent's. */
  limits?: Partial<RunLimits> | undefined;
  /** Called with each item when it is over. */
  onItem?: ((item: BatchItem, progress: { done: number; total: number }) => void) | undefined;
  /** Ends the batch after the item that is under way. */
  signal?: AbortSignal | undefined;
}

/** The directory says what to undo; the job is needed only if it reads by code. */
export type UndoOptions = Omit<BatchOptions, "table" | "job" | "instruction"> & {
  job?: string | JobInput | undefined;
};

/** What a batch needs of its agent. */
export interface BatchParts {
  grants?: ItemGrants | undefined;
  /** The session's record; without it nothing is learned. */
  model?: Policy | undefined;
}

/** Throws a `ConfigError` when table, job and directory do not go together; nothing has been done then. */
export async function runBatch(
  session: AgentSession,
  options: BatchOptions,
  given: BatchParts = {},
): Promise<BatchResult> {
  const job = await jobOf(options.job, options.instruction);
  const table = await readTable(options.table, job);
  const { directory, journal } = session.record;
  const begun = historiesIn(await journal.read(), "do").size > 0;
  const plan = await keepPlan(
    directory,
    { ...table, file: options.table, home: session.page.url, job },
    begun,
  );
  const goals = table.rows.map(({ key, values }): [string, Goal] => {
    const start = fill(job.start ?? job.effect.open!, values, true);
    const goal = {
      key,
      row: values,
      wanted: pickWanted(job, values),
      instruction: fill(job.instruction, values),
      told: { template: job.instruction, values },
      start: new URL(start, plan.home).href,
      expected: null,
    };
    return [key, { ...goal, mayBeMissing: job.creates || Object.values(goal.wanted).includes(null) }];
  });
  return carryOut(session, plan, "do", new Map(goals), options, given);
}

/**
 * Undoes what the batch in the session's directory has done, item by item: the goal is what was read before the change.
 */
export async function undoBatch(
  session: AgentSession,
  options: UndoOptions = {},
  given: BatchParts = {},
): Promise<BatchResult> {
  const { directory, journal } = session.record;
  const read = options.job === undefined ? undefined : (await jobOf(options.job)).effect.read;
  const plan = await readPlan(directory, read);
  if (plan === null)
    throw new ConfigError(`${directory} holds no batch`, "Name the directory of the batch to undo.");
  const done = historiesIn(await journal.read(), "do");
  const goals = new Map<string, Goal | string>();
  for (const row of plan.rows) {
    const result = done.get(row.key)?.result;
    if (result?.status === "done") goals.set(row.key, undoGoal(plan, row, result));
  }
  return carryOut(
    session,
    { ...plan, rows: plan.rows.filter(({ key }) => goals.has(key)), broken: [] },
    "undo",
    goals,
    options,
    given,
  );
}

async function jobOf(given: string | JobInput, instruction?: string): Promise<JobDefinition> {
  const job = typeof given === "string" ? await loadJob(given) : defineJob(given);
  return instruction === undefined ? job : defineJob({ ...job, instruction });
}

/** A page that was opened this recently for reading need not be opened again for acting. */
const FRESH_MS = 2000;

/** The model was not asked. */
const noRun = { id: null, turns: 0 };

/** States in which an item is finished; items in other states are tried again. */
const FINAL = new Set<ItemStatus>(["done", "already", "refused"]);

/** `goals`: the goal of each row, or why it has none. */
async function carryOut(
  session: AgentSession,
  plan: Plan,
  direction: Direction,
  goals: ReadonlyMap<string, Goal | string>,
  options: UndoOptions,
  { grants, model }: BatchParts,
): Promise<BatchResult> {
  const { journal, directory } = session.record;
  const { dryRun = false, signal, onItem } = options;
  const learned = model && options.learn !== false ? learnJob(model) : null;
  const append = (event: BatchEvent) => journal.append(event);
  let ended: BatchResult["ended"] = null;
  const parts: ItemParts = {
    reading: { session, job: plan.job, home: plan.home, signal },
    direction,
    journal: { append },
    rules: parseRules(options.approve ?? [], plan.job),
    ask: options.ask,
    dryRun,
    act: async (goal, by, readAt) => {
      const does = direction === "do" ? plan.job.does : plan.job.undo?.does;
      const end = does && grants?.begin(does, by);
      try {
        const isThere = session.page.url === goal.start && performance.now() - readAt < FRESH_MS;
        const page = isThere ? session.page : await session.open(goal.start, { signal });
        if (page.error) return { ...noRun, outcome: "refused", reason: page.error.message };
        const run = await actOn(session, goal, learned, { limits: options.limits ?? {}, signal });
        if (run.budgetSpent) ended = { why: "budget", message: run.reason };
        return run;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return { ...noRun, outcome: "faulted", reason: error.message };
      } finally {
        end?.();
      }
    },
  };
  append({ kind: "batch/started", direction, items: plan.rows.length, broken: plan.broken.length, dryRun });
  const histories = historiesIn(await journal.read(), direction);
  const items: BatchItem[] = [];
  for (const row of plan.rows) {
    if (ended !== null || signal?.aborted) {
      items.push(describeUnreached(row, goals, histories, ended?.message));
      continue;
    }
    const item = await one(row, goals.get(row.key)!, histories, parts);
    items.push(item);
    if (signal?.aborted) continue;
    onItem?.(item, { done: items.length, total: plan.rows.length });
    // Every other item would find the sign-in page as well.
    if (session.signedOut && (await isSignedOut(session, plan.home, signal)))
      ended = { why: "signed out", message: SIGNED_OUT };
  }
  const counts = countOf(items);
  return writeResults(
    {
      directory,
      direction,
      dryRun,
      items,
      broken: plan.broken,
      counts,
      interrupted: signal?.aborted ?? false,
      ended,
    },
    plan,
  );
}

const SIGNED_OUT =
  "the site has ended the session: sign in (a fresh storage state, or a login in the site's definition) and give the same command, which continues here";

/** Checks that not only this item's page asks to sign in. */
async function isSignedOut(
  session: AgentSession,
  home: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await session.open(home, { signal });
  } catch (error) {
    // A site that is down tells nothing about the session.
    if (!(error instanceof Fault)) throw error;
    return false;
  }
  return session.signedOut;
}

/** Runs one item: by repeating how another item was done, if that is known. */
async function actOn(
  session: AgentSession,
  { instruction, told }: Goal,
  learned: LearnedJob | null,
  options: RunOptions,
): Promise<ItemRun> {
  const policy = learned?.repeat(told) ?? null;
  const result = await session.run(instruction, { ...options, ...(policy && { policy }) });
  const { id, outcome, reason, budgetSpent, trajectory } = result;
  return {
    id,
    outcome,
    reason,
    budgetSpent,
    turns: policy ? policy.report.byModel : trajectory.steps.length,
    end: (isDone) => {
      if (!isDone) learned?.forget();
      // The model took another way: repeat that one from now on.
      else if (!policy || policy.report.byModel > 0) learned?.learn(told, trajectory);
    },
  };
}

async function one(
  row: TableRow,
  goal: Goal | string,
  histories: Histories,
  parts: ItemParts,
): Promise<BatchItem> {
  const history = histories.get(row.key);
  const shown = { line: row.line, values: row.values };
  if (history?.result && history.open === null && isOver(history.result, goal, parts))
    return { ...history.result, ...shown };
  if (typeof goal === "string") {
    const failed: ItemOutcome = { ...blank(row.key), status: "failed", reason: goal };
    if (!parts.dryRun) parts.journal.append({ kind: "batch/result", direction: parts.direction, ...failed });
    return { ...failed, ...shown };
  }
  try {
    return { ...(await doItem(goal, history, parts)), ...shown };
  } catch (error) {
    if (!parts.reading.signal?.aborted) throw error;
    return { ...blank(row.key), wanted: goal.wanted, ...shown };
  }
}

/** A refused item is asked about again when somebody else can be asked, or the rules have changed. */
function isOver(result: ItemOutcome, goal: Goal | string, { rules, ask, reading }: ItemParts): boolean {
  if (!FINAL.has(result.status)) return false;
  if (result.status === "refused" && (ask || rules === "all" || rules.length > 0)) return false;
  return typeof goal !== "string" && differences(reading.job, result.wanted, goal.wanted).length === 0;
}

const blank = (key: string): ItemOutcome => ({
  key,
  status: "open",
  reason: "the batch ended before this item",
  before: null,
  wanted: {},
  after: null,
  run: null,
  turns: 0,
  seconds: 0,
});

function describeUnreached(
  row: TableRow,
  goals: ReadonlyMap<string, Goal | string>,
  histories: Histories,
  why: string | undefined,
): BatchItem {
  const goal = goals.get(row.key);
  const history = histories.get(row.key);
  const known = history?.open === null ? history.result : null;
  const wanted = typeof goal === "object" ? goal.wanted : {};
  const open = { ...blank(row.key), wanted, ...(why !== undefined && { reason: why }) };
  return { ...(known ?? open), line: row.line, values: row.values };
}

function countOf(items: readonly BatchItem[]): BatchResult["counts"] {
  const counts: BatchResult["counts"] = {
    done: 0,
    already: 0,
    planned: 0,
    refused: 0,
    failed: 0,
    undecided: 0,
    open: 0,
  };
  for (const { status } of items) counts[status]++;
  return counts;
}
