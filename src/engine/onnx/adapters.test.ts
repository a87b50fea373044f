import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { OpenOptions } from "../../core/engine.ts";
import { ConfigError } from "../../core/errors.ts";
import { createModel } from "./create-model.ts";
import { reachable } from "./graph/graph.ts";
import { LocalEngine } from "./local-engine.ts";
import type { LocalModel } from "./local-model.ts";
import { newLlamaConfig } from "./models/config.ts";
import { loraSpecs } from "./models/parameters.ts";
import { loadRuntime } from "./onnx-runtime.ts";
import { SharedBases } from "./shared-bases.ts";
import { tokenizerConfig, trainBpe } from "./tokenizer/train-bpe.ts";
import { buildLossGraph } from "./train/loss-programs.ts";

let root: string;
let base: string;
let other: string;
const datum = { tokens_T: [1, 2, 3, 4], positions_N: [1, 2, 3], targets_N: [3, 4, 5] };
const lora = { rank: 2, alpha: 4, seed: 1 };

const engine = () => new LocalEngine({ provider: "cpu", threads: 1, memoryBudgetBytes: 2 ** 30 });
const learn = async (model: LocalModel, steps = 2) => {
  for (let step = 0; step < steps; step++) {
    await model.forwardBackward([datum], "cross_entropy");
    await model.optimStep({ learningRate: 0.05 });
  }
};

/** A trained adapter on a copy of the base, both in a directory of their own. */
async function family(name: string, options: OpenOptions["lora"] = lora) {
  const directory = join(root, name);
  await cp(base, join(directory, "base"), { recursive: true });
  await using local = engine();
  await using model = await local.open({ path: join(directory, "base"), lora: options });
  await learn(model);
  await model.save(join(directory, "adapter"));
  const [logprobs] = await model.logprobs([datum]);
  return { directory, adapter: join(directory, "adapter"), base: join(directory, "base"), logprobs };
}

async function logprobsOf(path: string) {
  await using local = engine();
  await using model = await local.open({ path });
  return (await model.logprobs([datum]))[0];
}

async function refusal(open: (local: LocalEngine) => Promise<unknown>): Promise<string> {
  await using local = engine();
  const error = await open(local).then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return `${(error as ConfigError).message} ${(error as ConfigError).hint}`;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-adapters-"));
  const tokenizer = trainBpe(["The lamp costs $24."], { vocabSize: 300 });
  const create = (name: string, seed: number) =>
    createModel({
      directory: join(root, name),
      model: { vocabSize: 512, hiddenSize: 16, layers: 3, heads: 2, contextTokens: 64 },
      tokenizerFiles: new Map([
        ["tokenizer.json", JSON.stringify(tokenizer)],
        ["tokenizer_config.json", JSON.stringify(tokenizerConfig({ contextTokens: 64 }))],
      ]),
      seed,
    });
  base = join(root, "base");
  other = join(root, "other");
  await create("base", 1);
  await create("other", 2);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("models of one shape", () => {
  const request = { prompt_T: [1, 2, 3], maxTokens: 3, temperature: 0, seed: 0 };

  it("share the sampler's compiled programs, which outlive each of them and go with the engine", async () => {
    const { InferenceSession } = loadRuntime();
    const compiled = vi.spyOn(InferenceSession, "create");
    try {
      await using local = engine();
      const first = await local.open({ path: base, lora });
      const second = await local.open({ path: base, lora: { ...lora, seed: 2 } });
      const [one] = await Promise.all([first.sample(request), second.sample(request)]);
      expect(compiled).toHaveBeenCalledTimes(3);
      await using copy = await first.fork();
      await first[Symbol.asyncDispose]();
      expect(await second.sample(request)).toEqual(one);
      expect(await copy.sample(request)).toEqual(one);
      await second[Symbol.asyncDispose]();
      await using third = await local.open({ path: other, lora });
      expect((await third.sample(request)).logprobs_T).not.toEqual(one.logprobs_T);
      expect(compiled).toHaveBeenCalledTimes(3);

      const released = await Promise.all(
        compiled.mock.results.map(async ({ value }) => vi.spyOn(await value, "release")),
      );
      await local[Symbol.asyncDispose]();
      for (const release of released) expect(release).toHaveBeenCalledOnce();
    } finally {
      compiled.mockRestore();
    }
  });

  it("have programs of their own where the adapters' shapes differ", async () => {
    await using local = engine();
    await using small = await local.open({ path: base, lora });
    await using large = await local.open({ path: base, lora: { ...lora, rank: 3 } });
    const [one, two] = await Promise.all([small.sample(request), large.sample(request)]);
    // New adapters change nothing.
    expect(two).toEqual(one);
  });
});

describe("a frozen base", () => {
  it("is in memory once, whoever opens it and by whatever path", async () => {
    const bases = new SharedBases();
    const [one, two] = await Promise.all([bases.acquire(base), bases.acquire(join(root, ".", "base"))]);
    expect(two.base).toBe(one.base);
    expect(two.share().base).toBe(one.base);
  });

  it("stays after its last user until another one is read", async () => {
    const bases = new SharedBases();
    const first = await bases.acquire(base);
    first.release();
    const second = await bases.acquire(base);
    expect(second.base).toBe(first.base);
    (await bases.acquire(other)).release();
    expect((await bases.acquire(base)).base).toBe(first.base);
    second.release();
    second.release();
    const third = await bases.acquire(base);
    third.release();
    third.release();
    expect(third.base).toBe(first.base);
  });

  it("goes when nobody uses it and another is read", async () => {
    const bases = new SharedBases();
    const first = await bases.acquire(base);
    first.release();
    await bases.acquire(other);
    expect((await bases.acquire(base)).base).not.toBe(first.base);
  });

  it("is read anew where its directory was written anew, and an error is not kept", async () => {
    const bases = new SharedBases();
    const path = join(root, "changing");
    await expect(bases.acquire(path)).rejects.toThrow(ConfigError);
    await cp(base, path, { recursive: true });
    const first = await bases.acquire(path);
    await rm(path, { recursive: true });
    await cp(other, path, { recursive: true });
    const second = await bases.acquire(path);
    expect(second.base.fingerprint).not.toBe(first.base.fingerprint);
  });

  it("stays the same for all users: an adapter trains, the base and other adapters do not change", async () => {
    await using local = engine();
    await using one = await local.open({ path: base, lora });
    await using two = await local.open({ path: base, lora: { ...lora, layers: 1 } });
    const before = await two.logprobs([datum]);
    await learn(one, 5);
    expect(await two.logprobs([datum])).toEqual(before);
    await learn(two, 5);
    expect(await two.logprobs([datum])).not.toEqual(before);
    expect(await logprobsOf(base)).toEqual(before[0]);
  });
});

describe("an adapter", () => {
  it("finds its base where both were moved together, and where only itself was moved", async () => {
    const { directory, logprobs } = await family("before");
    await rename(directory, join(root, "moved"));
    expect(await logprobsOf(join(root, "moved/adapter"))).toEqual(logprobs);
    await mkdir(join(root, "far/away"), { recursive: true });
    const alone = join(root, "far/away/adapter");
    await rename(join(root, "moved/adapter"), alone);
    const message = await refusal((local) => local.open({ path: alone }));
    expect(message).toContain(`whose base ${join(root, "before/base")} was not found`);
    await rename(join(root, "moved"), join(root, "before"));
    expect(await logprobsOf(alone)).toEqual(logprobs);
  });

  it("prefers the base that it was trained on to another in the nearer place", async () => {
    const { directory, adapter, logprobs } = await family("near");
    await cp(adapter, join(root, "elsewhere/adapter"), { recursive: true });
    await cp(other, join(root, "elsewhere/base"), { recursive: true });
    expect(await logprobsOf(join(root, "elsewhere/adapter"))).toEqual(logprobs);
    await rm(directory, { recursive: true });
    const message = await refusal((local) => local.open({ path: join(root, "elsewhere/adapter") }));
    expect(message).toMatch(
      /is an adapter for another base than .*elsewhere\/base: it was trained on weights/,
    );
    expect(message).toContain("train the adapter again");
  });

  it("goes on from a checkpoint with AdamW's moments as if it had not stopped, and otherwise does not", async () => {
    const { directory, adapter } = await family("checkpoint");
    await using local = engine();
    await using whole = await local.open({ path: adapter });
    await learn(whole, 2);
    await whole.save(join(directory, "with"), { optimizer: true });
    await whole.save(join(directory, "without"));
    await learn(whole, 2);
    const [expected] = await whole.logprobs([datum]);
    const goOn = async (checkpoint: string) => {
      await using model = await local.open({ path: adapter });
      await model.load(join(directory, checkpoint));
      await learn(model, 2);
      return (await model.logprobs([datum]))[0];
    };
    expect(await goOn("with")).toEqual(expected);
    expect(await goOn("without")).not.toEqual(expected);
  });

  it("is not loaded onto another base, nor into an adapter of other settings", async () => {
    const { adapter, base: own } = await family("load");
    const load = (path: string, options: Partial<typeof lora> & { layers?: number }) =>
      refusal(async (local) => {
        await using model = await local.open({ path, lora: { ...lora, ...options } });
        await model.load(adapter);
      });
    expect(await load(other, {})).toContain("is an adapter for another base than");
    expect(await load(own, { alpha: 8 })).toContain("alpha 4, but 8 is asked for");
    expect(await load(own, { rank: 4 })).toContain("rank 2, but 4 is asked for");
    expect(await load(own, { layers: 1 })).toContain('layers "all", but [2] is asked for');
  });

  it("goes on with its own settings; others are refused, the same are not", async () => {
    const { adapter } = await family("own", { ...lora, layers: [0, 2], targetModules: ["q_proj"] });
    const open = (options: Partial<NonNullable<OpenOptions["lora"]>>) =>
      refusal((local) =>
        local.open({
          path: adapter,
          lora: { ...lora, layers: [2, 0], targetModules: ["q_proj"], ...options },
        }),
      );
    expect(await open({ rank: 8 })).toMatch(/rank 2, but 8 is asked for.*leave yours out/);
    expect(await open({ layers: 2 })).toContain("layers [0,2], but [1,2] is asked for");
    expect(await open({ targetModules: ["v_proj"] })).toContain('target modules ["q_proj"]');
    await using local = engine();
    await using same = await local.open({
      path: adapter,
      lora: { ...lora, layers: [0, 2], targetModules: ["q_proj"] },
    });
    await using again = await local.open({ path: adapter });
    expect(await again.logprobs([datum])).toEqual(await same.logprobs([datum]));
  });

  it("on chosen layers is written and read as PEFT's layers_to_transform", async () => {
    const { adapter, logprobs } = await family("last", { ...lora, layers: 2 });
    const config = JSON.parse(await readFile(join(adapter, "adapter_config.json"), "utf8")) as object;
    expect(config).toMatchObject({ layers_to_transform: [1, 2] });
    expect(await logprobsOf(adapter)).toEqual(logprobs);
    const all = await family("all");
    const whole = JSON.parse(await readFile(join(all.adapter, "adapter_config.json"), "utf8")) as object;
    expect(whole).toMatchObject({ layers_to_transform: null });
  });

  it("names layers that the model has", async () => {
    const open = (layers: number | number[]) =>
      refusal((local) => local.open({ path: base, lora: { ...lora, layers } }));
    for (const layers of [4, 0, 1.5]) expect(await open(layers)).toContain(`last ${layers} layers`);
    expect(await open([1, 3])).toContain("layer 3");
    expect(await open([])).toContain("no layer");
  });
});

describe("the gradient of an adapter", () => {
  const config = newLlamaConfig({ vocabSize: 64, hiddenSize: 16, layers: 3, heads: 2 });
  /** Layers whose weights the backward pass reads. */
  const differentiated = (layers: number | number[], recompute: boolean) => {
    const specs = loraSpecs(config, { rank: 2, alpha: 4, layers });
    const { graph, logprobs, gradients } = buildLossGraph(config, specs, { blocks: 1, recompute }, false);
    const forward = new Set(reachable(graph.nodes, [logprobs]));
    const backward = reachable(graph.nodes, Object.values(gradients)).filter((node) => !forward.has(node));
    const read = backward.flatMap(({ inputs }) => inputs.flatMap((input) => input?.name ?? []));
    return [...new Set(read.flatMap((name) => /^model\.layers\.(\d+)\./.exec(name)?.[1] ?? []))].sort();
  };

  it.each([false, true])("stops at the lowest layer that has one (recompute %s)", (recompute) => {
    expect(differentiated(1, recompute)).toEqual(["2"]);
    expect(differentiated([1], recompute)).toEqual(["1", "2"]);
    expect(differentiated(3, recompute)).toEqual(["0", "1", "2"]);
  });
});
