/**
 * @file WebArena and WebArena-Lite as suites: the user's task file on the user's running sites. The suite's name says
 * which of the two it is, because their evaluators differ. `settings.ts` says where sites, logins and the reset are.
 *
 * A problem with one task (an unknown evaluator, a site without an address, an expired login) is a fault of that task,
 * `task_unusable`: the task is reported and not scored, and the others continue.
 *
 * Deviations from the official runner:
 * 1. A login state is checked before each episode, and made again only if it is no longer valid; the official runner
 *    signs in each time.
 * 2. A task that changes a site has it to itself; the official workers share it.
 * 3. Replies that are no actions do not end an episode; the official runner stops after several in a row.
 * 4. In `train`, evaluations included, an episode also ends at the limits of `rollout.*`.
 */

import { basename } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { ConfigError, Fault } from "../../core/errors.ts";
import type { ChatModel } from "../../core/chat.ts";
import type { Task } from "../../core/task.ts";
import type { Verdict } from "../../core/trajectory.ts";
import type { BrowserEpisode } from "../../browser/episode.ts";
import { startBrowserEpisode } from "../../browser/episode.ts";
import type { BrowserConfig } from "../../browser/launch.ts";
import { BrowserPool } from "../../browser/pool.ts";
import { withDeadline } from "../../browser/with-deadline.ts";
import type { EpisodeWorld, FinishedPage } from "../../browser/world.ts";
import type { Suite, SiteOptions, SuiteSite } from "../suite.ts";
import { NO_LIMIT } from "../suite.ts";
import { filterTasks, reportUnknown } from "../filter-tasks.ts";
import { runCommand } from "../server-process.ts";
import { createAnswerJudge } from "./judge.ts";
import { evaluate } from "./evaluate.ts";
import type { EvaluatedPage } from "./evaluate.ts";
import { beginningOf, fill, fillTask, networkOf, requireFilled, requireTask } from "./fill-task.ts";
import type { Beginning } from "./fill-task.ts";
import { createLogins } from "./login.ts";
import { parseInstructions } from "./instructions.ts";
import { createReach } from "./reach.ts";
import type { Settings } from "./settings.ts";
import { readSettings } from "./settings.ts";
import { shopApi } from "./shop-api.ts";
import { createSiteLocks } from "./site-locks.ts";
import { changesState, parseTasks, startPages, toTask } from "./tasks.ts";
import type { TaskEntry, WebArenaTask } from "./tasks.ts";
import type { Protocol } from "./text.ts";

export interface WebArenaOptions {
  /** Compares texts for the tasks that need it. */
  judge?: ChatModel | null;
  /** Default: the process's environment. */
  env?: Record<string, string | undefined>;
}

/** `file`: a task file, or a settings file that names one. */
export async function loadWebArenaSuite(
  file: string,
  options: WebArenaOptions = {},
  protocol: Protocol = "webarena",
): Promise<Suite> {
  const settings = await readSettings(file, options.env ?? process.env);
  const entries = parseTasks(settings.text, settings.file);
  checkProtocol(settings.file, entries, protocol);
  const entryById = new Map(entries.map((entry) => [toTask(entry, protocol).id, entry]));
  const tasks = [
    ...entries.map((entry) => toTask(entry, protocol)),
    ...(settings.instructions
      ? parseInstructions(settings.instructions.text, settings.instructions.file, protocol)
      : []),
  ];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const find = <T>(known: ReadonlyMap<string, T>, id: string): T => {
    const found = known.get(id);
    if (found !== undefined) return found;
    throw reportUnknown("task", id, byId.keys(), `webrl suite list --suite ${protocol} --file PATH`);
  };
  const repeatedAction = protocol === "webarena-lite" ? 5 : 3;
  return {
    name: protocol,
    evaluator: settings.evaluator,
    limits: { maxTimeMs: NO_LIMIT, repeatedAction, repeatedError: NO_LIMIT },
    howToTrain:
      "Name a file of instructions to train on, as `instructions` in a settings file (docs/webarena.md), or only score with phases=0.",
    descriptions: {},
    catalog: null,
    tasks: (filter = {}) => filterTasks(tasks, filter),
    task: (id) => find(byId, id),
    unusable: (task) => {
      if (task.templateId !== null) return fillTask(find(entryById, task.templateId), settings, protocol).why;
      return fill(beginningOf(task, entries), settings).why;
    },
    // As in the paper's tables: the map's row includes its tasks with Wikipedia; other pairs count only in the total.
    column: ({ sites }) => {
      const [first, ...others] = new Set(sites);
      if (others.length === 0) return first ?? null;
      return sites.every((site) => site === "map" || site === "wikipedia") ? "map" : null;
    },
    createSite: async (site = {}) =>
      createWebArenaSite(
        {
          entryOf: (id) => find(entryById, id),
          beginningOf: (task) => beginningOf(task, entries),
        },
        settings,
        protocol,
        options.judge ?? null,
        site,
      ),
    hasOracle: () => false,
    oracleFor: (task) => {
      throw new ConfigError(
        `${task.id} has no oracle`,
        "WebArena has none; check the built-in suite or your own.",
      );
    },
    wrongAnswer: () => "wrong",
  };
}

/** Only the tasks of WebArena-Lite say which task of WebArena they come from. */
function checkProtocol(file: string, entries: readonly TaskEntry[], protocol: Protocol): void {
  const isLite = entries.some(({ task }) => "old_task_id" in task);
  if (isLite === (protocol === "webarena-lite")) return;
  throw isLite
    ? new ConfigError(
        `${file} is a task file of WebArena-Lite (its tasks have old_task_id), which has other evaluators`,
        "Use --suite webarena-lite.",
      )
    : new ConfigError(
        `${file} is a task file of WebArena (no task has old_task_id), which has other evaluators`,
        "Use --suite webarena.",
      );
}

/** What {@link makeLogins} did: the states that it wrote, and why it could not make the others. */
interface MadeLogins {
  made: string[];
  failed: { state: string; why: string }[];
}

/** Signs in to the sites and writes the login states that the tasks name. Tries all of them. */
export async function makeLogins(file: string, browser?: BrowserConfig): Promise<MadeLogins> {
  const settings = await readSettings(file, process.env);
  const states = parseTasks(settings.text, settings.file).flatMap(({ task }) => {
    const state = (task as WebArenaTask).storage_state;
    return typeof state === "string" ? [basename(state)] : [];
  });
  await using pool = new BrowserPool(browser);
  const logins = createLogins(settings, pool, networkOf(settings), createReach());
  const result: MadeLogins = { made: [], failed: [] };
  for (const state of new Set(states))
    try {
      result.made.push(await logins.make(state));
    } catch (error) {
      if (error instanceof ConfigError) result.failed.push({ state, why: `${error.message}. ${error.hint}` });
      else if (error instanceof Fault) result.failed.push({ state, why: error.message });
      else throw error;
    }
  return result;
}

function createWebArenaSite(
  {
    entryOf,
    beginningOf: beginningOfNew,
  }: { entryOf: (id: string) => TaskEntry; beginningOf: (task: Task) => Beginning },
  settings: Settings,
  protocol: Protocol,
  chat: ChatModel | null,
  options: SiteOptions,
): SuiteSite {
  const pool = new BrowserPool(options.browser);
  const { urls, evaluator } = settings;
  const network = networkOf(settings);
  if (network.allowedHosts.length === 0)
    throw new ConfigError(
      "no site of WebArena has an address",
      "Set SHOPPING, SHOPPING_ADMIN, REDDIT, GITLAB, MAP and WIKIPEDIA, or `urls` in a settings file (docs/webarena.md).",
    );
  const judge = chat ? createAnswerJudge(chat, evaluator) : null;
  const reach = createReach();
  const logins = createLogins(settings, pool, network, reach);
  const locks = createSiteLocks();
  const resetMs: number[] = [];
  const shop = urls.SHOPPING
    ? shopApi({
        url: urls.SHOPPING,
        username: settings.accounts.shopping_site_admin.username,
        password: settings.password("shopping_site_admin")!,
      })
    : undefined;
  /** Before the first episode, a failure means that the command is wrong. Later, the other tasks can continue. */
  const reset = async (signal: AbortSignal | undefined, isFirst: boolean) => {
    const { reset: command, directory, resetMinutes } = settings;
    if (command === undefined) return;
    const began = performance.now();
    try {
      await runCommand({ command, cwd: directory, env: {}, timeoutMs: resetMinutes * 60_000, signal });
    } catch (cause) {
      signal?.throwIfAborted();
      const message = `the reset \`${command}\` failed: ${(cause as Error).message}`;
      throw isFirst
        ? new ConfigError(message, "Correct `reset` in the settings file.", { cause })
        : new Fault("task_unusable", message, { retryable: false, cause });
    }
    resetMs.push(performance.now() - began);
  };
  let firstReset: Promise<void> | undefined;

  const begin = async (
    task: Task,
    source: WebArenaTask | null,
    seed: number,
    leave: () => void,
    signal?: AbortSignal,
  ) => {
    const isReset = firstReset !== undefined;
    await (firstReset ??= reset(signal, true));
    if (source?.require_reset && isReset) await reset(signal, false);
    const beginning = source ?? requireFilled(fill(beginningOfNew(task), settings));
    const state = beginning.storage_state ?? null;
    const cookies = state === null ? [] : await logins.cookies(state);
    const [startUrl, ...moreTabs] = startPages(beginning);
    const world: EpisodeWorld = {
      ...network,
      cookies,
      startUrl,
      moreTabs,
      verify: async (answer, page): Promise<Verdict | null> => {
        if (!source) return null;
        const reasons = await withPages(page, await cookiesOf(episode), (access) =>
          evaluate(source, answer ?? "", { page: access, judge, shop, protocol, evaluator }),
        );
        const success = reasons.length === 0;
        return { by: "verifier", success, probability: success ? 1 : 0, reasons };
      },
      dispose: leave,
    };
    const episode: BrowserEpisode = await reach([startUrl, ...moreTabs], () =>
      startBrowserEpisode(pool, task, world, {
        format: options.format ?? "compact",
        seed,
        ...(signal ? { signal } : {}),
        guard: options.guard,
        ...(options.onStepTimes ? { onStepTimes: options.onStepTimes } : {}),
      }),
    );
    return episode;
  };
  /** Evaluates with pages of a context that has the episode's cookies. */
  const withPages = async <T>(
    page: FinishedPage,
    cookies: Cookies,
    body: (page: EvaluatedPage) => Promise<T>,
  ): Promise<T> => {
    await using opened = await pool.openContext({ ...network, cookies: [], startUrl: page.url });
    await opened.context.addCookies(cookies);
    return await body(evaluatedPage(page, async () => opened.context.newPage()));
  };

  return {
    name: protocol,
    browser: pool.settings,
    resetMs,
    maxParallel: Number.POSITIVE_INFINITY,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task: Task, { seed, signal }) => {
      signal?.throwIfAborted();
      const source =
        task.templateId === null
          ? null
          : requireTask(entryOf(task.templateId), settings, protocol, judge !== null);
      // The command resets all sites.
      const resets = source?.require_reset === true;
      const leave = await locks.enter(
        resets ? "all" : task.sites,
        resets || source === null || changesState(source),
        signal,
      );
      try {
        return await begin(task, source, seed, leave, signal);
      } catch (error) {
        leave();
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => pool[Symbol.asyncDispose](),
  };
}

type Cookies = Awaited<ReturnType<BrowserContext["cookies"]>>;

/** As they are now: the episode may have renewed a session, or filled a guest's cart. Throws a `Fault`. */
async function cookiesOf(episode: BrowserEpisode): Promise<Cookies> {
  try {
    return await withDeadline(episode.context.cookies(), COOKIES_MS);
  } catch (error) {
    throw (await episode.findFault(error)) ?? error;
  }
}

const COOKIES_MS = 30_000;

/** The same as Playwright's `page.content()`. */
const CONTENT = `(document.doctype ? new XMLSerializer().serializeToString(document.doctype) : "") + document.documentElement.outerHTML`;

/**
 * The episode's own page until an evaluator opens another one, which is a new page with the same cookies, so that
 * evaluating does not disturb the episode.
 */
function evaluatedPage(last: FinishedPage, newPage: () => Promise<Page>): EvaluatedPage {
  let other: Page | undefined;
  const read = async (expression: string): Promise<unknown> =>
    other ? other.evaluate(expression) : last.read(expression);
  return {
    url: () => other?.url() ?? last.url,
    open: async (url) => {
      try {
        other ??= await newPage();
        await other.goto(url, { waitUntil: "load", timeout: 60_000 });
        // Waits for what scripts fetch; a page that never comes to rest is taken as it is.
        await other.waitForLoadState("networkidle", { timeout: 3000 }).catch(() => {});
      } catch (cause) {
        // The lines after the first are Playwright's log, with codes for a terminal.
        const [said] = String((cause as Error).message).split("\n");
        throw new Fault("site_down", `${url} could not be opened for the evaluation: ${said}`, {
          retryable: true,
          cause,
        });
      }
    },
    html: async () => String(await read(CONTENT)),
    evaluate: read,
  };
}
