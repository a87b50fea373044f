/** @file Bundles the scripts of customer service into `dist/agent/service/assets/`. */

import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CLIENTS } from "../dist/agent/service/assets.js";
import { bundleScript } from "../dist/browser/page-bundle.js";

const path = (from) => fileURLToPath(new URL(from, import.meta.url));
await mkdir(path("../dist/agent/service/assets"), { recursive: true });
for (const name of CLIENTS)
  await writeFile(
    path(`../dist/agent/service/assets/${name}.js`),
    await bundleScript(path(`../src/agent/service/client/${name}.ts`)),
  );
