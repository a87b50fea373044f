/** @file Tasks in the outfitter's shop, for its guests, its customers and its keeper. */

import type { SiteTemplate } from "../../sites/define-site.ts";
import { account } from "./account.ts";
import { checkout } from "./checkout.ts";
import { desk } from "./desk.ts";
import { goods } from "./goods.ts";
import { guests } from "./guests.ts";
import { lookups } from "./lookups.ts";
import { range } from "./range.ts";

export const templates: SiteTemplate[] = [
  ...lookups,
  ...guests,
  ...checkout,
  ...account,
  ...goods,
  ...range,
  ...desk,
];
