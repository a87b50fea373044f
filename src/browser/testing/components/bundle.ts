/**
 * @file Pages of real component libraries, for tests: bundled by esbuild when they are asked for, served to an episode.
 */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Plugin } from "esbuild";
import { compile } from "svelte/compiler";
import type { ObservationFormat } from "../../../core/observation.ts";
import type { TestEpisode } from "../../test-support.ts";
import { html, open } from "../../test-support.ts";
import type { BrowserPool } from "../../pool.ts";
import type { HostFetch } from "../../world.ts";

const FONTS = Object.fromEntries(
  [".woff", ".woff2", ".ttf", ".svg", ".png", ".gif"].map((ext) => [ext, "dataurl" as const]),
);

const SVELTE: Plugin = {
  name: "svelte",
  setup: (building) =>
    building.onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, "utf8"), { filename: path, css: "injected" });
      return { contents: js.code, loader: "js" };
    }),
};

/** One file beside this one, with what it imports: script and style sheet. */
async function bundle(file: string): Promise<HostFetch> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    outdir: "out",
    entryNames: "app",
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "react",
    minifySyntax: true,
    plugins: [SVELTE],
    // Svelte and Solid are different on a server.
    conditions: ["browser", "production"],
    // Not the project's settings: their JSX is the server's.
    tsconfigRaw: {},
    alias: { vue: "vue/dist/vue.esm-bundler.js" },
    loader: { ...FONTS, ".js": "jsx" },
    define: {
      "process.env.NODE_ENV": '"production"',
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    logLevel: "error",
  });
  const text = (extension: string) => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? "";
  const [script, style] = [text(".js"), text(".css")];
  const type = (value: string) => ({ headers: { "content-type": `${value}; charset=utf-8` } });
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/app.js") return new Response(script, type("text/javascript"));
    if (pathname === "/app.css") return new Response(style, type("text/css"));
    if (pathname !== "/") return new Response("not found", { status: 404 });
    return html(
      `<title>${file}</title><link rel=stylesheet href=/app.css><body style="font-family:sans-serif"><div id=root></div><script src=/app.js></script>`,
    );
  };
}

const bundles = new Map<string, Promise<HostFetch>>();

export interface ComponentEpisode extends TestEpisode {
  /** The page as it was last observed. */
  readonly page: TestEpisode["first"];
  /** What the application itself holds (`window.app`). */
  state(): Promise<unknown>;
  /** The name of the element whose label, or role and label, fit; throws with the page's text if none does. */
  find(wanted: string | RegExp, nth?: number): string;
  /** The name of the first fitting element after that one, in document order. */
  after(wanted: string | RegExp, next: RegExp): string;
  /** Writes `do(action=…)` for an element that is found, and throws if the page answers with an error. */
  do(action: string, element?: string | RegExp | null, argument?: string): Promise<TestEpisode["first"]>;
}

export async function openComponents(
  pool: BrowserPool,
  file: string,
  format: ObservationFormat = "compact",
): Promise<ComponentEpisode> {
  if (!bundles.has(file)) bundles.set(file, bundle(file));
  let held: unknown;
  const world = {
    verify: async (_answer: string | null, page: { read: (expression: string) => Promise<unknown> }) => {
      held = JSON.parse(String(await page.read("JSON.stringify(window.app)")));
      return null;
    },
  };
  const opened = await open(pool, await bundles.get(file)!, { format, world });
  let page = opened.first;
  const find = (wanted: string | RegExp, nth = 1) => {
    const fits = ({ role, label }: { role: string; label: string }) =>
      typeof wanted === "string"
        ? wanted === label || wanted === `${role} ${label}`
        : wanted.test(`${role} ${label}`);
    const found = page.elements.filter(fits)[nth - 1];
    if (!found) throw new Error(`no element ${String(wanted)} (${nth}) on the page:\n${page.text}`);
    return found.name;
  };
  const after = (wanted: string | RegExp, next: RegExp) => {
    const name = find(wanted);
    const at = page.elements.findIndex((element) => element.name === name);
    const found = page.elements.slice(at + 1).find(({ role, label }) => next.test(`${role} ${label}`));
    if (!found)
      throw new Error(`no element ${String(next)} after ${String(wanted)} on the page:\n${page.text}`);
    return found.name;
  };
  const act = async (text: string) => (page = await opened.act(text));
  return {
    ...opened,
    get page() {
      return page;
    },
    find,
    after,
    act,
    state: async () => {
      await opened.episode.verify(null);
      return held;
    },
    do: async (action, element = null, argument) => {
      const parts = [`action="${action}"`];
      if (argument !== undefined) parts.push(`argument=${JSON.stringify(argument)}`);
      if (element !== null) parts.push(`element=${JSON.stringify(find(element))}`);
      const after = await act(`do(${parts.join(", ")})`);
      if (after.error) throw new Error(`${parts.join(", ")}: ${after.error.message}\n${after.text}`);
      return after;
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
