/**
 * @file Measures an agent on held-out tasks: with the oracle, which shows what the runtime loses, and with a model.
 * Also compares the runtime's time with that of a bare loop (only an episode and a policy) on the same tasks, in turn.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModel } from "../agent/model.ts";
import { openRecord } from "../agent/record.ts";
import type { RunResult } from "../agent/run.ts";
import { RUN_LIMITS } from "../agent/run.ts";
import { openSession } from "../agent/session.ts";
import type { AgentSite } from "../agent/site.ts";
import { mean } from "../algo/statistics.ts";
import { BrowserPool } from "../browser/pool.ts";
import { evaluationTasks } from "../core/spread.ts";
import { hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { Step } from "../core/trajectory.ts";
import { answerOf } from "../core/trajectory.ts";
import { oraclePolicy } from "../rollout/oracle-policy.ts";
import type { Policy } from "../rollout/policy.ts";
import { openGate } from "../safety/gate.ts";
import { parsePolicy } from "../safety/policy.ts";
import { builtInSuite } from "../tasks/built-in-suite.ts";
import { percentile } from "../tasks/check.ts";
import { builtInWorld, createBuiltInSite } from "../tasks/world-site.ts";
import type { AgentBenchOptions } from "./agent.ts";

interface Score {
  tasks: number;
  /** By the tasks' verifiers. */
  success: number;
  byCategory: Record<string, { tasks: number; success: number }>;
  outcomes: Record<string, number>;
  /** Wrong answers that were marked, and wrong ones that were not. */
  wrongAnswers: { unsupported: number; supported: number };
  /** Right answers that were marked as unsupported. */
  rightButUnsupported: number;
  /** Means of a task. */
  steps: number;
  seconds: number;
  tokens: number;
}

export interface RunBench {
  oracle: Score;
  model: Score & { name: string };
  overhead: {
    tasks: number;
    /** From the first observation to the policy's `exit`: means per task, and their ratio less 1. */
    bareMs: number;
    agentMs: number;
    share: number;
    /**
     * Time for what an agent does after that, once per run: the evidence, the record, and the picture of the last page,
     * which takes most of it.
     */
    endMs: number;
    /** Medians of a step, from the action to the next observation. */
    bareStepMs: number;
    agentStepMs: number;
  };
}

export async function measureRuns(options: AgentBenchOptions): Promise<RunBench> {
  const suite = builtInSuite();
  const tasks = evaluationTasks(suite.tasks({ split: "test" }), options.tasks);
  await using pool = new BrowserPool();
  await using model = await openModel({ model: options.model });
  const world = await mkdtemp(join(tmpdir(), "webrl-bench-agent-"));
  const oracle = (task: Task): Policy =>
    oraclePolicy({ oracleFor: (_, first) => suite.oracleFor(task, first) });
  const tried: Record<"oracle" | "model", Tried[]> = { oracle: [], model: [] };
  const bare: BareRun[] = [];
  try {
    for (const [i, task] of tasks.entries()) {
      options.signal?.throwIfAborted();
      options.onProgress?.(`${i}/${tasks.length} tasks`);
      // The first one finds the machine colder.
      const first = async () => void bare.push(await runBare(pool, task, oracle(task)));
      const second = async () =>
        void tried.oracle.push(await tryAgent(pool, task, oracle(task), join(world, `oracle-${i}`)));
      for (const measure of i % 2 === 0 ? [first, second] : [second, first]) await measure();
      tried.model.push(await tryAgent(pool, task, model.policy, join(world, `model-${i}`)));
    }
  } finally {
    await rm(world, { recursive: true });
  }
  const bareMs = mean(bare.map(({ ms }) => ms));
  const loopMs = ({ result }: Tried) =>
    result.trajectory.steps.reduce((sum, { time }) => sum + time!.sampleMs + time!.actMs, 0);
  const agentMs = mean(tried.oracle.map(loopMs));
  const steps = (of: readonly (readonly Step[])[]) =>
    percentile(
      of.flatMap((each) => each.slice(0, -1).map((step) => step.time!.actMs)),
      0.5,
    );
  return {
    oracle: scoreOf(tried.oracle),
    model: { name: model.name, ...scoreOf(tried.model) },
    overhead: {
      tasks: tasks.length,
      bareMs,
      agentMs,
      share: agentMs / bareMs - 1,
      endMs: mean(tried.oracle.map((one) => 1000 * one.result.usage.seconds - loopMs(one))),
      bareStepMs: percentile(
        bare.flatMap(({ stepMs }) => stepMs),
        0.5,
      ),
      agentStepMs: steps(tried.oracle.map(({ result }) => result.trajectory.steps)),
    },
  };
}

interface Tried {
  task: Task;
  result: RunResult;
  success: boolean;
}

/**
 * Runs one task in a world of its own, with everything that an agent does; answers every question of the gate with yes.
 */
async function tryAgent(pool: BrowserPool, task: Task, policy: Policy, directory: string): Promise<Tried> {
  const site: AgentSite = {
    name: task.sites[0]!,
    description: null,
    contexts: pool,
    world: () => Promise.resolve(builtInWorld(task)),
    isSignInPage: () => false,
    isSignInAddress: () => false,
    isSignedIn: false,
    canSignIn: false,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await using record = await openRecord(directory, { site: site.name, model: policy.name });
  await using session = await openSession({
    site,
    policy,
    record,
    model: policy.name,
    format: "compact",
    limits: RUN_LIMITS,
    gate: openGate({
      policy: parsePolicy({}),
      approver: () => Promise.resolve({ approved: true, by: "benchmark" }),
    }),
  });
  const result = await session.run(task.instruction);
  const { ending } = result.trajectory;
  const truth = ending.kind === "faulted" ? null : await session.verify(answerOf(ending));
  return { task, result, success: truth?.success ?? false };
}

interface BareRun {
  ms: number;
  /** Only steps that act. */
  stepMs: number[];
}

/** The same with only an episode and a policy. */
async function runBare(pool: BrowserPool, task: Task, policy: Policy): Promise<BareRun> {
  await using site = createBuiltInSite({ pool });
  const seed = hash32(task.id);
  await using episode = await site.start(task, { seed });
  const act = policy.begin(task, seed);
  const history: Step[] = [];
  const stepMs: number[] = [];
  const from = performance.now();
  let observation = episode.first;
  for (;;) {
    const choice = await act({ task, observation, history, seed });
    if (choice.kind === "context_full" || (choice.action.ok && choice.action.action.kind === "exit"))
      return { ms: performance.now() - from, stepMs };
    const acting = performance.now();
    const next = await episode.step(choice.action);
    stepMs.push(performance.now() - acting);
    history.push({ index: history.length, observation, response: choice.response, action: choice.action });
    if (next.kind === "last") return { ms: performance.now() - from, stepMs };
    observation = next.observation;
  }
}

function scoreOf(tried: readonly Tried[]): Score {
  const rate = (of: readonly Tried[]) => ({
    tasks: of.length,
    success: mean(of.map(({ success }) => (success ? 1 : 0))),
  });
  const answered = tried.filter(({ result }) => result.answer !== null && result.outcome === "done");
  const wrong = answered.filter(({ success }) => !success);
  const count = (of: readonly Tried[], is: boolean) =>
    of.filter(({ result }) => result.unsupported === is).length;
  const outcomes: Record<string, number> = {};
  for (const { result } of tried) outcomes[result.outcome] = (outcomes[result.outcome] ?? 0) + 1;
  const categories = [...new Set(tried.map(({ task }) => task.category))].sort();
  return {
    ...rate(tried),
    byCategory: Object.fromEntries(
      categories.map((category) => [category, rate(tried.filter(({ task }) => task.category === category))]),
    ),
    outcomes,
    wrongAnswers: { unsupported: count(wrong, true), supported: count(wrong, false) },
    rightButUnsupported: count(
      answered.filter(({ success }) => success),
      true,
    ),
    steps: mean(tried.map(({ result }) => result.usage.steps)),
    seconds: mean(tried.map(({ result }) => result.usage.seconds)),
    tokens: mean(tried.map(({ result }) => result.usage.promptTokens + result.usage.completionTokens)),
  };
}
