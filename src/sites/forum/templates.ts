/** @file The tasks of the forum. */

import type { TaskTemplate } from "../template.ts";
import { moderationTemplates } from "./templates-moderation.ts";
import { readingTemplates } from "./templates-reading.ts";
import { writingTemplates } from "./templates-writing.ts";

export const templates: TaskTemplate[] = [...readingTemplates, ...writingTemplates, ...moderationTemplates];
