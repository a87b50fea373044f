import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Bundles extends AsyncDisposable {
  /** `run-once.mjs`. */
  readonly runOnce: string;
  readonly directory: string;
}

/**
 * Bundles `run-once.ts`, and `more` scripts of this repository: node then starts them in a fifth of a second, where tsx
 * takes two. For runs on fakes: the engine's worker thread is not in a bundle.
 */
export async function bundleRunOnce(more: readonly string[] = []): Promise<Bundles> {
  // As deep as src/: the code looks for package.json relative to its own file.
  const directory = await mkdtemp(join(root, "node_modules/.run-once-"));
  await build({
    entryPoints: ["src/train/testing/run-once.ts", ...more].map((path) => join(root, path)),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    outdir: directory,
    entryNames: "[name]",
    outExtension: { ".js": ".mjs" },
  });
  return {
    runOnce: join(directory, "run-once.mjs"),
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
