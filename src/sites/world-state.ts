/** @file The data of one world: everything that the five sites store. Plain JSON without cycles. */

import type { ForgeState } from "./forge/state.ts";
import type { ForumState } from "./forum/state.ts";
import type { MapState } from "./map/state.ts";
import type { StoreState } from "./store/state.ts";

export interface WorldState {
  /** The world's fixed clock, ISO 8601. New records get this time, so that equal actions leave equal states. */
  now: string;
  /** Shared by the storefront and the store admin. */
  store: StoreState;
  forum: ForumState;
  forge: ForgeState;
  map: MapState;
}

export const WORLD_NOW = "2026-03-16T10:00:00Z";
