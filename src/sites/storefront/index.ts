/** @file The storefront: application and tasks. */

import { withParaphrases } from "../template.ts";
import { paraphrases } from "./paraphrases.ts";
import { accountTemplates } from "./templates-account.ts";
import { bothTemplates } from "./templates-both.ts";
import { catalogTemplates } from "./templates-catalog.ts";
import { orderTemplates } from "./templates-orders.ts";
import { shoppingTemplates } from "./templates-shopping.ts";

export { app } from "./app.ts";

export const templates = withParaphrases(
  [...catalogTemplates, ...shoppingTemplates, ...orderTemplates, ...accountTemplates, ...bothTemplates],
  paraphrases,
);
