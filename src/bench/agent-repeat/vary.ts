/** @file Varies the built-in sites the way sites change: each variation rewrites an application's HTML. */

import type { HostFetch } from "../../browser/world.ts";

/** Takes the page as HTML and returns the varied one. */
type Vary = (html: string) => string;

const BAR = `<div style="position:fixed;left:0;right:0;bottom:0;padding:10px;background:#222;color:#fff;z-index:50">We use cookies. <button type="button" onclick="this.parentElement.remove()">Accept cookies</button></div>`;
const WALL = `<div role="dialog" aria-modal="true" aria-label="Cookies" style="position:fixed;inset:0;padding:200px;background:#222e;color:#fff;z-index:50">We use cookies. <button type="button" onclick="this.parentElement.remove()">Accept cookies</button></div>`;
const PROMOTION = `<aside><h2>New this week</h2><p>Have a look at what has arrived.</p><a href="/?from=promotion">See what is new</a></aside>`;

/** Names that buttons and links of forms might have in another release. */
const SYNONYMS: [RegExp, string][] = [
  [/\bSave\b/g, "Keep"],
  [/\bApply\b/g, "Filter"],
  [/\bAdd\b/g, "Put"],
  [/\bDelete\b/g, "Erase"],
  [/\bCreate\b/g, "Make"],
  [/\bSearch\b/g, "Find"],
  [/\bSend\b/g, "Submit"],
  [/\bApprove\b/g, "Accept"],
  [/\bPublish\b/g, "Release"],
  [/\bPlace\b/g, "Finish"],
];

const inButtons = (html: string, change: (text: string) => string): string =>
  html.replace(
    /(<button[^>]*>)([^<]+)(<\/button>)/g,
    (_, open: string, text: string, close: string) => `${open}${change(text)}${close}`,
  );

/** Data rows of each table. */
const inTables = (html: string, change: (rows: string[]) => string[]): string =>
  html.replace(/(<tbody>)(.*?)(<\/tbody>)/gs, (_, open: string, body: string, close: string) => {
    const rows = body.match(/<tr>.*?<\/tr>/gs) ?? [];
    return `${open}${change(rows).join("")}${close}`;
  });

/** A row like the others, about something else. */
const another = (row: string): string =>
  row
    .replace(/>([^<>]*\p{L}[^<>]*)</gu, ">Sample entry<")
    .replace(/href="[^"]*"/g, 'href="/sample"')
    .replace(/action="[^"]*"/g, 'action="/sample"')
    .replace(/aria-label="[^"]*"/g, 'aria-label="Sample entry"');

function renameIds(html: string): string {
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!);
  return [...new Set(ids)].reduce((text, id) => text.replaceAll(`="${id}"`, `="x7-${id}"`), html);
}

function moveNavigation(html: string): string {
  const nav = /<nav>.*?<\/nav>/s.exec(html)?.[0];
  const moved =
    nav === undefined ? html : html.replace(nav, "").replace("</main>", `</main><footer>${nav}</footer>`);
  return moved.replace(/(<main[^>]*>)/, `$1${PROMOTION}`);
}

export const VARIATIONS = {
  unchanged: (html) => html,
  "new ids": renameIds,
  "buttons with an extra word": (html) => inButtons(html, (text) => `${text} now`),
  "buttons with other names": (html) =>
    inButtons(html, (text) => SYNONYMS.reduce((now, [from, to]) => now.replace(from, to), text)),
  "navigation moved, a promotion above": moveNavigation,
  "an extra row in each table": (html) =>
    inTables(html, (rows) => (rows[0] ? [another(rows[0]), ...rows] : rows)),
  "tables in reverse": (html) => inTables(html, (rows) => rows.toReversed()),
  "a cookie bar": (html) => html.replace("</body>", `${BAR}</body>`),
  "a cookie wall": (html) => html.replace("</body>", `${WALL}</body>`),
} satisfies Record<string, Vary>;

export type Variation = keyof typeof VARIATIONS;

export function vary(app: HostFetch, variation: Variation): HostFetch {
  return async (request) => {
    const response = await app(request);
    if (!response.headers.get("content-type")?.startsWith("text/html")) return response;
    const headers = new Headers(response.headers);
    headers.delete("content-length");
    return new Response(VARIATIONS[variation](await response.text()), { status: response.status, headers });
  };
}
