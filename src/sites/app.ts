/**
 * @file What a built-in site is: a web application over its own part of the world's state. Each app is a pure
 * function of that state, so an episode's private copy is one clone away.
 */

import type { IrreversibleRequest } from "../core/effect.ts";
import type { WorldState } from "./world-state.ts";

export type SiteName = "storefront" | "store-admin" | "forum" | "forge" | "map";

export interface AppDefinition {
  name: SiteName;
  /** For people. */
  title: string;
  /** Host name inside an episode, e.g. `shop.webrl.test`. Served over plain HTTP on port 80. */
  host: string;
  /** Binds the app to one copy of the state. Called once per episode: must be cheap (≤ 5 ms). */
  create(state: WorldState): { fetch(request: Request): Response | Promise<Response> };
  /** Opens a session for the site's usual user in `state` and returns its cookies, so that tasks start signed in. */
  signIn?(state: WorldState): { name: string; value: string }[];
  /** Every request that changes something, and whether that can be undone. */
  irreversible: readonly IrreversibleRequest[];
  /** Dotted paths of the state that do not count as side effects, e.g. `store.sessions`. */
  volatile: string[];
}
