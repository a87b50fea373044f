/** @file Tasks in the outfitter's shop, for its customers and its keeper. */

import type { SiteTemplate } from "../../sites/define-site.ts";
import { guests } from "./guests.ts";
import { lookups } from "./lookups.ts";

export const templates: SiteTemplate[] = [...lookups, ...guests];
