import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { createRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { createContext } from "./context.ts";
import { train } from "./loop.ts";
import { ADAPTER, adapterParts, makeAdapterWorld, type AdapterWorld } from "./testing/adapter-run.ts";
import { fakeConfig, makeFakeBase } from "./testing/fake-run.ts";
import { runFacts } from "./testing/run-facts.ts";

const script = fileURLToPath(new URL("testing/run-once.ts", import.meta.url));
let directory: string;
let world: AdapterWorld;
let demonstrations: EpisodeRecord[];

const settings = (base: string, lora: object | null = null) =>
  fakeConfig(base, {
    phases: 2,
    models: { base, orm: world.orm, judge: "orm", demonstrations: null, lora },
    tasks: { initial: 3, perPhase: 3 },
    // One at a time: what shares a batch decides how the last bits are rounded.
    rollout: { parallel: 1, maxSteps: 3, maxNewTokens: 16 },
    replay: { maxPerplexity: 1e9 },
    critic: { learningRate: 0.01, batchSize: 4 },
    actor: { learningRate: 0.01, batchSize: 4 },
    evaluation: { tasks: 2 },
  });

const launch = (run: string, point: string) =>
  new Promise<{ signal: string | null; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", script, join(directory, run), point],
      (error, stdout, stderr) => resolve({ signal: error?.signal ?? null, stdout, stderr }),
    );
  });

const adapterConfig = async (path: string) =>
  JSON.parse(await readFile(join(path, "adapter_config.json"), "utf8")) as object;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-adapter-run-"));
  ({ demonstrations } = await makeFakeBase(directory, 0));
  world = await makeAdapterWorld(directory, demonstrations);
  await writeFile(join(directory, "demonstrations.json"), JSON.stringify(demonstrations));
  await writeFile(join(directory, "config.json"), JSON.stringify(settings(world.sft)));
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("a run with adapters", () => {
  it("that is killed and resumed is the run that was never interrupted", { timeout: 300_000 }, async () => {
    const whole = await launch("whole", "never");
    expect(whole.stderr).toBe("");
    expect(JSON.parse(whole.stdout)).toEqual({ evaluations: 3 });
    for (const point of ["0/rollout/middle", "1/actor/start", "1/actor/middle", "2/critic/middle"]) {
      const killed = await launch("killed", point);
      expect([point, killed.signal, killed.stderr]).toEqual([point, "SIGKILL", ""]);
    }
    expect((await launch("killed", "never")).stderr).toBe("");
    expect(await runFacts(join(directory, "killed"))).toEqual(await runFacts(join(directory, "whole")));
  });

  it("starts from an adapter and goes on with it: actor and critic are adapters on its base", async () => {
    for (const role of ["actor", "critic"])
      expect(await adapterConfig(join(directory, `whole/checkpoints/${role}-02`))).toMatchObject({
        r: ADAPTER.rank,
        lora_alpha: ADAPTER.alpha,
        layers_to_transform: [1],
        base_model_name_or_path: world.base,
      });
  });

  it("starts from a model with new adapters as models.lora says", { timeout: 60_000 }, async () => {
    const config = settings(world.base, { rank: 4, alpha: 8, layers: [0] });
    const run = join(directory, "fresh");
    const parts = await adapterParts(demonstrations, world.orm);
    await using _engine = parts.engine;
    await using open = await createRun(run, runInfo({ ...config, phases: 1 }), () => {});
    const context = createContext(open, parts);
    await using _models = context.models;
    await train(context);
    expect(await adapterConfig(join(run, "checkpoints/actor-01"))).toMatchObject({
      r: 4,
      lora_alpha: 8,
      layers_to_transform: [0],
    });
  });
});
