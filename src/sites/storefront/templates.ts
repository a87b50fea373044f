/** @file The tasks of the storefront. */

import { withParaphrases } from "../template.ts";
import { paraphrases } from "./paraphrases.ts";
import { accountTemplates } from "./templates-account.ts";
import { bothTemplates } from "./templates-both.ts";
import { catalogTemplates } from "./templates-catalog.ts";
import { orderTemplates } from "./templates-orders.ts";
import { shoppingTemplates } from "./templates-shopping.ts";

export const templates = withParaphrases(
  [...catalogTemplates, ...shoppingTemplates, ...orderTemplates, ...accountTemplates, ...bothTemplates],
  paraphrases,
);
