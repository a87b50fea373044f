import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonOf, webrl } from "../../cli/testing/webrl.ts";
import { completion, fakeServer } from "../../chat/testing/fake-server.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Split } from "../../core/task.ts";
import { isDemonstration, readEpisodes } from "../../imitation/demonstrations.ts";
import { rolloutConfigSchema } from "../../rollout/config.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import { runEpisode } from "../../rollout/episode.ts";
import { oraclePolicy } from "../../rollout/oracle-policy.ts";
import type { Policy } from "../../rollout/policy.ts";
import { rollout } from "../../rollout/rollout.ts";
import { parseConfig } from "../../run/parse-config.ts";
import { explainFailures, scoreEpisodes } from "../../train/score-episodes.ts";
import type { SuiteCheck } from "../check.ts";
import { loadSuite } from "../load-suite.ts";
import { parseAction } from "../../text/action.ts";
import { SOLVERS } from "./solvers/index.ts";
import { loadMiniwobSuite } from "./suite.ts";
import { TASK_NAMES, TRAIN_PAGES } from "./task-names.ts";
import { writePages } from "./testing/pages.ts";

let directory: string;
beforeAll(async () => {
  directory = await writePages();
});
afterAll(async () => rm(directory, { recursive: true }));

test("a page is a task: seeded, ended by the page itself, judged by its reward", async () => {
  const suite = await loadMiniwobSuite(directory);
  const page = suite.task("miniwob.click-button");
  await using site = await suite.createSite();
  const queries = new Set<string>();
  for (const [seed, right] of [
    [1, true],
    [700_000_000, false],
    [1_500_000_001, true],
  ] as const) {
    await using episode = await site.start(page, { seed });
    await using again = await site.start(page, { seed });
    expect(again.first.text).toBe(episode.first.text);
    expect(episode.first.text.split("---\n")[1]).toBe("[button Yes] [button No] [button Maybe]");
    const wanted = /^Click on the "(\w+)" button\.$/.exec(episode.task.instruction)![1]!;
    queries.add(wanted);
    const choice = right ? wanted : ["Yes", "No", "Maybe"].find((text) => text !== wanted)!;
    const action = { kind: "click", element: `button ${choice}` } as const;
    const last = await episode.step({ ok: true, action, comments: [] });
    expect(last).toMatchObject({ kind: "last", ending: { kind: "terminated", reason: "site_end" } });
    expect(last.observation?.text.split("---\n")[1]).toBe("[button Yes] [button No] [button Maybe]");
    expect((await episode.verify(null))?.success).toBe(right);
  }
  expect(queries.size).toBeGreaterThan(1);
});

test("an address that gained a fragment is the task's page; an utterance may be an object", async () => {
  const suite = await loadMiniwobSuite(directory);
  await using site = await suite.createSite();
  await using episode = await site.start(suite.task("miniwob.search-engine"), { seed: 1 });
  const wanted = /Click {2}on the "(\w+)" button/.exec(episode.task.instruction)![1]!;
  const action = { kind: "click", element: `button ${wanted}` } as const;
  const last = await episode.step({ ok: true, action, comments: [] });
  expect(last).toMatchObject({ kind: "last", ending: { reason: "site_end" } });
  expect(last.observation?.url).toMatch(/#$/);
  expect((await episode.verify(null))?.success).toBe(true);
});

test("a rollout's trajectory carries the page's own instruction, and the policy is given it", async () => {
  const suite = await loadMiniwobSuite(directory);
  await using site = await suite.createSite();
  const given: string[] = [];
  const policy: Policy = {
    name: "test",
    begin: (begun) => async (turn) => {
      given.push(begun.instruction, turn.task.instruction);
      return { kind: "act", response: "exit()", action: parseAction("exit()") };
    },
  };
  const limits = { maxSteps: 5, maxTimeMs: 60_000, repeatedAction: 3, repeatedError: 3 };
  const request = { id: "a", task: suite.task("miniwob.click-button/1"), seed: 1 };
  const { trajectory } = await runEpisode(request, { site, policy, limits });
  expect(new Set([...given, trajectory.task.instruction])).toEqual(
    new Set([expect.stringMatching(/^Click on the "\w+" button\.$/)]),
  );
});

test("a solver succeeds by the text of the page and written actions alone", async () => {
  const suite = await loadMiniwobSuite(directory);
  await using site = await suite.createSite();
  await using episode = await site.start(suite.task("miniwob.click-button"), { seed: 3 });
  const run = SOLVERS["click-button"]!(episode.task.instruction, episode.first);
  const time = await episode.step(parseAction(String(run.next().value)));
  expect(time).toMatchObject({ kind: "last", ending: { reason: "site_end" } });
  expect((await episode.verify(null))?.success).toBe(true);
  expect(Object.keys(SOLVERS).filter((name) => !TASK_NAMES.includes(name))).toEqual([]);
});

test("saying that it is done does not make it done; files outside of the directory are not served", async () => {
  const suite = await loadMiniwobSuite(directory);
  await using site = await suite.createSite();
  const task = suite.task("miniwob.click-button/1");
  await using episode = await site.start(task, { seed: 1 });
  await episode.step({ ok: true, action: { kind: "exit", message: "done" }, comments: [] });
  expect(await episode.verify("done")).toMatchObject({ success: false, reasons: ["the page did not end"] });
  const outside = { ...task, startUrl: "http://miniwob.webrl.test/..%2f..%2fetc/passwd" };
  await expect(site.start(outside, { seed: 1 })).rejects.toThrow(
    /is no MiniWoB\+\+ page that becomes ready: not found/,
  );
});

test("each page has five problems that are held out; BrowserGym's half has others to train on", async () => {
  const suite = await loadMiniwobSuite(directory);
  const count = (split: Split, template: string) => suite.tasks({ split, template }).length;
  expect([count("test", "miniwob.click-button"), count("train", "miniwob.click-button")]).toEqual([5, 0]);
  expect([
    count("validation", "miniwob.enter-text"),
    count("train", "miniwob.enter-text"),
    count("test", "miniwob.enter-text"),
  ]).toEqual([5, 100, 0]);
  expect([TASK_NAMES.length, TRAIN_PAGES.size]).toEqual([125, 62]);
  const three = await loadSuite("miniwob", directory, { seeds: 3 });
  expect(three.tasks({ split: "test", template: "miniwob.click-button" })).toHaveLength(3);
  await expect(loadSuite("built-in", undefined, { seeds: 3 })).rejects.toThrow(/--seeds is for/);
});

test("a numbered problem is the same in every episode", async () => {
  const suite = await loadMiniwobSuite(directory);
  await using site = await suite.createSite();
  const instructions = new Set<string>();
  for (const seed of [1, 700_000_000, 1_500_000_001]) {
    await using episode = await site.start(suite.task("miniwob.click-button/2"), { seed });
    instructions.add(episode.task.instruction);
  }
  expect(instructions.size).toBe(1);
});

test("solvers are the suite's oracles; a page that never becomes ready is named, and the others go on", async () => {
  const suite = await loadMiniwobSuite(directory);
  await using site = await suite.createSite();
  const tasks = ["enter-text/1001", "click-shades/1", "count-sides/1", "click-button/1"].map((id) =>
    suite.task(`miniwob.${id}`),
  );
  expect(tasks.map((task) => suite.hasOracle(task))).toEqual([true, false, false, true]);
  const policy = oraclePolicy({
    oracleFor: (task, first) =>
      suite.hasOracle(task) ? suite.oracleFor(task, first) : suite.oracleFor(tasks[0]!, first),
  });
  const config = parseConfig(rolloutConfigSchema, { faultRetries: 0 });
  const records = await rollout({
    site,
    policy,
    config,
    requests: tasks.map((task) => ({ id: task.id, task, seed: 1 })),
  });
  expect(records.map(({ truth }) => truth?.success)).toEqual([true, undefined, undefined, true]);
  expect(scoreEpisodes(records)).toMatchObject({ tasks: 2, successes: 2, faults: 2 });
  expect(explainFailures(records)).toMatchObject({
    byTemplate: { "miniwob.click-button": { tasks: 1 }, "miniwob.enter-text": { tasks: 1 } },
    failures: {},
    faulted: ["click-shades", "count-sides"].map((name) => ({
      task: `miniwob.${name}/1`,
      code: "task_unusable",
      message: expect.stringContaining("is no MiniWoB++ page that becomes ready") as string,
    })),
  });
});

test("suite check and model demos work on it, and what has no solver is named", async () => {
  const on = (command: string) =>
    `${command} miniwob.enter-text --suite miniwob --file ${directory}`.split(" ");
  const all = `suite check --instances 1 --split test --suite miniwob --file ${directory}`.split(" ");
  const { stdout } = await webrl(...all);
  expect(stdout).toContain("no solver: miniwob.count-sides");
  expect(stdout).toMatch(/ templates ok, \d not checked;/);
  const check = await webrl(...on("suite check --instances 1 --json --template"));
  expect(jsonOf<SuiteCheck>(check)).toMatchObject({ ok: true, episodes: 2 });
  const out = join(directory, "demos.jsonl");
  await webrl(...on(`model demos --episodes 2 --out ${out} --task-templates`));
  const records = await readEpisodes(out);
  expect(records.map(isDemonstration)).toEqual([true, true]);
  expect(records[0]!.trajectory.task.instruction).toMatch(/^Enter "\w+" into/);
});

test("eval ends an episode only after its steps, however often the model repeats itself", async () => {
  await using server = await fakeServer((c) => c.json(completion("nothing that is an action")));
  const out = join(directory, "eval.jsonl");
  const args = `eval --suite miniwob --file ${directory} --task-templates miniwob.click-button --seeds 1 --max-steps 7`;
  const { stdout } = await webrl(...args.split(" "), "--model", `openai:m@${server.url}`, "--out", out);
  expect(stdout).toContain("120 of the 125 pages of MiniWoB++ are missing");
  const [{ trajectory }] = (await readEpisodes(out)) as [EpisodeRecord];
  expect(trajectory.ending).toEqual({ kind: "truncated", reason: "max_steps" });
  expect(trajectory.steps).toHaveLength(7);
});

test("a directory without pages is the user's mistake", async () => {
  await expect(loadMiniwobSuite("/nowhere")).rejects.toThrow(ConfigError);
  await expect(loadMiniwobSuite(join(directory, "core"))).rejects.toThrow(/no MiniWoB\+\+ pages/);
});
