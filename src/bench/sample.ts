/**
 * @file Sampling speed: our sampler against `transformers.generate` on the same weights, prompts and machine. Only
 * generated tokens are counted; the time is from the first request to the last result, prompts included.
 *
 * transformers is run in two ways: requests one after another, which is what a server without batching does, and all
 * of them as one batch of equal lengths, its best case. Where Python has no PyTorch and transformers, our figures
 * stand alone and every comparison is null.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import type { Tokenizer } from "../core/engine.ts";
import { createRng } from "../core/rng.ts";
import { writeCheckpoint } from "../engine/onnx/checkpoint/checkpoint.ts";
import { float32, type Provider, type RunTensor } from "../engine/onnx/graph/compile.ts";
import { newLlamaConfig, type NewModelOptions } from "../engine/onnx/models/config.ts";
import { initWeights, parameterCount, parameterSpecs } from "../engine/onnx/models/parameters.ts";
import { createSampler } from "../engine/onnx/sampler/sampler.ts";

export interface SampleWorkload {
  name: string;
  concurrent: number;
  promptTokens: number;
  newTokens: number;
  /** Leading prompt tokens that all requests share. */
  sharedTokens: number;
}

export interface SampleBenchOptions {
  /** Default: the shipped base's size. */
  model?: NewModelOptions;
  workloads?: readonly SampleWorkload[];
  /** The best of this many runs counts, default 3. */
  repeats?: number;
  provider?: Provider;
  threads?: number;
  /** Default `WEBRL_PYTHON`, else `python3`; null leaves transformers out. */
  python?: string | null;
  signal?: AbortSignal;
}

/** Generated tokens per second, the best over thread numbers and repeats. */
export interface GenerateFigures {
  oneByOne: number;
  batched: number;
  versions: string;
}

export interface SampleBenchResult {
  parameters: number;
  threads: number;
  workloads: (SampleWorkload & {
    tokensPerSecond: number;
    generate: GenerateFigures | null;
    /** tokensPerSecond over transformers' requests one after another, and over its one batch. */
    vsOneByOne: number | null;
    vsBatched: number | null;
  })[];
  /** Largest resident memory of this process and of Python's, bytes. */
  peakBytes: { ours: number; generate: number | null };
}

/** An agent's turn is a long page and a short action; a chat is the other way round. */
const defaultWorkloads: readonly SampleWorkload[] = [
  { name: "agent turns", concurrent: 8, promptTokens: 400, newTokens: 20, sharedTokens: 0 },
  {
    name: "agent turns with a shared beginning",
    concurrent: 8,
    promptTokens: 400,
    newTokens: 20,
    sharedTokens: 200,
  },
  { name: "attempts at one task", concurrent: 8, promptTokens: 400, newTokens: 20, sharedTokens: 400 },
  { name: "long replies", concurrent: 8, promptTokens: 32, newTokens: 100, sharedTokens: 0 },
];

export async function benchSample(options: SampleBenchOptions = {}): Promise<SampleBenchResult> {
  const { workloads = defaultWorkloads, repeats = 3 } = options;
  const threads = options.threads ?? availableParallelism();
  const config = newLlamaConfig(options.model ?? { vocabSize: 2048 });
  const initial = initWeights(config, 1);
  const subject: Subject = { config, initial, workloads, threads, repeats };
  const ours = await benchOurs(subject, options);
  const theirs = await benchGenerate(subject, options);
  return {
    parameters: parameterCount(config),
    threads,
    workloads: workloads.map((workload, i) => {
      const generate = theirs ? { ...theirs.figures[i]!, versions: theirs.versions } : null;
      const tokensPerSecond = ours[i]!;
      return {
        ...workload,
        tokensPerSecond,
        generate,
        vsOneByOne: generate && tokensPerSecond / generate.oneByOne,
        vsBatched: generate && tokensPerSecond / generate.batched,
      };
    }),
    peakBytes: { ours: process.resourceUsage().maxRSS * 1024, generate: theirs?.peakBytes ?? null },
  };
}

/** What both engines are given. */
interface Subject {
  config: ReturnType<typeof newLlamaConfig>;
  initial: ReturnType<typeof initWeights>;
  workloads: readonly SampleWorkload[];
  threads: number;
  repeats: number;
}

/** Tokens per second of each workload, the best of its runs. */
async function benchOurs(
  { config, initial, workloads, threads, repeats }: Subject,
  { provider = "cpu", signal }: SampleBenchOptions,
): Promise<number[]> {
  const weights = new Map<string, RunTensor>(
    parameterSpecs(config).map(({ name, shape }) => [name, float32(initial.get(name)!, shape)]),
  );
  const figures: number[] = [];
  for (const [index, workload] of workloads.entries()) {
    let best = 0;
    // The first run warms up and is not counted. Each run starts without cached prompts.
    for (let run = 0; run <= repeats; run++) {
      await using sampler = await createSampler({
        name: "bench",
        config,
        tokenizer: makePrintingTokenizer(config.vocabSize),
        weights,
        provider,
        threads,
      });
      const warm = { prompt_T: [1, 2, 3], maxTokens: 2, temperature: 0, seed: 0 };
      await sampler.sample(warm);
      const start = performance.now();
      const results = await Promise.all(
        promptsOf(workload, config.vocabSize, index).map((prompt_T, seed) =>
          sampler.sample({
            prompt_T,
            maxTokens: workload.newTokens,
            temperature: 0,
            seed,
            ...(signal ? { signal } : {}),
          }),
        ),
      );
      const seconds = (performance.now() - start) / 1000;
      const tokens = results.reduce((sum, { tokens_T }) => sum + tokens_T.length, 0);
      if (run > 0) best = Math.max(best, tokens / seconds);
    }
    figures.push(best);
  }
  return figures;
}

/** The same models and prompts in transformers; `null` where there is none. */
async function benchGenerate(
  { config, initial, workloads, threads, repeats }: Subject,
  options: SampleBenchOptions,
): Promise<PeerAnswer | null> {
  const python = options.python === undefined ? (process.env["WEBRL_PYTHON"] ?? "python3") : options.python;
  if (python === null || spawnSync(python, ["-c", "import torch, transformers"]).status !== 0) return null;
  const directory = await mkdtemp(join(tmpdir(), "webrl-bench-"));
  try {
    const model = join(directory, "model");
    const tensors = new Map(
      parameterSpecs(config).map(({ name, shape }) => [
        name,
        { shape: [...shape], data: initial.get(name)! },
      ]),
    );
    await writeCheckpoint(model, { config: config.raw, tensors });
    return await askPeer(
      python,
      {
        model,
        repeats,
        threads: [...new Set([1, threads])],
        workloads: workloads.map((workload, index) => ({
          prompts: promptsOf(workload, config.vocabSize, index),
          newTokens: workload.newTokens,
        })),
      },
      options.signal,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function promptsOf(workload: SampleWorkload, vocabSize: number, seed: number): number[][] {
  const rng = createRng(`bench/sample/${seed}`);
  const draw = (length: number) => Array.from({ length }, () => rng.int(vocabSize));
  const shared = draw(workload.sharedTokens);
  return Array.from({ length: workload.concurrent }, () => [
    ...shared,
    ...draw(workload.promptTokens - shared.length),
  ]);
}

/** Prints ids: the bench has no text. */
function makePrintingTokenizer(vocabSize: number): Tokenizer {
  return { vocabSize, encode: () => [], decode: (tokens) => tokens.join(" "), idOf: () => undefined };
}

interface PeerAnswer {
  figures: { oneByOne: number; batched: number }[];
  versions: string;
  peakBytes: number;
}

const peerSource = `
import json, resource, sys, time
import torch, transformers
from transformers import AutoModelForCausalLM

request = json.load(sys.stdin)
model = AutoModelForCausalLM.from_pretrained(request["model"], dtype=torch.float32).eval()

def generate(prompts, count):
    tokens = torch.tensor(prompts)
    with torch.inference_mode():
        out = model.generate(tokens, attention_mask=torch.ones_like(tokens), do_sample=False,
                             max_new_tokens=count, min_new_tokens=count, pad_token_id=0)
    return (out.shape[1] - tokens.shape[1]) * len(prompts)

def rate(batches, count):
    start = time.perf_counter()
    tokens = sum(generate(batch, count) for batch in batches)
    return tokens / (time.perf_counter() - start)

figures = []
for workload in request["workloads"]:
    prompts, count = workload["prompts"], workload["newTokens"]
    best = dict(oneByOne=0.0, batched=0.0)
    for threads in request["threads"]:
        torch.set_num_threads(threads)
        generate(prompts[:1], 2)
        for _ in range(request["repeats"]):
            best["oneByOne"] = max(best["oneByOne"], rate([[p] for p in prompts], count))
            best["batched"] = max(best["batched"], rate([prompts], count))
    figures.append(best)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
json.dump(dict(figures=figures, peakBytes=peak,
               versions=f"torch {torch.__version__}, transformers {transformers.__version__}"), sys.stdout)
`;

function askPeer(python: string, request: object, signal?: AbortSignal): Promise<PeerAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ["-c", peerSource], {
      stdio: ["pipe", "pipe", "pipe"],
      ...(signal ? { signal } : {}),
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (data: Buffer) => out.push(data));
    child.stderr.on("data", (data: Buffer) => errors.push(data));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(out).toString("utf8")) as PeerAnswer);
      else
        reject(
          new Error(
            `transformers' benchmark ended with code ${code}: ${Buffer.concat(errors).toString("utf8").slice(-2000)}`,
          ),
        );
    });
    child.stdin.end(JSON.stringify(request));
  });
}
