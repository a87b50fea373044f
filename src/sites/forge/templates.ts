/** @file The tasks of the forge. */

import type { TaskTemplate } from "../template.ts";
import { crossTemplates } from "./templates-cross.ts";
import { issueTemplates } from "./templates-issues.ts";
import { projectTemplates } from "./templates-projects.ts";
import { readingTemplates } from "./templates-reading.ts";

export const templates: TaskTemplate[] = [
  ...readingTemplates,
  ...issueTemplates,
  ...projectTemplates,
  ...crossTemplates,
];
