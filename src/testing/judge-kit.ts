/** @file The rules of judges, proposers and verifiers (`core/contracts.ts`), with a small fake of each. */

import assert from "node:assert/strict";
import type { Judge, Proposer } from "../core/contracts.ts";
import { Fault } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { answerOf } from "../core/trajectory.ts";
import type { Trajectory, Verdict } from "../core/trajectory.ts";
import type { Rule } from "./kit.ts";

/** `trajectories`: two or more that the judge can read. */
export function judgeRules(create: () => Promise<Judge>, trajectories: readonly Trajectory[]): Rule[] {
  return [
    {
      name: "one verdict per trajectory, in order, with a probability that agrees with it",
      run: async () => {
        const judge = await create();
        const verdicts = await judge.judge(trajectories);
        assert.equal(verdicts.length, trajectories.length);
        verdicts.forEach(checkVerdict);
        const alone = await judge.judge([trajectories[1]!]);
        assert.equal(alone[0]!.success, verdicts[1]!.success, "a verdict does not depend on its batch");
      },
    },
    {
      name: "no trajectories, no verdicts",
      run: async () => assert.deepEqual(await (await create()).judge([]), []),
    },
    {
      name: "an aborted judgement rejects",
      run: async () => {
        const judge = await create();
        await assert.rejects(judge.judge(trajectories, { signal: AbortSignal.abort(new Error("left")) }));
      },
    },
  ];
}

/** `failed`: tasks from which it can grow new ones. */
export function proposerRules(create: () => Promise<Proposer>, failed: readonly Task[]): Rule[] {
  const propose = async (count: number, seed: number) =>
    (await create()).propose(failed, { count, phase: 2, rng: createRng(seed) });
  return [
    {
      name: "it proposes at most as many tasks as asked, at least one where it can, none of its input",
      run: async () => {
        const tasks = await propose(4, 1);
        assert.ok(tasks.length >= 1 && tasks.length <= 4, `${tasks.length} tasks`);
        const known = new Set(failed.map((task) => task.instruction));
        for (const task of tasks) assert.ok(!known.has(task.instruction), `repeats ${task.instruction}`);
        assert.equal(new Set(tasks.map((task) => task.id)).size, tasks.length, "ids are unique");
        assert.equal(
          new Set(tasks.map((task) => task.instruction)).size,
          tasks.length,
          "instructions are unique",
        );
      },
    },
    {
      name: "every proposed task says where it comes from",
      run: async () => {
        const ids = new Set(failed.map((task) => task.id));
        for (const { lineage, split } of await propose(4, 2)) {
          assert.ok(lineage && ids.has(lineage.parentId), "lineage.parentId is a failed task");
          assert.equal(lineage.phase, 2);
          assert.equal(split, "train", "proposed tasks are for training");
        }
      },
    },
    {
      name: "asked for none, it proposes none",
      run: async () => assert.deepEqual(await propose(0, 1), []),
    },
  ];
}

/** Throws an assertion error if a verdict contradicts itself. */
export function checkVerdict(verdict: Verdict): void {
  assert.ok(verdict.by.length > 0);
  assert.ok(verdict.probability >= 0 && verdict.probability <= 1, `probability ${verdict.probability}`);
  const { threshold = 0.5 } = verdict;
  assert.ok(threshold > 0 && threshold <= 1, `threshold ${threshold}`);
  assert.equal(
    verdict.success,
    verdict.probability >= threshold,
    `success means a probability of at least ${threshold}`,
  );
  if (verdict.undecided) assert.ok(!verdict.success && verdict.probability === 0, "undecided is no reward");
  assert.ok(Array.isArray(verdict.reasons));
}

/** The options of the fake judge. */
export interface FakeJudgeOptions {
  /** The truth as the judge sees it; default: the trajectory ended with a non-empty answer. */
  probability?: (trajectory: Trajectory) => number;
  /** `true`: every judgement throws a retryable `judge_failed`. */
  fails?: boolean;
}

/** A judge that decides by a function of the trajectory; by default, whether there is an answer. */
export function createFakeJudge(options: FakeJudgeOptions = {}): Judge {
  const probability = options.probability ?? ((t: Trajectory) => (answerOf(t.ending) ? 0.9 : 0.1));
  return {
    name: "fake",
    judge: async (trajectories, { signal } = {}) => {
      signal?.throwIfAborted();
      if (options.fails)
        throw new Fault("judge_failed", "the fake judge was told to fail", { retryable: true });
      return trajectories.map((trajectory) => {
        const p = probability(trajectory);
        return { by: "fake", success: p >= 0.5, probability: p, reasons: [] };
      });
    },
  };
}

/** Proposes other tasks of `pool` of the same template. */
export function createFakeProposer(pool: readonly Task[]): Proposer {
  return {
    name: "fake",
    propose: async (failed, { count, phase, rng, signal }) => {
      signal?.throwIfAborted();
      const known = new Set(failed.map((task) => task.instruction));
      return rng
        .shuffle(pool)
        .filter((task) => !known.has(task.instruction))
        .flatMap((task): Task[] => {
          const parent = failed.find((f) => f.templateId === task.templateId);
          if (!parent) return [];
          const lineage = { parentId: parent.id, phase, proposer: "fake", value: null };
          return [{ ...task, id: `${task.id}~${phase}`, split: "train", lineage }];
        })
        .slice(0, count);
    },
  };
}
