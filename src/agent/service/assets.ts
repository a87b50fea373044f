/**
 * @file The scripts of the widget and of operators' pages: bundles from the build, or made on the spot when run from
 * sources.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundleScript } from "../../browser/page-bundle.ts";

/** @public Tells `scripts/build-service.mjs` what to bundle. */
export const CLIENTS = ["widget", "operator"] as const;
export type Client = (typeof CLIENTS)[number];

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const loading = new Map<Client, Promise<string>>();

export function clientScript(name: Client): Promise<string> {
  let script = loading.get(name);
  if (!script) {
    const built = at(`assets/${name}.js`);
    loading.set(
      name,
      (script = existsSync(built) ? readFile(built, "utf8") : bundleScript(at(`client/${name}.ts`))),
    );
  }
  return script;
}
