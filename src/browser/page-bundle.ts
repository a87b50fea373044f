/** @file The page script as one text: bundled when the package is built, or, from the sources, when it is first needed. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Name of the bundle's only variable. */
export const BUNDLE_NAME = "webrlPage";

/** Written by `scripts/build-page.mjs`; not there when the sources run as they are. */
const BUILT = new URL("page/bundle.js", import.meta.url);

let loading: Promise<string> | undefined;

export function loadPageScript(): Promise<string> {
  return (loading ??= existsSync(BUILT)
    ? readFile(BUILT, "utf8")
    : bundlePageScript(fileURLToPath(new URL("page/main.ts", import.meta.url))));
}

/** @public Called by `scripts/build-page.mjs`. */
export async function bundlePageScript(entry: string): Promise<string> {
  // A development dependency: the published package has the bundle.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    format: "iife",
    globalName: BUNDLE_NAME,
    target: "es2022",
    minify: true,
    legalComments: "none",
  });
  return outputFiles[0]!.text;
}
