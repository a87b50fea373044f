/** @file For tests: how `webrl` begins in a process of its own. */

import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * What `node` is started with: `spawn(process.execPath, [...WEBRL, "doctor"])`, from any folder. It is what users run,
 * `dist/cli/bin.js`, which starts three times as fast; where a source is newer than the build, it is the source.
 */
export const WEBRL: readonly string[] = isBuilt()
  ? [join(root, "dist/cli/bin.js")]
  : [
      "--import",
      pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href,
      join(root, "src/cli/bin.ts"),
    ];

function isBuilt(): boolean {
  const built = statSync(join(root, "dist/cli/bin.js"), { throwIfNoEntry: false });
  if (!built) return false;
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  // The build has src/testing, and none of the rooms' own testing/ folders.
  return sources
    .filter((source) => /\.(ts|tsx|css)$/.test(source) && !/\.test\.|\/testing\//.test(source))
    .every((source) => statSync(join(root, "src", source)).mtimeMs <= built.mtimeMs);
}
