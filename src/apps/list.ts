/** @file The applications for which there are recipes. */

import { existsSync } from "node:fs";
import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { App } from "./app.ts";
import { evershop } from "./evershop/app.ts";
import { mediawiki } from "./mediawiki/app.ts";
import { requesttracker } from "./requesttracker/app.ts";
import { roundcube } from "./roundcube/app.ts";
import { tiddlywiki } from "./tiddlywiki/app.ts";

export const APPLICATIONS: readonly App[] = [evershop, mediawiki, requesttracker, roundcube, tiddlywiki];

/** Throws a `ConfigError` that names the nearest one. */
export function findApp(name: string): App {
  const found = APPLICATIONS.find((app) => app.name === name);
  if (found) return found;
  const names = APPLICATIONS.map((app) => app.name);
  const near = nearest(name, names);
  throw new ConfigError(
    `there is no application ${JSON.stringify(name)}${near ? `; the nearest is ${near}` : ""}`,
    `Choose one of ${names.join(", ")}.`,
  );
}

/** Debian packages of it that are not installed. */
export const missingPackages = ({ packages }: App): string[] =>
  Object.keys(packages).filter((name) => !existsSync(packages[name]!));
