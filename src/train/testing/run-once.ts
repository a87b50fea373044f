/**
 * @file A process that runs or resumes a tiny run and kills itself, as `kill -9` does, at a given point:
 * `node run-once.ts DIRECTORY PHASE/STAGE/WHEN`, WHEN being start, middle or end; `never` for no point. The middle is
 * the stage's third progress or episode; in stages of one round or chunk (curriculum, judge, select) it is the first.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import type { TrainConfig } from "../../run/config.ts";
import { createContext } from "../context.ts";
import type { Observer } from "../../run/events.ts";
import { train } from "../loop.ts";
import { createRun, openRun } from "../../run/run-directory.ts";
import { runInfo } from "../../run/run-info.ts";
import { adapterParts } from "./adapter-run.ts";
import { fakeParts } from "./fake-run.ts";

const [directory, point] = [process.argv[2]!, process.argv[3]!];
const world = join(directory, "..");
const config = JSON.parse(await readFile(join(world, "config.json"), "utf8")) as TrainConfig;
const demonstrations = JSON.parse(
  await readFile(join(world, "demonstrations.json"), "utf8"),
) as EpisodeRecord[];

let inside = 0;
const observer: Observer = (event) => {
  if (!("stage" in event)) return;
  if (event.kind === "stage_started") inside = 0;
  else if (event.kind === "progress" || event.kind === "episode") inside++;
  const middle = ["curriculum", "judge", "select"].includes(event.stage) ? 1 : 3;
  const when =
    event.kind === "stage_started"
      ? "start"
      : event.kind === "stage_finished"
        ? "end"
        : inside === middle
          ? "middle"
          : "";
  if (`${event.phase}/${event.stage}/${when}` === point) process.kill(process.pid, "SIGKILL");
};
await using run = existsSync(join(directory, "config.json"))
  ? await openRun(directory, observer, { version: "test" })
  : await createRun(directory, runInfo(config), observer);
const { base, orm } = config.models;
const parts = existsSync(join(base, "adapter_config.json"))
  ? await adapterParts(demonstrations, orm)
  : // Does beside the rollouts what a server would do there.
    { ...fakeParts(demonstrations), elsewhere: { judge: true, actor: true } };
const context = createContext(run, parts);
const result = await train(context);
await context.models[Symbol.asyncDispose]();
await parts.engine[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ evaluations: result.evaluations.length }));
