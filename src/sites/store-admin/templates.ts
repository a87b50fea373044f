/** @file The tasks of the store admin. */

import { withParaphrases } from "../template.ts";
import { paraphrases } from "./paraphrases.ts";
import { contentTemplates } from "./templates-content.ts";
import { customerTemplates } from "./templates-customers.ts";
import { orderTemplates } from "./templates-orders.ts";
import { productTemplates } from "./templates-products.ts";
import { reviewTemplates } from "./templates-reviews.ts";

export const templates = withParaphrases(
  [...orderTemplates, ...productTemplates, ...reviewTemplates, ...customerTemplates, ...contentTemplates],
  paraphrases,
);
