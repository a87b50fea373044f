import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Model, SampleRequest } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { loadTokenizer } from "../../onnx/tokenizer/load-tokenizer.ts";
import { createTinkerEngine, type TinkerEngineOptions } from "../client/engine.ts";
import { createFakeServer } from "../testing/fake-server.ts";
import {
  type ArchiveForm,
  type FakeVllm,
  type FakeVllmOptions,
  listenFakeVllm,
  listenWithArchives,
} from "../testing/fake-vllm.ts";
import { writeTinyTokenizer } from "../testing/tiny-tokenizer.ts";

const { directory: tokenizer } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(tokenizer);
const work = mkdtempSync(join(tmpdir(), "webrl-vllm-"));
afterAll(() => {
  for (const each of [work, tokenizer]) rmSync(each, { recursive: true });
});

/** No real waits. */
const clock = () => {
  let now = 0;
  return { now: () => now, sleep: (ms: number) => Promise.resolve(void (now += ms)) };
};

interface Stage extends AsyncDisposable {
  model: Model;
  vllm: FakeVllm;
  trainer: Awaited<ReturnType<typeof listenWithArchives>>;
  directory: string;
}

async function open(
  options: Partial<FakeVllmOptions> = {},
  { form = "tar", sampler = {}, rank }: { form?: ArchiveForm; sampler?: object; rank?: number } = {},
): Promise<Stage> {
  const vllm = await listenFakeVllm({ vocabSize, ...options });
  const trainer = await listenWithArchives(createFakeServer({ vocabSize }), () => form);
  const directory = mkdtempSync(join(work, "adapters-"));
  const settings: TinkerEngineOptions = {
    url: trainer.url,
    model: "tiny",
    tokenizer,
    clock: clock(),
    ...(rank !== undefined && { rank }),
    sampler: { url: vllm.url, directory, ...sampler },
  };
  const engine = createTinkerEngine(settings);
  const close = async () => {
    await engine[Symbol.asyncDispose]();
    await trainer[Symbol.asyncDispose]();
    await vllm[Symbol.asyncDispose]();
  };
  try {
    const model = await engine.open({ path: tokenizer });
    return { model, vllm, trainer, directory, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

const ask = (changes: Partial<SampleRequest> = {}): SampleRequest => ({
  prompt_T: [1, 2, 3],
  maxTokens: 6,
  temperature: 1,
  seed: 7,
  ...changes,
});
async function step(model: Model): Promise<void> {
  const tokens_T = model.tokenizer.encode("The lamp costs $24.");
  await model.forwardBackward(
    [{ tokens_T, positions_N: tokens_T.slice(1).map((_, n) => n), targets_N: tokens_T.slice(1) }],
    "cross_entropy",
  );
  await model.optimStep({ learningRate: 0.2 });
}
const completions = ({ log }: FakeVllm) =>
  log.filter(({ path, body }) => path === "/v1/completions" && body["seed"] !== undefined);

describe("samples from vLLM", () => {
  it("are of the weights as they are, by an adapter for each, and say what the trainer says of them", async () => {
    await using stage = await open();
    const { model, vllm, directory } = stage;
    const names: string[] = [];
    for (let round = 0; round < 2; round++) {
      const { tokens_T, logprobs_T } = await model.sample(ask());
      const [trained] = await model.logprobs([
        {
          tokens_T: [1, 2, 3, ...tokens_T],
          positions_N: tokens_T.map((_, n) => 2 + n),
          targets_N: tokens_T,
        },
      ]);
      logprobs_T.forEach((each, n) => expect(each).toBeCloseTo(trained![n]!, 5));
      expect(vllm.loaded).toHaveLength(1);
      expect(readdirSync(directory)).toEqual(vllm.loaded);
      names.push(vllm.loaded[0]!);
      await step(model);
    }
    expect(new Set(names).size).toBe(2);
    expect(model.sampling!.staleness()).toBe(0);
    await model[Symbol.asyncDispose]();
    expect([vllm.loaded, readdirSync(directory)]).toEqual([[], []]);
  });

  it("may be some steps behind where that is allowed, and no more", async () => {
    await using stage = await open({}, { sampler: { maxStaleness: 2 } });
    const { model, vllm } = stage;
    await model.sample(ask());
    const [first] = vllm.loaded;
    for (let i = 0; i < 2; i++) await step(model);
    await model.sample(ask());
    expect(vllm.loaded).toEqual([first]);
    expect(model.sampling!.staleness()).toBe(2);
    await step(model);
    await model.sample(ask());
    expect(vllm.loaded).not.toEqual([first]);
    expect(model.sampling!.staleness()).toBe(2);
  });

  it("that training overtook are drawn again", async () => {
    await using stage = await open();
    const { model, vllm } = stage;
    await model.sample(ask());
    const [first] = vllm.loaded;
    let overtakes = 1;
    vllm.options.fault = async (path) => {
      if (path === "/v1/completions" && overtakes-- > 0) await step(model);
      return null;
    };
    vllm.log.length = 0;
    await model.sample(ask());
    expect(completions(vllm)).toHaveLength(2);
    expect(vllm.loaded).not.toEqual([first]);
    expect(model.sampling!.staleness()).toBe(0);
  });

  it("send everything that a served model's generation_config.json could set otherwise, and both kinds of stops", async () => {
    await using stage = await open();
    await stage.model.sample(ask({ stopTokens: [9], stopStrings: ["$"], topK: 5, topP: 0.9 }));
    expect(completions(stage.vllm)[0]!.body).toMatchObject({
      prompt: [1, 2, 3],
      temperature: 1,
      top_p: 0.9,
      top_k: 5,
      min_p: 0,
      repetition_penalty: 1,
      seed: 7,
      ignore_eos: true,
      stop_token_ids: [9],
      stop: ["$"],
      logprobs: 0,
      return_token_ids: true,
    });
  });

  it("get adapters whose server redirects to a gzip, as SkyRL does, and nothing else of the archive", async () => {
    await using stage = await open({}, { form: "redirect_to_gzip" });
    const { model, directory, vllm, trainer } = stage;
    await model.sample(ask());
    expect(readdirSync(join(directory, vllm.loaded[0]!)).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "manifest.json",
    ]);
    expect(existsSync(join(directory, "outside.txt"))).toBe(false);
    expect(trainer.asked).toHaveLength(2);
  });
});

describe("trouble with vLLM", () => {
  it("a restart that forgot the adapter is outlasted: it is loaded again, once for all who wait", async () => {
    await using stage = await open();
    const { model, vllm } = stage;
    const before = await model.sample(ask());
    vllm.restart();
    vllm.log.length = 0;
    const after = await Promise.all([1, 2, 3].map(() => model.sample(ask())));
    for (const each of after) expect(each).toEqual(before);
    expect(vllm.log.filter(({ path }) => path === "/v1/load_lora_adapter")).toHaveLength(1);
  });

  it.each([429, 503])("%s is waited for", async (status) => {
    let left = 3;
    await using stage = await open({
      fault: (path) =>
        path === "/v1/completions" && left-- > 0 ? { status, headers: { "retry-after": "2" } } : null,
    });
    expect((await stage.model.sample(ask())).tokens_T.length).toBeGreaterThan(0);
  });

  it("one that stays away is an error that may pass", async () => {
    await using stage = await open();
    await stage.model.sample(ask());
    stage.vllm.options.fault = () => ({ status: 503 });
    await expect(stage.model.sample(ask())).rejects.toMatchObject({ code: "engine_failed", retryable: true });
  });

  it.each([
    ["no_logprobs", /6 tokens and 0 log-probabilities/],
    ["null", /log-probabilities that no model has/],
    ["nan", /no JSON|none of the protocol/],
    ["minus_infinity", /−∞/],
    ["no_token_ids", /no token ids/],
    ["aborted", /ended a sample with "abort"/],
  ] as const)("an answer with %s is refused", async (says, message) => {
    await using stage = await open();
    stage.vllm.options.says = says;
    await expect(stage.model.sample(ask())).rejects.toThrow(message);
  });

  it.each<[string, Partial<FakeVllmOptions>, { form?: ArchiveForm }, RegExp]>([
    ["another base", { says: "another_model" }, {}, /samples from another model .*engine\.maxDifference/],
    ["no loading at run time", { loads: false }, {}, /does not load adapters at run time/],
    [
      "an adapter that does not fit",
      {
        fault: (path) =>
          path === "/v1/load_lora_adapter"
            ? {
                status: 500,
                body: { error: { message: "LoRA rank 16 is greater than max_lora_rank 8.", code: 500 } },
              }
            : null,
      },
      {},
      /does not load the adapter .*max_lora_rank 8/,
    ],
    ["a server that hands no adapters out", {}, { form: "absent" }, /does not hand out the adapter/],
    ["a damaged archive", {}, { form: "damaged" }, /not a complete archive/],
    ["an archive without an adapter", {}, { form: "empty" }, /has no adapter_config\.json and no/],
  ])("%s is refused before anything is sampled", async (_, options, more, message) => {
    await using stage = await open(options, more);
    await expect(stage.model.sample(ask())).rejects.toThrow(message);
    expect(completions(stage.vllm)).toEqual([]);
    expect([stage.vllm.loaded, readdirSync(stage.directory)]).toEqual([[], []]);
  });

  it("a wrong key names the setting, and the key is sent as vLLM wants it", async () => {
    await using stage = await open({ key: "secret" }, { sampler: { apiKey: "secret" } });
    await stage.model.sample(ask());
    await expect(open({ key: "secret" })).rejects.toThrow(
      expect.objectContaining({
        hint: expect.stringContaining("engine.sampler.apiKeyEnv") as string,
      }) as ConfigError,
    );
  });

  it("a context shorter than the trainer's is the model's", async () => {
    await using stage = await open({ contextTokens: 512 });
    expect(stage.model.contextTokens).toBe(512);
  });

  it("a model whose weights are all trained has no adapter to sample from", async () => {
    await expect(open({}, { rank: 0 })).rejects.toThrow(ConfigError);
  });
});
