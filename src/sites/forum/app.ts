/** @file The forum: boards, posts, comments, votes, messages, moderation. */

import { Hono } from "hono";
import type { AppDefinition } from "../app.ts";
import { IRREVERSIBLE } from "../irreversible.ts";
import type { Env } from "../kit.tsx";
import { COOKIE, FORUM_HOST, notFound } from "./context.tsx";
import { openSession } from "./domain.ts";
import { messagePages } from "./pages-messages.tsx";
import { peoplePages } from "./pages-people.tsx";
import { readingPages } from "./pages-reading.tsx";
import { writingPages } from "./pages-writing.tsx";
import { USUAL_USER } from "./people.ts";

/** Routes are set up once per process; each request carries the episode's world. */
const router = new Hono<Env>();
readingPages(router);
writingPages(router);
peoplePages(router);
messagePages(router);
router.notFound((c) => notFound(c));

export const app: AppDefinition = {
  name: "forum",
  title: "Forum",
  host: FORUM_HOST,
  create: (world) => ({ fetch: (request) => router.fetch(request, { world }) }),
  signIn: (world) => [{ name: COOKIE, value: openSession(world.forum, USUAL_USER) }],
  irreversible: IRREVERSIBLE.forum,
  volatile: ["forum.sessions", "forum.nextSession"],
};
