/** @file The page's script: the bundle from the build in `assets/`, or, when run from sources, one made on the spot. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../core/errors.ts";
import { Kept } from "../core/kept.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const bundled = new Kept<string>();

export const dashboardScript = (): Promise<string> => bundled.get(load);

async function load(): Promise<string> {
  const built = at("assets/app.js");
  if (existsSync(built)) return readFile(built, "utf8");
  const source = at("client/main.tsx");
  if (!existsSync(source))
    throw new ConfigError(
      "the dashboard's script was not built",
      "Build it with `npm run build`, or install the package again.",
    );
  // A development dependency: published packages have the bundle.
  const { build } = await import("esbuild");
  const result = await build({ ...BUNDLE, entryPoints: [source], write: false });
  return result.outputFiles[0]!.text;
}

/** The same settings as in `scripts/build-dashboard.mjs`. Shared views have no pragma: here they are Preact's,
 * whatever tsconfig.json says. */
const BUNDLE = {
  bundle: true,
  format: "esm",
  target: "es2022",
  tsconfigRaw: { compilerOptions: { jsx: "react-jsx", jsxImportSource: "preact" } },
  minify: true,
  legalComments: "none",
} as const;
