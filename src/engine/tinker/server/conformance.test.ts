/** @file The rules of engines through client and server on loopback; then a server in a process of its own that is killed in the middle. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { Datum, Engine } from "../../../core/engine.ts";
import { engineRules } from "../../../testing/engine-kit.ts";
import { createOnnxEngine } from "../../onnx/engine.ts";
import { createTinkerEngine } from "../client/engine.ts";
import { SUM_PROFILE } from "../profile.ts";
import { serveEngine, type EngineServer } from "./serve.ts";
import { makeTinyModel } from "./testing/tiny-model.ts";

const root = await mkdtemp(join(tmpdir(), "webrl-conformance-"));
const base = join(root, "tiny");
await makeTinyModel(base);
afterAll(() => rm(root, { recursive: true, force: true }));

const profile = { ...SUM_PROFILE, takesLoraSettings: true };
const clientOf = (url: string): Engine =>
  createTinkerEngine({ url, model: "tiny", tokenizer: base, profile });

describe("the embedded engine behind the protocol obeys the contract, over loopback", () => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await serveEngine({
      models: [base],
      directory: join(root, "loopback"),
      port: 0,
      engine: { threads: 1 },
      limits: { models: 100 },
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const open = { path: base, lora: { rank: 4, alpha: 8, seed: 1 } };
  const rules = engineRules({ create: async () => clientOf(server.url), open, tolerance: 1e-4 });
  test.each(rules.map((rule) => [rule.name, rule] as const))("%s", async (_, rule) => rule.run(), 30_000);
});

const MAIN = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));

/** `webrl engine serve` in a process of its own. */
class ServerProcess {
  readonly #port: number;
  #child: ChildProcess | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  async start(): Promise<string> {
    const args = [
      "engine",
      "serve",
      "--model",
      base,
      "--dir",
      join(root, "killed"),
      "--port",
      String(this.#port),
    ];
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args, "--threads", "1", "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const [line] = (await once(child.stdout!, "data")) as [Buffer];
    return (JSON.parse(line.toString("utf8")) as { url: string }).url;
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const gone = once(this.#child!, "exit");
    this.#child!.kill(signal);
    return ((await gone) as [number | null])[0];
  }
}

it("a server that is killed and started again goes on where it was, and its client does not notice", async () => {
  const text = "The lamp costs $24.";
  const train = async (engine: Engine, between: (step: number) => Promise<void>): Promise<number[]> => {
    await using model = await engine.open({ path: base, lora: { rank: 4, alpha: 8, seed: 1 } });
    const tokens_T = model.tokenizer.encode(text);
    const datum: Datum = {
      tokens_T,
      positions_N: tokens_T.slice(1).map((_, n) => n),
      targets_N: tokens_T.slice(1),
    };
    const norms: number[] = [];
    for (let step = 0; step < 3; step++) {
      await model.forwardBackward([datum], "cross_entropy");
      await between(step);
      norms.push((await model.optimStep({ learningRate: 0.02 })).gradientNorm);
    }
    const [logprobs] = await model.logprobs([datum]);
    return [...norms, ...logprobs!];
  };
  await using local = createOnnxEngine({ threads: 1 });
  const expected = await train(local, async () => {});

  // A port that was free a moment ago: it has to be the same one twice.
  const free = await serveEngine({ models: [base], directory: join(root, "free"), port: 0 });
  const port = Number(new URL(free.url).port);
  await free[Symbol.asyncDispose]();
  const server = new ServerProcess(port);
  const url = await server.start();
  await using client = clientOf(url);
  const got = await train(client, async (step) => {
    if (step !== 1) return;
    // Between the gradient and its step: only what was on disk remains.
    await server.end("SIGKILL");
    await server.start();
  });
  got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5));
  expect(await server.end("SIGTERM")).toBe(0);
}, 120_000);
