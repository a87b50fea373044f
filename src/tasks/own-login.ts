/** @file Signs in to a user's own site before an episode, and checks that the session lasts. */

import type { Locator, Page, Request } from "playwright-core";
import { playwright } from "../browser/playwright.ts";
import type { BrowserPool } from "../browser/pool.ts";
import { watchRequests, type OpenRequests } from "../browser/watch-requests.ts";
import { captureStorage, restoreSession } from "../browser/storage.ts";
import type { WorldStorage } from "../browser/storage.ts";
import type { EpisodeWorld } from "../browser/world.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import type { LoginStep } from "../sites/define-site.ts";
import { redact } from "../text/secrets.ts";
import { keepTyped } from "./own-secrets.ts";

export interface Login {
  site: string;
  baseUrl: string;
  network: Pick<EpisodeWorld, "hosts" | "allowedHosts" | "privateHosts" | "selfSigned">;
  steps: readonly LoginStep[];
  /** Where the episode starts. */
  startUrl: string;
  /** Milliseconds that the whole login may take while the page waits for its server, if more than each step's. */
  startMs?: number;
}

const LOGIN_MS = 10_000;
/** Milliseconds that a page may take to open: a freshly started application may still be compiling. */
const OPEN_MS = 60_000;
/** Milliseconds that the effect of a click may take. */
const LOAD_MS = 20_000;
/** Milliseconds that a page may take to show that the user is signed in. */
const HOLDS_MS = 3000;
/** Further milliseconds that it may take while it shows neither and still has requests to its server. */
const LATE_MS = 9000;

/**
 * Signs in with a separate browser context. Throws a `ConfigError` when a step fails and, with `check`, when the
 * storage that the login left does not sign in another context; a `Fault` when a step fails because the server has not
 * answered yet.
 */
export async function logIn(pool: BrowserPool, login: Login, check: boolean): Promise<WorldStorage> {
  const { baseUrl, network, steps, startMs = 0 } = login;
  await using opened = await pool.openContext({ ...network, cookies: [], startUrl: baseUrl });
  const page = await opened.newPage();
  page.setDefaultTimeout(LOGIN_MS);
  page.setDefaultNavigationTimeout(Math.max(OPEN_MS, startMs));
  using awaited = watchRequests(page, isAwaited);
  const began = performance.now();
  const waitedMs = () => performance.now() - began;
  const visited = new Set<string>();
  page.on("framenavigated", (frame) => {
    if (frame === page.mainFrame() && /^https?:/.test(frame.url())) visited.add(new URL(frame.url()).origin);
  });
  for (const [index, step] of steps.entries()) {
    // The step may hold a secret: only its kind and label are named.
    const [kind, label] = Object.entries(step)[0]!;
    const name = `login step ${index + 1} (${kind} ${JSON.stringify(label)})`;
    for (;;)
      try {
        await takeStep(page, step, baseUrl, Math.max(LOAD_MS, startMs - waitedMs()), awaited);
        break;
      } catch (cause) {
        const { TimeoutError } = playwright().errors;
        const late = [cause, (cause as Error).cause].some((each) => each instanceof TimeoutError);
        if (late && awaited.isOpen) {
          // A click may have been done.
          if (kind !== "click" && waitedMs() < startMs) continue;
          throw new Fault(
            "navigation_timeout",
            `${name}: ${page.url()} still waits for its server, ${Math.round(waitedMs() / 1000)} s after the login began`,
            { retryable: true, cause },
          );
        }
        if (cause instanceof ConfigError) throw cause;
        throw new ConfigError(
          `${name} failed at ${page.url()}`,
          `Correct \`login\` in the site's definition. The page showed: ${await textOf(page)}`,
          { cause },
        );
      }
  }
  const url = page.url();
  const storage = await captureStorage(opened.context, page, visited);
  if (check) await assertHolds(pool, login, storage, { page, url });
  return storage;
}

/** Brings something of which the page is made, or the answer to what was sent. */
const isAwaited = (request: Request) =>
  request.method() !== "GET" || /^(?:document|script|stylesheet)$/.test(request.resourceType());

/** What an address shows: that the user is signed in, or that they are asked to sign in. */
interface Look {
  sees: boolean;
  asks: boolean;
  url: string;
  text: string;
}

/**
 * Whether a session lasts. If the login does not end with `see`, it lasts if nobody is asked to sign in. Otherwise it
 * lasts if the start page or the login's last page shows that text in a fresh context. If neither does, the text may
 * appear only once; then the login's own context shows the difference.
 */
async function assertHolds(
  pool: BrowserPool,
  login: Login,
  storage: WorldStorage,
  ended: { page: Page; url: string },
): Promise<void> {
  const { network, startUrl, site } = login;
  await using fresh = await pool.openContext({
    ...network,
    cookies: [],
    startUrl,
    storage,
  });
  const page = await fresh.newPage();
  await restoreSession(page, storage.session);
  const atStart = await look(page, startUrl, login);
  // The episode will find out whether the page can be opened.
  if (!atStart) return;
  if (atStart.sees || (sight(login) === null && !atStart.asks)) return;
  if (sight(login) !== null) {
    if ((await look(page, ended.url, login))?.sees) return;
    const own = [await look(ended.page, ended.url, login), await look(ended.page, startUrl, login)];
    if (!own.some((each) => each?.sees) && !atStart.asks) return;
  }
  const { cookies, origins } = storage.state;
  const kept = [
    `${cookies.length} cookies`,
    ...origins.map(({ origin }) => `localStorage or IndexedDB of ${origin}`),
    ...Object.keys(storage.session).map((origin) => `sessionStorage of ${origin}`),
  ];
  throw new ConfigError(
    `the login of ${site} does not last: ${startUrl}, opened after it, led to ${atStart.url}, which showed: ${atStart.text}`,
    `What the login left behind was carried over: ${kept.join(", ")}. A session that lives only in the page's memory, or ` +
      "that the application ends, cannot be carried over: let the application store it, or choose a start page that signs in.",
  );
}

const sight = ({ steps }: Login) => steps.findLast((step) => "see" in step)?.see ?? null;

/** `null` if the page cannot be opened. */
async function look(page: Page, url: string, login: Login): Promise<Look | null> {
  const seen = sight(login);
  try {
    await page.goto(url, { timeout: Math.max(OPEN_MS, login.startMs ?? 0) });
  } catch {
    return null;
  }
  const password = page.locator("input[type=password]:visible").first();
  const wanted = seen === null ? password : textOn(page, seen);
  const waitUntilShown = (each: Locator, timeout: number) =>
    each.waitFor({ timeout }).then(
      () => true,
      () => false,
    );
  // A page that shows neither may still be loading: wait as long as it has requests to its server.
  if (!(await waitUntilShown(wanted, HOLDS_MS)) && !(await password.isVisible()))
    await Promise.race([
      waitUntilShown(wanted.or(password).first(), LATE_MS),
      page.waitForLoadState("networkidle", { timeout: LATE_MS }).catch(() => {}),
    ]);
  const found = await wanted.isVisible();
  const opens = login.steps.find((step) => "open" in step)?.open;
  const path = (address: string) => new URL(address, login.baseUrl).pathname;
  return {
    sees: seen !== null && found,
    asks:
      (await password.isVisible()) ||
      (opens !== undefined && path(page.url()) === path(opens) && path(url) !== path(opens)),
    url: page.url(),
    text: await textOf(page),
  };
}

/** A visible text: a page may contain the same one hidden, for small screens. */
const textOn = (page: Page, text: string): Locator => page.getByText(text).filter({ visible: true }).first();

/** `clickMs`: a click ends when the page that it leads to has begun to arrive. */
async function takeStep(
  page: Page,
  step: LoginStep,
  baseUrl: string,
  clickMs: number,
  awaited: OpenRequests,
): Promise<void> {
  if ("open" in step) await page.goto(new URL(step.open, baseUrl).href);
  else if ("fill" in step) {
    const text = textToFill(step);
    const field = await findField(page, step.fill, awaited);
    const [type, autocomplete] = await Promise.all(
      ["type", "autocomplete"].map((name) => field.getAttribute(name)),
    );
    keepTyped(step, text, { type: type ?? null, autocomplete: autocomplete ?? null });
    await field.fill(text);
  } else if ("click" in step) {
    const target = page
      .getByRole("button", { name: step.click, exact: true })
      .or(page.getByRole("link", { name: step.click, exact: true }))
      .first();
    await target.waitFor({ timeout: LOAD_MS });
    await target.click({ timeout: clickMs });
  } else await textOn(page, step.see).waitFor({ timeout: LOAD_MS });
}

/** The field with this label, or else this placeholder, or else this `name`; waits for it as for every element. */
async function findField(page: Page, name: string, awaited: OpenRequests): Promise<Locator> {
  const named = page.locator(`:is(input, textarea, select)[name=${JSON.stringify(name)}]`);
  const ways = [
    page.getByLabel(name, { exact: true }),
    page.getByPlaceholder(name, { exact: true }),
    named,
  ].map((way) => way.and(page.locator(":visible")));
  try {
    await ways
      .reduce((any, way) => any.or(way))
      .first()
      .waitFor();
  } catch (cause) {
    // The page that has the field may still come.
    if (awaited.isOpen) throw cause;
    throw new ConfigError(
      `the login found no field ${JSON.stringify(name)} at ${page.url()}`,
      `Name a field by its label, placeholder or name. The page has: ${await fieldsOf(page)}`,
      { cause },
    );
  }
  for (const way of ways) if ((await way.count()) > 0) return way;
  return ways[0]!;
}

/** For people: every visible field, with all its names. */
export async function fieldsOf(page: Page): Promise<string> {
  const fields = await page.locator(":is(input, textarea, select):visible").evaluateAll((all) =>
    (all as HTMLInputElement[])
      .filter(({ type }) => !/^(?:submit|button|reset|image|hidden)$/.test(type))
      .map(({ labels, placeholder, name, type, ariaLabel }) => {
        const label = ariaLabel ?? labels?.[0]?.textContent?.replace(/\s+/g, " ").trim();
        const said = [
          label && `label ${JSON.stringify(label)}`,
          placeholder && `placeholder ${JSON.stringify(placeholder)}`,
          name && `name ${JSON.stringify(name)}`,
        ].filter(Boolean);
        return `${type} (${said.join(", ") || "no name at all"})`;
      }),
  );
  return fields.length > 0 ? redact(fields.join("; ")) : `none. The page showed: ${await textOf(page)}`;
}

/** The `Cookie` header of a request to `url` by the owner of the storage. */
export function cookiesFor({ state }: WorldStorage, url: string): string {
  const { hostname, pathname } = new URL(url);
  return state.cookies
    .filter(
      ({ domain, path }) =>
        (hostname === domain.replace(/^\./, "") || (domain.startsWith(".") && hostname.endsWith(domain))) &&
        (path === "/" || pathname.startsWith(path)),
    )
    .map(({ name, value }) => `${name}=${value}`)
    .join("; ");
}

async function textOf(page: Page): Promise<string> {
  const text = await page.innerText("body").catch(() => "");
  return redact(text.replace(/\s+/g, " ")).slice(0, 300);
}

function textToFill(step: Extract<LoginStep, { fill: string }>): string {
  if ("text" in step) return step.text;
  const value = process.env[step.env];
  if (value) return value;
  throw new ConfigError(`the environment variable ${step.env} is not set`, `Set it: the login needs it.`);
}
