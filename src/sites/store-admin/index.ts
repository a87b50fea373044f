/** @file The store admin: application and tasks. */

import { withParaphrases } from "../template.ts";
import { paraphrases } from "./paraphrases.ts";
import { contentTemplates } from "./templates-content.ts";
import { customerTemplates } from "./templates-customers.ts";
import { orderTemplates } from "./templates-orders.ts";
import { productTemplates } from "./templates-products.ts";
import { reviewTemplates } from "./templates-reviews.ts";

export { app } from "./app.ts";

export const templates = withParaphrases(
  [...orderTemplates, ...productTemplates, ...reviewTemplates, ...customerTemplates, ...contentTemplates],
  paraphrases,
);
