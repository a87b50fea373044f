/** @file Episodes that run right now, by the pictures they leave: known only where a run keeps screenshots. */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "./progress.ts";
import type { EpisodeKind } from "./records.ts";
import type { RunFiles } from "./run-files.ts";

export interface OpenEpisode {
  id: string;
  instruction: string | null;
  steps: number;
  /** Path in the run. */
  screenshot: string;
  updatedAt: string;
}

export async function openEpisodes(
  run: RunFiles,
  progress: Pick<Progress, "phase" | "stage" | "stageStartedAt">,
): Promise<OpenEpisode[]> {
  const { phase, stage } = progress;
  if (phase === null || (stage !== "rollout" && stage !== "evaluate")) return [];
  const kind: EpisodeKind = stage === "rollout" ? "rollout" : "evaluation";
  const prefix = stage === "rollout" ? /^phase-\d+-(\d+)$/ : /^evaluation-\d+-(\d+)$/;
  const finished = new Set(
    (await run.episodePlaces(phase, kind)).map((place) => place.id.replaceAll("/", "-")),
  );
  const root = run.path(phase, "screenshots");
  const names = await readdir(root).catch(() => [] as string[]);
  const tasks = stage === "rollout" ? await run.lines(phase, "tasks.jsonl") : [];
  const found = await Promise.all(
    names
      .filter((name) => prefix.test(name) && !finished.has(name))
      .map(async (name): Promise<OpenEpisode[]> => {
        const pictures = (await readdir(join(root, name)).catch(() => [] as string[]))
          .filter((file) => /^\d+\.(png|jpg)$/.test(file))
          .sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
        const last = pictures.at(-1);
        if (last === undefined) return [];
        const path = join(root, name, last);
        const written = (await stat(path)).mtime;
        // What an interrupted attempt left lies there until the episode is tried again.
        if (progress.stageStartedAt !== null && written < new Date(progress.stageStartedAt)) return [];
        return [
          {
            id: name.replace(/-(\d+)$/, "/$1"),
            instruction: tasks[Number(prefix.exec(name)![1])]?.instruction ?? null,
            steps: pictures.length,
            screenshot: path.slice(run.directory.length + 1).replaceAll("\\", "/"),
            updatedAt: written.toISOString(),
          },
        ];
      }),
  );
  return found.flat().sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
}
