/** @file Every task of the mail boxes. */

import type { SiteTemplate } from "../../sites/define-site.ts";
import { keeping } from "./keeping.ts";
import { lookups } from "./lookups.ts";
import type { MailChecks } from "./state.ts";
import { writing } from "./writing.ts";

export const templates = (checks: MailChecks): SiteTemplate[] =>
  [...lookups(checks), ...writing(checks), ...keeping(checks)].map((template) => ({
    ...template,
    // Without the folder, the page opens itself once more.
    startPath: () => "/?_task=mail&_mbox=INBOX",
  }));
