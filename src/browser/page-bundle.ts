/**
 * @file The page scripts, each as one text: bundled when the package is built, or, from the sources, when they are
 * first needed.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Name of a bundle's only variable. */
export const BUNDLE_NAME = "webrlPage";

/** `main` runs in our world of a document, `hook` in the page's. */
export const PAGE_SCRIPTS = ["main", "hook"] as const;
export type PageScript = (typeof PAGE_SCRIPTS)[number];

const loading = new Map<PageScript, Promise<string>>();

/** Written by `scripts/build-page.mjs`; not there when the sources run as they are. */
function load(name: PageScript): Promise<string> {
  const built = new URL(`page/${name}.bundle.js`, import.meta.url);
  return existsSync(built)
    ? readFile(built, "utf8")
    : bundleScript(fileURLToPath(new URL(`page/${name}.ts`, import.meta.url)), BUNDLE_NAME);
}

export function loadPageScript(name: PageScript): Promise<string> {
  let script = loading.get(name);
  if (!script) loading.set(name, (script = load(name)));
  return script;
}

/** A script for browsers as one text; what it exports is in the variable `globalName`. */
export async function bundleScript(entry: string, globalName?: string): Promise<string> {
  // A development dependency: the published package has the bundles.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    format: "iife",
    ...(globalName !== undefined && { globalName }),
    target: "es2022",
    minify: true,
    legalComments: "none",
  });
  return outputFiles[0]!.text;
}
