import { expect, test } from "vitest";
import type { Action } from "../core/action.ts";
import type { FaultCode } from "../core/errors.ts";
import { createFakeSite, fakeOracle, fakeTasks } from "../testing/fake-site.ts";
import { checkSuite } from "./check.ts";
import { filterTasks } from "./filter-tasks.ts";
import type { OracleRun, Suite, SuiteSite } from "./suite.ts";

const tasks = fakeTasks().slice(0, 2);
const suite: Suite = {
  name: "fake",
  descriptions: {},
  catalog: null,
  tasks: (filter = {}) => filterTasks(tasks, filter),
  task: (id) => tasks.find((task) => task.id === id)!,
  createSite: async () => world(() => null),
  hasOracle: () => true,
  oracleFor: (task): OracleRun => fakeOracle(task)[Symbol.iterator]() as OracleRun & Iterator<Action>,
  wrongAnswer: () => "$999",
};
const world = (failStart: () => FaultCode | null): SuiteSite =>
  Object.assign(createFakeSite({ failStart }), {
    resetMs: [],
    loginMs: [3],
    maxParallel: 1,
    openEpisodes: 0,
  });

test("a fault of the world is not a failure of the oracle: the task is checked again", async () => {
  let starts = 0;
  const site = world(() => (++starts === 2 ? "site_down" : null));
  const result = await checkSuite(suite, site, { tasks });
  expect(result.templates.flatMap(({ failures }) => failures)).toEqual([]);
  // Two episodes per task. The second one of the first task met the fault, so both were made once more.
  expect(starts).toBe(6);
  expect(result.loginMs).toEqual({ p50: 3, p95: 3 });
});

test("what stays broken is named, and the other tasks are checked", async () => {
  let starts = 0;
  const site = world(() => (++starts <= 3 ? "navigation_timeout" : null));
  const { templates } = await checkSuite(suite, site, { tasks });
  const [{ checked, passed, failures }] = templates as [(typeof templates)[0]];
  expect([checked, passed]).toEqual([2, 1]);
  expect(failures.map(({ task, what, reasons }) => [task, what, reasons[0]])).toEqual([
    [tasks[0]!.id, "oracle", "navigation_timeout: the fake site was told to fail"],
  ]);
});
