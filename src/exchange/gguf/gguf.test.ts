/** GGUF files against what gguf-py, transformers and tokenizers say of them (fixtures/make_fixtures.py). */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalEngine } from "../../engine/onnx/local-engine.ts";
import { describeModel } from "../../engine/onnx/describe-model.ts";
import { loadTokenizer } from "../../engine/onnx/tokenizer/load-tokenizer.ts";
import { createChatTemplate, readChatTemplate } from "../../text/chat-template.ts";
import { importGguf } from "../import-gguf.ts";
import { blockTypes } from "./block-types.ts";
import { unpermute } from "./model-of-gguf.ts";

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-gguf-"));
});
afterAll(() => rm(root, { recursive: true }));

describe("blocks", async () => {
  const cases = JSON.parse(await readFile(join(fixtures, "blocks.json"), "utf8")) as Record<
    string,
    { numbers: number; blocks: string; values: string }
  >;
  it.each(Object.entries(cases))("of %s are the numbers of gguf-py, bit for bit", (name, wanted) => {
    const type = [...blockTypes.values()].find((known) => known.name === name)!;
    const bytes = Buffer.from(wanted.blocks, "base64");
    const expected = Buffer.from(wanted.values, "base64");
    const out = new Float32Array(expected.length / 4);
    expect([type.numbers, out.length]).toEqual([wanted.numbers, (bytes.length / type.bytes) * type.numbers]);
    type.dequantise(bytes, 0, bytes.length / type.bytes, out, 0);
    expect(Buffer.from(out.buffer).equals(expected)).toBe(true);
  });

  it("all types that are read are among them", () => {
    expect([...blockTypes.values()].map(({ name }) => name).toSorted()).toEqual(
      Object.keys(cases).toSorted(),
    );
  });
});

it("rows of neighbours go back into halves", () => {
  // Two heads of four rows: llama.cpp writes rows 0 2 1 3 of each.
  const rows = Float32Array.of(0, 2, 1, 3, 4, 6, 5, 7);
  expect([...unpermute(rows, 8, 2)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

describe.each(["llama", "smollm", "gpt2-words", "qwen2", "qwen3", "chatglm", "glm4"])("%s", (name) => {
  interface Expected {
    sequences: { tokens: number[]; logprobs: number[] }[];
    texts: { text: string; ids: number[] }[];
  }
  let expected: Expected;
  let directory: string;
  beforeAll(async () => {
    expected = JSON.parse(await readFile(join(fixtures, `${name}.json`), "utf8")) as Expected;
    directory = join(root, name);
    await importGguf(join(fixtures, `${name}.gguf`), directory, { dtype: null });
  });

  it("has the log-probabilities of transformers to 1e-4", async () => {
    await using engine = new LocalEngine({ provider: "cpu", memoryBudgetBytes: 2 ** 30 });
    const model = await engine.open({ path: directory });
    for (const { tokens, logprobs } of expected.sequences) {
      const positions_N = logprobs.map((_, i) => i);
      const [found] = await model.logprobs([{ tokens_T: tokens, positions_N, targets_N: tokens.slice(1) }]);
      for (const [i, logprob] of logprobs.entries())
        expect(Math.abs(found![i]! - logprob)).toBeLessThan(1e-4);
    }
  });

  it("has the tokens of the fast tokenizer, and gives the texts back", async () => {
    const tokenizer = await loadTokenizer(directory);
    for (const { text, ids } of expected.texts) {
      expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids });
      expect(tokenizer.decode(ids)).toBe(name.startsWith("qwen") ? text.normalize("NFC") : text);
    }
  });

  it("has a chat template, a beginning and ends", async () => {
    const template = createChatTemplate((await readChatTemplate(directory))!);
    expect(template.render([{ role: "user", content: "Hi" }])).toContain("user\nHi");
    const read = async (file: string) => JSON.parse(await readFile(join(directory, file), "utf8")) as object;
    const tokenizer = await loadTokenizer(directory);
    const generation = (await read("generation_config.json")) as { eos_token_id: number[] };
    const ends = generation.eos_token_id.map((id) => tokenizer.decode([id]));
    const glm = ["<|endoftext|>", "<|user|>", "<|observation|>"];
    const wanted: Record<string, string[]> = {
      llama: ["<|eot_id|>", "<|end_of_text|>"],
      chatglm: glm,
      glm4: glm,
    };
    expect(ends).toEqual(wanted[name] ?? ["<|im_end|>", "<|endoftext|>"]);
    const config = await read("tokenizer_config.json");
    expect(config).toMatchObject({ eos_token: ends[0], add_bos_token: name === "llama" });
  });
});

it("weights can be rounded on disk", async () => {
  const sizes = await Promise.all(
    (["F32", "F16", "BF16"] as const).map(async (dtype) => {
      const directory = join(root, `as-${dtype}`);
      await importGguf(join(fixtures, "smollm.gguf"), directory, { dtype });
      await describeModel(directory);
      const config = JSON.parse(await readFile(join(directory, "config.json"), "utf8")) as {
        torch_dtype: string;
      };
      return [config.torch_dtype, (await readFile(join(directory, "model.safetensors"))).length] as const;
    }),
  );
  expect(sizes.map(([name]) => name)).toEqual(["float32", "float16", "bfloat16"]);
  expect(sizes[0]![1]).toBeGreaterThan(1.8 * sizes[1]![1]);
  // The headers differ by the names of the types.
  expect(Math.abs(sizes[1]![1] - sizes[2]![1])).toBeLessThan(64);
});
