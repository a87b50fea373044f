/**
 * @file WebArena (and WebArena-Lite) as a suite: the user's task file on the user's running sites. Base URLs come from
 * the environment variables SHOPPING, SHOPPING_ADMIN, REDDIT, GITLAB, MAP, WIKIPEDIA; login states from the files that
 * the tasks name, relative to WEBARENA_AUTH or the task file's directory.
 *
 * There is no reset per task: WebArena has none. Recreate the containers before each evaluation round.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Page } from "playwright-core";
import { z } from "zod";
import { ConfigError, Fault } from "../../core/errors.ts";
import type { ChatModel } from "../../core/chat.ts";
import type { Task } from "../../core/task.ts";
import type { Verdict } from "../../core/trajectory.ts";
import { startBrowserEpisode } from "../../browser/episode.ts";
import { BrowserPool } from "../../browser/pool.ts";
import type { EpisodeWorld, FinishedPage, WorldCookie } from "../../browser/world.ts";
import type { Suite, SiteOptions, SuiteSite } from "../suite.ts";
import { blame } from "../first-failure.ts";
import { filterTasks, unknown } from "../filter-tasks.ts";
import { createAnswerJudge } from "./judge.ts";
import { evaluate } from "./evaluate.ts";
import type { EvaluatedPage } from "./evaluate.ts";
import { needsJudge, parseTasks, PLACEHOLDERS, toTask } from "./tasks.ts";
import type { BaseUrls, WebArenaTask } from "./tasks.ts";

export interface WebArenaOptions {
  /** Compares texts for the tasks that need it. */
  judge?: ChatModel | null;
  /** Default: the environment. */
  env?: Record<string, string | undefined>;
}

export async function loadWebArenaSuite(file: string, options: WebArenaOptions = {}): Promise<Suite> {
  const env = options.env ?? process.env;
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ConfigError(
      `${file} cannot be read: ${(cause as Error).message}`,
      "Give the path of the task file.",
      {
        cause,
      },
    );
  });
  const urls: BaseUrls = Object.fromEntries(Object.values(PLACEHOLDERS).map((name) => [name, env[name]]));
  // Without base URLs, tasks can be listed; starting one asks for them.
  const raw = parseTasks(text, file);
  const tasks = raw.map(toTask);
  let filled: Map<string, WebArenaTask> | undefined;
  const taskOf = (id: string): WebArenaTask => {
    filled ??= new Map(parseTasks(text, file, urls).map((task) => [`webarena.${task.task_id}`, task]));
    const found = filled.get(id);
    if (!found) throw unknown("task", id, filled.keys(), "webrl suite list --suite webarena --file PATH");
    return found;
  };
  return {
    name: "webarena",
    descriptions: {},
    catalog: null,
    tasks: (filter = {}) => filterTasks(tasks, filter),
    task: (id) => {
      const found = tasks.find((task) => task.id === id);
      if (found) return found;
      throw unknown(
        "task",
        id,
        tasks.map((task) => task.id),
        "webrl suite list --suite webarena --file PATH",
      );
    },
    createSite: async (site = {}) =>
      createWebArenaSite(
        taskOf,
        urls,
        resolve(env["WEBARENA_AUTH"] ?? dirname(file)),
        options.judge ?? null,
        site,
      ),
    hasOracle: () => false,
    oracleFor: (task) => {
      throw new ConfigError(
        `${task.id} has no oracle`,
        "WebArena ships none; check the built-in suite or your own.",
      );
    },
    wrongAnswer: () => "wrong",
  };
}

function createWebArenaSite(
  taskOf: (id: string) => WebArenaTask,
  urls: BaseUrls,
  authDirectory: string,
  chat: ChatModel | null,
  options: SiteOptions,
): SuiteSite {
  const pool = new BrowserPool(options.browser);
  const allowedHosts = Object.values(urls).flatMap((url) => (url ? [new URL(url).host] : []));
  const judge = chat ? createAnswerJudge(chat) : null;
  const part = blame("webarena");
  return {
    name: "webarena",
    browser: pool.settings,
    resetMs: [],
    maxParallel: Number.POSITIVE_INFINITY,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task: Task, { seed, signal }) => {
      signal?.throwIfAborted();
      const source = task.templateId === null ? null : taskOf(task.templateId);
      if (source && !judge && needsJudge(source))
        throw new ConfigError(
          `the answer to ${task.id} has to be compared by a language model, and none is named`,
          "Set OPENAI_BASE_URL (and OPENAI_API_KEY) and name its model: `webrl eval --judge MODEL`, or `llm.model` of a run.",
        );
      const state = source?.storage_state ?? null;
      const cookies = state === null ? [] : await readStorageState(resolve(authDirectory, state));
      // Whoever installs WebArena does it on machines of his own.
      const network = { hosts: new Map(), allowedHosts, privateHosts: allowedHosts };
      const world: EpisodeWorld = {
        ...network,
        cookies,
        startUrl: source ? source.start_url.split(" |AND| ")[0]! : task.startUrl,
        verify: async (answer, page): Promise<Verdict | null> => {
          if (!source) return null;
          await using opened = await pool.openContext({ ...network, cookies, startUrl: page.url });
          await opened.context.addCookies(
            cookies.map(({ host, ...cookie }) => ({ ...cookie, domain: host, path: cookie.path ?? "/" })),
          );
          const access = evaluatedPage(page, async () => opened.context.newPage());
          const shoppingUrl = urls.SHOPPING;
          const reasons = await evaluate(source, answer ?? "", {
            page: access,
            judge,
            ...(shoppingUrl ? { shoppingUrl } : {}),
          });
          const success = reasons.length === 0;
          return { by: "verifier", success, probability: success ? 1 : 0, reasons };
        },
      };
      const starting = {
        format: options.format ?? "compact",
        seed,
        ...(signal ? { signal } : {}),
        guard: options.guard,
        ...(options.onStepTimes ? { onStepTimes: options.onStepTimes } : {}),
      };
      return part("page", async () => startBrowserEpisode(pool, task, world, starting), signal);
    },
    [Symbol.asyncDispose]: async () => pool[Symbol.asyncDispose](),
  };
}

/**
 * The episode's own page until an evaluator opens another one; that one is a new page with the same login, so that
 * evaluating does not disturb the episode.
 */
export function evaluatedPage(last: FinishedPage, newPage: () => Promise<Page>): EvaluatedPage {
  let other: Page | undefined;
  const read = async (expression: string): Promise<unknown> =>
    other ? other.evaluate(expression) : last.read(expression);
  return {
    url: () => other?.url() ?? last.url,
    open: async (url) => {
      try {
        other ??= await newPage();
        await other.goto(url, { waitUntil: "load", timeout: 60_000 });
      } catch (cause) {
        throw new Fault(
          "site_down",
          `${url} could not be opened for the evaluation: ${(cause as Error).message}`,
          {
            retryable: true,
            cause,
          },
        );
      }
    },
    html: async () => String(await read("document.documentElement.outerHTML")),
    evaluate: read,
  };
}

const storageStateSchema = z.looseObject({
  cookies: z.array(
    z.looseObject({
      name: z.string(),
      value: z.string(),
      domain: z.string(),
      path: z.string().optional(),
      httpOnly: z.boolean().optional(),
      secure: z.boolean().optional(),
    }),
  ),
});

/** Playwright's storage state; its local storage is not used by WebArena's sites. */
async function readStorageState(path: string): Promise<WorldCookie[]> {
  const hint =
    "Log in to the sites and save Playwright's storage state there; WEBARENA_AUTH names the directory.";
  if (!existsSync(path)) throw new ConfigError(`the login state ${path} does not exist`, hint);
  try {
    const { cookies } = storageStateSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return cookies.map(({ domain, name, value, path: at, httpOnly, secure }) => ({
      host: domain.replace(/^\./, ""),
      name,
      value,
      ...(at !== undefined && { path: at }),
      ...(httpOnly !== undefined && { httpOnly }),
      ...(secure !== undefined && { secure }),
    }));
  } catch (cause) {
    throw new ConfigError(`the login state ${path} is malformed: ${(cause as Error).message}`, hint, {
      cause,
    });
  }
}
