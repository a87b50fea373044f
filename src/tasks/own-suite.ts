/** @file Runs a site that `defineSite` describes: its instances, resets, logins, episodes and verifiers. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { ConfigError, Fault, invariant } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { redactKnown } from "../text/redact.ts";
import { publicLookup } from "../browser/addresses.ts";
import { startBrowserEpisode } from "../browser/episode.ts";
import { BrowserPool } from "../browser/pool.ts";
import type { EpisodeWorld, WorldCookie } from "../browser/world.ts";
import { defineSite } from "../sites/define-site.ts";
import type { LoginStep, SiteDefinition } from "../sites/define-site.ts";
import { LIST, ownTasks, verifyOwn } from "./own-tasks.ts";
import type { OwnTask } from "./own-tasks.ts";
import type { RunnableSuite, SiteOptions, SuiteSite } from "./runnable.ts";
import { answers, freePort, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";
import { filterTasks, unknown } from "./suite.ts";
import { ourError, placeOf } from "./user-code.ts";

/** Loads the default export of a `.ts`, `.mts`, `.js` or `.mjs` file. */
export async function loadOwnSuite(file: string): Promise<RunnableSuite> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new ConfigError(`${file} does not exist`, "Give the path of the file that calls defineSite.");
  const definition = defaultExport(await importFile(path));
  if (definition === null || typeof definition !== "object")
    throw new ConfigError(
      `${file} has no default export that is a site`,
      "End it with `export default defineSite({ … })`; see docs/define-site.md.",
    );
  return createOwnSuite(definition as SiteDefinition, dirname(path));
}

/** Where the file's package.json does not say `"type": "module"`, its exports are wrapped once more. */
function defaultExport(module: unknown): unknown {
  const outer = (module as { default?: unknown }).default;
  const inner = outer as { __esModule?: boolean; default?: unknown } | null | undefined;
  return inner?.__esModule ? inner.default : outer;
}

async function importFile(path: string): Promise<unknown> {
  const url = pathToFileURL(path).href;
  try {
    return await import(url);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_UNKNOWN_FILE_EXTENSION" || !/^\.m?ts$/.test(extname(path)))
      throw loadError(path, error);
  }
  // Node before 22.18 does not read TypeScript by itself.
  let tsx: { tsImport(specifier: string, parent: string): Promise<unknown> };
  try {
    tsx = (await import("tsx/esm/api")) as typeof tsx;
  } catch (cause) {
    throw new ConfigError(
      `this Node ${process.version} does not read TypeScript files`,
      "Run `npm install --save-dev tsx`, use Node 22.18 or newer, or write the file as .js.",
      { cause },
    );
  }
  return tsx.tsImport(url, import.meta.url).catch((error: unknown) => {
    throw loadError(path, error);
  });
}

function loadError(path: string, cause: unknown): Error {
  const ours = ourError(cause);
  if (ours) return ours;
  const message = cause instanceof Error ? cause.message : String(cause);
  const place = placeOf(cause);
  return new ConfigError(
    `${path} could not be loaded: ${message}${place === null ? "" : ` (${place})`}`,
    "Correct the file.",
    { cause },
  );
}

/** `directory`: where commands run by default. */
export function createOwnSuite(given: SiteDefinition, directory: string): RunnableSuite {
  const definition = defineSite(given);
  const own = ownTasks(definition);
  const byId = new Map(own.tasks.map((task) => [task.id, task]));
  const { name, description, infeasible } = definition;
  return {
    // With templates, the suite is a catalog that new tasks are evolved from.
    ...own.templates,
    name,
    descriptions: description === undefined ? {} : { [name]: { description, infeasible } },
    tasks: (filter = {}) => filterTasks(own.tasks, filter),
    task: (id) => {
      const found = byId.get(id);
      if (found) return found;
      throw unknown("task", id, byId.keys(), LIST);
    },
    createSite: async (options = {}) => createOwnSite(definition, directory, own.of, options),
    hasOracle: (task) => Boolean(own.of(task)?.oracle),
    oracleFor: (task, first) => {
      const oracle = own.of(task)?.oracle;
      invariant(oracle, `${task.id} has no oracle`);
      return oracle(first);
    },
    wrongAnswer: (task) => own.of(task)?.wrongAnswer ?? "wrong",
  };
}

/** One running copy of the application; used by one episode at a time. */
interface Instance {
  baseUrl: string;
  server: ServerProcess | null;
}

function createOwnSite(
  definition: SiteDefinition,
  directory: string,
  ownTask: (task: Task) => OwnTask | undefined,
  options: SiteOptions,
): SuiteSite {
  const pool = new BrowserPool(options.browser);
  const size = definition.start?.instances ?? 1;
  const free: Instance[] = [];
  const waiting: ((instance: Instance | null) => void)[] = [];
  const all = new Set<Instance>();
  const resetMs: number[] = [];
  let made = 0;
  let disposed = false;

  const acquire = async (signal: AbortSignal | undefined): Promise<Instance> => {
    invariant(!disposed, "start on a site that was disposed");
    const instance = free.pop();
    if (instance) return instance;
    if (made < size) {
      made++;
      try {
        const fresh = await open(definition, directory, signal);
        all.add(fresh);
        return fresh;
      } catch (error) {
        made--;
        waiting.shift()?.(null);
        throw error;
      }
    }
    const given = await new Promise<Instance | null>((resolve, reject) => {
      const abort = () => {
        const at = waiting.indexOf(take);
        if (at >= 0) waiting.splice(at, 1);
        reject(signal!.reason as Error);
      };
      const take = (next: Instance | null) => {
        signal?.removeEventListener("abort", abort);
        resolve(next);
      };
      waiting.push(take);
      signal?.addEventListener("abort", abort, { once: true });
    });
    return given ?? acquire(signal);
  };
  const release = (instance: Instance) => {
    const next = waiting.shift();
    if (next) next(instance);
    else free.push(instance);
  };

  return {
    name: definition.name,
    resetMs,
    maxParallel: size,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task, { seed, signal }) => {
      signal?.throwIfAborted();
      const own = ownTask(task);
      const instance = await acquire(signal);
      let released = false;
      const give = () => {
        if (!released) release(instance);
        released = true;
      };
      try {
        const began = performance.now();
        await reset(definition, directory, instance, signal);
        resetMs.push(performance.now() - began);
        const { host } = new URL(instance.baseUrl);
        const network = {
          hosts: new Map(),
          allowedHosts: [host, ...(definition.hosts ?? [])],
          privateHosts: definition.privateHosts ?? [],
        };
        const login = own?.signedOut ? [] : (definition.login ?? []);
        const { cookies, secrets } = await logIn(pool, instance.baseUrl, network, login);
        const startPath = new URL(task.startUrl);
        const world: EpisodeWorld = {
          ...network,
          cookies,
          ...(definition.downStatuses && { isDown: (status) => definition.downStatuses!.includes(status) }),
          startUrl: new URL(startPath.pathname + startPath.search, instance.baseUrl).href,
          verify: async (answer, { url, pageText }) =>
            verifyOwn(task, own?.checks ?? [], { answer, url, pageText, baseUrl: instance.baseUrl }),
          dispose: give,
        };
        return await startBrowserEpisode(pool, task, world, {
          format: options.format ?? "compact",
          seed,
          secrets,
          ...(signal ? { signal } : {}),
          ...(options.onStepTimes ? { onStepTimes: options.onStepTimes } : {}),
        });
      } catch (error) {
        give();
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      await pool[Symbol.asyncDispose]();
      await Promise.all([...all].map(async (instance) => instance.server?.[Symbol.asyncDispose]()));
    },
  };
}

/** A base URL that the network guard would refuse is the user's to know before the first episode. */
async function assertReachable(hostname: string, privateHosts: readonly string[]): Promise<void> {
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return;
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    publicLookup(privateHosts)(hostname, { all: true }, resolve);
  });
  if (error?.code === "EACCES")
    throw new ConfigError(
      error.message,
      `If that is meant, add \`privateHosts: [${JSON.stringify(hostname)}]\` to the site's definition.`,
    );
}

async function open(
  definition: SiteDefinition,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<Instance> {
  const { start } = definition;
  const { hostname } = new URL(definition.baseUrl.replace("{port}", "1"));
  await assertReachable(hostname, definition.privateHosts ?? []);
  if (!start) {
    if (!(await answers(definition.baseUrl)))
      throw new ConfigError(
        `nothing answers at ${definition.baseUrl}`,
        "Start the application, or add `start` to its definition so that it is started for you.",
      );
    return { baseUrl: definition.baseUrl, server: null };
  }
  const port = definition.baseUrl.includes("{port}") ? String(await freePort()) : "";
  const baseUrl = definition.baseUrl.replace("{port}", port);
  const instance: Instance = { baseUrl, server: null };
  if (!port && (await answers(baseUrl)))
    throw new ConfigError(
      `something answers at ${baseUrl} already, before \`${start.command}\` was run`,
      "Stop it, remove `start` to use it as it is, or write {port} in baseUrl and command.",
    );
  instance.server = await run(definition, directory, baseUrl, signal);
  return instance;
}

function run(
  { start, baseUrl: pattern }: SiteDefinition,
  directory: string,
  baseUrl: string,
  signal: AbortSignal | undefined,
): Promise<ServerProcess> {
  invariant(start, "only with `start`");
  const { port } = new URL(baseUrl);
  return startServer({
    command: pattern.includes("{port}") ? start.command.replaceAll("{port}", port) : start.command,
    cwd: resolve(directory, start.cwd ?? "."),
    env: { ...start.env, PORT: port },
    readyUrl: new URL(start.readyPath ?? "/", baseUrl).href,
    timeoutMs: start.timeoutMs ?? 30_000,
    ...(signal ? { signal } : {}),
  });
}

async function reset(
  definition: SiteDefinition,
  directory: string,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { reset: how, start } = definition;
  const failed = (why: string, cause?: unknown) =>
    new Fault("site_down", `the reset of ${definition.name} failed: ${why}`, { retryable: true, cause });
  if (how === "restart" || (instance.server && !instance.server.running)) {
    await instance.server?.[Symbol.asyncDispose]();
    instance.server = await run(definition, directory, instance.baseUrl, signal);
  }
  if (how === undefined || how === "restart") return;
  if ("command" in how) {
    const { port } = new URL(instance.baseUrl);
    const command = how.command.replaceAll("{port}", port);
    const [shell, flag] = process.platform === "win32" ? ["cmd.exe", "/c"] : ["/bin/sh", "-c"];
    try {
      await promisify(execFile)(shell!, [flag!, command], {
        cwd: resolve(directory, start?.cwd ?? "."),
        env: { ...process.env, ...start?.env, PORT: port, BASE_URL: instance.baseUrl },
        timeout: 120_000,
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw failed(`\`${command}\`: ${(cause as Error).message.slice(0, 500)}`, cause);
    }
    return;
  }
  const { path, method = "POST", headers, body } = how;
  const timeout = AbortSignal.timeout(30_000);
  let response: Response;
  try {
    response = await fetch(new URL(path, instance.baseUrl), {
      method,
      // A redirect usually leads to a login page: the reset was not done.
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(headers ? { headers } : {}),
      ...(body !== undefined ? { body } : {}),
    });
    await response.body?.cancel();
  } catch (cause) {
    signal?.throwIfAborted();
    throw failed(`${method} ${path}: ${(cause as Error).message}`, cause);
  }
  const to = response.headers.get("location");
  if (!response.ok)
    throw failed(
      `${method} ${path} answered ${response.status}${to ? `, a redirect to ${to}` : ""}; it must be 2xx`,
    );
}

const LOGIN_MS = 10_000;

/** Logs in with a browser context of its own. `secrets`: what went into password fields or came from the environment. */
async function logIn(
  pool: BrowserPool,
  baseUrl: string,
  network: Pick<EpisodeWorld, "hosts" | "allowedHosts">,
  steps: readonly LoginStep[],
): Promise<{ cookies: WorldCookie[]; secrets: string[] }> {
  if (steps.length === 0) return { cookies: [], secrets: [] };
  const secrets: string[] = [];
  await using opened = await pool.openContext({ ...network, cookies: [], startUrl: baseUrl });
  const page = await opened.context.newPage();
  page.setDefaultTimeout(LOGIN_MS);
  for (const [index, step] of steps.entries()) {
    try {
      if ("open" in step) await page.goto(new URL(step.open, baseUrl).href);
      else if ("fill" in step) {
        const field = page.getByLabel(step.fill, { exact: true });
        const text = textOf(step);
        if ("env" in step || (await field.getAttribute("type")) === "password") secrets.push(text);
        await field.fill(text);
      } else if ("click" in step)
        await page
          .getByRole("button", { name: step.click, exact: true })
          .or(page.getByRole("link", { name: step.click, exact: true }))
          .first()
          .click();
      else await page.getByText(step.see).first().waitFor();
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause;
      const text = (await page.innerText("body").catch(() => "")).replace(/\s+/g, " ").slice(0, 300);
      // The step may hold a secret: only its kind and label are named.
      const [kind, label] = Object.entries(step)[0]!;
      throw new ConfigError(
        `login step ${index + 1} (${kind} ${JSON.stringify(label)}) failed at ${page.url()}`,
        `Correct \`login\` in the site's definition. The page showed: ${redactKnown(secrets)(text)}`,
        { cause },
      );
    }
  }
  const cookies = (await opened.context.cookies()).map(({ name, value, domain, path, httpOnly, secure }) => ({
    host: domain.replace(/^\./, ""),
    name,
    value,
    path,
    httpOnly,
    secure,
  }));
  return { cookies, secrets };
}

function textOf(step: Extract<LoginStep, { fill: string }>): string {
  if ("text" in step) return step.text;
  const value = process.env[step.env];
  if (value) return value;
  throw new ConfigError(`the environment variable ${step.env} is not set`, `Set it: the login needs it.`);
}
