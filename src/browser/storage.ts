/** @file Moves what a browser stores for a signed-in user from the login's context to the episode's. */

import type { BrowserContext, Page } from "playwright-core";

export interface WorldStorage {
  /** Cookies with their domains, localStorage and IndexedDB, as Playwright keeps them. */
  state: Awaited<ReturnType<BrowserContext["storageState"]>>;
  /** sessionStorage by origin; it belongs to a tab, here to the one in which the episode starts. */
  session: Record<string, Record<string, string>>;
}

const READ_SESSION = "JSON.stringify(sessionStorage)";

/** Takes the storage of a context in which `page` signed in. It navigates away from the page, so call it last. */
export async function captureStorage(
  context: BrowserContext,
  page: Page,
  visited: Iterable<string>,
): Promise<WorldStorage> {
  const session: WorldStorage["session"] = {};
  const keep = async (origin: string) => {
    const entries = JSON.parse(await page.evaluate<string>(READ_SESSION)) as Record<string, string>;
    if (Object.keys(entries).length > 0) session[origin] = entries;
  };
  const current = URL.canParse(page.url()) ? new URL(page.url()).origin : "null";
  if (current !== "null") await keep(current);
  const state = await context.storageState({ indexedDB: true });
  const others = new Set([...visited].filter((origin) => origin !== current));
  if (others.size > 0) await visit(page, others, keep);
  return { state, session };
}

/** Fills the sessionStorage of a tab that has shown nothing yet, and leaves it as blank as it was. */
export async function restoreSession(page: Page, session: WorldStorage["session"]): Promise<void> {
  const origins = Object.keys(session);
  if (origins.length === 0) return;
  await visit(page, origins, async (origin) => {
    const text = JSON.stringify(session[origin]);
    await page.evaluate(`Object.assign(sessionStorage, ${text})`);
  });
  await page.goto("about:blank");
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Page.resetNavigationHistory");
  await devtools.detach();
}

/** Opens an empty document of each origin, without asking its server. */
async function visit(
  page: Page,
  origins: Iterable<string>,
  look: (origin: string) => Promise<void>,
): Promise<void> {
  await page.route("**/*", (route) => route.fulfill({ contentType: "text/html", body: "" }));
  for (const origin of origins) {
    await page.goto(origin);
    await look(origin);
  }
  await page.unroute("**/*");
}
