/** @file `webrl dashboard [RUN…]`: look at runs in a browser, live. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Tokenizer } from "../../core/engine.ts";
import { ConfigError } from "../../core/errors.ts";
import { examples, interruption, jsonOption, portNumber } from "../command.ts";

/** Where `webrl train` puts runs. */
const RUNS = "runs";

export function register(program: Command): void {
  const dashboard = program
    .command("dashboard")
    .description("Look at runs in a browser, live: curves, curriculum, episodes step by step, replay.")
    .argument("[runs...]", `runs, or directories that contain runs; default ${RUNS}`)
    .option("--port <n>", "port on 127.0.0.1; 0 picks a free one", portNumber, 7310);
  examples(jsonOption(dashboard), [
    "webrl dashboard",
    "webrl dashboard runs/demo",
    "webrl dashboard runs/webrl-0 runs/awr-0 --port 8000",
  ]).action(async (named: string[], options: { port: number; json?: boolean }) => {
    if (named.length === 0 && !existsSync(RUNS))
      throw new ConfigError(
        `there is no directory ${RUNS} here`,
        "Name a run's directory, or make one with `webrl demo` or `webrl train`.",
      );
    const { serveDashboard } = await import("../../dashboard/serve.ts");
    await using server = await serveDashboard({
      runs: named.length > 0 ? named : [RUNS],
      port: options.port,
      tokenizer: tokenizerOf,
    });
    console.log(
      options.json
        ? JSON.stringify({ url: server.url })
        : `The dashboard is at ${server.url} (Ctrl-C ends it)`,
    );
    await new Promise<void>((resolve) => {
      if (interruption.signal.aborted) resolve();
      interruption.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  });
}

const tokenizers = new Map<string, Promise<Tokenizer | null>>();

/** The model's tokenizer, if it is where the run says; otherwise tokens are shown as numbers. */
function tokenizerOf(base: string): Promise<Tokenizer | null> {
  let loading = tokenizers.get(base);
  if (!loading) {
    loading = (async () => {
      const { loadTokenizer } = await import("../../engine/onnx/tokenizer/load-tokenizer.ts");
      const { packageDirectory } = await import("../../run/run-info.ts");
      const directory = [resolve(base), join(packageDirectory, base)].find((path) =>
        existsSync(join(path, "tokenizer.json")),
      );
      return directory === undefined ? null : loadTokenizer(directory);
    })();
    tokenizers.set(base, loading);
  }
  return loading;
}
