/** @file The rules of a suite (`tasks/suite.ts`), for every source of tasks. They open no browser. */

import assert from "node:assert/strict";
import type { Action } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import type { Category, Split, Task } from "../core/task.ts";
import { CATEGORIES } from "../core/task.ts";
import type { Rule } from "./kit.ts";

/** What `suiteRules` needs of a suite; every `Suite` has it. */
export interface SuiteUnderTest {
  readonly name: string;
  tasks(filter?: {
    split?: Split;
    site?: string;
    template?: string;
    category?: Category;
    limit?: number;
  }): Task[];
  task(id: string): Task;
  hasOracle(task: Task): boolean;
  oracleFor(task: Task, first: Observation): Iterator<Action, void, Observation>;
  wrongAnswer(task: Task): string;
}

const SPLITS: readonly Split[] = ["train", "validation", "test"];
const ids = (tasks: readonly Task[]) => tasks.map(({ id }) => id);
/** At most about 100 of them, spread evenly: each is looked up among all. */
const some = <T>(all: readonly T[]) => all.filter((_, i) => i % Math.ceil(all.length / 100) === 0);
/** A user's mistake: message, and what to do. The suite may use another copy of the package. */
const isUsersMistake = (error: unknown) => error instanceof Error && error.name === "ConfigError";
const NOTHING = "nothing-of-this-name-4711";

const BLANK: Observation = {
  format: "compact",
  url: "about:blank",
  title: "",
  tabs: [{ title: "", url: "about:blank", active: true }],
  scroll: { top: 0, viewport: 720, page: 720 },
  focused: null,
  error: null,
  text: "",
  elements: [],
};

const RULES: Record<string, (suite: SuiteUnderTest, again: SuiteUnderTest) => void> = {
  "its tasks come in the same order every time, and have ids of their own": (suite, again) => {
    const all = ids(suite.tasks());
    assert.ok(all.length > 0, "there is a task");
    assert.deepEqual(ids(suite.tasks()), all);
    assert.deepEqual(ids(again.tasks()), all, "loaded once more");
    assert.deepEqual([...new Set(all)], all, "no two tasks have the same id");
  },
  "every task is whole and plain JSON": (suite) => {
    for (const task of suite.tasks()) {
      const { id, sites, instruction, startUrl, category, difficulty, split } = task;
      assert.deepEqual(JSON.parse(JSON.stringify(task)), task, `${id} is plain JSON`);
      assert.ok(sites.length > 0 && sites.every((site) => site !== ""), `${id} names its sites`);
      assert.ok(instruction.trim() !== "", `${id} has an instruction`);
      assert.ok(startUrl !== "", `${id} has a start page`);
      assert.ok(CATEGORIES.includes(category), `${id}: the category ${category} is known`);
      assert.ok(Number.isInteger(difficulty) && difficulty >= 1, `${id}: the difficulty is at least 1`);
      assert.ok(SPLITS.includes(split), `${id}: the split ${split} is known`);
    }
  },
  "a filter leaves what it names, in the same order": (suite) => {
    const all = suite.tasks();
    for (const split of SPLITS)
      assert.deepEqual(ids(suite.tasks({ split })), ids(all.filter((task) => task.split === split)));
    const { sites, templateId, category } = all[0]!;
    const [site] = sites;
    const on = all.filter((task) => task.sites.includes(site!));
    assert.deepEqual(ids(suite.tasks({ site: site! })), ids(on));
    const like = all.filter((task) => task.category === category);
    assert.deepEqual(ids(suite.tasks({ category })), ids(like));
    if (templateId !== null) {
      const made = all.filter((task) => task.templateId === templateId);
      assert.deepEqual(ids(suite.tasks({ template: templateId })), ids(made));
    }
    const one = suite.tasks({ limit: 1 });
    assert.equal(one.length, 1);
    assert.ok(ids(all).includes(one[0]!.id));
  },
  "what is held out is not among the tasks to train on": (suite) => {
    const key = ({ templateId, params, sites, startUrl, instruction }: Task) =>
      JSON.stringify([templateId, params, sites, startUrl, instruction]);
    const trained = new Set(suite.tasks({ split: "train" }).map(key));
    const heldOut = suite.tasks().filter(({ split }) => split !== "train");
    assert.deepEqual(ids(heldOut.filter((task) => trained.has(key(task)))), []);
  },
  "a task is found by its id": (suite) => {
    for (const task of some(suite.tasks())) assert.deepEqual(suite.task(task.id), task);
  },
  "an unknown id, template or site is the user's mistake": (suite) => {
    assert.throws(() => suite.task(NOTHING), isUsersMistake, "an id");
    assert.throws(() => suite.tasks({ template: NOTHING }), isUsersMistake, "a template");
    assert.throws(() => suite.tasks({ site: NOTHING }), isUsersMistake, "a site");
  },
  "a task has an oracle, or asking for one throws; every task has a wrong answer": (suite) => {
    for (const task of some(suite.tasks())) {
      assert.equal(typeof suite.wrongAnswer(task), "string", task.id);
      assert.equal(typeof suite.hasOracle(task), "boolean", task.id);
      if (suite.hasOracle(task)) continue;
      assert.throws(() => suite.oracleFor(task, BLANK).next(), Error, `${task.id} has no oracle`);
    }
  },
};

/**
 * The rules that every suite must keep ([task sources](../../docs/task-sources.md)), each of which should run as a test.
 * `load` is called twice. They start no episode: that is what `siteRules` and `webrl suite check` do.
 */
export function suiteRules({ load }: { load: () => SuiteUnderTest | Promise<SuiteUnderTest> }): Rule[] {
  return Object.entries(RULES).map(([name, rule]) => ({
    name,
    run: async () => rule(await load(), await load()),
  }));
}
