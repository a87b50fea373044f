/**
 * @file Opens the place where an agent works: a built-in site, an application with a recipe, a site that `defineSite`
 * describes, an address with its hosts, or a page that somebody opened. Unlike in training, nothing is ever reset: an
 * agent's work stays.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

import type { Page } from "playwright-core";
import { ConfigError } from "../core/errors.ts";
import { Kept } from "../core/kept.ts";
import { nearest } from "../core/nearest.ts";
import type { Observation } from "../core/observation.ts";
import { hostMatches } from "../browser/addresses.ts";
import { givenPage } from "../browser/given-page.ts";
import type { BrowserConfig } from "../browser/launch.ts";
import type { ContextSource } from "../browser/pool.ts";
import { BrowserPool } from "../browser/pool.ts";
import type { BrowserSettings } from "../core/trajectory.ts";
import type { WorldStorage } from "../browser/storage.ts";
import type { EpisodeWorld } from "../browser/world.ts";
import { defineSite, usersOf } from "../sites/define-site.ts";
import type { SiteDefinition } from "../sites/define-site.ts";
import { APPS, createWorld } from "../sites/world.ts";
import { closeInstance, openInstance, startMsOf } from "../tasks/own-instance.ts";
import type { CopyKeeper, Instance } from "../tasks/own-instance.ts";
import { logIn } from "../tasks/own-login.ts";
import { readDeclared } from "../tasks/own-safety.ts";
import { keepDeclared } from "../tasks/own-secrets.ts";
import { loadDefinition } from "../tasks/own-suite.ts";
import { freePort, isPortTaken } from "../tasks/server-process.ts";
import { tellWait } from "../tasks/tell-wait.ts";

/** Which site the agent works on, and in which browser. */
export interface SiteOptions {
  /**
   * - the name of a built-in site: `storefront`, `store-admin`, `forum`, `forge`, `map`;
   * - `app:NAME`, an application that `webrl apps install` has installed, or `app:NAME@FOLDER` if it is in another
   *   folder;
   * - a file that calls `defineSite`, or what it returns;
   * - an address, `https://shop.example.com/`: the agent can reach its host and those of `hosts`.
   */
  site: string | SiteDefinition;
  /** Hosts beside the site's own, as in `defineSite`: `cdn.example.com`, `*.example.com`, `127.0.0.1:4000`. */
  hosts?: readonly string[] | undefined;
  /** The names among these that may resolve to this machine or a private network. */
  privateHosts?: readonly string[] | undefined;
  /** Path, or address, where the agent begins. Default: the site's own. */
  start?: string | undefined;
  /** A file written by Playwright's `storageState`: cookies and local storage of a signed-in user. */
  storageState?: string | undefined;
  /** A Playwright page (Chromium) to work in; docs/agent.md says what the guard cannot do there. */
  page?: Page | undefined;
  /** Override the settings of the model's run, and the defaults. */
  browser?: BrowserConfig | undefined;
}

/** `port`: where the started site was, if a directory is continued; `onTrouble`: is told how long a start takes. */
type OpenSite = SiteOptions & {
  port?: number | undefined;
  onTrouble?: ((message: string) => void) | undefined;
};

export interface WorldRequest {
  startUrl?: string | undefined;
  /** The site has ended the session that it had granted. */
  signInAgain: boolean;
  signal?: AbortSignal | undefined;
}

export interface AgentSite extends AsyncDisposable {
  /** Its name in tasks. */
  readonly name: string;
  /** A description of the site; `null` if there is none. */
  readonly description: string | null;
  readonly contexts: ContextSource;
  /** The port on which the agent starts the site; absent if it does not start it, or the site chooses. */
  readonly port?: number | undefined;
  /** The browser settings for pages; `undefined` for a given page, which keeps its own language and clock. */
  readonly browser?: BrowserSettings | undefined;
  /** The world of the next context; signs in first if the site has a login. */
  world(request: WorldRequest): Promise<EpisodeWorld>;
  /** Whether the page is the one on which the site asks a signed-in user to sign in again. */
  isSignInPage(page: Observation): boolean;
  /** Whether an address is such a page, which contains nobody's data. */
  isSignInAddress(url: string): boolean;
  /** Somebody is signed in, so the site may sign them out. */
  readonly isSignedIn: boolean;
  /** It can sign in again by itself. */
  readonly canSignIn: boolean;
}

/** Throws a `ConfigError` if there is no such site. */
export async function openSite(options: OpenSite): Promise<AgentSite> {
  const { site } = options;
  if (typeof site !== "string") return openDefined(defineSite(site), process.cwd(), options);
  if (site.trim() === "") throw new ConfigError("no site is named", `Name ${WAYS}.`);
  if (/^https?:\/\//i.test(site)) return openAddress(site, options);
  if (APPS.some((app) => app.name === site)) return openBuiltIn(site, options);
  if (site.startsWith("app:")) return openApp(site.slice("app:".length), options);
  if (existsSync(site)) {
    const { definition, directory } = await loadDefinition(site);
    return openDefined(definition, directory, options);
  }
  const near = nearest(
    site,
    APPS.map((app) => app.name),
  );
  throw new ConfigError(
    `there is no site ${JSON.stringify(site)}: it is not a built-in site, an application, an address or a file${near ? `; the nearest is ${JSON.stringify(near)}` : ""}`,
    `Name ${WAYS}.`,
  );
}

const WAYS = `a built-in site (${APPS.map((app) => app.name).join(", ")}), an installed application (app:NAME), a file that calls defineSite, or an address such as https://shop.example.com/`;

/** One copy of the built-in world for as long as the agent works. */
function openBuiltIn(name: string, options: SiteOptions): AgentSite {
  const app = APPS.find((each) => each.name === name)!;
  refuse(options, ["hosts", "privateHosts", "storageState", "page"], `the built-in site ${name}`);
  const home = `http://${app.host}/`;
  const world = createWorld();
  const pool = new BrowserPool(options.browser);
  return {
    name,
    description: app.title,
    contexts: pool,
    browser: pool.settings,
    world: async ({ startUrl }) => ({
      hosts: world.hosts,
      allowedHosts: [],
      // Gives each agent its own session, as different people's browsers have, so that messages reach only their own
      // session.
      cookies: APPS.flatMap((each) =>
        (each.signIn?.(world.state) ?? []).map((cookie) => ({ host: each.host, ...cookie })),
      ),
      irreversible: world.irreversible,
      startUrl: startUrl ?? startOf(options.start, home),
    }),
    isSignInPage: () => false,
    isSignInAddress: () => false,
    isSignedIn: false,
    canSignIn: false,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

async function openAddress(address: string, options: SiteOptions): Promise<AgentSite> {
  if (!URL.canParse(address))
    throw new ConfigError(`${JSON.stringify(address)} is not an address`, `Name ${WAYS}.`);
  const { hostname, host } = new URL(address);
  // The context of a given page stays as it is.
  if (options.page) refuse(options, ["storageState", "browser"], "a given page");
  const storage = await readStorageState(options.storageState);
  const pool = new BrowserPool(options.browser);
  const allowedHosts = [host, ...(options.hosts ?? [])];
  const { page } = options;
  return {
    name: hostname,
    description: null,
    contexts: page ? givenPage(page) : pool,
    browser: page ? undefined : pool.settings,
    world: async ({ startUrl }) => ({
      hosts: new Map(),
      allowedHosts,
      privateHosts: options.privateHosts ?? [],
      cookies: [],
      ...(storage && { storage }),
      startUrl: startUrl ?? startIn(page, allowedHosts, startOf(options.start, address)),
    }),
    isSignInPage: storage ? looksLikeSignIn : () => false,
    isSignInAddress: (url) => storage !== undefined && SIGN_IN_PATH.test(pathOf(url)),
    isSignedIn: storage !== undefined,
    canSignIn: false,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/**
 * The agent's own copy, which the recipe starts with the content that every copy begins with; the recipe's first user
 * is signed in.
 */
async function openApp(text: string, options: OpenSite): Promise<AgentSite> {
  const { loadApp } = await import("../tasks/apps.ts");
  const [, name, folder] = /^([^@]*)(?:@(.*))?$/s.exec(text)!;
  if (folder === "")
    throw new ConfigError(`app:${text} names no folder after the @`, "Write app:NAME, or app:NAME@FOLDER.");
  const { definition, directory, keeper } = await loadApp(name!, folder);
  return openDefined(definition, directory, options, keeper);
}

/** The user's application as it is: it is not reset, and not started if it already runs. */
async function openDefined(
  definition: SiteDefinition,
  folder: string,
  options: OpenSite,
  keeper: CopyKeeper | null = null,
): Promise<AgentSite> {
  const { name } = definition;
  const login = Object.values(usersOf(definition))[0] ?? [];
  refuse(options, ["page"], `the definition of ${name}`);
  keepDeclared(definition);
  const port = definition.baseUrl.includes("{port}") ? (options.port ?? (await freePort())) : undefined;
  const pool = new BrowserPool(options.browser);
  const opened = new Kept<Instance>();
  const storage = new Kept<WorldStorage | undefined>();
  /** When the started server began to answer: its login and first page may take until `limitMs` after that. */
  let readyAt = -Infinity;
  const limitMs = startMsOf(definition);
  const leftMs = () => Math.max(0, readyAt + limitMs - performance.now());
  const tell = options.onTrouble;
  const opens = login.find((step) => "open" in step)?.open;
  const signInPath = opens === undefined ? null : new URL(opens, "http://x").pathname;
  return {
    name,
    description: definition.description ?? null,
    contexts: pool,
    port,
    browser: pool.settings,
    world: async ({ startUrl, signInAgain, signal }) => {
      const start = async () => {
        const instance = await startDefined(definition, folder, { port, keeper }, signal);
        if (instance.server) readyAt = performance.now();
        return instance;
      };
      const what = `the start of ${name}`;
      const { baseUrl } = await opened.get(async () => tellWait({ what, limitMs, tell }, start));
      const network = {
        hosts: new Map(),
        allowedHosts: [new URL(baseUrl).host, ...(definition.hosts ?? []), ...(options.hosts ?? [])],
        privateHosts: [...(definition.privateHosts ?? []), ...(options.privateHosts ?? [])],
        selfSigned: definition.selfSigned ?? false,
      };
      const first = startUrl ?? startOf(options.start, baseUrl);
      const signIn = async () =>
        options.storageState !== undefined && !signInAgain
          ? readStorageState(options.storageState)
          : login.length === 0
            ? undefined
            : tellWait({ what: `the login of ${name}`, limitMs: leftMs() || null, tell }, async () =>
                logIn(
                  pool,
                  { site: name, baseUrl, network, steps: login, startUrl: first, startMs: leftMs() },
                  !signInAgain,
                ),
              );
      if (signInAgain) storage.forget();
      const kept = await storage.get(signIn);
      return {
        ...network,
        cookies: [],
        ...readDeclared(definition, baseUrl),
        ...(kept && { storage: kept }),
        ...(definition.downStatuses && {
          isDown: (status: number) => definition.downStatuses!.includes(status),
        }),
        startUrl: first,
        startMs: leftMs(),
      } satisfies EpisodeWorld;
    },
    isSignInPage: (page) => {
      if (signInPath !== null) return pathOf(page.url) === signInPath;
      return options.storageState !== undefined && looksLikeSignIn(page);
    },
    isSignInAddress: (url) =>
      signInPath !== null
        ? pathOf(url) === signInPath
        : options.storageState !== undefined && SIGN_IN_PATH.test(pathOf(url)),
    isSignedIn: login.length > 0 || options.storageState !== undefined,
    canSignIn: login.length > 0,
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      const instance = await opened.current?.catch(() => undefined);
      if (instance) await closeInstance(instance);
    },
  };
}

async function startDefined(
  definition: SiteDefinition,
  folder: string,
  { port, keeper }: { port: number | undefined; keeper: CopyKeeper | null },
  signal: AbortSignal | undefined,
) {
  // The addresses in a continued directory are valid only if the site is where it was.
  if (port !== undefined && (await isPortTaken(port)))
    throw new ConfigError(
      `${definition.name} was at port ${port} when this directory was begun, but something else uses that port now`,
      "Stop the other program, or name a new directory.",
    );
  return openInstance(definition, folder, 0, signal, { port, keeper });
}

function startOf(start: string | undefined, home: string): string {
  if (start === undefined) return new URL(home).href;
  if (URL.canParse(start, home)) return new URL(start, home).href;
  throw new ConfigError(
    `the start ${JSON.stringify(start)} is neither a path nor an address`,
    "Write it like /orders?state=open.",
  );
}

/** A given page stays where it is, if that is on the site. */
function startIn(page: Page | undefined, allowedHosts: readonly string[], start: string): string {
  if (page === undefined || !/^https?:/.test(page.url())) return start;
  const { hostname, port, protocol } = new URL(page.url());
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  return allowedHosts.some((entry) => hostMatches(entry, hostname, number)) ? page.url() : start;
}

const pathOf = (url: string) => (URL.canParse(url) ? new URL(url).pathname : "");

/** The path ends with a name of sign-in pages; longer paths may be anything. */
const SIGN_IN_PATH = /\/(?:log-?in|sign-?in|auth|sso|sessions?\/new)\/?$/i;

/**
 * Without a definition, nothing says where the site signs in, so the names in the address and the names of the fields
 * have to be enough.
 */
function looksLikeSignIn(page: Observation): boolean {
  return (
    /(?:^|[/_.-])(?:log-?in|sign-?in|signin|auth|sso|session\/new)(?:[/_.-]|$)/i.test(pathOf(page.url)) &&
    page.elements.some(
      ({ role, label }) => role === "textbox" && /pass|kennwort|contraseña|senha/i.test(label),
    )
  );
}

async function readStorageState(file: string | undefined): Promise<WorldStorage | undefined> {
  if (file === undefined) return undefined;
  const hint = "Give a file that Playwright's `context.storageState({ path })` wrote.";
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`the storage state ${file} cannot be read`, hint, { cause });
  });
  try {
    const state = JSON.parse(text) as WorldStorage["state"];
    if (Array.isArray(state.cookies) && Array.isArray(state.origins)) return { state, session: {} };
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON`, hint, { cause });
  }
  throw new ConfigError(`${file} is not a storage state: it has no cookies and origins`, hint);
}

/** Options that do not apply to a site are the user's mistake and must not be ignored. */
function refuse(options: SiteOptions, names: (keyof SiteOptions)[], site: string): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined)
    throw new ConfigError(
      `${given} does not apply to ${site}`,
      `Leave ${given} out, or name the site by its address.`,
    );
}
