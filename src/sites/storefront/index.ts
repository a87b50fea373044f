/** @file The storefront: application and tasks. */

import type { TaskTemplate } from "../template.ts";
import { accountTemplates } from "./templates-account.ts";
import { bothTemplates } from "./templates-both.ts";
import { catalogTemplates } from "./templates-catalog.ts";
import { orderTemplates } from "./templates-orders.ts";
import { shoppingTemplates } from "./templates-shopping.ts";

export { app } from "./app.ts";

export const templates: TaskTemplate[] = [
  ...catalogTemplates,
  ...shoppingTemplates,
  ...orderTemplates,
  ...accountTemplates,
  ...bothTemplates,
];
