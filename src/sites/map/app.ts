/** @file The map: places, search, directions, nearby, saved lists, suggested edits. */

import { Hono } from "hono";
import type { AppDefinition } from "../app.ts";
import { IRREVERSIBLE } from "../irreversible.ts";
import type { Env } from "../kit.tsx";
import { COOKIE, MAP_HOST, notFound } from "./context.tsx";
import { findingPages } from "./pages-find.tsx";
import { openSession, ownPages } from "./pages-own.tsx";

/** Routes are set up once per process; each request carries the episode's world. */
const router = new Hono<Env>();
findingPages(router);
ownPages(router);
router.notFound((c) => notFound(c));

export const app: AppDefinition = {
  name: "map",
  title: "Map",
  host: MAP_HOST,
  create: (world) => ({ fetch: (request) => router.fetch(request, { world }) }),
  signIn: (world) => [{ name: COOKIE, value: openSession(world.map, "mara") }],
  irreversible: IRREVERSIBLE.map,
  volatile: ["map.sessions"],
};
