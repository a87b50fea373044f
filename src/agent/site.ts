/**
 * @file Where an agent works: a built-in site, an application with a recipe, a site that `defineSite` describes, an address with
 * its hosts, or a page that somebody opened. Unlike in training nothing is ever put back: an agent's work stays.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

import type { Page } from "playwright-core";
import { ConfigError } from "../core/errors.ts";
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
import { closeInstance, openInstance } from "../tasks/own-instance.ts";
import type { CopyKeeper } from "../tasks/own-instance.ts";
import { logIn } from "../tasks/own-login.ts";
import { readDeclared } from "../tasks/own-safety.ts";
import { keepDeclared } from "../tasks/own-secrets.ts";
import { loadDefinition } from "../tasks/own-suite.ts";
import { freePort, isPortTaken } from "../tasks/server-process.ts";

/** Which site the agent works on, and in which browser. */
export interface SiteOptions {
  /**
   * - the name of a built-in site: `storefront`, `store-admin`, `forum`, `forge`, `map`;
   * - `app:NAME`, an application that `webrl apps install` has installed, or `app:NAME@FOLDER` where that is not the usual folder;
   * - a file that calls `defineSite`, or what it returns;
   * - an address, `https://shop.example.com/`: its host can be reached, and those of `hosts`.
   */
  site: string | SiteDefinition;
  /** Hosts beside the site's own, as in `defineSite`: `cdn.example.com`, `*.example.com`, `127.0.0.1:4000`. */
  hosts?: readonly string[] | undefined;
  /** Names among all of them that may resolve to this machine or a private network. */
  privateHosts?: readonly string[] | undefined;
  /** Path, or address, where the agent begins. Default: the site's own. */
  start?: string | undefined;
  /** File with what Playwright's `storageState` gave: cookies and local storage of a user who signed in. */
  storageState?: string | undefined;
  /** A page of Playwright's (Chromium) to work in; see docs/agent.md for what the guard cannot do there. */
  page?: Page | undefined;
  /** Over what the model's run was shown its pages in, and the defaults. */
  browser?: BrowserConfig | undefined;
}

/** `port`: where the site that is started was, in a directory that is gone on with. */
type OpenSite = SiteOptions & { port?: number | undefined };

export interface WorldRequest {
  startUrl?: string | undefined;
  /** The site has ended the session that it gave before. */
  signInAgain: boolean;
  signal?: AbortSignal | undefined;
}

export interface AgentSite extends AsyncDisposable {
  /** Stands in tasks. */
  readonly name: string;
  /** What the site is, in words; `null` where nobody said. */
  readonly description: string | null;
  readonly contexts: ContextSource;
  /** Where the agent starts the site; absent where it does not, or the site says where. */
  readonly port?: number | undefined;
  /** What pages are shown in; `undefined` for a page that was handed in, which keeps its own language and clock. */
  readonly browser?: BrowserSettings | undefined;
  /** The world of the next context; signs in first, where the site has a login. */
  world(request: WorldRequest): Promise<EpisodeWorld>;
  /** The page is where the site asks a user to sign in who was signed in. */
  isSignInPage(page: Observation): boolean;
  /** What is there is such a page: nobody's data. */
  isSignInAddress(url: string): boolean;
  /** Somebody is signed in, whom the site may sign out. */
  readonly isSignedIn: boolean;
  /** It can sign in again by itself. */
  readonly canSignIn: boolean;
}

/** Throws a `ConfigError` where there is no such site. */
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
    `there is no site ${JSON.stringify(site)}: it is no built-in site, no application, no address and no file${near ? `; the nearest is ${JSON.stringify(near)}` : ""}`,
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
      // A session of its own, as the browsers of different people have: what one is told another one is not.
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
  // The context of a page that was handed in has what it has.
  if (options.page) refuse(options, ["storageState", "browser"], "a page that is handed in");
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

/** A copy of its own, which the recipe starts with the content that every copy begins with; the recipe's first user is signed in. */
async function openApp(text: string, options: OpenSite): Promise<AgentSite> {
  const { loadApp } = await import("../tasks/apps.ts");
  const [, name, folder] = /^([^@]*)(?:@(.*))?$/s.exec(text)!;
  if (folder === "")
    throw new ConfigError(`app:${text} names no folder after the @`, "Write app:NAME, or app:NAME@FOLDER.");
  const { definition, directory, keeper } = await loadApp(name!, folder);
  return openDefined(definition, directory, options, keeper);
}

/** An application of the user's, as it stands: neither reset nor, where it runs already, started. */
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
  let opening: ReturnType<typeof openInstance> | undefined;
  let storage: Promise<WorldStorage | undefined> | undefined;
  const opens = login.find((step) => "open" in step)?.open;
  const signInPath = opens === undefined ? null : new URL(opens, "http://x").pathname;
  return {
    name,
    description: definition.description ?? null,
    contexts: pool,
    port,
    browser: pool.settings,
    world: async ({ startUrl, signInAgain, signal }) => {
      opening ??= startDefined(definition, folder, { port, keeper }, signal);
      const { baseUrl } = await opening;
      const network = {
        hosts: new Map(),
        allowedHosts: [new URL(baseUrl).host, ...(definition.hosts ?? []), ...(options.hosts ?? [])],
        privateHosts: [...(definition.privateHosts ?? []), ...(options.privateHosts ?? [])],
        selfSigned: definition.selfSigned ?? false,
      };
      const start = startUrl ?? startOf(options.start, baseUrl);
      const signIn = async () =>
        options.storageState !== undefined && !signInAgain
          ? readStorageState(options.storageState)
          : login.length === 0
            ? undefined
            : logIn(pool, { site: name, baseUrl, network, steps: login, startUrl: start }, !signInAgain);
      if (signInAgain) storage = undefined;
      const kept = await (storage ??= signIn());
      return {
        ...network,
        cookies: [],
        ...readDeclared(definition, baseUrl),
        ...(kept && { storage: kept }),
        ...(definition.downStatuses && {
          isDown: (status: number) => definition.downStatuses!.includes(status),
        }),
        startUrl: start,
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
      const instance = await opening?.catch(() => undefined);
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
  // Addresses in a directory that is gone on with hold only where the site is where it was.
  if (port !== undefined && (await isPortTaken(port)))
    throw new ConfigError(
      `${definition.name} was at port ${port} when this directory was begun, and something else is there now`,
      "Stop that, or name a new directory.",
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

/** A page that was handed in stays where it is, if that is on the site. */
function startIn(page: Page | undefined, allowedHosts: readonly string[], start: string): string {
  if (page === undefined || !/^https?:/.test(page.url())) return start;
  const { hostname, port, protocol } = new URL(page.url());
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  return allowedHosts.some((entry) => hostMatches(entry, hostname, number)) ? page.url() : start;
}

const pathOf = (url: string) => (URL.canParse(url) ? new URL(url).pathname : "");

/** Ends in what such pages are called; below it there may be anything. */
const SIGN_IN_PATH = /\/(?:log-?in|sign-?in|auth|sso|sessions?\/new)\/?$/i;

/** Without a definition nobody says where the site signs in: what its address and its fields are called has to do. */
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
  const hint = "Give the file that Playwright's `context.storageState({ path })` wrote.";
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`the storage state ${file} cannot be read`, hint, { cause });
  });
  try {
    const state = JSON.parse(text) as WorldStorage["state"];
    if (Array.isArray(state.cookies) && Array.isArray(state.origins)) return { state, session: {} };
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON`, hint, { cause });
  }
  throw new ConfigError(`${file} is no storage state: it has no cookies and origins`, hint);
}

/** Options that mean nothing for a site are the user's mistake, not to be passed over. */
function refuse(options: SiteOptions, names: (keyof SiteOptions)[], site: string): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined)
    throw new ConfigError(
      `${given} does not apply to ${site}`,
      `Leave ${given} out, or give the site by its address.`,
    );
}
