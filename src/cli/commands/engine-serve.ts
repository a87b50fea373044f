/** @file `webrl engine serve`: serves the embedded engine over the Tinker protocol. */

import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { Provider } from "../../engine/onnx/graph/compile.ts";
import { ConfigError } from "../../core/errors.ts";
import { examples, group, interruption, jsonOption, portNumber, wholeNumber } from "../command.ts";
import { collectOption } from "./model-parts.ts";

interface ServeOptions {
  model: string[];
  dir: string;
  port: number;
  host: string;
  keyEnv?: string;
  maxModels: number;
  maxBodyMb: number;
  sessionSeconds: number;
  provider: Provider;
  threads?: number;
  memoryMb?: number;
  json?: boolean;
}

export function register(program: Command): void {
  const engine = group(program, "engine");
  const serve = engine
    .command("serve")
    .description(
      "Let this machine train and sample for others: serve the embedded engine over the Tinker protocol to `webrl train` on other machines and to the official SDK.",
    )
    .requiredOption(
      "--model <directory>",
      "a base model; clients call it by its directory's name; repeatable",
      collectOption,
    )
    .option(
      "--dir <directory>",
      "where sessions, models in training and checkpoints are kept",
      "engine-server",
    )
    .option("--port <n>", "port; 0 picks a free one", portNumber, 8000)
    .option("--host <address>", "address to listen on; any but loopback needs a key", "127.0.0.1")
    .option("--key-env <name>", "environment variable with the key that clients send")
    .option("--max-models <n>", "at most this many models in training at once", wholeNumber(), 8)
    .option("--max-body-mb <n>", "at most this many megabytes in one request", wholeNumber(), 64)
    .option(
      "--session-seconds <n>",
      "end a client's session after this many seconds without a sign of life",
      atLeast(30),
      300,
    )
    .addOption(
      new Option("--provider <name>", "the device that computes")
        .choices(["cpu", "webgpu", "cuda"])
        .default("cpu"),
    )
    .option("--threads <n>", "threads of one operator (default: all cores)", wholeNumber())
    .option(
      "--memory-mb <n>",
      "megabytes that the activations of one training step may take (default: 2048)",
      wholeNumber(),
    );
  examples(jsonOption(serve), [
    "webrl engine serve --model models/base",
    "webrl engine serve --model models/smollm2 --dir /data/engine --port 8765",
    "WEBRL_SERVER_KEY=tml-$(openssl rand -hex 24) webrl engine serve --model models/base --host 0.0.0.0 --key-env WEBRL_SERVER_KEY",
    "TINKER_BASE_URL=http://127.0.0.1:8000 TINKER_API_KEY=tml-any python train.py   # the official SDK, with the first of these",
  ]).action(async (options: ServeOptions) => {
    const { makeDirectory } = await import("../../core/make-directory.ts");
    const { lockRun } = await import("../../run/run-lock.ts");
    const { serveEngine } = await import("../../engine/tinker/server/serve.ts");
    const { modelDirectory } = await import("../../train/open-parts.ts");
    await makeDirectory(options.dir);
    const release = await lockRun(options.dir);
    try {
      await using server = await serveEngine({
        // A shipped model is found by its name, as it is by every other command.
        models: options.model.map((name) => modelDirectory(name) ?? name),
        directory: options.dir,
        port: options.port,
        host: options.host,
        key: keyOf(options.keyEnv),
        limits: {
          models: options.maxModels,
          bodyBytes: options.maxBodyMb * 2 ** 20,
          sessionSeconds: options.sessionSeconds,
        },
        engine: {
          provider: options.provider,
          ...(options.threads !== undefined && { threads: options.threads }),
          ...(options.memoryMb !== undefined && { memoryBudgetBytes: options.memoryMb * 2 ** 20 }),
        },
      });
      console.log(
        options.json
          ? JSON.stringify({ url: server.url })
          : `The engine is at ${server.url} (Ctrl-C ends it once it has finished the requests that it accepted)`,
      );
      await new Promise<void>((resolve) => {
        if (interruption.signal.aborted) resolve();
        interruption.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } finally {
      await release();
    }
  });
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber()(text);
    if (value < least) throw new InvalidArgumentError(`It must be at least ${least}.`);
    return value;
  };
}

function keyOf(name: string | undefined): string | null {
  if (name === undefined) return null;
  const key = process.env[name];
  if (key === undefined || key === "")
    throw new ConfigError(
      `the environment variable ${name} is not set`,
      `Set it, e.g. with \`export ${name}=tml-$(openssl rand -hex 24)\`, and give clients the same key.`,
    );
  return key;
}
