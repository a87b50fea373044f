/** @file Every task of the mail boxes. */

import type { SiteTemplate } from "../../sites/define-site.ts";
import { defineTemplate } from "../../sites/define-site.ts";
import type { MailChecks } from "./state.ts";

export const templates = (checks: MailChecks): SiteTemplate[] => [
  defineTemplate<{ a: string }>({
    id: "a",
    phrasings: ["Do {a}."],
    instances: [{ a: "1" }],
    check: () => [checks.unchanged()],
  }),
];
