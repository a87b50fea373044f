/** @file The tasks of the forge. */

import { withParaphrases } from "../template.ts";
import { paraphrases } from "./paraphrases.ts";
import { crossTemplates } from "./templates-cross.ts";
import { issueTemplates } from "./templates-issues.ts";
import { projectTemplates } from "./templates-projects.ts";
import { readingTemplates } from "./templates-reading.ts";

export const templates = withParaphrases(
  [...readingTemplates, ...issueTemplates, ...projectTemplates, ...crossTemplates],
  paraphrases,
);
