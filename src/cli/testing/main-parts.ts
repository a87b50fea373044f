/**
 * @file The main parts of the product, one after another: `node --import tsx main-parts.ts DIRECTORY`. Commands write
 * only into DIRECTORY, and nothing outside this machine is contacted.
 */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createOnnxEngine } from "../../engine/index.ts";
import { WEBRL } from "./command.ts";

const directory = process.argv[2]!;
const start = (...args: string[]) =>
  spawn(process.execPath, [...WEBRL, ...args], { stdio: ["ignore", "pipe", "inherit"] });

const run = async (...args: string[]) => {
  const code = await new Promise<number | null>((resolve) => start(...args).once("exit", resolve));
  if (code !== 0) throw new Error(`webrl ${args.join(" ")} ended with ${code}`);
};

/** Starts a server, asks it for one page and stops it. */
const serve = async (...args: string[]) => {
  const server = start(...args, "--port", "0");
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout.on("data", (chunk: Buffer) => {
      const found = /http:\/\/[\w.]+:\d+\//.exec(chunk.toString());
      if (found) resolve(found[0]);
    });
    server.once("exit", (code) => reject(new Error(`webrl ${args.join(" ")} ended with ${code}`)));
  });
  const { status } = await fetch(url.replace("localhost", "127.0.0.1"));
  server.removeAllListeners("exit");
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  if (status !== 200) throw new Error(`${url} answered ${status}`);
};

const runDirectory = join(directory, "run");
await run("doctor");
await run("model", "info", "models/base");
const tiny = [
  'suite.sites=["map"]',
  "phases=1",
  "tasks.initial=2",
  "tasks.perPhase=2",
  "evaluation.tasks=2",
  "rollout.parallel=2",
  "rollout.maxSteps=2",
];
await run("train", "--run", runDirectory, ...tiny.flatMap((setting) => ["--set", setting]));
await run("report", runDirectory);
await serve("dashboard", runDirectory);
await serve("suite", "serve");

await using engine = createOnnxEngine();
await using model = await engine.open({ path: "models/base" });
const tokens_T = model.tokenizer.encode("The lamp costs $24.");
const targets_N = tokens_T.slice(1);
const datum = { tokens_T, positions_N: targets_N.map((_, n) => n), targets_N };
await model.forwardBackward([datum], "cross_entropy");
await model.optimStep({ learningRate: 1e-3 });
// ONNX Runtime's first report comes about ten seconds after it was loaded.
await sleep(15_000);
