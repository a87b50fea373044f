/** @file The forge: projects with files, commits, issues, merge requests and members. */

import { Hono } from "hono";
import type { AppDefinition } from "../app.ts";
import { IRREVERSIBLE } from "../irreversible.ts";
import { USUAL_USER } from "../forum/people.ts";
import type { Env } from "../kit.tsx";
import { COOKIE, FORGE_HOST, notFound } from "./context.tsx";
import { openForgeSession } from "./domain.ts";
import { homePages } from "./pages-home.tsx";
import { issuePages } from "./pages-issues.tsx";
import { mergeRequestPages } from "./pages-merge-requests.tsx";
import { projectPages } from "./pages-project.tsx";
import { memberPages, settingsPages } from "./pages-settings.tsx";

/** Routes are set up once per process; each request carries the episode's world. */
const router = new Hono<Env>();
homePages(router);
issuePages(router);
mergeRequestPages(router);
projectPages(router);
memberPages(router);
settingsPages(router);
router.notFound((c) => notFound(c));

export const app: AppDefinition = {
  name: "forge",
  title: "Forge",
  host: FORGE_HOST,
  create: (world) => ({ fetch: (request) => router.fetch(request, { world }) }),
  signIn: (world) => [{ name: COOKIE, value: openForgeSession(world.forge, USUAL_USER) }],
  irreversible: IRREVERSIBLE.forge,
  volatile: ["forge.sessions", "forge.nextSession"],
};
