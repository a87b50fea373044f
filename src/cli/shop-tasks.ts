/** @file The tasks on which `webrl demo` and `webrl bench methods` train, unless they are told others. */

import type { Settings } from "../run/parse-config.ts";
import type { ConfigOptions } from "./commands/train.ts";

/**
 * Templates of the storefront that leave something to reinforce: `models/base` solves 20% to 53% of attempts at
 * temperature 1 and less than 80% of validation tasks at temperature 0, `models/orm` can tell, and each has at least 90
 * tasks to train on (docs/log/2026-12-01-four-kinds-of-tasks.md).
 */
const HALF_KNOWN = [
  "storefront.open-product",
  "storefront.sign-in-order-status",
  "storefront.wishlist-add",
  "storefront.write-review",
];

/** Default settings; none where a file of settings or a setting of the suite says which tasks are wanted. */
export const shopTasks = ({ config, set }: ConfigOptions): Settings =>
  config === undefined && !set.some((setting) => setting.trimStart().startsWith("suite."))
    ? { suite: { templates: HALF_KNOWN } }
    : {};
