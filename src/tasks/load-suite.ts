/** @file Turns `--suite NAME --file PATH` into a suite that runs. */

import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { ChatModel } from "../core/chat.ts";
import type { Suite } from "./suite.ts";

const SUITES = ["built-in", "own", "webarena", "webarena-lite", "miniwob"] as const;

/** What a suite may need besides its file. */
export interface LoadSuiteOptions {
  /** Compares answers for the WebArena tasks that need it. */
  judge?: ChatModel | null;
  /** Held-out problems of each MiniWoB++ page; default 5. */
  seeds?: number | undefined;
}

/** Throws a `ConfigError` when the name is unknown, or the file is missing or malformed. */
export async function loadSuite(name: string, file?: string, options: LoadSuiteOptions = {}): Promise<Suite> {
  if (options.seeds !== undefined && name !== "miniwob")
    throw new ConfigError(`--seeds is for the suite miniwob, not for ${name}`, "Leave --seeds out.");
  if (name.startsWith("app:")) return (await import("./apps.ts")).loadAppSuite(name.slice(4), file);
  switch (name) {
    case "built-in":
      if (file !== undefined)
        throw new ConfigError("the built-in suite has no file", "Leave --file out, or name another --suite.");
      return (await import("./built-in-suite.ts")).builtInSuite();
    case "own":
      return (await import("./own-suite.ts")).loadOwnSuite(
        requireFile(name, file, "your site's definition or your suite, e.g. site.ts"),
      );
    case "webarena":
    case "webarena-lite": {
      const path = requireFile(
        name,
        file,
        "the task file, e.g. test_webarena_lite.raw.json, or of a settings file",
      );
      return (await import("./webarena/suite.ts")).loadWebArenaSuite(path, options, name);
    }
    case "miniwob": {
      const path = requireFile(name, file, "MiniWoB++'s miniwob/html directory");
      return (await import("./miniwob/suite.ts")).loadMiniwobSuite(path, options);
    }
    default: {
      const near = nearest(name, SUITES);
      throw new ConfigError(
        `no suite ${JSON.stringify(name)}${near ? `; the nearest is ${JSON.stringify(near)}` : ""}`,
        `Choose one of ${SUITES.join(", ")}, or app:NAME (docs/apps.md). Another benchmark is --suite own --file FILE (docs/task-sources.md).`,
      );
    }
  }
}

function requireFile(name: string, file: string | undefined, what: string): string {
  if (file !== undefined) return file;
  throw new ConfigError(`the suite ${name} needs a file`, `Add --file with the path of ${what}.`);
}
