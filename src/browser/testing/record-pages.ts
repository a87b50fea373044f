/**
 * @file Records the documents that the built-in sites send to their oracles, and what is observed of each. To run it:
 * `npx tsx src/browser/testing/record-pages.ts`. `recorded.browser.test.ts` proves that they are still observed in the
 * same way. The documents are kept as they were sent, so that the record outlives changes of the sites.
 */

import { readFile, writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import type { ObservationFormat } from "../../core/observation.ts";
import { createWorld } from "../../sites/world.ts";
import { builtInSuite } from "../../tasks/built-in-suite.ts";
import { builtInTasks } from "../../tasks/built-in-tasks.ts";
import { startBrowserEpisode } from "../episode.ts";
import { buildObservation } from "../observation.ts";
import { observeDocument } from "../observe.ts";
import { BrowserPool } from "../pool.ts";
import type { EpisodeWorld, HostFetch } from "../world.ts";

/** A document and the texts of its observations, in the order of {@link observePage}. */
export interface RecordedPage {
  url: string;
  html: string;
  seen: Partial<Record<ObservationFormat, string[]>>;
}

const FILE = fileURLToPath(new URL("recorded-pages.json.gz", import.meta.url));

export async function readRecord(): Promise<RecordedPage[]> {
  return JSON.parse(gunzipSync(await readFile(FILE)).toString()) as RecordedPage[];
}

/** Observes recorded pages in one tab: at the top, at every stop on the way down, and with each of its dialogs open. */
export async function openRecorded(pool: BrowserPool, pages: readonly RecordedPage[]) {
  let current: RecordedPage | undefined;
  const answer: HostFetch = (request) =>
    new Response(request.url === current?.url ? current.html : "", {
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  const hosts = new Map(
    [...new Set(pages.map(({ url }) => new URL(url).host))].map((host) => [host, answer]),
  );
  const world: EpisodeWorld = { hosts, allowedHosts: [], cookies: [], startUrl: "about:blank" };
  const { width, height } = pool.settings;
  const opened = await pool.openContext(world);
  const page = await opened.newPage();
  const observe = async (format: ObservationFormat): Promise<string> => {
    const document = await observeDocument(page, format, [0, 0, width, height], {
      quietMs: 0,
      maxMs: 4000,
      awaitActivityMs: 0,
      noise: [],
      forgetNavigation: true,
    });
    return buildObservation({ format, snapshot: document!.snapshot, tabs: [], error: null, notices: [] })
      .text;
  };
  return {
    async observe(recorded: RecordedPage, format: ObservationFormat): Promise<string[]> {
      current = recorded;
      await page.goto(recorded.url);
      const seen = [await observe(format)];
      if (format !== "compact") return seen;
      while (
        await page.evaluate(
          "(() => { const from = scrollY; scrollBy({ top: (innerHeight * 2) / 3, behavior: 'instant' }); return scrollY !== from; })()",
        )
      )
        seen.push(await observe(format));
      const dialogs = (await page.evaluate("document.querySelectorAll('dialog').length")) as number;
      for (let i = 0; i < dialogs; i++) {
        await page.evaluate(`document.querySelectorAll('dialog')[${i}].showModal()`);
        seen.push(await observe(format));
        await page.evaluate(`document.querySelectorAll('dialog')[${i}].close()`);
      }
      return seen;
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** The documents that oracles meet on one instance of every template. */
async function collect(pool: BrowserPool): Promise<RecordedPage[]> {
  const suite = builtInTasks();
  const runnable = builtInSuite();
  const found = new Map<string, RecordedPage>();
  const tasks = suite.templates().map(({ id }) => suite.tasks({ template: id })[0]!);
  const worker = async () => {
    for (let task = tasks.shift(); task; task = tasks.shift()) {
      const template = suite.template(task.templateId!);
      const world = createWorld(template.signedOut ? [] : template.sites);
      const hosts = new Map(
        [...world.hosts].map(([host, app]): [string, HostFetch] => [
          host,
          async (request) => {
            const response = await app(request);
            if (!response.headers.get("content-type")?.startsWith("text/html")) return response;
            const html = await response.text();
            const { url } = request;
            const key = `${url} ${html.replace(/value="[^"]*"/g, "")}`;
            if (response.ok && !found.has(key)) found.set(key, { url, html, seen: {} });
            return new Response(html, response);
          },
        ]),
      );
      const episode = await startBrowserEpisode(
        pool,
        task,
        { hosts, allowedHosts: [], cookies: world.cookies, startUrl: task.startUrl },
        { format: "compact", seed: 1 },
      );
      try {
        const oracle = runnable.oracleFor(task, episode.first);
        for (let next = oracle.next(); !next.done;) {
          const time = await episode.step({ ok: true, action: next.value, comments: [] });
          if (time.kind === "last") break;
          next = oracle.next(time.observation);
        }
      } finally {
        await episode[Symbol.asyncDispose]();
      }
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return [...found.values()];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await using pool = new BrowserPool();
  // `--again` keeps the documents, for a change in what is seen that was made on purpose.
  const pages = process.argv.includes("--again")
    ? await readRecord()
    : (await collect(pool)).toSorted((a, b) => (a.url < b.url ? -1 : 1));
  await using recorded = await openRecorded(pool, pages);
  for (const [index, page] of pages.entries()) {
    page.seen.compact = await recorded.observe(page, "compact");
    if (index % 12 !== 0) continue;
    page.seen.webrl = await recorded.observe(page, "webrl");
    page.seen.aria = await recorded.observe(page, "aria");
  }
  await writeFile(FILE, gzipSync(JSON.stringify(pages), { level: 9 }));
}
