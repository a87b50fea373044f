import { describe, expect, it } from "vitest";
import type { Ending } from "../core/trajectory.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { fakeTasks } from "../testing/index.ts";
import { scoreAttempts } from "./score-attempts.ts";
import { explainFailures } from "./score-episodes.ts";

const [first, second, third] = fakeTasks();

const attempt = (task: typeof first, success: boolean | null): EpisodeRecord =>
  ({
    id: "",
    truth: success === null ? null : { success },
    faults: [],
    trajectory: {
      task,
      steps: [],
      ending: success === null ? { kind: "faulted", code: "site_down", message: "" } : { kind: "exited" },
    },
  }) as unknown as EpisodeRecord;

describe("several attempts at each task", () => {
  it("gives pass@k over tasks and the share that succeeds only sometimes", () => {
    const records = [
      ...[true, false, false, false].map((good) => attempt(first, good)),
      ...[true, true, true, true].map((good) => attempt(second, good)),
      ...[false, false, false, false].map((good) => attempt(third, good)),
    ];
    const score = scoreAttempts(records, 4);
    // Task one: 1/4, 1/2, 3/4, 1; task two 1; task three 0.
    expect(score.passAt.map((p) => Number((3 * p!).toFixed(9)))).toEqual([1.25, 1.5, 1.75, 2]);
    expect(score.mixed).toBeCloseTo(1 / 3, 12);
    expect(score.tasks).toBe(3);
    expect(score.standardError).toBeCloseTo(
      Math.sqrt(((0.25 - 1.25 / 3) ** 2 + (1 - 1.25 / 3) ** 2 + (1.25 / 3) ** 2) / 2 / 3),
      9,
    );
    const counted = Object.values(score.byTemplate).reduce((sum, { tasks }) => sum + tasks, 0);
    expect(counted).toBe(3);
  });

  it("leaves out attempts that the world broke, and a task at the k that it has no attempts for", () => {
    const records = [
      ...[true, null, null].map((good) => attempt(first, good)),
      ...[false, true, false].map((good) => attempt(second, good)),
    ];
    const score = scoreAttempts(records, 3);
    expect(score.faults).toBe(2);
    expect(score.passAt[0]).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(score.passAt[2]).toBe(1);
    // The first task has a single attempt, which cannot be mixed.
    expect(score.mixed).toBe(1);
  });

  it("has no pass@k where no task has k attempts that count, and no share of mixed tasks without two", () => {
    const seven = scoreAttempts(
      [...Array.from({ length: 7 }, () => true), null].map((good) => attempt(first, good)),
      8,
    );
    expect(seven.passAt).toEqual([...Array.from({ length: 7 }, () => 1), null]);
    expect(seven.mixed).toBe(0);
    expect(scoreAttempts([attempt(first, true), attempt(first, null)], 2)).toMatchObject({
      passAt: [1, null],
      mixed: null,
      byTemplate: { [first!.templateId!]: { passAt: [1, null], mixed: null } },
    });
    expect(scoreAttempts([attempt(first, null)], 1)).toMatchObject({ tasks: 0, passAt: [null], mixed: null });
  });
});

it("tells an answer from a page that ended the episode", () => {
  const records = (
    [
      { kind: "terminated", reason: "exit", answer: "6" },
      { kind: "terminated", reason: "site_end", answer: null },
      { kind: "terminated", reason: "site_end", answer: null },
      { kind: "truncated", reason: "max_steps" },
    ] satisfies Ending[]
  ).map((ending) => {
    const record = attempt(first, false);
    return { ...record, trajectory: { ...record.trajectory, ending } };
  });
  expect(explainFailures(records).failures).toEqual({ "ended by the site": 2, answered: 1, max_steps: 1 });
});
