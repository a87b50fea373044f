import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadWebArenaSuite } from "./suite.ts";
import type { Protocol } from "./text.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-fill-"));
});
afterAll(() => rm(directory, { recursive: true }));

const HOST = "127.0.0.1:7770";
const task = {
  sites: ["shopping"],
  start_url: "__SHOPPING__",
  intent: "Do it",
  eval: { eval_types: ["string_match"], reference_answers: { exact_match: "x" } } as object,
};
const atPage = (url: string) => ({
  eval: {
    eval_types: ["program_html"],
    program_html: [{ url, locator: "", required_contents: { exact_match: "x" } }],
  },
});
const atAddress = (url_note: string) => ({
  eval: { eval_types: ["url_match"], reference_url: "__SHOPPING__/a", url_note },
});
const inText = { eval: { eval_types: ["string_match"], reference_answers: { must_include: "lamp" } } };

/** What the suite says of its tasks before an evaluation. */
async function sayUnusable(
  protocol: Protocol,
  changes: object[],
  settings: object = {},
  instructions?: object[],
) {
  const lite = protocol === "webarena-lite" ? { old_task_id: 1 } : {};
  const tasks = changes.map((change, task_id) => ({ ...task, ...lite, task_id, ...change }));
  await writeFile(join(directory, "tasks.json"), JSON.stringify(tasks));
  if (instructions) await writeFile(join(directory, "train.json"), JSON.stringify(instructions));
  const file = join(directory, "settings.json");
  await writeFile(
    file,
    JSON.stringify({
      tasks: "tasks.json",
      urls: { shopping: `http://${HOST}` },
      ...(instructions && { instructions: "train.json" }),
      ...settings,
    }),
  );
  const suite = await loadWebArenaSuite(file, { env: {} }, protocol);
  return suite.tasks().map((one) => suite.unusable!(one));
}

test("the evaluator's refusals are known before an evaluation", async () => {
  const changes = [{}, inText, atAddress("EXACT"), atAddress("GOLD in PRED")];
  const text = expect.stringMatching(/^eval: must_include is a text instead of a list/);
  const note = expect.stringMatching(/^eval.url_note: found "EXACT".*"GOLD in PRED"/);
  expect(await sayUnusable("webarena", changes)).toEqual([null, text, note, null]);
  expect(await sayUnusable("webarena", changes, { evaluator: "strict" })).toEqual([null, null, note, null]);
  expect(await sayUnusable("webarena-lite", changes)).toEqual([null, text, null, null]);
  expect(await sayUnusable("webarena-lite", changes, { evaluator: "strict" })).toEqual(
    changes.map(() => null),
  );
});

test("an address on none of the sites' hosts is known before an evaluation", async () => {
  const other = "http://127.0.0.1:7992/";
  const foreign = (where: string) => `${where}: ${other} is on none of the sites' hosts, ${HOST}`;
  const instruction = { intent: "x", sites: ["shopping"] };
  expect(
    await sayUnusable(
      "webarena",
      [
        {},
        { start_url: `__SHOPPING__ |AND| ${other}` },
        atPage(other),
        atPage("__SHOPPING__/a"),
        atPage(`http://${HOST}/a`),
        atPage("last"),
      ],
      {},
      [instruction, { ...instruction, start_url: other }],
    ),
  ).toEqual([
    null,
    foreign("start_url"),
    foreign("eval.program_html.0.url"),
    null,
    null,
    null,
    null,
    foreign("start_url"),
  ]);
});

test("a login that nobody can make is known before an evaluation", async () => {
  const states = ["shopping", "wikipedia", "gitlab.shopping"];
  const changes = states.map((name) => ({ storage_state: `./.auth/${name}_state.json` }));
  expect(await sayUnusable("webarena", changes)).toEqual([
    null,
    'storage_state "./.auth/wikipedia_state.json": webrl does not know how to sign in to "wikipedia"',
    'storage_state "./.auth/gitlab.shopping_state.json": GITLAB, the base URL of gitlab, is not set',
  ]);
});

test("a task file of the other benchmark is refused", async () => {
  await expect(sayUnusable("webarena", [{ old_task_id: 7 }])).rejects.toThrow(/task file of WebArena-Lite/);
  await expect(sayUnusable("webarena-lite", [{ old_task_id: undefined }])).rejects.toThrow(
    /task file of WebArena \(no task has old_task_id\)/,
  );
});
