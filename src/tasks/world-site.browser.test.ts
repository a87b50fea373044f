import { afterAll, describe, expect, test } from "vitest";
import { hash32 } from "../core/rng.ts";
import { siteRules } from "../testing/site-kit.ts";
import { builtInSuite } from "./built-in-suite.ts";
import { checkSuite } from "./check.ts";
import type { OracleRun } from "./suite.ts";
import { createBuiltInSite } from "./world-site.ts";
import { BrowserPool } from "../browser/pool.ts";

const suite = builtInSuite();
const pool = new BrowserPool();
afterAll(async () => pool[Symbol.asyncDispose]());

describe("the built-in site follows the site's contract", () => {
  const task = suite.task("map.save-place/0");
  let run: OracleRun | undefined;
  const rules = siteRules({
    create: async () => createBuiltInSite({ pool }),
    task,
    solve: (pages) => {
      if (pages.length === 1) run = suite.oracleFor(task, pages[0]!);
      const next = pages.length === 1 ? run!.next() : run!.next(pages.at(-1)!);
      return next.done ? { kind: "exit", message: "" } : next.value;
    },
  });
  for (const rule of rules) test(rule.name, () => rule.run());
});

test("oracles score 1, doing nothing and wrong answers score 0, and no context is left open", async () => {
  // `webrl suite check` runs all of them; a fixed twelfth of the templates keeps this test short.
  const templates = suite.catalog.templates().filter(({ id }) => hash32(id) % 12 === 0);
  expect(templates.length).toBeGreaterThan(10);
  const tasks = templates.map(({ id }) => suite.tasks({ template: id })[0]!);
  await using site = createBuiltInSite({ pool });
  const result = await checkSuite(suite, site, { tasks, parallel: 4 });
  expect(result.templates.flatMap((template) => template.failures)).toEqual([]);
  expect(site.openEpisodes).toBe(0);
});

test("the check finds a broken oracle, an accepted wrong answer and a task that is done from the start", async () => {
  await using site = createBuiltInSite({ pool });
  const tasks = [suite.task("map.place-phone/0")];
  const lost = { ...suite, oracleFor: () => (function* (): OracleRun {})() };
  const broken = await checkSuite(lost, site, { tasks });
  expect(broken.templates[0]!.failures.map((failure) => failure.what)).toEqual(["oracle"]);
  const right = String((await import("../sites/world.ts")).pristineState().map.places[0]!.phone);
  const lenient = await checkSuite({ ...suite, wrongAnswer: () => right }, site, { tasks });
  expect(lenient.templates[0]!.failures.map((failure) => failure.what)).toEqual(["wrong answer"]);
});
