/** @file Addresses for tests of tasks that never contact a site. */

import type { BaseUrls } from "../tasks.ts";

export const MADE_UP_URLS: BaseUrls = {
  SHOPPING: "http://shop.test",
  SHOPPING_ADMIN: "http://admin.test/admin",
  REDDIT: "http://forum.test",
  GITLAB: "http://gitlab.test",
  MAP: "http://map.test",
  WIKIPEDIA: "http://wikipedia.test/wiki",
};
