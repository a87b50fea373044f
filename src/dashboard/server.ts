/**
 * @file The dashboard's server: run directories as JSON, their pictures, and the page that shows them. It only reads.
 * Everything it sends is data or text: no page that a run captured is ever sent as a page.
 */

import { basename } from "node:path";
import { Hono } from "hono";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { TrainConfig } from "../run/config.ts";
import type { Tokenizer } from "../core/engine.ts";
import { answerError, guard, isLoopback } from "../http/guard.ts";
import { compareRuns } from "./compare.ts";
import { readCurriculum } from "./curriculum.ts";
import type { EpisodeFilter } from "./episodes.ts";
import { allEpisodes, episodeDetail, filterEpisodes } from "./episodes.ts";
import { ICON_URL } from "./icon.ts";
import { overview } from "./overview.ts";
import { readRunHead } from "./run-head.ts";
import { readProgress } from "./progress.ts";
import { isLivePicturePath } from "../run/live-pictures.ts";
import type { EpisodeKind } from "../run/episode-ids.ts";
import { isScreenshotPath } from "../run/paths.ts";
import { readEvaluations } from "../run/run-files.ts";
import { replayPhases, replaySteps } from "./replay.ts";
import type { ListedRun, RunList } from "./run-list.ts";

export interface DashboardOptions {
  runs: RunList;
  /** Script of the page. */
  script(): Promise<string>;
  style: string;
  /** Turns tokens of a model, given by its directory, into text; `null` where its tokenizer is not at hand. */
  tokenizer?(model: string): Promise<Pick<Tokenizer, "decode"> | null>;
}

/** The pause between looks at a run's files for the live stream. */
const POLL_MS = 1000;

/** No script but ours, no request to anywhere else, no frame around us. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>WebRL dashboard</title>
<link rel="icon" href="${ICON_URL}">
<link rel="stylesheet" href="/app.css">
<script type="module" src="/app.js"></script>
</head>
<body><div id="app"></div><noscript><p>The dashboard needs JavaScript. <code>webrl report RUN</code> writes a page that does not.</p></noscript></body>
</html>
`;

/** The most items in one answer. */
const MOST_ITEMS = 500;

export function createDashboard(options: DashboardOptions): Hono {
  const { runs } = options;
  const app = new Hono();

  app.use(guard({ isOurs: isLoopback, policy: POLICY }));
  app.onError(answerError);
  app.use(async (c, next) => {
    await next();
    c.header("Referrer-Policy", "no-referrer");
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });

  const withRun = runFinder(runs);
  app.get("/", (c) => c.html(PAGE));
  app.get("/app.js", async (c) =>
    c.body(await options.script(), 200, { "Content-Type": "text/javascript; charset=utf-8" }),
  );
  app.get("/app.css", (c) => c.body(options.style, 200, { "Content-Type": "text/css; charset=utf-8" }));

  app.get("/api/runs", async (c) =>
    c.json({
      runs: await Promise.all((await runs.list()).map(summariseRun)),
    }),
  );
  app.get("/api/runs/:run", (c) => withRun(c, async ({ files }) => c.json(await overview(files))));
  app.get("/api/runs/:run/curriculum", (c) =>
    withRun(c, async ({ files }) => c.json(await readCurriculum(files))),
  );
  episodeRoutes(app, withRun, options);
  app.get("/api/compare", async (c) => {
    const wanted = (c.req.query("runs") ?? "").split(",").filter(Boolean);
    const all = await runs.list();
    const chosen = wanted.length > 0 ? wanted.map((key) => all.find((run) => run.key === key)) : all;
    const unknown = wanted.filter((_, i) => !chosen[i]);
    if (unknown.length > 0) return c.json({ error: `no run ${unknown.join(", ")}` }, 404);
    return c.json(await compareRuns(chosen.filter((run) => run !== undefined)));
  });

  changeRoute(app, runs);
  app.onError((error, c) => c.json({ error: error.message }, 500));
  app.notFound((c) => c.json({ error: "not found" }, 404));
  return app;
}

type WithRun = (c: Context, body: (run: ListedRun) => Promise<Response>) => Promise<Response>;

const runFinder =
  (runs: RunList): WithRun =>
  async (c, body) => {
    const run = await runs.find(c.req.param("run") ?? "");
    return run ? body(run) : c.json({ error: `no run ${c.req.param("run")}` }, 404);
  };

const page = (c: Context) => ({
  offset: wholeNumber(c.req.query("offset"), 0),
  limit: Math.min(MOST_ITEMS, wholeNumber(c.req.query("limit"), 100)),
});

/** Episodes in lists and whole, the replay buffer, pictures. */
function episodeRoutes(app: Hono, withRun: WithRun, options: Pick<DashboardOptions, "tokenizer">): void {
  app.get("/api/runs/:run/episodes", (c) =>
    withRun(c, async ({ files }) => {
      const all = await allEpisodes(files);
      const found = filterEpisodes(all, filterOf(c));
      const { offset, limit } = page(c);
      const values = (key: "site" | "templateId") =>
        [...new Set(all.flatMap((episode) => episode[key] ?? []))].filter(Boolean).sort();
      return c.json({
        total: found.length,
        all: all.length,
        offset,
        items: found.slice(offset, offset + limit),
        facets: {
          site: values("site"),
          template: values("templateId"),
          phase: [...new Set(all.map((episode) => episode.phase))].sort((a, b) => a - b),
        },
      });
    }),
  );
  app.get("/api/runs/:run/episode", (c) =>
    withRun(c, async ({ files }) => {
      const kind = kindOf(c.req.query("kind")) ?? "rollout";
      const id = c.req.query("id") ?? "";
      // A damaged file may say anything.
      const config: Partial<TrainConfig> | undefined = (await files.info())?.config;
      const model = (await files.agent())?.agent.model ?? config?.models?.base;
      const decoder = model === undefined ? null : await options.tokenizer?.(model);
      const detail = await episodeDetail(
        files,
        wholeNumber(c.req.query("phase"), 0),
        kind,
        id,
        decoder ?? null,
      );
      return detail ? c.json(detail) : c.json({ error: `There is no episode ${id}.` }, 404);
    }),
  );
  /** What comes before and after an episode in the list that the filters give. */
  app.get("/api/runs/:run/neighbours", (c) =>
    withRun(c, async ({ files }) => {
      const list = filterEpisodes(await allEpisodes(files), filterOf(c));
      const [of, id] = [c.req.query("of"), c.req.query("id")];
      const at = list.findIndex((episode) => episode.kind === of && episode.id === id);
      return c.json({
        previous: list[at - 1] ?? null,
        next: at < 0 ? null : (list[at + 1] ?? null),
        index: at < 0 ? null : at,
        total: list.length,
      });
    }),
  );
  app.get("/api/runs/:run/replay", (c) =>
    withRun(c, async ({ files }) => c.json({ phases: await replayPhases(files) })),
  );
  app.get("/api/runs/:run/replay/:phase", (c) =>
    withRun(c, async ({ files }) => {
      const outcome = c.req.query("outcome");
      const phase = wholeNumber(c.req.param("phase"), 0);
      return c.json(await replaySteps(files, phase, { ...page(c), ...(outcome && { outcome }) }));
    }),
  );
  app.get("/api/runs/:run/screenshot", (c) =>
    withRun(c, async ({ files }) => {
      const path = c.req.query("path") ?? "";
      const live = isLivePicturePath(path);
      if (!live && !isScreenshotPath(path)) return c.json({ error: "not a screenshot of a run" }, 400);
      const bytes = await files.picture(path);
      if (!bytes) return c.json({ error: "no such screenshot" }, 404);
      return c.body(bytes, 200, {
        "Content-Type": path.endsWith(".png") ? "image/png" : "image/jpeg",
        // A step that is tried again has the same name.
        "Cache-Control": live ? "no-store" : "private, max-age=60",
      });
    }),
  );
}

/** Names runs whose files changed, as they change. */
function changeRoute(app: Hono, runs: RunList): void {
  app.get("/api/live", (c) =>
    streamSSE(c, async (stream) => {
      const seen = new Map<string, string>();
      let first = true;
      let quiet = 0;
      while (!stream.aborted && !stream.closed) {
        const changed: string[] = [];
        for (const { key, files } of await runs.list()) {
          const version = await files.version();
          if (seen.get(key) !== version) changed.push(key);
          seen.set(key, version);
        }
        if (changed.length > 0 || first || ++quiet * POLL_MS >= 15_000) {
          await stream.writeSSE({ event: "change", data: JSON.stringify({ runs: first ? [] : changed }) });
          quiet = 0;
        }
        first = false;
        await stream.sleep(POLL_MS);
      }
    }),
  );
}

/** A run in the list of all. One that cannot be read is shown as such and hides no other. */
async function summariseRun({ key, files }: ListedRun) {
  try {
    const head = await readRunHead(files);
    const evaluations = await readEvaluations(files);
    const progress = await readProgress(files, head);
    return {
      key,
      head: { ...head, config: null },
      progress,
      evaluations,
      problems: (await files.problems()).length,
    };
  } catch (error) {
    return {
      key,
      head: { ...UNREADABLE.head, directory: files.directory, name: basename(files.directory) },
      progress: { ...UNREADABLE.progress, reason: `cannot be read: ${(error as Error).message}` },
      evaluations: [],
      problems: 1,
    };
  }
}

const UNREADABLE = {
  head: {
    method: "unknown method",
    seed: null,
    phases: 0,
    agent: null,
    version: null,
    revision: null,
    startedAt: null,
    config: null,
  },
  progress: {
    state: "stopped",
    phase: null,
    stage: null,
    stageStartedAt: null,
    done: null,
    total: null,
    lastEventAt: null,
  },
} as const;

const wholeNumber = (text: string | undefined, otherwise: number): number => {
  const value = Number(text);
  return text !== undefined && Number.isInteger(value) && value >= 0 ? value : otherwise;
};

const kindOf = (text: string | undefined): EpisodeKind | undefined =>
  text === "rollout" || text === "evaluation" ? text : undefined;

function filterOf(c: Context): EpisodeFilter {
  const outcomes = ["success", "failure", "faulted", "unknown"] as const;
  const outcome = outcomes.find((each) => each === c.req.query("outcome"));
  const phase = c.req.query("phase");
  const kind = kindOf(c.req.query("kind"));
  const text = (name: "site" | "template" | "task" | "text") => {
    const value = c.req.query(name);
    return value ? { [name]: value } : {};
  };
  return {
    ...(phase && { phase: wholeNumber(phase, 0) }),
    ...(kind && { kind }),
    ...(outcome && { outcome }),
    ...text("site"),
    ...text("template"),
    ...text("task"),
    ...text("text"),
    disagreement: c.req.query("disagreement") === "1",
  };
}
