/**
 * @file Servers that others wrote, where they run (docs/engines.md): WEBRL_TINKER_SERVERS is `URL=DIRECTORY`, several
 * with commas between; the directory holds the served model in float32. The key is TINKER_API_KEY.
 */

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WEBRL } from "../../cli/testing/command.ts";
import type { Datum, Loss, Model } from "../../core/engine.ts";
import { createOnnxEngine } from "../onnx/engine.ts";
import { readAdapter } from "../onnx/checkpoint/adapter.ts";
import { downloadCheckpoint } from "./client/download-checkpoint.ts";
import { createTinkerEngine } from "./client/engine.ts";
import { readPointer } from "./client/pointer.ts";
import { probeTinkerServer } from "./probe-tinker-server.ts";

const servers = (process.env["WEBRL_TINKER_SERVERS"] ?? "")
  .split(",")
  .filter((each) => each !== "")
  .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)] as const);
const apiKey = process.env["TINKER_API_KEY"];
const MINUTES = 60_000;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-others-"));
});
afterAll(() => rm(root, { recursive: true }));

/** The adapter of a checkpoint, on this base. */
async function bring(checkpoint: string, base: string): Promise<string> {
  const into = `${checkpoint}-adapter`;
  await mkdir(into);
  await downloadCheckpoint(await readPointer(checkpoint), { into, apiKey }).catch(async (error: Error) => {
    // TuFT names a directory of its own machine, which is this one.
    const place = /file:[^ ,]+/.exec(error.message)?.[0];
    if (place === undefined) throw error;
    await cp(join(fileURLToPath(place), "adapter"), into, { recursive: true });
  });
  const file = join(into, "adapter_config.json");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, base_model_name_or_path: base }));
  return into;
}

const TEXTS = ["The lamp costs $24.", "Open the page of the kettle, then say what it costs. It is $31."];
const datumsOf = (model: Model): Datum[] =>
  TEXTS.map((text) => {
    const tokens_T = model.tokenizer.encode(text);
    return { tokens_T, positions_N: tokens_T.slice(1).map((_, n) => n), targets_N: tokens_T.slice(1) };
  });
/** A gradient of both signs, such as the actor's. */
const mixed: Loss = (logprobs_BN) => ({
  loss: 0,
  gradients_BN: logprobs_BN.map((each) => each.map((_, n) => (n % 3 === 0 ? 0.02 : -0.01))),
});

async function step(model: Model): Promise<number[]> {
  const datums = datumsOf(model);
  await model.forwardBackward(datums, mixed);
  await model.optimStep({ learningRate: 1e-3, clipNorm: Infinity, epsilon: 1e-6 });
  return (await model.logprobs(datums)).flatMap((each) => [...each]);
}
const most = (a: readonly number[], b: readonly number[]) => {
  expect(a).toHaveLength(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
};
async function weights(adapter: string): Promise<number[]> {
  const { modules } = await readAdapter(adapter);
  return [...modules.keys()]
    .toSorted()
    .flatMap((name) => [...modules.get(name)!.a.data, ...modules.get(name)!.b.data].map(Number));
}

describe.skipIf(servers.length === 0)("servers of others", () => {
  it.each(servers)(
    "%s moves an adapter as the embedded engine does",
    { timeout: 30 * MINUTES },
    async (url, base) => {
      const { profile, model, like } = await probeTinkerServer({ url, apiKey, rank: 4 });
      expect(profile).not.toBeNull();
      await using engine = createTinkerEngine({
        url,
        model,
        tokenizer: base,
        apiKey,
        rank: 4,
        profile: profile!,
      });
      await using own = createOnnxEngine({ threads: 1 });
      await using theirs = await engine.open({ path: base });
      const at = join(root, new URL(url).port);
      await theirs.save(`${at}-0`);
      await using mine = await own.open({ path: await bring(`${at}-0`, base) });
      const before = (await mine.logprobs(datumsOf(mine))).flatMap((each) => [...each]);
      const steps: { logprobs: number; moved: number; weights: number }[] = [];
      for (const n of [1, 2]) {
        const [here, there] = [await step(mine), await step(theirs)];
        await theirs.save(`${at}-${n}`);
        await mine.save(`${at}-mine-${n}`);
        steps.push({
          logprobs: most(here, there),
          moved: most(here, before),
          weights: most(await weights(`${at}-mine-${n}`), await weights(await bring(`${at}-${n}`, base))),
        });
      }
      process.stdout.write(`${JSON.stringify({ url, like, steps })}\n`);
      expect(steps[0]!.moved).toBeGreaterThan(1e-2);
      for (const each of steps) expect(each.logprobs).toBeLessThan(1e-4);
      for (const each of steps) expect(each.weights).toBeLessThan(1e-4);
    },
  );

  it.each(servers)("%s trains one phase", { timeout: 60 * MINUTES }, async (url, base) => {
    const { model } = await probeTinkerServer({ url, apiKey });
    const run = join(root, `run-${new URL(url).port}`);
    const settings = [
      ["engine.kind=tinker", `engine.url=${url}`, `engine.model=${model}`, "engine.rank=4"],
      [
        `models.base=${base}`,
        "models.template=compact",
        "models.judge=verifier",
        "models.demonstrations=null",
      ],
      ['suite.sites=["storefront"]', "phases=1", "tasks.initial=2", "tasks.perPhase=2", "evaluation.tasks=2"],
      ["rollout.parallel=2", "rollout.maxSteps=3"],
    ].flat();
    await promisify(execFile)(
      process.execPath,
      [...WEBRL, "train", "--run", run, ...settings.flatMap((each) => ["--set", each])],
      { timeout: 60 * MINUTES },
    );
    const metrics = (await readFile(join(run, "metrics.jsonl"), "utf8")).trim().split("\n");
    process.stdout.write(`${metrics.join("\n")}\n`);
    expect(metrics.join("\n")).toMatch(/"actor\/kl"/);
    expect(metrics.join("\n")).toMatch(/"sampler\/difference_mean"/);
  });
});
