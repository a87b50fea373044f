/** @file Every task on the garden's notebook. */

import type { SiteTemplate } from "../../sites/define-site.ts";
import { keeping } from "./keeping.ts";
import { lookups } from "./lookups.ts";
import { writing } from "./writing.ts";

export const templates: SiteTemplate[] = [...lookups, ...writing, ...keeping];
