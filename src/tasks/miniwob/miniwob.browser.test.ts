import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { loadMiniwobSuite } from "./suite.ts";

/** A page with MiniWoB++'s interface: its globals, its cover, its seeded problem. */
const PAGE = `<!doctype html><html><head><title>Click Button</title><script src="../core/core.js"></script></head>
<body onload="core.startEpisode()"><div id="cover">START</div><div id="query"></div><div id="area"></div><script>
var genProblem = function () {
  var wanted = ["Yes", "No", "Maybe"][Math.floor(Math.random() * 3)];
  document.getElementById("query").textContent = "Click on the " + wanted + " button.";
  document.getElementById("area").innerHTML = ["Yes", "No", "Maybe"].map(function (t) { return "<button>" + t + "</button>"; }).join("");
  document.getElementById("area").onclick = function (e) { core.endEpisode(e.target.textContent === wanted ? 1 : -1); };
};</script></body></html>`;
const CORE = `Math.seedrandom = function (seed) { var s = seed; Math.random = function () { s = (s * 16807 + 11) % 2147483647; return s / 2147483647; }; };
var WOB_DONE_GLOBAL = false, WOB_RAW_REWARD_GLOBAL = 0;
var core = { EPISODE_MAX_TIME: 10000,
  startEpisode: function () { document.getElementById("cover").style.display = "block"; },
  startEpisodeReal: function () { WOB_DONE_GLOBAL = false; document.getElementById("cover").style.display = "none"; genProblem(); },
  endEpisode: function (reward) { WOB_RAW_REWARD_GLOBAL = reward; WOB_DONE_GLOBAL = true; core.startEpisode(); } };`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-miniwob-"));
  for (const name of ["miniwob", "core"]) await mkdir(join(directory, name));
  await writeFile(join(directory, "miniwob", "click-button.html"), PAGE);
  await writeFile(join(directory, "miniwob", "drag-box.html"), PAGE);
  await writeFile(join(directory, "core", "core.js"), CORE);
});
afterAll(async () => rm(directory, { recursive: true }));

test("a page is a task: seeded, ended by the page itself, judged by its reward", async () => {
  const suite = await loadMiniwobSuite(directory);
  expect(suite.tasks().map((task) => task.id)).toEqual(["miniwob.click-button"]);
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
    const wanted = /Click on the (\w+) button/.exec(episode.first.text)![1]!;
    queries.add(wanted);
    const choice = right ? wanted : ["Yes", "No", "Maybe"].find((text) => text !== wanted)!;
    const action = { kind: "click", element: `button ${choice}` } as const;
    const last = await episode.step({ ok: true, action, comments: [] });
    expect(last).toMatchObject({ kind: "last", ending: { kind: "terminated", reason: "site_end" } });
    expect((await episode.verify(null))?.success).toBe(right);
  }
  expect(queries.size).toBeGreaterThan(1);
});

test("saying that it is done does not make it done; files outside of the directory are not served", async () => {
  const suite = await loadMiniwobSuite(directory);
  await using site = await suite.createSite();
  const [task] = suite.tasks();
  await using episode = await site.start(task!, { seed: 1 });
  await episode.step({ ok: true, action: { kind: "exit", message: "done" }, comments: [] });
  expect(await episode.verify("done")).toMatchObject({ success: false, reasons: ["the page did not end"] });
  await using outside = await site.start(
    { ...task!, startUrl: "http://miniwob.webrl.test/..%2f..%2fetc/passwd" },
    { seed: 1 },
  );
  expect(outside.first.text).toContain("not found");
});

test("a directory without pages is the user's mistake", async () => {
  await expect(loadMiniwobSuite("/nowhere")).rejects.toThrow(ConfigError);
  await expect(loadMiniwobSuite(join(directory, "core"))).rejects.toThrow(/no MiniWoB\+\+ pages/);
});
