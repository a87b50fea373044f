/** @file Tasks at the library's help desk, for its staff and its members. */

import type { SiteTemplate } from "../../sites/define-site.ts";
import { changes } from "./changes.ts";
import { deskChecks } from "./desk.ts";
import { lookups } from "./lookups.ts";
import { members } from "./members.ts";
import { relations } from "./relations.ts";

export function templates(directory: string): SiteTemplate[] {
  const desk = deskChecks(directory);
  return [...lookups(desk), ...changes(desk), ...relations(desk), ...members(desk)];
}
