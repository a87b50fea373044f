/** @file TiddlyWiki, a notebook in the browser that saves to its own Node server; from the npm registry. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../../core/errors.ts";
import { makeDirectory } from "../../core/make-directory.ts";
import { defineSite } from "../../sites/define-site.ts";
import type { SiteCopy } from "../../sites/define-site.ts";
import type { App } from "../app.ts";
import { NOTES, SITE_SUBTITLE, SITE_TITLE } from "./content.ts";
import { allNotes } from "./notes.ts";
import { templates } from "./templates.ts";

const VERSION = "5.4.1";
/** Who saved a note and when it was first saved; the server would make them again with every start. */
const MADE = {
  created: "20260301090000000",
  creator: "garden",
  modified: "20260301090000000",
  modifier: "garden",
};

const SYSTEM: Readonly<Record<string, string>> = {
  "$:/SiteTitle": SITE_TITLE,
  "$:/SiteSubtitle": SITE_SUBTITLE,
  "$:/DefaultTiddlers": "[[Fernbrook Garden]]",
  // So that a check reads all notes with one request.
  "$:/config/Server/AllowAllExternalFilters": "yes",
  "$:/config/SyncSystemTiddlersFromServer": "yes",
  "$:/config/AnimationDuration": "0",
  // Milliseconds after which a change is saved.
  "$:/config/SyncThrottleInterval": "100",
};

export const tiddlywiki: App = {
  name: "tiddlywiki",
  title: `TiddlyWiki ${VERSION}, a notebook`,
  revision: 1,
  packages: {},
  install: async (directory, run) => {
    await run(`npm install --prefix . --no-audit --no-fund --ignore-scripts tiddlywiki@${VERSION}`);
    const wiki = join(directory, "prepared");
    await makeDirectory(join(wiki, "tiddlers"));
    const info = {
      description: SITE_TITLE,
      plugins: ["tiddlywiki/tiddlyweb", "tiddlywiki/filesystem"],
      themes: ["tiddlywiki/vanilla", "tiddlywiki/snowwhite"],
    };
    await writeFile(join(wiki, "tiddlywiki.info"), JSON.stringify(info));
    await writeFile(join(wiki, "tiddlers", "content.json"), JSON.stringify(initialTiddlers()));
  },
  site: () =>
    defineSite({
      name: "tiddlywiki",
      description:
        "a TiddlyWiki notebook of a community garden: notes with tags and text on gardeners, tools, events, rules and plans, which can be read, searched, written, edited, renamed and deleted",
      infeasible: ["sending messages", "uploading files to a server", "accounts and passwords"],
      baseUrl: "http://127.0.0.1:{port}",
      start: {
        command:
          "rm -rf copies/{port} && mkdir -p copies && cp -R prepared copies/{port} && " +
          "exec node node_modules/tiddlywiki/tiddlywiki.js copies/{port} --listen host=127.0.0.1 port={port} anon-username=garden",
        readyPath: "/status",
        timeoutMs: 120_000,
        instances: 16,
      },
      reset,
      templates,
    }),
};

type Tiddler = Record<string, string>;

function initialTiddlers(): Tiddler[] {
  return [
    ...NOTES.map(({ title, tags, text, fields }) => ({
      ...fields,
      ...MADE,
      title,
      text,
      tags: tags.map((tag) => (tag.includes(" ") ? `[[${tag}]]` : tag)).join(" "),
    })),
    ...Object.entries(SYSTEM).map(([title, text]) => ({ ...MADE, title, text })),
  ];
}

/** Puts back what differs, through the server's own interface. */
async function reset({ baseUrl }: SiteCopy): Promise<void> {
  const now = new Map(
    (await allNotes(async (path) => fetch(new URL(path, baseUrl)))).map((note) => [note.title!, note]),
  );
  const wanted = new Map(initialTiddlers().map((tiddler) => [tiddler.title!, tiddler]));
  const same = (a: Tiddler, b: Tiddler | undefined) =>
    b !== undefined &&
    [...new Set([...Object.keys(a), ...Object.keys(b)])].every(
      (key) => ["bag", "revision", "type"].includes(key) || (a[key] ?? "") === (b[key] ?? ""),
    );
  // What the server keeps for itself was not saved by anybody.
  for (const [title, { modified, creator }] of now)
    if (!wanted.has(title) && (modified ?? creator) !== undefined) await send(baseUrl, "DELETE", title);
  for (const [title, tiddler] of wanted)
    if (!same(tiddler, now.get(title))) await send(baseUrl, "PUT", title, tiddler);
}

async function send(
  baseUrl: string,
  method: "PUT" | "DELETE",
  title: string,
  tiddler?: Tiddler,
): Promise<void> {
  const path = `${method === "PUT" ? "/recipes" : "/bags"}/default/tiddlers/${encodeURIComponent(title)}`;
  const response = await fetch(new URL(path, baseUrl), {
    method,
    headers: { "x-requested-with": "TiddlyWiki", "content-type": "application/json" },
    ...(tiddler && { body: JSON.stringify(tiddler) }),
  });
  if (!response.ok)
    throw new Fault("site_down", `${method} ${path} answered ${response.status}`, { retryable: true });
}
