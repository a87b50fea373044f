import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Task } from "../core/task.ts";
import { exit } from "../sites/hands.ts";
import { runRules } from "../testing/kit.ts";
import { suiteRules } from "../testing/suite-kit.ts";
import { loadSuite } from "./load-suite.ts";
import { writePages } from "./miniwob/testing/pages.ts";
import type { OracleRun } from "./suite.ts";

let pages: string;
let folder: string;
let webarena: string;
const evaluation = {
  eval_types: ["string_match"],
  reference_answers: { exact_match: "42" },
  reference_url: "",
  program_html: [],
};
beforeAll(async () => {
  pages = await writePages();
  folder = await mkdtemp(join(tmpdir(), "webrl-rules-"));
  webarena = join(folder, "test.raw.json");
  const task = { sites: ["shopping"], start_url: "__SHOPPING__", storage_state: null, eval: evaluation };
  const tasks = [1, 2, 3].map((id) => ({ ...task, task_id: id, intent: `What is ${id}?` }));
  await writeFile(webarena, JSON.stringify(tasks));
});
afterAll(() => Promise.all([pages, folder].map((path) => rm(path, { recursive: true }))));

describe.each([
  ["built-in", () => undefined],
  ["own", () => "examples/own-site/site.ts"],
  ["own", () => "examples/own-suite.ts"],
  ["miniwob", () => pages],
  ["webarena", () => webarena],
])("the suite %s keeps the rules of suites: %s", (name, file) => {
  for (const rule of suiteRules({ load: async () => loadSuite(name, file()) }))
    test(rule.name, async () => rule.run());
});

test("a suite that breaks a rule is told so", async () => {
  const suite = await loadSuite("own", "examples/own-suite.ts");
  const brokenBy = async (change: Partial<typeof suite>) => {
    const broken = await runRules(suiteRules({ load: () => ({ ...suite, ...change }) }));
    return broken.map(({ name }) => name.split(/[;,]/)[0]);
  };
  expect(await brokenBy({})).toEqual([]);
  const oracleFor = function* (): OracleRun {
    yield exit();
  };
  expect(await brokenBy({ hasOracle: () => false, oracleFor })).toEqual(["a task has an oracle"]);
  expect(await brokenBy({ task: () => suite.tasks()[0]! })).toEqual([
    "a task is found by its id",
    "an unknown id",
  ]);
  const same = (tasks: Task[]) => tasks.map((task) => ({ ...task, params: {}, instruction: "Add." }));
  expect(await brokenBy({ tasks: (filter) => same(suite.tasks(filter)) })).toEqual([
    "what is held out is not among the tasks to train on",
    "a task is found by its id",
  ]);
  expect(await brokenBy({ tasks: () => suite.tasks() })).toEqual([
    "a filter leaves what it names",
    "what is held out is not among the tasks to train on",
    "an unknown id",
  ]);
});

test("WebArena's suite says which evaluators its settings chose", async () => {
  const file = join(folder, "strict.json");
  await writeFile(file, JSON.stringify({ tasks: webarena, evaluator: "strict" }));
  expect((await loadSuite("webarena", webarena)).evaluator).toBe("published");
  expect((await loadSuite("webarena", file)).evaluator).toBe("strict");
});
