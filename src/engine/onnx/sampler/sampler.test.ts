import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { afterEach, describe, expect, it } from "vitest";

import type { SampleRequest, Tokenizer } from "../../../core/engine.ts";
import { ConfigError, Fault } from "../../../core/errors.ts";
import { createRng } from "../../../core/rng.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { compile, float32, int32, int64, type RunTensor } from "../graph/compile.ts";
import { Graph } from "../graph/graph.ts";
import { matmul } from "../graph/matmul.ts";
import { causalAttention } from "../models/attention.ts";
import { parseDecoderConfig, type DecoderConfig } from "../models/config.ts";
import { declareInputs, declareWeights, decoder, headWeight } from "../models/decoder.ts";
import { initLora, loraSpecs, type LoraSpec } from "../models/parameters.ts";
import { ropeTables } from "../models/rope.ts";
import { createSampler, type OnnxSampler, type SamplerOptions } from "./sampler.ts";

const families = ["llama", "llama-scaled-tied", "llama-rope-parameters", "qwen2", "qwen3", "glm", "glm4"];

/** One printable character per token, so that texts can be read off. */
const tokenizer: Tokenizer = {
  vocabSize: 48,
  encode: (text) => Array.from(String(text), (character) => character.codePointAt(0)! - 65),
  decode: (tokens) => String.fromCodePoint(...tokens.map((token) => token + 65)),
  idOf: (token) => token.codePointAt(0)! - 65,
};

const directoryOf = (family: string) => fileURLToPath(new URL(`../fixtures/${family}`, import.meta.url));

async function open(family: string) {
  const { config: json, tensors } = await readCheckpoint(directoryOf(family));
  const config = parseDecoderConfig(json, "config.json");
  const weights = new Map(
    [...tensors].map(([name, { data, shape }]) => [name, float32(data, shape)] as [string, RunTensor]),
  );
  return { config, weights };
}

const owned: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of owned.splice(0)) await resource[Symbol.asyncDispose]();
});

async function sampler(family = "llama", options: Partial<SamplerOptions> = {}): Promise<OnnxSampler> {
  const created = await createSampler({ name: family, tokenizer, ...(await open(family)), ...options });
  owned.push(created);
  return created;
}

/** log P of every token after the first `known` ones, from one pass over the whole sequence. */
async function teacherForced(
  config: DecoderConfig,
  weights: ReadonlyMap<string, RunTensor>,
  tokens_T: readonly number[],
  known: number,
  lora: readonly LoraSpec[] = [],
): Promise<number[]> {
  const g = new Graph("forced");
  const io = declareInputs(g);
  const declared = declareWeights(g, config, lora);
  const hidden = decoder(g, config, declared, { ...io, attend: causalAttention(config, g, io.positions, 1) });
  await using program = await compile(g, {
    logits: matmul(hidden, headWeight(config, declared), { transposeB: true }),
  });
  const { cos, sin } = ropeTables(config, config.contextTokens);
  const tableDims = [config.contextTokens, config.rope.dim / 2];
  const { logits } = await program.run({
    ...Object.fromEntries(weights),
    tokens: int32(Int32Array.from(tokens_T), [tokens_T.length]),
    positions: int64(
      BigInt64Array.from(tokens_T, (_, t) => BigInt(t)),
      [1, tokens_T.length],
    ),
    rope_cos: float32(cos, tableDims),
    rope_sin: float32(sin, tableDims),
  });
  return tokens_T.slice(known).map((token, n) => {
    const at = (known - 1 + n) * config.vocabSize;
    const row = [...(logits!.data as Float32Array).subarray(at, at + config.vocabSize)];
    return row[token]! - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
  });
}

const prompt = (length: number, seed = 1) => {
  const rng = createRng(seed);
  return Array.from({ length }, () => rng.int(48));
};
const request = (change: Partial<SampleRequest> = {}): SampleRequest => ({
  prompt_T: prompt(12),
  maxTokens: 8,
  temperature: 1,
  seed: 7,
  ...change,
});

describe.each(families)("%s", (family) => {
  it("agrees with transformers on the next token's log-probability to 1e-4", async () => {
    const expected = JSON.parse(await readFile(`${directoryOf(family)}/expected.json`, "utf8")) as {
      sequences: { tokens: number[] }[];
      logits: number[][];
    };
    const model = await sampler(family);
    for (const [t, logits] of expected.logits.entries()) {
      const { tokens_T, logprobs_T } = await model.sample(
        request({ prompt_T: expected.sequences[0]!.tokens.slice(0, t + 1), maxTokens: 1, temperature: 0 }),
      );
      const [max, token] = [Math.max(...logits), logits.indexOf(Math.max(...logits))];
      const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
      expect(tokens_T).toEqual([token]);
      expect(Math.abs(logprobs_T[0]! + logSum)).toBeLessThan(1e-4);
    }
  });

  it("its log-probabilities are the teacher-forced ones to 1e-4, whatever the temperature", async () => {
    const { config, weights } = await open(family);
    const model = await sampler(family);
    for (const [length, temperature] of [
      [1, 1],
      [5, 0.5],
      [70, 2],
      [97, 1],
    ] as const) {
      const prompt_T = prompt(length);
      const result = await model.sample(
        request({ prompt_T, maxTokens: 30, temperature, topP: 0.9, topK: 20 }),
      );
      const forced = await teacherForced(config, weights, [...prompt_T, ...result.tokens_T], length);
      expect(result.tokens_T).toHaveLength(30);
      result.logprobs_T.forEach((logprob, n) => expect(Math.abs(logprob - forced[n]!)).toBeLessThan(1e-4));
    }
  });
});

describe("a batch", () => {
  it("changes nothing: the same seed gives the same tokens alone and among others that come and go", async () => {
    const model = await sampler("qwen3");
    const mine = request({ maxTokens: 25 });
    const alone = await model.sample(mine);
    // More than run at once, so that it has to wait for some of them.
    const others = Array.from({ length: 45 }, (_, i) =>
      model.sample(request({ prompt_T: prompt(3 + 2 * i, i), maxTokens: 1 + i, seed: i })),
    );
    const together = await model.sample(mine);
    await Promise.all(others);
    expect(together.tokens_T).toEqual(alone.tokens_T);
    together.logprobs_T.forEach((logprob, t) =>
      expect(Math.abs(logprob - alone.logprobs_T[t]!)).toBeLessThan(1e-5),
    );
    expect(model.statistics.decodedTokens).toBeGreaterThan(model.statistics.decodeSteps);
  });

  it("different seeds give different texts, the same seed the same", async () => {
    const model = await sampler();
    const texts = await Promise.all(
      [1, 2, 3, 1].map(async (seed) => (await model.sample(request({ seed }))).text),
    );
    expect(new Set(texts).size).toBe(3);
    expect(texts[3]).toBe(texts[0]);
  });

  it("samples in proportion to the probabilities", async () => {
    const model = await sampler();
    const greedy = await model.sample(request({ maxTokens: 1, temperature: 0 }));
    const results = await Promise.all(
      Array.from({ length: 400 }, (_, seed) => model.sample(request({ maxTokens: 1, seed }))),
    );
    const p = Math.exp(greedy.logprobs_T[0]!);
    const share = results.filter(({ tokens_T }) => tokens_T[0] === greedy.tokens_T[0]).length / 400;
    // Four standard errors.
    expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 400));
  });
});

describe("shared beginnings", () => {
  it("are read once and give the same result as reading all", async () => {
    const long = prompt(90);
    const branch = [...long.slice(0, 60), ...prompt(25, 2)];
    const reusing = await sampler("glm4");
    const far = [...long.slice(0, 20), ...prompt(100, 3)];
    for (const prompt_T of [long, branch, long, long.slice(0, 40), far]) {
      const plain = await sampler("glm4");
      const [a, b] = [await reusing.sample(request({ prompt_T })), await plain.sample(request({ prompt_T }))];
      expect(plain.statistics.reusedTokens).toBe(0);
      expect(a.tokens_T).toEqual(b.tokens_T);
      a.logprobs_T.forEach((logprob, t) => expect(Math.abs(logprob - b.logprobs_T[t]!)).toBeLessThan(1e-5));
    }
    // 60 of the branch, then all but the last two of what was read before, then 20.
    expect(reusing.statistics.reusedTokens).toBe(60 + 88 + 38 + 20);
  });

  it("are forgotten when the weights change", async () => {
    const { config, weights } = await open("llama");
    const model = await sampler("llama", { config, weights });
    const before = await model.sample(request({ prompt_T: prompt(40) }));
    await model.update(() => {
      const data = weights.get("model.layers.0.self_attn.v_proj.weight")!.data as Float32Array;
      data.forEach((x, i) => (data[i] = -x));
    });
    const after = await model.sample(request({ prompt_T: prompt(40) }));
    const fresh = await (
      await sampler("llama", { config, weights })
    ).sample(request({ prompt_T: prompt(40) }));
    expect(after.logprobs_T).toEqual(fresh.logprobs_T);
    expect(after.logprobs_T[0]).not.toBeCloseTo(before.logprobs_T[0]!, 3);
  });
});

describe("a model of four million tokens' context", () => {
  const eight = (change: Partial<SampleRequest>) =>
    Array.from({ length: 8 }, (_, seed) => request({ prompt_T: prompt(8, seed), seed, ...change }));
  const long = async () => {
    const { config, weights } = await open("llama");
    return sampler("llama", { config: { ...config, contextTokens: 2 ** 22 }, weights });
  };

  it("continues short requests together: their own length counts", async () => {
    const it = await long();
    await Promise.all(eight({ maxTokens: 8 }).map((one) => it.sample(one)));
    expect(it.statistics).toMatchObject({ decodeSteps: 7, decodedTokens: 56 });
  });

  it("runs no more at once than have room for all that they may write, and gives the same tokens", async () => {
    const it = await long();
    const requests = eight({
      maxTokens: 2 ** 22,
      stopTokens: Array.from({ length: 8 }, (_, token) => token),
    });
    const together = await Promise.all(requests.map((one) => it.sample(one)));
    const { decodeSteps, decodedTokens } = it.statistics;
    expect(decodedTokens / decodeSteps).toBeLessThanOrEqual(2);
    const plain = await sampler();
    for (const [i, one] of requests.entries())
      expect((await plain.sample({ ...one, maxTokens: 64 })).tokens_T).toEqual(together[i]!.tokens_T);
  });
});

it("an update waits for running requests and goes before waiting ones", async () => {
  const model = await sampler("llama");
  const order: string[] = [];
  const first = model.sample(request({ maxTokens: 20 })).then(() => order.push("first"));
  await sleep(20);
  const update = model.update(() => void order.push("update"));
  const second = model.sample(request()).then(() => order.push("second"));
  await Promise.all([first, update, second]);
  expect(order.indexOf("update")).toBeLessThan(order.indexOf("second"));
});

it("adapters are part of what is sampled", async () => {
  const { config, weights } = await open("qwen2");
  const lora = loraSpecs(config, { rank: 2, alpha: 8, targetModules: ["q_proj", "down_proj"] });
  for (const [module, { a, b }] of initLora(lora, 1)) {
    const spec = lora.find((one) => one.module === module)!;
    weights.set(`${module}.lora_A`, float32(a, spec.a));
    weights.set(`${module}.lora_B`, float32(b.fill(0.3), spec.b));
  }
  const [plain, adapted] = [await sampler("qwen2"), await sampler("qwen2", { config, weights, lora })];
  const result = await adapted.sample(request());
  const forced = await teacherForced(config, weights, [...prompt(12), ...result.tokens_T], 12, lora);
  result.logprobs_T.forEach((logprob, n) => expect(Math.abs(logprob - forced[n]!)).toBeLessThan(1e-4));
  expect(result.logprobs_T[0]).not.toBeCloseTo((await plain.sample(request())).logprobs_T[0]!, 3);
});

describe("a generation ends", () => {
  it("after a stop token, which is a result but not text", async () => {
    const model = await sampler();
    const free = await model.sample(request());
    const stopTokens = [free.tokens_T[3]!];
    const at = free.tokens_T.indexOf(stopTokens[0]!);
    const cut = await model.sample(request({ stopTokens }));
    expect(cut).toMatchObject({ stop: "token", tokens_T: free.tokens_T.slice(0, at + 1) });
    expect(cut.text).toBe(free.text.slice(0, at));
    expect(cut.logprobs_T).toHaveLength(at + 1);
  });

  it("at a stop string over several tokens, before which the text is cut", async () => {
    const model = await sampler();
    const free = await model.sample(request());
    const cut = await model.sample(request({ stopStrings: ["never", free.text.slice(3, 6)] }));
    expect(cut).toMatchObject({
      stop: "string",
      text: free.text.slice(0, 3),
      tokens_T: free.tokens_T.slice(0, 6),
    });
  });

  it("at maxTokens, and where the context is full", async () => {
    const model = await sampler("llama", { contextTokens: 16 });
    expect(await model.sample(request({ maxTokens: 2 }))).toMatchObject({ stop: "length" });
    const full = await model.sample(request({ maxTokens: 100 }));
    expect(full.stop).toBe("length");
    expect(full.tokens_T).toHaveLength(4);
  });
});

describe("an abort", () => {
  it("rejects with its reason while waiting and while running, and leaves the others alone", async () => {
    const model = await sampler("llama");
    const alone = await model.sample(request({ maxTokens: 40 }));
    const reason = new Error("enough");
    // More than run at once.
    const controllers = Array.from({ length: 40 }, () => new AbortController());
    const aborted = controllers.map(({ signal }, i) =>
      model.sample(request({ maxTokens: 100, seed: i, signal, prompt_T: prompt(6, i) })),
    );
    const kept = model.sample(request({ maxTokens: 40 }));
    const outcome = Promise.allSettled(aborted);
    for (const controller of controllers) {
      await nextTurn();
      controller.abort(reason);
    }
    for (const result of await outcome) expect(result).toEqual({ status: "rejected", reason });
    expect((await kept).tokens_T).toEqual(alone.tokens_T);
  });

  it("before the call rejects at once", async () => {
    const model = await sampler();
    await expect(model.sample(request({ signal: AbortSignal.abort("no") }))).rejects.toBe("no");
    expect(model.statistics.prefillTokens).toBe(0);
  });
});

describe("bad input", () => {
  it.each([
    [{ prompt_T: [] }, /no tokens/],
    [{ prompt_T: prompt(128) }, /128 tokens.*only 128/],
    [{ prompt_T: [1, 48] }, /token 48.*ends at 47/],
    [{ maxTokens: 0 }, /maxTokens/],
    [{ temperature: Number.NaN }, /temperature/],
    [{ topP: 0 }, /topP/],
  ])("bad request %# is the caller's mistake", async (change, message) => {
    const model = await sampler();
    const failed = model.sample(request(change));
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toBeInstanceOf(ConfigError);
  });

  it("NaN in the weights is a fault, and the sampler works again once they are right", async () => {
    const { config, weights } = await open("llama");
    const model = await sampler("llama", { config, weights });
    const alone = await model.sample(request());
    const data = weights.get("model.norm.weight")!.data as Float32Array;
    const right = data[0]!;
    await model.update(() => void (data[0] = Number.NaN));
    const failed = Promise.allSettled([1, 2, 3].map((seed) => model.sample(request({ seed }))));
    for (const result of await failed)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "engine_failed" } });
    await model.update(() => void (data[0] = right));
    expect(await model.sample(request())).toEqual(alone);
  });

  it("after disposal everything rejects", async () => {
    const model = await sampler();
    const pending = Promise.allSettled([model.sample(request({ maxTokens: 100 }))]);
    await model[Symbol.asyncDispose]();
    expect((await pending)[0]).toMatchObject({ reason: expect.any(Fault) as Fault });
    await expect(model.sample(request())).rejects.toThrow(/disposed/);
  });
});
