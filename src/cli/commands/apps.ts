/** @file `webrl apps install|start|reset|stop|list`: real applications to train and measure on. */

import type { Command } from "commander";
import type { App } from "../../apps/app.ts";
import { examples, interruption, jsonOption, portNumber, print, table, wholeNumber } from "../command.ts";

interface AppOptions {
  directory?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const apps = program
    .command("apps")
    .description("Real applications to train and measure on: install, start, reset, stop, list.");
  registerInstall(apps);
  registerStart(apps);
  registerReset(apps);
  registerStop(apps);
  registerList(apps);
}

function appCommand(apps: Command, name: string, description: string): Command {
  return jsonOption(
    apps
      .command(name)
      .description(description)
      .argument("<application>", "its name; `webrl apps list` shows all")
      .option("--directory <path>", "where it is installed; default: ~/.local/share/webrl/apps/NAME"),
  );
}

/** The application and its folder. */
async function at(name: string, { directory }: AppOptions): Promise<{ app: App; directory: string }> {
  const { findApp } = await import("../../apps/list.ts");
  const { appDirectory } = await import("../../tasks/apps.ts");
  const app = findApp(name);
  return { app, directory: appDirectory(app, directory) };
}

function registerInstall(apps: Command): void {
  examples(
    appCommand(
      apps,
      "install",
      "Install an application into its folder and make the content that every copy begins with. Replaces what was installed there before.",
    ),
    ["webrl apps install tiddlywiki"],
  ).action(async (name: string, options: AppOptions) => {
    const { app, directory } = await at(name, options);
    const { installApp } = await import("../../tasks/apps.ts");
    const { duration } = await import("../../core/duration.ts");
    const begun = performance.now();
    const passed = () => duration((performance.now() - begun) / 1000);
    await installApp(app, directory, {
      signal: interruption.signal,
      onStep: (command) => void process.stderr.write(`apps install: after ${passed()}: ${command}\n`),
    });
    print(
      options,
      { name, directory },
      () =>
        `${app.title}, is installed in ${directory} (${passed()})\nTry: webrl suite check --suite app:${name}${options.directory === undefined ? "" : ` --file ${options.directory}`}`,
    );
  });
}

function registerStart(apps: Command): void {
  examples(
    appCommand(
      apps,
      "start",
      "Start copies in the background, for people and other programs. Suites start their own.",
    )
      .option("--copies <n>", "how many copies to add", wholeNumber(), 1)
      .option("--port <n>", "port of the first copy, the others follow; 0 picks free ones", portNumber, 0),
    ["webrl apps start tiddlywiki --copies 2 --port 8200"],
  ).action(async (name: string, options: AppOptions & { copies: number; port: number }) => {
    const { app, directory } = await at(name, options);
    const { startCopies } = await import("../../tasks/background-copies.ts");
    const { requireInstalled } = await import("../../tasks/apps.ts");
    await requireInstalled(app, directory);
    const copies = await startCopies(app.site(directory), directory, options, interruption.signal);
    print(options, { copies }, () =>
      copies.map(({ baseUrl, pid }) => `${baseUrl} (process ${pid})`).join("\n"),
    );
  });
}

function registerReset(apps: Command): void {
  examples(appCommand(apps, "reset", "Reset the content of every background copy."), [
    "webrl apps reset tiddlywiki",
  ]).action(async (name: string, options: AppOptions) => {
    const { app, directory } = await at(name, options);
    const { resetCopies } = await import("../../tasks/background-copies.ts");
    const reset = await resetCopies(app.site(directory), directory, interruption.signal);
    print(options, { reset }, () =>
      reset.map(({ baseUrl, ms }) => `${baseUrl} reset in ${ms} ms`).join("\n"),
    );
  });
}

function registerStop(apps: Command): void {
  examples(appCommand(apps, "stop", "Stop every background copy and remove its content."), [
    "webrl apps stop tiddlywiki",
  ]).action(async (name: string, options: AppOptions) => {
    const { app, directory } = await at(name, options);
    const { stopCopies } = await import("../../tasks/background-copies.ts");
    const stopped = await stopCopies(app.site(directory), directory);
    print(
      options,
      { stopped },
      () => stopped.map(({ baseUrl }) => `${baseUrl} stopped`).join("\n") || "none was running",
    );
  });
}

function registerList(apps: Command): void {
  examples(
    jsonOption(
      apps
        .command("list")
        .description("List the applications, and say which are installed and which are running."),
    ),
    ["webrl apps list"],
  ).action(async (options: { json?: boolean }) => {
    const { APPLICATIONS, missingPackages } = await import("../../apps/list.ts");
    const { appDirectory, stateOf } = await import("../../tasks/apps.ts");
    const { runningCopies } = await import("../../tasks/background-copies.ts");
    const rows = await Promise.all(
      APPLICATIONS.map(async (app) => {
        const directory = appDirectory(app);
        return {
          name: app.name,
          title: app.title,
          state: await stateOf(app, directory),
          missing: missingPackages(app),
          directory,
          running: (await runningCopies(app.site(directory), directory)).map(({ baseUrl }) => baseUrl),
        };
      }),
    );
    print(options, { apps: rows }, () =>
      table(
        ["name", "what", "state", "missing packages", "running"],
        rows.map((row) => [
          row.name,
          row.title,
          row.state,
          row.missing.join(" ") || "none",
          row.running.join(" ") || "none",
        ]),
      ),
    );
  });
}
