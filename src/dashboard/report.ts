/** @file `report.html`: a run in one file that needs nothing else, neither a server nor script. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { writeAtomically } from "../run/run-directory.ts";
import { readCurriculum } from "./curriculum.ts";
import type { EpisodeDetail } from "./episodes.ts";
import { episodeDetail, phaseEpisodes } from "./episodes.ts";
import type { Overview } from "./overview.ts";
import { overview } from "./overview.ts";
import { judgeMistakes } from "./judge-mistakes.ts";
import { improvedTasks } from "./pairs.ts";
import { isScreenshotPath } from "../run/paths.ts";
import type { ReportRun } from "./report-agent.tsx";
import { renderAgentReport } from "./report-agent.tsx";
import type { ReportPair } from "./report-page.tsx";
import { renderReport } from "./report-page.tsx";
import type { RunFiles } from "../run/run-files.ts";
import { openRunFiles } from "../run/run-files.ts";

/** The number of an agent's runs that are shown, counted from the last. */
const AGENT_RUNS = 100;
/** Tasks that are shown with all their steps. */
const PAIRS = 3;
/** The judge's mistakes that are shown. */
const MISTAKES = 8;
/** Bytes of pictures that the file may hold; later pictures are left out, and their steps shown as text. */
const PICTURE_BYTES = 24 * 1024 * 1024;

/** Writes `report.html` into the run directory and returns its path. Works on unfinished and damaged runs, too. */
export async function writeReport(runDirectory: string): Promise<string> {
  if (!existsSync(join(runDirectory, "config.json")))
    throw new ConfigError(
      `${runDirectory} is not a run: it has no config.json`,
      "Name the directory of a run.",
    );
  const path = join(runDirectory, "report.html");
  await writeAtomically(path, await reportHtml(openRunFiles(runDirectory)));
  return path;
}

async function reportHtml(run: RunFiles): Promise<string> {
  const view = await overview(run);
  if (view.head.agent) return agentHtml(run, view);
  const [first, last] = [view.evaluations[0], view.evaluations.at(-1)];
  const improved = first && last && first !== last ? await improvedTasks(run, first.phase, last.phase) : [];
  const budget = { bytes: PICTURE_BYTES };
  const pairs: ReportPair[] = [];
  for (const { before, after } of improved.slice(0, PAIRS)) {
    const [failed, solved] = [
      await episodeDetail(run, before.phase, "evaluation", before.id),
      await episodeDetail(run, after.phase, "evaluation", after.id),
    ];
    if (failed && solved)
      pairs.push({
        before: { episode: failed, pictures: await pictures(run, failed, budget) },
        after: { episode: solved, pictures: await pictures(run, solved, budget) },
      });
  }
  return renderReport({
    overview: view,
    curriculum: await readCurriculum(run),
    pairs,
    improved: improved.length,
    mistakes: await judgeMistakes(run, MISTAKES),
  });
}

async function agentHtml(run: RunFiles, view: Overview): Promise<string> {
  const all = await phaseEpisodes(run, 0, "rollout");
  const budget = { bytes: PICTURE_BYTES };
  const shown: ReportRun[] = [];
  for (const { id } of all.slice(-AGENT_RUNS)) {
    const episode = await episodeDetail(run, 0, "rollout", id);
    if (episode === null) continue;
    const last = episode.result?.picture ?? null;
    shown.push({
      episode,
      pictures: await pictures(run, episode, budget),
      last: last === null || !isScreenshotPath(last) ? null : await dataUrl(run, last, budget),
    });
  }
  return renderAgentReport(view, shown, all.length);
}

/** Screenshots as data URLs, by step. */
async function pictures(
  run: RunFiles,
  episode: EpisodeDetail,
  budget: { bytes: number },
): Promise<(string | null)[]> {
  const urls: (string | null)[] = [];
  for (const { screenshot } of episode.steps)
    urls.push(screenshot && (await dataUrl(run, screenshot.path, budget)));
  return urls;
}

/** `null` where there is no such picture, or no room for it. */
async function dataUrl(run: RunFiles, path: string, budget: { bytes: number }): Promise<string | null> {
  const bytes = await run.picture(path);
  if (!bytes) return null;
  budget.bytes -= bytes.length;
  const type = path.endsWith(".png") ? "image/png" : "image/jpeg";
  return budget.bytes < 0 ? null : `data:${type};base64,${bytes.toString("base64")}`;
}
