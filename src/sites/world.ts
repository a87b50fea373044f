/**
 * @file One world: a private copy of everything the five sites store, and the applications bound to it. Made anew
 * for each episode; nothing is shared with other copies.
 */

import type { IrreversibleRequest } from "../core/effect.ts";
import type { AppDefinition } from "./app.ts";
import { app as forge } from "./forge/index.ts";
import { createForgeState } from "./forge/state.ts";
import { app as forum } from "./forum/index.ts";
import { createForumState } from "./forum/state.ts";
import { app as map } from "./map/index.ts";
import { createMapState } from "./map/state.ts";
import { createStoreState } from "./store/seed.ts";
import { app as storeAdmin } from "./store-admin/index.ts";
import { app as storefront } from "./storefront/index.ts";
import { WORLD_NOW } from "./world-state.ts";
import type { WorldState } from "./world-state.ts";

/** The built-in sites, in the order in which they are listed to people. */
export const APPS: readonly AppDefinition[] = [storefront, storeAdmin, forum, forge, map];

/** The parts of the state that are copied one by one. */
const PARTS = ["store", "forum", "forge", "map"] as const;

export interface World {
  /** A part is copied when it is first asked for: most episodes touch one or two. */
  state: WorldState;
  /** The current state. Parts that nobody asked for are those of the untouched world. Do not change it. */
  snapshot(): WorldState;
  /** Host name → the application that answers on it. */
  hosts: Map<string, (request: Request) => Response | Promise<Response>>;
  /** Sessions that were opened in `state`, for the browser. */
  cookies: { host: string; name: string; value: string }[];
  /** What the sites say cannot be undone, by host. */
  irreversible: ReadonlyMap<string, readonly IrreversibleRequest[]>;
  /** Dotted paths of the state that never count as side effects. */
  volatile: readonly string[];
}

let pristine: { state: WorldState; json: Record<(typeof PARTS)[number], string> } | undefined;

function makePristine() {
  if (pristine) return pristine;
  const state: WorldState = {
    now: WORLD_NOW,
    store: createStoreState(),
    forum: createForumState(),
    forge: createForgeState(),
    map: createMapState(),
  };
  const json = Object.fromEntries(PARTS.map((part) => [part, JSON.stringify(state[part])]));
  return (pristine = { state: deepFreeze(state), json: json as NonNullable<typeof pristine>["json"] });
}

/** The world as every episode finds it, before anybody signed in. Shared and frozen. */
export function pristineState(): WorldState {
  return makePristine().state;
}

/** `signIn`: sites on which the usual user has a session. */
export function createWorld(signIn: readonly string[] = []): World {
  const { state: initial, json } = makePristine();
  const copies: Partial<WorldState> = {};
  const state = { now: initial.now } as WorldState;
  for (const part of PARTS)
    Object.defineProperty(state, part, {
      enumerable: true,
      // The state is plain JSON; parsing it takes half the time of `structuredClone`.
      get: () => (copies[part] ??= JSON.parse(json[part]) as never),
    });
  const hosts: World["hosts"] = new Map();
  const cookies: World["cookies"] = [];
  for (const app of APPS) {
    const bound = app.create(state);
    hosts.set(app.host, (request) => bound.fetch(request));
    if (signIn.includes(app.name))
      cookies.push(...(app.signIn?.(state) ?? []).map((cookie) => ({ host: app.host, ...cookie })));
  }
  const snapshot = () => ({ ...initial, ...copies, now: state.now });
  return { state, snapshot, hosts, cookies, irreversible: DECLARED, volatile: VOLATILE };
}

const DECLARED = new Map(APPS.map((app) => [app.host, app.irreversible]));
const VOLATILE = APPS.flatMap((app) => app.volatile);

/** @throws if there is no such site: names come from templates. */
export function appOf(name: string): AppDefinition {
  const app = APPS.find((candidate) => candidate.name === name);
  if (!app) throw new Error(`no built-in site ${name}; there are ${APPS.map((a) => a.name).join(", ")}`);
  return app;
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
