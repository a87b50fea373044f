/** @file Bundles the page scripts into `dist/browser/page/*.bundle.js`. */

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { BUNDLE_NAME, bundleScript, PAGE_SCRIPTS } from "../dist/browser/page-bundle.js";

const path = (from) => fileURLToPath(new URL(from, import.meta.url));
for (const name of PAGE_SCRIPTS)
  await writeFile(
    path(`../dist/browser/page/${name}.bundle.js`),
    await bundleScript(path(`../src/browser/page/${name}.ts`), BUNDLE_NAME),
  );
