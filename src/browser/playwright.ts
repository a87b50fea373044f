/** @file Loads Playwright, which is 7 MB of source, only where a browser is needed. */

import { createRequire } from "node:module";
import type * as Playwright from "playwright-core";

const require = createRequire(import.meta.url);

export const playwright = (): typeof Playwright => require("playwright-core");
