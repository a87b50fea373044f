/** @file The rules of `core/episode.ts`, for every site. */

import assert from "node:assert/strict";
import type { Action, ParsedAction } from "../core/action.ts";
import type { Episode, Site, TimeStep } from "../core/episode.ts";
import type { Observation } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { Rule } from "./kit.ts";

/** What `siteRules` needs of a site. */
export interface SiteUnderTest {
  /** A new site; the kit disposes it. */
  create: () => Promise<Site>;
  /** A task whose truth is known. */
  task: Task;
  /** Solves it: the next action on a page, given the pages so far (`pages[0]` is the first). */
  solve: (pages: readonly Observation[]) => Action;
}

const bad: ParsedAction = {
  ok: false,
  error: { code: "parse_error", message: "not an action" },
  comments: [],
};
const act = (action: Action): ParsedAction => ({ ok: true, action, comments: [] });

const element = "link nothing of this name 4711";

const ON_AN_ELEMENT: Action[] = [
  { kind: "click", element },
  { kind: "double_click", element },
  { kind: "right_click", element },
  { kind: "hover", element },
  { kind: "type", element, text: "x" },
  { kind: "search", element, text: "x" },
  { kind: "insert", element, text: "x" },
  { kind: "select_text", element, text: "x" },
  { kind: "select", element, text: "x" },
  { kind: "select_options", element, texts: ["x"] },
  { kind: "press", element, keys: "Escape" },
  { kind: "drag", element, to: [5, 5] },
  { kind: "draw", element, points: [[5, 5]] },
  { kind: "scroll_up", element },
  { kind: "scroll_down", element },
  { kind: "scroll_left", element },
  { kind: "scroll_right", element },
];

const ON_THE_PAGE: Action[] = [
  { kind: "wait" },
  { kind: "press", keys: "Escape Control+A" },
  { kind: "select_text", text: "nothing of this name 4711" },
  { kind: "insert", text: "x" },
  { kind: "scroll_down" },
  { kind: "scroll_up" },
  { kind: "scroll_right" },
  { kind: "scroll_left" },
  { kind: "switch_tab", tab: 0 },
];

/** What a rule can use. */
interface SiteAtHand {
  site: Site;
  task: Task;
  /** Starts a new episode of the task; the default seed is 1. */
  start(this: void, seed?: number): Promise<Episode>;
  /** Carries the task out. */
  solve(this: void, episode: Episode): Promise<TimeStep>;
}

const RULES: Record<string, (atHand: SiteAtHand) => Promise<void>> = {
  "the first observation is there when start resolves, and names its elements uniquely": async ({
    task,
    start,
  }) => {
    await using episode = await start();
    checkObservation(episode.first);
    assert.equal(episode.first.error, null);
    assert.equal(episode.task.id, task.id);
  },
  "the same task and seed give the same first observation": async ({ start }) => {
    await using one = await start(7);
    await using two = await start(7);
    assert.equal(two.first.text, one.first.text);
  },
  "text that is not an action is an observation with its error, and the episode goes on": async ({
    start,
  }) => {
    await using episode = await start();
    const time = await episode.step(bad);
    assert.equal(time.kind, "mid");
    assert.equal(time.observation?.error?.code, "parse_error");
    const next = await episode.step(act({ kind: "wait" }));
    assert.equal(next.observation?.error, null, "the error is that of the last action only");
  },
  "an element that is not there is an observation with its error": async ({ start }) => {
    await using episode = await start();
    const time = await episode.step(act({ kind: "click", element: "link nothing of this name 4711" }));
    assert.equal(time.kind, "mid");
    assert.equal(time.observation?.error?.code, "unknown_element");
  },
  "every action that names an element says so where it is not there": async ({ start }) => {
    await using episode = await start();
    for (const action of ON_AN_ELEMENT) {
      const time = await episode.step(act(action));
      assert.equal(time.kind, "mid");
      assert.equal(time.observation?.error?.code, "unknown_element", action.kind);
    }
  },
  "every action that names no element leads to an observation": async ({ start }) => {
    await using episode = await start();
    for (const action of ON_THE_PAGE) {
      const time = await episode.step(act(action));
      assert.equal(time.kind, "mid", action.kind);
      checkObservation(time.observation);
    }
  },
  "exit ends the episode with its message as the answer": async ({ start }) => {
    await using episode = await start();
    const time = await episode.step(act({ kind: "exit", message: "forty-two" }));
    assert.ok(time.kind === "last", "exit gives `last`");
    assert.deepEqual(time.ending, { kind: "terminated", reason: "exit", answer: "forty-two" });
    assert.ok(time.observation);
    checkObservation(time.observation);
  },
  "a step after the last one throws": async ({ start }) => {
    await using episode = await start();
    await episode.step(act({ kind: "exit", message: "" }));
    await assert.rejects(async () => episode.step(act({ kind: "wait" })));
  },
  "a step after disposal throws; disposing twice does not": async ({ start }) => {
    const episode = await start();
    await episode[Symbol.asyncDispose]();
    await episode[Symbol.asyncDispose]();
    await assert.rejects(async () => episode.step(act({ kind: "wait" })));
  },
  "a solved task verifies, an unsolved one does not": async ({ start, solve }) => {
    await using solved = await start();
    const last = await solve(solved);
    assert.ok(last.kind === "last" && last.ending.kind === "terminated");
    const verdict = await solved.verify(last.ending.answer);
    assert.deepEqual(verdict, { by: "verifier", success: true, probability: 1, reasons: [] });
    await using idle = await start();
    await idle.step(act({ kind: "exit", message: "" }));
    const failure = await idle.verify("");
    assert.equal(failure?.success, false);
    assert.equal(failure?.probability, 0);
    assert.ok(failure.reasons.length > 0, "a failure has its reasons");
  },
  "a task without a known template has no verdict": async ({ site, task }) => {
    await using episode = await site.start({ ...task, templateId: null }, { seed: 1 });
    await episode.step(act({ kind: "exit", message: "" }));
    assert.equal(await episode.verify(""), null);
  },
  "episodes do not see each other's changes": async ({ start, solve }) => {
    await using one = await start();
    await using two = await start();
    await solve(one);
    await two.step(act({ kind: "exit", message: "" }));
    assert.equal((await two.verify(""))?.success, false);
    await using three = await start();
    assert.equal(three.first.text, two.first.text);
  },
  "starting with an aborted signal rejects": async ({ site, task }) => {
    await assert.rejects(site.start(task, { seed: 1, signal: AbortSignal.abort(new Error("left")) }));
  },
};

/**
 * The rules that every site and episode must keep ([contracts](../../docs/contracts.md#site-and-episode)), each of
 * which should run as a test.
 */
export function siteRules({ create, task, solve: nextAction }: SiteUnderTest): Rule[] {
  const solve = async (episode: Episode): Promise<TimeStep> => {
    const pages = [episode.first];
    for (let step = 0; step < 50; step++) {
      const time = await episode.step(act(nextAction(pages)));
      if (time.kind === "last") return time;
      pages.push(time.observation);
    }
    throw new assert.AssertionError({ message: "`solve` did not end within 50 steps" });
  };
  return Object.entries(RULES).map(([name, rule]) => ({
    name,
    run: async () => {
      await using site = await create();
      await rule({ site, task, solve, start: async (seed = 1) => site.start(task, { seed }) });
    },
  }));
}

function checkObservation(observation: Observation): void {
  assert.ok(observation.text.length > 0, "the page has text");
  assert.ok(URL.canParse(observation.url), `${observation.url} is a URL`);
  assert.equal(observation.tabs.filter((tab) => tab.active).length, 1, "one tab is active");
  const names = observation.elements.map((element) => element.name);
  assert.equal(new Set(names).size, names.length, `element names are unique: ${names.join(", ")}`);
  for (const name of names)
    assert.ok(observation.text.includes(name), `the text shows ${JSON.stringify(name)}`);
}
