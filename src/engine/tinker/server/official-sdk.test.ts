/**
 * @file The official Python SDK against our server, where it is installed: WEBRL_TINKER_PYTHON names its pythons,
 * separated by commas.
 */

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Datum, Engine, Model } from "../../../core/engine.ts";
import { createOnnxEngine } from "../../onnx/engine.ts";
import { serveEngine, type EngineServer } from "./serve.ts";
import { makeTinyModel } from "./testing/tiny-model.ts";

const script = fileURLToPath(new URL("fixtures/official_sdk.py", import.meta.url));
const pythons = (process.env["WEBRL_TINKER_PYTHON"] ?? "").split(",").filter((python) => python !== "");
const there = pythons.filter((python) => spawnSync(python, ["-c", "import tinker, torch"]).status === 0);

interface Report {
  before: number[][];
  after: number[][];
  restored: number[][];
  continued: number[][][];
  cross_entropy: { loss: number; norm: number; logprobs: number[][] };
  importance_sampling: { loss: number; norm: number };
  custom: { norm: number };
  sampled: { tokens: number[]; logprobs: number[] }[];
  sampled_by_path: number[];
  prompt_logprobs: (number | null)[];
}

const TOKENS = [
  [3, 14, 15, 9, 26, 5],
  [2, 7, 18, 28, 18, 28, 4, 5],
];
const FIRST = [2, 3];
const datums: Datum[] = TOKENS.map((tokens, b) => ({
  tokens_T: tokens.slice(0, -1),
  positions_N: tokens.slice(1).map((_, t) => t),
  targets_N: tokens.slice(1),
  weights_N: tokens.slice(1).map((_, t) => (t < FIRST[b]! ? 0 : 1)),
}));
const masked = (rows: Float32Array[], gradient: (l: number, b: number, t: number) => number) =>
  rows.map((row, b) => row.map((l, t) => (t < FIRST[b]! ? 0 : gradient(l, b, t))));

/** Does the same as the script, in this process. */
async function inProcess(model: Model) {
  const step = async () =>
    (
      await model.optimStep({
        learningRate: 0.01,
        beta1: 0.9,
        beta2: 0.95,
        epsilon: 1e-8,
        clipNorm: Infinity,
      })
    ).gradientNorm;
  const before = await model.logprobs(datums);
  const { loss } = await model.forwardBackward(datums, "cross_entropy");
  const norms = [await step()];
  const advantages = [0.4, -0.3];
  await model.forwardBackward(datums, (rows) => ({
    loss: 0,
    gradients_BN: masked(rows, (l, b, t) => -Math.exp(l - before[b]![t]!) * advantages[b]!),
  }));
  norms.push(await step());
  await model.forwardBackward(datums, (rows) => ({
    loss: 0,
    gradients_BN: masked(rows, (l) => 2 * (l + 1)),
  }));
  norms.push(await step());
  return { before, loss, norms, after: await model.logprobs(datums) };
}

const close = (a: readonly number[], b: readonly number[], by: number) => {
  expect(a).toHaveLength(b.length);
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(by));
};
const rows = (values: readonly ArrayLike<number>[]) => values.flatMap((row) => Array.from(row));

describe.skipIf(there.length === 0)("the official SDK", () => {
  let root: string;
  let server: EngineServer;
  let engine: Engine;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "webrl-sdk-"));
    await makeTinyModel(join(root, "tiny"));
    server = await serveEngine({ models: [join(root, "tiny")], directory: join(root, "work"), port: 0 });
    engine = createOnnxEngine({ threads: 1 });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  it.each(there)(
    "trains, saves, restores and samples as the engine in process does: %s",
    async (python) => {
      const { stdout } = await promisify(execFile)(python, [script, "tiny", `r${there.indexOf(python)}`], {
        env: {
          ...process.env,
          TINKER_BASE_URL: server.url,
          TINKER_API_KEY: "tml-any",
          TINKER_TELEMETRY: "0",
        },
        timeout: 120_000,
      });
      const report = JSON.parse(stdout.trim().split("\n").at(-1)!) as Report;
      await using model = await engine.open({
        path: join(root, "tiny"),
        lora: { rank: 4, alpha: 32, seed: 1 },
      });
      const { before, loss, norms, after } = await inProcess(model);
      close(rows(report.before), rows(before), 1e-4);
      close([report.cross_entropy.loss], [loss], 1e-3);
      close([report.cross_entropy.norm, report.importance_sampling.norm, report.custom.norm], norms, 1e-2);
      close(rows(report.after), rows(after), 1e-3);
      expect(report.restored).toEqual(report.after);
      expect(report.continued[1]).toEqual(report.continued[0]);
      expect(report.sampled_by_path).toEqual(report.sampled[0]!.tokens);
      expect(report.sampled.map(({ tokens }) => tokens.length)).toEqual([4, 4]);
      expect(report.prompt_logprobs).toHaveLength(TOKENS[0]!.length);
      close(report.prompt_logprobs.slice(1) as number[], report.continued[0]![0]!, 1e-4);
    },
    150_000,
  );
});
