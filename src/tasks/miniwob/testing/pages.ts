/**
 * @file A few pages of our own with MiniWoB++'s interface: its globals, its cover, its score display, its seeded
 * problems. For tests.
 */

import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/** A page of the half for training: a field and a button. */
const TEXT_PAGE = PAGE.replace(
  /genProblem = function[^]*?\n};/,
  `genProblem = function () {
  var wanted = ["Ada", "Grace", "Barbara"][Math.floor(Math.random() * 3)];
  document.getElementById("query").textContent = 'Enter "' + wanted + '" into the text field and press Submit.';
  document.getElementById("area").innerHTML = "<input type=text id=tt><button>Submit</button>";
  document.querySelector("button").onclick = function () { core.endEpisode(document.getElementById("tt").value === wanted ? 1 : -1); };
};`,
);

/** Pages that never become ready: one cannot load its script, and one fails to make its problem. */
const BROKEN_PAGE = PAGE.replace("../core/core.js", "../core/missing.js");
const FAILING_PAGE = PAGE.replace("var wanted =", "missing(); var wanted =");

/** Writes them to a new directory, as `miniwob/html` is laid out, and says where it is. */
export async function writePages(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "webrl-miniwob-"));
  for (const name of ["miniwob", "core"]) await mkdir(join(directory, name));
  await writeFile(join(directory, "core", "core.js"), CORE);
  for (const [name, page] of Object.entries({
    "click-button": PAGE,
    "search-engine": HASH_PAGE,
    "enter-text": TEXT_PAGE,
    "click-shades": BROKEN_PAGE,
    "count-sides": FAILING_PAGE,
    // Not among the 125.
    "simon-says": PAGE,
  }))
    await writeFile(join(directory, "miniwob", `${name}.html`), page);
  return directory;
}
