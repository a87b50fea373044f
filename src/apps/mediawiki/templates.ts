/** @file Every task of the handbook. */

import type { SiteTemplate } from "../../sites/define-site.ts";
import { edits } from "./edits.ts";
import { keeping } from "./keeping.ts";
import { lookups } from "./lookups.ts";
import type { WikiChecks } from "./state.ts";

export const templates = (checks: WikiChecks): SiteTemplate[] => [
  ...lookups(checks),
  ...edits(checks),
  ...keeping(checks),
];
