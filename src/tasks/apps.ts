/** @file Applications with a recipe (`apps/`): each is installed into a folder and is a suite, `app:NAME`. */

import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { App } from "../apps/app.ts";
import { findApp, missingPackages } from "../apps/list.ts";
import { ConfigError } from "../core/errors.ts";
import { tryParseJson } from "../core/json.ts";
import { makeDirectory } from "../core/make-directory.ts";
import type { SiteDefinition } from "../sites/define-site.ts";
import { findCopies, keepRecords } from "./copy-records.ts";
import type { CopyKeeper } from "./own-instance.ts";
import { createOwnSuite } from "./own-suite.ts";
import { runCommand } from "./server-process.ts";
import type { Suite } from "./suite.ts";

/** For each step: a busy machine is slow to build. */
const INSTALL_MS = 180 * 60_000;
/** Written last: a folder that has it is complete. */
const MARK = "installed.json";

/** The folder of an application if none is named. */
export function appDirectory(app: App, directory?: string): string {
  if (directory !== undefined) return resolve(directory);
  const data = process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return join(data, "webrl", "apps", app.name);
}

/** `stale`: installed by another revision of its recipe, or damaged; installing again makes it anew. */
export async function stateOf(app: App, directory: string): Promise<"installed" | "stale" | "absent"> {
  const file = join(directory, MARK);
  if (!existsSync(file)) return "absent";
  const mark = z
    .object({ name: z.string(), revision: z.int() })
    .safeParse(tryParseJson(await readFile(file, "utf8")));
  return mark.success && mark.data.name === app.name && mark.data.revision === app.revision
    ? "installed"
    : "stale";
}

export interface InstallOptions {
  signal?: AbortSignal;
  /** Called with the command of each step as it begins. */
  onStep?: (command: string) => void;
}

/** Throws a `ConfigError` when packages are missing or a step of the installation fails. */
export async function installApp(app: App, directory: string, options: InstallOptions = {}): Promise<void> {
  const { signal, onStep } = options;
  refuseMissing(app);
  if (
    existsSync(directory) &&
    (await stateOf(app, directory)) === "absent" &&
    !existsSync(join(directory, PARTIAL))
  )
    throw new ConfigError(
      `${directory} exists, but no application was installed there`,
      "Name another folder with --directory, or remove this one.",
    );
  const [running] = await findCopies(app.site(directory), directory);
  if (running)
    throw new ConfigError(
      `${running.baseUrl}, a copy of what is installed in ${directory}, runs ${running.suite ? `for the process ${running.suite.pid}` : "in the background"}`,
      running.suite
        ? "Wait until it has ended, or stop it."
        : `Run \`webrl apps stop ${app.name}${option(app, directory)}\` first.`,
    );
  await rm(directory, { recursive: true, force: true });
  await makeDirectory(directory);
  await writeFile(join(directory, PARTIAL), "");
  await app.install(directory, async (command) => {
    onStep?.(command);
    try {
      await runCommand({
        command,
        cwd: directory,
        env: {},
        timeoutMs: INSTALL_MS,
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ConfigError(
        `${app.name} could not be installed: \`${command}\`: ${(cause as Error).message}`,
        `Correct the problem and run \`webrl apps install ${app.name}${option(app, directory)}\` again.`,
        { cause },
      );
    }
  });
  await rm(join(directory, PARTIAL));
  await writeFile(
    join(directory, MARK),
    `${JSON.stringify({ name: app.name, revision: app.revision, title: app.title })}\n`,
  );
}

/** Whether this is an unfinished installation, which may be removed. */
const PARTIAL = "installing";

function refuseMissing(app: App): void {
  const missing = missingPackages(app);
  if (missing.length > 0)
    throw new ConfigError(
      `${app.name} needs the Debian package${missing.length > 1 ? "s" : ""} ${missing.join(", ")}, which ${missing.length > 1 ? "are" : "is"} not installed`,
      `Install with: apt-get install --no-install-recommends ${missing.join(" ")}`,
    );
}

/** Throws a `ConfigError` that says what to do if it is not installed by the recipe's present revision. */
export async function requireInstalled(app: App, directory: string): Promise<void> {
  refuseMissing(app);
  const state = await stateOf(app, directory);
  if (state === "installed") return;
  throw new ConfigError(
    state === "absent"
      ? `${app.name} is not installed in ${directory}`
      : `what is installed in ${directory} was made by another version of the recipe of ${app.name}, or is damaged`,
    `Run \`webrl apps install ${app.name}${option(app, directory)}\`.`,
  );
}

/** The option for a command if the folder is not the usual one. */
const option = (app: App, directory: string) =>
  directory === appDirectory(app) ? "" : ` --directory ${directory}`;

/** The site of an installed application. `folder`: where, if not in the usual place. */
export async function loadApp(
  name: string,
  folder?: string,
): Promise<{ definition: SiteDefinition; directory: string; keeper: CopyKeeper }> {
  const app = findApp(name);
  const directory = appDirectory(app, folder);
  await requireInstalled(app, directory);
  const definition = app.site(directory);
  return { definition, directory, keeper: keepRecords(definition, directory) };
}

/** The suite `app:NAME`. */
export async function loadAppSuite(name: string, folder?: string): Promise<Suite> {
  const { definition, directory, keeper } = await loadApp(name, folder);
  return createOwnSuite(definition, directory, keeper);
}
