/** @file Bundles the dashboard's client into `dist/dashboard/assets/app.js`, with nothing left to load from elsewhere. */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await build({
  entryPoints: [fileURLToPath(new URL("../src/dashboard/client/main.tsx", import.meta.url))],
  outfile: fileURLToPath(new URL("../dist/dashboard/assets/app.js", import.meta.url)),
  bundle: true,
  format: "esm",
  target: "es2022",
  // Views that the report shares have no pragma of their own: here they are Preact's, whatever tsconfig.json says.
  tsconfigRaw: { compilerOptions: { jsx: "react-jsx", jsxImportSource: "preact" } },
  minify: true,
  legalComments: "none",
});
