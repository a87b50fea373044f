/** @file Addresses for tasks of which no site is asked. */

import type { BaseUrls } from "../tasks.ts";

export const MADE_UP_URLS: BaseUrls = {
  SHOPPING: "http://shop.test",
  SHOPPING_ADMIN: "http://admin.test/admin",
  REDDIT: "http://forum.test",
  GITLAB: "http://gitlab.test",
  MAP: "http://map.test",
  WIKIPEDIA: "http://wikipedia.test/wiki",
};
