/** @file Bundles the page script into `dist/browser/page/bundle.js`. */

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundlePageScript } from "../dist/browser/page-bundle.js";

const path = (from) => fileURLToPath(new URL(from, import.meta.url));
await writeFile(
  path("../dist/browser/page/bundle.js"),
  await bundlePageScript(path("../src/browser/page/main.ts")),
);
