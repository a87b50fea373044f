import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { runEpisode } from "../../rollout/episode.ts";
import type { Policy } from "../../rollout/policy.ts";
import { parseAction } from "../../text/action.ts";
import { SOLVERS } from "./solvers/index.ts";
import { loadMiniwobSuite } from "./suite.ts";
import { TASK_NAMES } from "./task-names.ts";

/** A page with MiniWoB++'s interface: its globals, its cover, its score display, its seeded problem. */
const PAGE = `<!doctype html><html><head><title>Click Button</title><script src="../core/core.js"></script>
<script>
var genProblem = function () {
  var wanted = ["Yes", "No", "Maybe"][Math.floor(Math.random() * 3)];
  document.getElementById("query").textContent = 'Click  on the "' + wanted + '" button.';
  document.getElementById("area").innerHTML = ["Yes", "No", "Maybe"].map(function (t) { return "<button>" + t + "</button>"; }).join("");
  document.getElementById("area").onclick = function (e) { core.endEpisode(e.target.textContent === wanted ? 1 : -1); };
};
window.onload = function () { core.startEpisode(); };
</script></head>
<body><div id="query"></div><div id="area"></div></body></html>`;
const CORE = `Math.seedrandom = function (seed) { var s = seed; Math.random = function () { s = (s * 16807 + 11) % 2147483647; return s / 2147483647; }; };
var WOB_DONE_GLOBAL = false, WOB_RAW_REWARD_GLOBAL = 0;
var core = { EPISODE_MAX_TIME: 10000,
  canvasDrawClick: function () { document.getElementById("area").append("painted"); },
  startEpisode: function () {
    if (!document.getElementById("reward-display")) {
      document.body.insertAdjacentHTML("beforeend", "<div id=reward-display>Last reward: -</div><div id=sync-task-cover>START</div>");
      document.body.addEventListener("click", core.canvasDrawClick);
    }
    document.getElementById("sync-task-cover").style.display = "block";
  },
  startEpisodeReal: function () {
    WOB_DONE_GLOBAL = false; document.getElementById("sync-task-cover").style.display = "none"; genProblem();
    core.clock = setInterval(function () { document.getElementById("reward-display").append("."); }, 10);
  },
  clearTimer: function () { clearInterval(core.clock); },
  getUtterance: function () { return document.getElementById("query").textContent.replace(/\\s+/g, " ").trim(); },
  endEpisode: function (reward) { WOB_RAW_REWARD_GLOBAL = reward; WOB_DONE_GLOBAL = true; core.startEpisode(); } };`;

/** A page that gains a fragment, whose utterance is an object, and which has to be left by a link before it ends. */
const HASH_PAGE = PAGE.replace(
  "window.onload",
  `core.getUtterance = function () { return { utterance: document.getElementById("query").textContent, fields: {} }; };
core.endEpisode = (function (end) { return function (reward) { location.href = "#"; end(reward); }; })(core.endEpisode);
window.onload`,
);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-miniwob-"));
  for (const name of ["miniwob", "core"]) await mkdir(join(directory, name));
  await writeFile(join(directory, "miniwob", "click-button.html"), PAGE);
  await writeFile(join(directory, "miniwob", "search-engine.html"), HASH_PAGE);
  // Not among the 125.
  await writeFile(join(directory, "miniwob", "simon-says.html"), PAGE);
  await writeFile(join(directory, "core", "core.js"), CORE);
});
afterAll(async () => rm(directory, { recursive: true }));

test("a page is a task: seeded, ended by the page itself, judged by its reward", async () => {
  const suite = await loadMiniwobSuite(directory);
  expect(suite.tasks().map((task) => task.id)).toEqual(["miniwob.click-button", "miniwob.search-engine"]);
  await using site = await suite.createSite();
  const queries = new Set<string>();
  for (const [seed, right] of [
    [1, true],
    [700_000_000, false],
    [1_500_000_001, true],
  ] as const) {
    await using episode = await site.start(suite.tasks()[0]!, { seed });
    await using again = await site.start(suite.tasks()[0]!, { seed });
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
  const request = { id: "a", task: suite.tasks()[0]!, seed: 1 };
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
  const [task] = suite.tasks();
  await using episode = await site.start(task!, { seed: 1 });
  await episode.step({ ok: true, action: { kind: "exit", message: "done" }, comments: [] });
  expect(await episode.verify("done")).toMatchObject({ success: false, reasons: ["the page did not end"] });
  const outside = { ...task!, startUrl: "http://miniwob.webrl.test/..%2f..%2fetc/passwd" };
  await expect(site.start(outside, { seed: 1 })).rejects.toThrow(/is no MiniWoB\+\+ page: not found/);
});

test("a directory without pages is the user's mistake", async () => {
  await expect(loadMiniwobSuite("/nowhere")).rejects.toThrow(ConfigError);
  await expect(loadMiniwobSuite(join(directory, "core"))).rejects.toThrow(/no MiniWoB\+\+ pages/);
});
