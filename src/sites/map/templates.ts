/** @file The map's tasks. */

import { withParaphrases } from "../template.ts";
import { paraphrases } from "./paraphrases.ts";
import { templates as finding } from "./templates-find.ts";
import { templates as own } from "./templates-own.ts";
import { templates as routes } from "./templates-routes.ts";

export const templates = withParaphrases([...finding, ...routes, ...own], paraphrases);
