/** @file The map's tasks. */

import type { TaskTemplate } from "../template.ts";
import { templates as finding } from "./templates-find.ts";
import { templates as own } from "./templates-own.ts";
import { templates as routes } from "./templates-routes.ts";

export const templates: TaskTemplate[] = [...finding, ...routes, ...own];
