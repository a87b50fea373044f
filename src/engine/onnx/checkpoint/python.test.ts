/**
 * What we save, the Python libraries load: transformers, PEFT and tokenizers. Needs them; `WEBRL_PYTHON` names the
 * interpreter.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { compile, float32, int32, int64 } from "../graph/compile.ts";
import { Graph } from "../graph/graph.ts";
import { matmul } from "../graph/matmul.ts";
import { causalAttention } from "../models/attention.ts";
import { parseDecoderConfig } from "../models/config.ts";
import { declareInputs, declareWeights, decoder, headWeight, loraInputName } from "../models/decoder.ts";
import { initLora, loraSpecs } from "../models/parameters.ts";
import { ropeTables } from "../models/rope.ts";
import { createTokenizer } from "../tokenizer/load-tokenizer.ts";
import { tokenizerConfig, trainBpe } from "../tokenizer/train-bpe.ts";
import { writeAdapter } from "./adapter.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";

const python = process.env["WEBRL_PYTHON"] ?? "python3";
const available = spawnSync(python, ["-c", "import torch, transformers, peft, safetensors"]).status === 0;
const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

interface Answer {
  logprobs: number[][];
  ids: number[][];
}

function ask(request: object): Answer {
  const input = JSON.stringify({ adapter: null, sequences: [], tokenizer: null, texts: [], ...request });
  const out = execFileSync(python, [join(fixtures, "check_saved.py")], {
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
  });
  return JSON.parse(out) as Answer;
}

describe.runIf(available)("Python's libraries", { timeout: 180_000 }, () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "webrl-python-"));
  });
  afterAll(() => rm(root, { recursive: true }));

  const expected = async (family: string) =>
    JSON.parse(await readFile(join(fixtures, family, "expected.json"), "utf8")) as {
      sequences: { tokens: number[]; logprobs: number[] }[];
    };

  it.each(["llama-scaled-tied", "qwen3", "glm4"])(
    "load a saved %s and its tokenizer, and compute the same",
    async (family) => {
      const directory = join(root, family);
      const { config, tensors } = await readCheckpoint(join(fixtures, family));
      const texts = [
        "[link Order 1041] | $24.00\n",
        'do(action="Click", element="link Order 1041")<|eot_id|>',
        "YES naïve 東京 🦊",
      ];
      const json = trainBpe(texts, { vocabSize: 300 });
      const files = new Map([
        ["tokenizer.json", JSON.stringify(json)],
        ["tokenizer_config.json", JSON.stringify(tokenizerConfig({ contextTokens: 128 }))],
      ]);
      await writeCheckpoint(directory, { config, tensors, files });
      const { sequences } = await expected(family);
      const answer = ask({
        model: directory,
        sequences: sequences.map(({ tokens }) => tokens),
        tokenizer: directory,
        texts,
      });
      sequences.forEach(({ logprobs }, s) =>
        logprobs.forEach((logprob, t) =>
          expect(Math.abs(logprob - answer.logprobs[s]![t]!)).toBeLessThan(1e-4),
        ),
      );
      const tokenizer = createTokenizer(json);
      expect(answer.ids).toEqual(texts.map((text) => tokenizer.encode(text)));
    },
  );

  it("load a saved adapter, and compute what our graph computes", async () => {
    const directory = join(root, "adapter");
    const base = join(fixtures, "llama");
    const { config: raw, tensors } = await readCheckpoint(base);
    const config = parseDecoderConfig(raw, "config.json");
    const options = { rank: 3, alpha: 6, targetModules: ["q_proj", "v_proj", "down_proj"], layers: [1] };
    const lora = loraSpecs(config, options);
    const matrices = initLora(lora, 5);
    const modules = new Map(
      lora.map(({ module, a, b }) => {
        const data = matrices.get(module)!;
        data.b.forEach((_, i) => (data.b[i] = Math.sin(i)));
        return [module, { a: { shape: [...a], data: data.a }, b: { shape: [...b], data: data.b } }];
      }),
    );
    await writeAdapter(directory, { ...options, baseModel: base, modules });

    const tokens = (await expected("llama")).sequences[2]!.tokens;
    const g = new Graph("forced");
    const io = declareInputs(g);
    const weights = declareWeights(g, config, lora);
    const hidden = decoder(g, config, weights, {
      ...io,
      attend: causalAttention(config, g, io.positions, 1),
    });
    await using program = await compile(g, {
      logits: matmul(hidden, headWeight(config, weights), { transposeB: true }),
    });
    const { cos, sin } = ropeTables(config, config.contextTokens);
    const table = [config.contextTokens, config.rope.dim / 2];
    const { logits } = await program.run({
      ...Object.fromEntries([...tensors].map(([name, { data, shape }]) => [name, float32(data, shape)])),
      ...Object.fromEntries(
        [...modules].flatMap(([module, { a, b }]) => [
          [loraInputName(module, "A"), float32(a.data, a.shape)],
          [loraInputName(module, "B"), float32(b.data, b.shape)],
        ]),
      ),
      tokens: int32(Int32Array.from(tokens), [tokens.length]),
      positions: int64(
        BigInt64Array.from(tokens, (_, t) => BigInt(t)),
        [1, tokens.length],
      ),
      rope_cos: float32(cos, table),
      rope_sin: float32(sin, table),
    });
    const [theirs] = ask({ model: base, adapter: directory, sequences: [tokens] }).logprobs;
    const [plain] = ask({ model: base, sequences: [tokens] }).logprobs;
    tokens.slice(1).forEach((token, t) => {
      const row = [
        ...(logits!.data as Float32Array).subarray(t * config.vocabSize, (t + 1) * config.vocabSize),
      ];
      const ours = row[token]! - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(Math.abs(ours - theirs![t]!)).toBeLessThan(1e-4);
    });
    expect(theirs![3]).not.toBeCloseTo(plain![3]!, 3);
  });
});
