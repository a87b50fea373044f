/** @file What is put into a MiniWoB++ page, so that it starts by itself, seeded, and shows only the problem. */

/** Milliseconds; so long that time plays no role. */
const EPISODE_MAX_MS = 1_000_000;

/**
 * The first `startEpisode`, which the page calls when it has loaded, starts the problem instead of showing the cover;
 * later ones, at the end, leave the page as it is. The instruction, the score display and the canvas that paints clicks
 * are for people who watch: they are not shown, and the listener and the clock that drive them are removed.
 */
export function makeInjectedScript(seed: number): string {
  return `<style>#query { visibility: hidden } #reward-display, #click-canvas, #sync-task-cover { display: none !important }</style>
<script>if (typeof core !== "undefined") {
  const showCover = core.startEpisode;
  let isStarted = false;
  core.startEpisode = function () {
    if (isStarted) return;
    isStarted = true;
    showCover();
    document.body.removeEventListener("click", core.canvasDrawClick);
    Math.seedrandom(${seed >>> 0});
    core.EPISODE_MAX_TIME = ${EPISODE_MAX_MS};
    core.startEpisodeReal();
    core.clearTimer();
    core.hasProblem = true;
  };
}</script>`;
}

/**
 * Expression for the page's own instruction. Some pages answer with `{ utterance, fields }`. `click-menu-2` names its
 * item by an icon, whose class says what it shows; the words for it are BrowserGym's. `null`: not one of these pages,
 * or its problem has not begun.
 */
export const INSTRUCTION = `(() => {
  if (typeof core === "undefined" || !core.hasProblem || globalThis.WOB_TASK_READY === false) return null;
  const icon = document.querySelector("#query .ui-icon");
  if (icon) {
    const name = icon.classList[1];
    const copy = document.getElementById("query").cloneNode(true);
    copy.querySelector(".ui-icon").textContent = '"' + name + '"';
    return copy.textContent.replace(/\\s+/g, " ").trim();
  }
  const said = core.getUtterance();
  return typeof said === "string" ? said : said.utterance;
})()`;
