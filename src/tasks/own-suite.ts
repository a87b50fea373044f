/** @file Runs a site that `defineSite` describes: its instances, resets, logins, episodes and verifiers. */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import type { Episode, StartOptions } from "../core/episode.ts";
import { ConfigError, Fault, invariant } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { startBrowserEpisode } from "../browser/episode.ts";
import { BrowserPool } from "../browser/pool.ts";
import type { WorldStorage } from "../browser/storage.ts";
import type { EpisodeWorld } from "../browser/world.ts";
import { defineSite, usersOf } from "../sites/define-site.ts";
import type { SiteDefinition } from "../sites/define-site.ts";
import { blame } from "./first-failure.ts";
import { closeInstance, copyOf, openInstance, resetInstance, startMsOf } from "./own-instance.ts";
import type { CopyKeeper, Instance } from "./own-instance.ts";
import { cookiesFor, logIn } from "./own-login.ts";
import type { Login } from "./own-login.ts";
import { readDeclared } from "./own-safety.ts";
import { ownTasks, verifyOwn } from "./own-tasks.ts";
import { keepDeclared, refuseSecretTasks } from "./own-secrets.ts";
import type { OwnTasks } from "./own-tasks.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Suite, SiteOptions, SuiteSite } from "./suite.ts";
import { filterTasks, findTask } from "./filter-tasks.ts";
import { isSuite, readSuite } from "./given-suite.ts";
import { shareCopies } from "./share-copies.ts";
import { tellWait } from "./tell-wait.ts";
import { ourError, placeOf } from "./user-code.ts";

/** The file exports a site's definition, or a whole suite. */
export async function loadOwnSuite(file: string): Promise<Suite> {
  const given = await loadExisting(file);
  if (isSuite(given)) return readSuite(given, file);
  return createOwnSuite(toDefinition(given, file), dirname(resolve(file)));
}

/** Loads the default export of a TypeScript or JavaScript file. `directory`: where its commands run by default. */
export async function loadDefinition(
  file: string,
): Promise<{ definition: SiteDefinition; directory: string }> {
  return { definition: toDefinition(await loadExisting(file), file), directory: dirname(resolve(file)) };
}

async function loadExisting(file: string): Promise<unknown> {
  if (existsSync(file)) return loadDefault(resolve(file));
  throw new ConfigError(`${file} does not exist`, "Give the path of the file that calls defineSite.");
}

function toDefinition(given: unknown, file: string): SiteDefinition {
  if (given === null || typeof given !== "object")
    throw new ConfigError(
      `${file} has no default export that is a site`,
      "End it with `export default defineSite({ … })`; see docs/define-site.md.",
    );
  return defineSite(given as SiteDefinition);
}

/** The default export of a user's TypeScript or JavaScript file. Throws a `ConfigError` if it cannot be loaded. */
export const loadDefault = async (path: string): Promise<unknown> => defaultExport(await importFile(path));

/** If the file's package.json does not say `"type": "module"`, its exports are wrapped once more. */
function defaultExport(module: unknown): unknown {
  const outer = (module as { default?: unknown }).default;
  const inner = outer as { __esModule?: boolean; default?: unknown } | null | undefined;
  return inner?.__esModule ? inner.default : outer;
}

/**
 * TypeScript goes through jiti on every Node, since Node's own reader refuses enums, imports without an extension and
 * folders whose package.json says "commonjs". When run from its sources, webrl already runs under a TypeScript loader.
 */
async function importFile(path: string): Promise<unknown> {
  const typescript = /\.[cm]?ts$/.test(path) && !import.meta.url.endsWith(".ts");
  try {
    return typescript
      ? await createJiti(import.meta.url, { fsCache: false }).import(path)
      : await import(pathToFileURL(path).href);
  } catch (error) {
    throw loadError(path, error);
  }
}

function loadError(path: string, cause: unknown): Error {
  const ours = ourError(cause);
  if (ours) return ours;
  const message = cause instanceof Error ? cause.message : String(cause);
  const place = placeOf(cause);
  // A file beside the sources finds the package in them; elsewhere it is found where it is installed.
  const lacksPackage = /Cannot find (?:module|package) 'webrl(?:\/[^']*)?'/.test(message);
  return new ConfigError(
    `${path} could not be loaded: ${message}${place === null ? "" : ` (${place})`}`,
    lacksPackage
      ? "Install the webrl package in the folder of this file (npm install webrl, or the packed file), or keep the file inside the sources."
      : "Correct the file.",
    { cause },
  );
}

/** `directory`: where commands run by default. `keeper`: keeps records of the started copies. */
export function createOwnSuite(
  given: SiteDefinition,
  directory: string,
  keeper: CopyKeeper | null = null,
): Suite {
  const definition = defineSite(given);
  const own = ownTasks(definition);
  const byId = new Map(own.tasks.map((task) => [task.id, task]));
  const { name, description, infeasible } = definition;
  const tasks: Suite["tasks"] = (filter = {}) => filterTasks(own.tasks, filter);
  return {
    name,
    descriptions: description === undefined ? {} : { [name]: { description, infeasible } },
    tasks,
    // Includes listed tasks: an evolved task must not repeat a held-out one.
    catalog: own.templates && { ...own.templates, tasks },
    task: (id) => byId.get(id) ?? findTask(own.tasks, id),
    createSite: async (options = {}) => createOwnSite(definition, directory, own, options, keeper),
    hasOracle: (task, format) => {
      const found = own.of(task);
      return Boolean(found?.oracle) && !(format === "webrl" && found?.inFrame);
    },
    oracleFor: (task, first) => {
      const oracle = own.of(task)?.oracle;
      invariant(oracle, `${task.id} has no oracle`);
      return oracle(first);
    },
    wrongAnswer: (task) => own.of(task)?.wrongAnswer ?? "wrong",
  };
}

function createOwnSite(
  definition: SiteDefinition,
  directory: string,
  { tasks, of: ownTask }: OwnTasks,
  options: SiteOptions,
  keeper: CopyKeeper | null,
): SuiteSite {
  keepDeclared(definition);
  refuseSecretTasks(definition, tasks);
  const pool = new BrowserPool(options.browser);
  const size = definition.start?.instances ?? 1;
  const resetMs: number[] = [];
  const loginMs: number[] = [];
  const part = blame(definition.name, definition.start !== undefined);
  const users = usersOf(definition);
  /** Users whose first sign-in was checked and lasted. */
  const loginHolds = new Set<string>();
  /** Started servers that have shown a page: the first one may need the time of the start. */
  const warm = new WeakSet<ServerProcess>();
  let disposed = false;
  const { onTrouble } = options.browser ?? {};
  const limitMs = startMsOf(definition);
  const copies = shareCopies(size, (copy, signal) => {
    const open = async () => openInstance(definition, directory, copy, signal, { keeper });
    const wait = { what: `the start of ${definition.name}`, limitMs, tell: onTrouble };
    return tellWait(wait, async () => part("start", open, signal));
  });
  /** Signs a user in with a separate browser. */
  const signIn = async (
    user: string,
    at: Omit<Login, "site" | "steps">,
    signal?: AbortSignal,
  ): Promise<WorldStorage> => {
    const login = { ...at, site: definition.name, steps: users[user]! };
    const began = performance.now();
    const storage = await part("login", async () => logIn(pool, login, !loginHolds.has(user)), signal);
    if (!loginHolds.has(user)) refuseSecretTasks(definition, tasks);
    loginHolds.add(user);
    loginMs.push(performance.now() - began);
    return storage;
  };

  /** Starts an episode on the copy that was taken for it; `give` returns the copy. */
  const startOn = async (
    instance: Instance,
    give: () => void,
    task: Task,
    { seed, signal }: StartOptions,
  ): Promise<Episode> => {
    const own = ownTask(task);
    const began = performance.now();
    await part("reset", async () => resetInstance(definition, directory, instance, signal), signal);
    resetMs.push(performance.now() - began);
    const { server } = instance;
    const startMs = server && !warm.has(server) ? limitMs : 0;
    const what = `the first page of ${instance.baseUrl}`;
    const patiently = async <T>(body: () => Promise<T>): Promise<T> =>
      startMs > 0 ? tellWait({ what, limitMs, tell: onTrouble }, body) : body();
    const { host } = new URL(instance.baseUrl);
    const network = {
      hosts: new Map(),
      allowedHosts: [host, ...(definition.hosts ?? [])],
      privateHosts: definition.privateHosts ?? [],
      selfSigned: definition.selfSigned ?? false,
    };
    const startPath = new URL(task.startUrl);
    const startUrl = new URL(startPath.pathname + startPath.search + startPath.hash, instance.baseUrl).href;
    const login = { baseUrl: instance.baseUrl, network, startUrl, startMs };
    // A task that is not in the definition was proposed by a chat model: the first user does it.
    const user = own ? own.user : (Object.keys(users)[0] ?? null);
    const signedIn = user === null ? null : await patiently(() => signIn(user, login, signal));
    const world: EpisodeWorld = {
      ...network,
      cookies: [],
      ...readDeclared(definition, instance.baseUrl),
      ...(signedIn && { storage: signedIn }),
      ...(definition.downStatuses && { isDown: (status) => definition.downStatuses!.includes(status) }),
      startUrl,
      startMs,
      verify: async (answer, { url, pageText }) => {
        const verdict = await verifyOwn(
          task,
          own?.checks ?? [],
          { answer, url, pageText, user, ...copyOf(instance) },
          async (name) => {
            if (!users[name])
              throw new ConfigError(
                `a check sends a request as ${JSON.stringify(name)}, who is not in login`,
                "Name a user of `login`.",
              );
            return cookiesFor(await signIn(name, login), instance.baseUrl);
          },
        );
        // A page that asks its server by script does not show that the server is gone, and the data may be read without
        // it.
        if (verdict?.success === false && server && !(await server.isRunning()))
          throw new Fault("site_down", `${definition.name} ended during the episode`, { retryable: true });
        return verdict;
      },
      dispose: give,
    };
    const starting = {
      format: options.format ?? "compact",
      seed,
      ...(signal ? { signal } : {}),
      guard: options.guard,
      ...(options.onStepTimes ? { onStepTimes: options.onStepTimes } : {}),
    };
    const open = async () => startBrowserEpisode(pool, task, world, starting);
    const episode = await patiently(async () => part("page", open, signal));
    if (server) warm.add(server);
    return episode;
  };

  return {
    name: definition.name,
    browser: pool.settings,
    resetMs,
    loginMs,
    maxParallel: size,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task, starting) => {
      starting.signal?.throwIfAborted();
      invariant(!disposed, "start on a site that was disposed");
      const instance = await copies.take(starting.signal);
      let given = false;
      const give = () => {
        if (!given) copies.give(instance);
        given = true;
      };
      try {
        return await startOn(instance, give, task, starting);
      } catch (error) {
        give();
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      await pool[Symbol.asyncDispose]();
      await Promise.all([...copies.made].map(closeInstance));
    },
  };
}
