/** @file The tasks of the forum. */

import { withParaphrases } from "../template.ts";
import { paraphrases } from "./paraphrases.ts";
import { moderationTemplates } from "./templates-moderation.ts";
import { readingTemplates } from "./templates-reading.ts";
import { writingTemplates } from "./templates-writing.ts";

export const templates = withParaphrases(
  [...readingTemplates, ...writingTemplates, ...moderationTemplates],
  paraphrases,
);
