/**
 * @file Login states of WebArena's sites: makes them by signing in, as WebArena's own script does, stores them as
 * Playwright's storage state, and checks whether they are still valid.
 */

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { z } from "zod";
import { startFault } from "../../browser/episode-faults.ts";
import type { BrowserPool } from "../../browser/pool.ts";
import { withDeadline } from "../../browser/with-deadline.ts";
import type { EpisodeWorld, WorldCookie } from "../../browser/world.ts";
import { ConfigError, Fault } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { makeDirectory } from "../../core/make-directory.ts";
import { fieldsOf } from "../own-login.ts";
import type { Reach } from "./reach.ts";
import type { BaseUrls } from "./tasks.ts";
import type { Settings } from "./settings.ts";

type LoginSite = "shopping" | "shopping_admin" | "reddit" | "gitlab";

interface SiteLogin {
  /** The base URL's name. */
  url: keyof BaseUrls;
  /** Path of the sign-in page. */
  path: string;
  /** Fills it in and returns the element to click. */
  fill: (page: Page, username: string, password: string) => Promise<Locator>;
  /**
   * A page that only a signed-in user sees, and what it shows; `null`: the check is that its address stays the same.
   */
  proof: (username: string) => { path: string; sees: string | null };
}

const LOGINS: Record<LoginSite, SiteLogin> = {
  shopping: {
    url: "SHOPPING",
    path: "/customer/account/login/",
    fill: async (page, username, password) => {
      await page.getByLabel("Email", { exact: true }).fill(username);
      await page.getByLabel("Password", { exact: true }).fill(password);
      return page.getByRole("button", { name: "Sign In" }).first();
    },
    proof: () => ({ path: "/wishlist/", sees: null }),
  },
  shopping_admin: {
    url: "SHOPPING_ADMIN",
    path: "",
    fill: async (page, username, password) => {
      await page.getByPlaceholder("user name").fill(username);
      await page.getByPlaceholder("password").fill(password);
      return page.getByRole("button", { name: "Sign in" });
    },
    proof: () => ({ path: "/dashboard", sees: "Dashboard" }),
  },
  reddit: {
    url: "REDDIT",
    path: "/login",
    fill: async (page, username, password) => {
      await page.getByLabel("Username").fill(username);
      await page.getByLabel("Password").fill(password);
      return page.getByRole("button", { name: "Log in" });
    },
    proof: (username) => ({ path: `/user/${username}/account`, sees: "Delete" }),
  },
  gitlab: {
    url: "GITLAB",
    path: "/users/sign_in",
    fill: async (page, username, password) => {
      await page.getByTestId("username-field").fill(username);
      await page.getByTestId("password-field").fill(password);
      return page.getByTestId("sign-in-button");
    },
    proof: () => ({ path: "/-/profile", sees: null }),
  },
};

/** Milliseconds that a page may take to load. */
const LOAD_MS = 30_000;
/** Milliseconds that a loaded page may take to show its fields. */
const FIELD_MS = 10_000;
/** Milliseconds for which a sign-in that failed is not tried again: each try is slow, and they wait for each other. */
const FAILED_MS = 10 * 60_000;

/** The sites that a state belongs to: `gitlab.reddit_state.json` belongs to two. */
function sitesOf(state: string): string[] {
  return basename(state)
    .replace(/_state\.json$/, "")
    .split(".");
}

const isLoginSite = (site: string): site is LoginSite => Object.hasOwn(LOGINS, site);

export interface Logins {
  /**
   * The cookies of a valid state; signs in again if it has expired or is malformed, and the passwords are known. Throws
   * a `Fault`: `task_unusable` says what is missing or expired, or which site has never shown a page.
   */
  cookies(state: string): Promise<WorldCookie[]>;
  /**
   * Signs in to all sites of a state and writes it. Throws a `ConfigError` if that fails, and a `Fault` if a site is
   * down.
   */
  make(state: string): Promise<string>;
}

type Network = Pick<EpisodeWorld, "hosts" | "allowedHosts" | "privateHosts">;

/** A page, and how it opens an address: with a `Fault` if the site is down. */
interface Visit {
  page: Page;
  open: (url: string) => Promise<void>;
}

function accessTo(site: string, settings: Settings) {
  if (!isLoginSite(site))
    throw new ConfigError(
      `webrl does not know how to sign in to ${JSON.stringify(site)}`,
      "The sites are shopping, shopping_admin, reddit and gitlab.",
    );
  const login = LOGINS[site];
  const base = settings.urls[login.url];
  if (!base)
    throw new ConfigError(
      `${login.url}, the base URL of ${site}, is not set`,
      "Set it in the settings file or the environment.",
    );
  return {
    ...login,
    base,
    username: settings.accounts[site].username,
    password: settings.password(site),
    site,
  };
}

/** Why nobody can sign in to a state's sites, whatever the passwords are; `null` if somebody can. */
export function whyNoLogin(state: string, settings: Settings): string | null {
  try {
    for (const site of sitesOf(state)) accessTo(site, settings);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return `storage_state ${JSON.stringify(state)}: ${error.message}`;
    throw error;
  }
}

/** The browser takes no such cookies. */
class RefusedCookies extends Error {
  override readonly name = "RefusedCookies";
}

export function createLogins(settings: Settings, pool: BrowserPool, network: Network, reach: Reach): Logins {
  const access = (site: string) => accessTo(site, settings);
  const onPage = async <T>(
    cookies: readonly WorldCookie[],
    body: (visit: Visit) => Promise<T>,
  ): Promise<T> => {
    const [first] = Object.values(settings.urls);
    await using opened = await pool.openContext({
      ...network,
      cookies: [],
      startUrl: first ?? "about:blank",
    });
    try {
      await opened.context.addCookies(forContext(cookies));
    } catch (cause) {
      const [said] = String((cause as Error).message).split("\n");
      if (!opened.browser.isConnected() || /closed|crash|disconnected/i.test(said!)) throw cause;
      throw new RefusedCookies(said, { cause });
    }
    const page = await opened.newPage();
    page.setDefaultTimeout(FIELD_MS);
    const goTo = async (url: string) => {
      try {
        const answer = await withDeadline(page.goto(url, { waitUntil: "load", timeout: 0 }), LOAD_MS);
        const status = answer?.status() ?? 200;
        if (status >= 500) throw new Fault("site_down", `${url} answered ${status}`, { retryable: true });
      } catch (error) {
        const why = opened.network.failures.get(new URL(url).host);
        throw startFault(error, url, { allowed: true, why }) ?? error;
      }
    };
    // Awaited here because the context is closed when this returns.
    return await body({ page, open: (url) => reach([url], () => goTo(url)) });
  };
  /** Says what is no longer valid, or `null`. */
  const whatFails = async ({ page, open }: Visit, state: string): Promise<string | null> => {
    for (const { base, proof, username, site } of sitesOf(state).map(access)) {
      const { path, sees } = proof(username);
      await open(base + path);
      const holds = sees === null ? samePath(page.url(), base + path) : (await page.content()).includes(sees);
      if (!holds) return `${site}: ${base + path} led to ${page.url()}`;
    }
    return null;
  };
  const make = async (state: string): Promise<string> => {
    const path = join(settings.auth, basename(state));
    const sites = sitesOf(state).map(access);
    const missing = sites.find(({ password }) => password === null);
    if (missing)
      throw new ConfigError(
        `there is no password for ${missing.username} on ${missing.site}`,
        `Set ${settings.accounts[missing.site].passwordEnv ?? `WEBARENA_${missing.site.toUpperCase()}_PASSWORD`}.`,
      );
    await onPage([], async (visit) => {
      const { page, open } = visit;
      for (const { path: signIn, fill, base, username, password, site } of sites) {
        await open(base + signIn);
        try {
          const button = await fill(page, username, password!);
          await Promise.all([page.waitForEvent("framenavigated", { timeout: LOAD_MS }), button.click()]);
          await page.waitForLoadState("load", { timeout: LOAD_MS });
        } catch (cause) {
          throw new ConfigError(
            `signing in to ${site} as ${username} failed: ${String((cause as Error).message).split("\n")[0]}`,
            `Check that its sign-in page is WebArena's. ${page.url()} has: ${await fieldsOf(page)}`,
            { cause },
          );
        }
      }
      const failed = await whatFails(visit, state);
      if (failed !== null)
        throw new ConfigError(`the login is not valid: ${failed}`, "Correct the account or its password.");
      const made = JSON.stringify(await page.context().storageState(), null, 1);
      try {
        await makeDirectory(settings.auth);
        // The state is itself a secret and is stored unredacted, readable only by its owner.
        await writeFile(path, made, { mode: 0o600 });
      } catch (cause) {
        throw new ConfigError(
          `the login state ${path} cannot be written: ${(cause as Error).message}`,
          "Remove what is there, or name another directory (`auth`, WEBARENA_AUTH).",
          { cause },
        );
      }
    });
    return path;
  };
  const canMake = (state: string) =>
    sitesOf(state).every((site) => isLoginSite(site) && settings.password(site) !== null);
  /** Says why a stored state cannot be used, or `null`. */
  const whatIsWrong = async (path: string, state: string): Promise<string | null> => {
    if (!existsSync(path)) return "does not exist";
    let cookies: WorldCookie[];
    try {
      cookies = await readStorageState(path);
    } catch (error) {
      return `is malformed: ${(error as Error).message}`;
    }
    try {
      const why = await onPage(cookies, (visit) => whatFails(visit, state));
      return why === null ? null : `has expired (${why})`;
    } catch (error) {
      if (error instanceof RefusedCookies) return `is malformed: ${error.message}`;
      throw error;
    }
  };
  /** One login at a time: the sites end an earlier session when a user signs in again. */
  let turn: Promise<unknown> = Promise.resolve();
  const failed = new Map<string, { fault: Fault; until: number }>();
  const ensure = async (state: string): Promise<WorldCookie[]> => {
    const path = join(settings.auth, basename(state));
    const why = await whatIsWrong(path, state);
    if (why === null) return readStorageState(path);
    if (!canMake(state))
      throw new ConfigError(
        `the login state ${path} ${why}`,
        "Set the passwords and run `webrl suite login`.",
      );
    await make(state);
    return readStorageState(path);
  };
  return {
    make,
    cookies: async (state) => {
      const mine = turn.then(async () => {
        const last = failed.get(state);
        if (last && performance.now() < last.until) throw last.fault;
        try {
          return await ensure(state);
        } catch (cause) {
          const fault = faultOf(cause);
          // Without passwords, the user may sign in meanwhile.
          if (!fault.retryable && (cause instanceof Fault || canMake(state)))
            failed.set(state, { fault, until: performance.now() + FAILED_MS });
          throw fault;
        }
      });
      turn = mine.catch(() => {});
      return mine;
    },
  };
}

function faultOf(cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  if (cause instanceof ConfigError)
    return new Fault("task_unusable", `${cause.message}. ${cause.hint}`, { retryable: false, cause });
  const [said] = String((cause as Error).message).split("\n");
  return new Fault("site_down", `the login could not be checked: ${said}`, { retryable: true, cause });
}

function samePath(a: string, b: string): boolean {
  const path = (text: string) => new URL(text).pathname.replace(/\/+$/, "");
  return path(a) === path(b);
}

/** In the form that Playwright takes. */
const forContext = (cookies: readonly WorldCookie[]) =>
  cookies.map(({ host, ...cookie }) => ({ ...cookie, domain: host, path: cookie.path ?? "/" }));

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

/** Playwright's storage state; WebArena's sites do not use its local storage. */
async function readStorageState(path: string): Promise<WorldCookie[]> {
  const parsed = storageStateSchema.safeParse(parseJson(await readFile(path, "utf8")));
  if (!parsed.success) {
    // What was found is not said: it may be secret.
    const [issue] = parsed.error.issues;
    throw new Error(`${issue!.path.join(".") || "the whole"}: ${issue!.message}`);
  }
  return parsed.data.cookies.map(({ domain, name, value, path: at, httpOnly, secure }) => ({
    host: domain.replace(/^\./, ""),
    name,
    value,
    ...(at !== undefined && { path: at }),
    ...(httpOnly !== undefined && { httpOnly }),
    ...(secure !== undefined && { secure }),
  }));
}
