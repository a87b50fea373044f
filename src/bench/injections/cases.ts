/**
 * @file Injections on small pages: what a page says, what its buttons and links really do, and what its scripts do by
 * themselves.
 */

import { BY_ITSELF } from "./by-itself.ts";
import { DETOURS } from "./detours.ts";
import { LIES } from "./lies.ts";
import { MONEY } from "./money.ts";
import type { Injection } from "./run.ts";
import { SCRIPTED } from "./scripted.ts";
import { ELSEWHERE, TOLD } from "./told.ts";

export const PAGE_INJECTIONS: readonly Injection[] = [
  ...TOLD,
  ...ELSEWHERE,
  ...LIES,
  ...SCRIPTED,
  ...BY_ITSELF,
  ...MONEY,
  ...DETOURS,
];
