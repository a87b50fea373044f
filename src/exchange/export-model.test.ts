/**
 * What is exported computes the same: in our engine, and in transformers and PEFT where they are installed
 * (`WEBRL_PYTHON` names the interpreter).
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { readAdapter, writeAdapter } from "../engine/onnx/checkpoint/adapter.ts";
import { LocalEngine } from "../engine/onnx/local-engine.ts";
import { exportModel, type ExportOptions } from "./export-model.ts";
import { importGguf } from "./import-gguf.ts";

const python = process.env["WEBRL_PYTHON"] ?? "python3";
const available = spawnSync(python, ["-c", "import torch, transformers, peft, safetensors"]).status === 0;
const script = fileURLToPath(new URL("../engine/onnx/fixtures/check_saved.py", import.meta.url));
const families = ["llama", "smollm", "qwen3", "glm4"];
const weights = "adapter_model.safetensors";
const tokens = [5, 80, 12, 299, 41, 7, 8, 150, 33, 2];

let root: string;
let counter = 0;
const place = (name: string) => join(root, name);
const leave = (change: Partial<ExportOptions> & { model: string }) =>
  exportModel({ out: place(`out-${counter++}`), merge: false, dtype: null, baseName: null, ...change });

/** log P of each of `tokens` but the first. */
async function logprobs(directory: string): Promise<number[]> {
  await using engine = new LocalEngine({ provider: "cpu", memoryBudgetBytes: 2 ** 28 });
  const model = await engine.open({ path: directory });
  const [found] = await model.logprobs([
    { tokens_T: tokens, positions_N: tokens.slice(1).map((_, i) => i), targets_N: tokens.slice(1) },
  ]);
  return [...found!];
}
const largestDifference = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

/** For each family a base and an adapter on it that has learned something. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-export-"));
  for (const family of families) {
    const file = fileURLToPath(new URL(`gguf/fixtures/${family}.gguf`, import.meta.url));
    await importGguf(file, place(family), { dtype: null });
    await using engine = new LocalEngine({ provider: "cpu", memoryBudgetBytes: 2 ** 28 });
    const model = await engine.open({ path: place(family), lora: { rank: 3, alpha: 6, seed: 1 } });
    for (let step = 0; step < 3; step++) {
      const datum = { tokens_T: tokens, positions_N: [3, 6, 8], targets_N: [41, 150, 2] };
      await model.forwardBackward([datum], (logprobs_BN) => ({
        loss: 0,
        gradients_BN: logprobs_BN.map((row) => row.map(() => -1)),
      }));
      await model.optimStep({ learningRate: 0.05 });
    }
    await model.save(place(`${family}-adapter`), { optimizer: true });
  }
}, 120_000);
afterAll(() => rm(root, { recursive: true, force: true }));

describe.each(families)("of a %s", (family) => {
  it("the merged model computes what the adapter on its base does", async () => {
    const { directory, kind } = await leave({ model: place(`${family}-adapter`), merge: true });
    expect(kind).toBe("model");
    const [base, adapter, merged] = await Promise.all(
      [place(family), place(`${family}-adapter`), directory].map(logprobs),
    );
    expect(largestDifference(base!, adapter!)).toBeGreaterThan(0.1);
    expect(largestDifference(adapter!, merged!)).toBeLessThan(1e-4);
    expect(await readdir(directory)).not.toContain("optimizer.safetensors");
  });

  it("the adapter computes the same, has the base's tokenizer and no optimiser's state", async () => {
    const { directory, base } = await leave({ model: place(`${family}-adapter`) });
    expect(base).toBe(place(family));
    expect(await logprobs(directory)).toEqual(await logprobs(place(`${family}-adapter`)));
    const names = await readdir(directory);
    expect(names).toEqual(expect.arrayContaining(["adapter_config.json", "tokenizer.json"]));
    expect(names).not.toContain("optimizer.safetensors");
  });

  it.runIf(available)("transformers and PEFT compute the same", { timeout: 180_000 }, async () => {
    const wanted = await logprobs(place(`${family}-adapter`));
    const merged = await leave({ model: place(`${family}-adapter`), merge: true });
    const adapter = await leave({ model: place(`${family}-adapter`), baseName: "someone/base" });
    for (const request of [
      { model: merged.directory, adapter: null, tokenizer: merged.directory },
      { model: place(family), adapter: adapter.directory, tokenizer: adapter.directory },
    ]) {
      const input = JSON.stringify({ ...request, sequences: [tokens], texts: ["click [7]"] });
      const out = execFileSync(python, [script], {
        input,
        encoding: "utf8",
        stdio: ["pipe", "pipe", "ignore"],
      });
      const answer = JSON.parse(out) as { logprobs: number[][] };
      expect(largestDifference(wanted, answer.logprobs[0]!)).toBeLessThan(1e-4);
    }
  });
});

it("a whole model leaves as it is, or in half the space", async () => {
  const { directory } = await leave({ model: place("qwen3") });
  expect(await logprobs(directory)).toEqual(await logprobs(place("qwen3")));
  const small = await leave({ model: place("qwen3"), dtype: "BF16" });
  const config = JSON.parse(await readFile(join(small.directory, "config.json"), "utf8")) as object;
  expect(config).toMatchObject({ torch_dtype: "bfloat16" });
  expect(largestDifference(await logprobs(small.directory), await logprobs(directory))).toBeLessThan(0.3);
});

it("an adapter may leave in half the space, too", async () => {
  const { directory } = await leave({ model: place("llama-adapter"), dtype: "F16" });
  const [half, whole] = await Promise.all(
    [directory, place("llama-adapter")].map(async (at) => (await stat(join(at, weights))).size),
  );
  expect(half).toBeLessThan(0.7 * whole!);
  const [before, after] = await Promise.all([place("llama-adapter"), directory].map(logprobs));
  expect(largestDifference(before!, after!)).toBeLessThan(0.02);
});

it.each([false, true])(
  "the notes of the prompt template and of spared verdicts leave, too (merged: %s)",
  async (merge) => {
    const adapter = place(`noted-${merge}`);
    const { baseFingerprint, ...rest } = await readAdapter(place("llama-adapter"));
    // As PEFT leaves one: without a tokenizer.
    await writeAdapter(adapter, {
      ...rest,
      ...(baseFingerprint !== null && { baseFingerprint }),
      files: new Map(),
    });
    await writeFile(join(adapter, "prompt.json"), `{"template":"compact"}\n`);
    await writeFile(join(adapter, "spared-verdicts.json"), `{"heldOutFraction":0.15,"seed":0}\n`);
    const { directory } = await leave({ model: adapter, merge });
    expect(JSON.parse(await readFile(join(directory, "prompt.json"), "utf8"))).toEqual({
      template: "compact",
    });
    const files = await readdir(directory);
    expect(files).toContain("spared-verdicts.json");
    expect(files).toContain("tokenizer.json");
  },
);

it("an adapter that leaves under another name is still refused on other weights", async () => {
  const out = place("named");
  await leave({ model: place("llama-adapter"), out, baseName: place("llama") });
  expect(await logprobs(out)).toEqual(await logprobs(place("llama-adapter")));
  await leave({ model: place("llama-adapter"), out, baseName: place("llama-other") });
  await leave({ model: place("llama-adapter"), out: place("llama-other"), merge: true });
  await expect(logprobs(out)).rejects.toThrow("adapter for another base");
});

it("an adapter may call its base by the name that others know", async () => {
  const { directory } = await leave({ model: place("llama-adapter"), baseName: "someone/base" });
  const config = JSON.parse(await readFile(join(directory, "adapter_config.json"), "utf8")) as object;
  expect(config).toMatchObject({ base_model_name_or_path: "someone/base", peft_type: "LORA" });
});

it.each<[string, () => Partial<ExportOptions> & { model: string }, RegExp]>([
  ["--merge of a whole model", () => ({ model: place("llama"), merge: true }), /no adapter to merge/],
  [
    "--base-name of a whole model",
    () => ({ model: place("llama"), baseName: "x" }),
    /--base-name is for adapters/,
  ],
  ["a model onto itself", () => ({ model: place("llama"), out: place("llama") }), /onto itself/],
  [
    "a directory that holds something else",
    () => ({ model: place("llama"), out: place("foreign") }),
    /would be lost/,
  ],
])("%s is refused", async (_, options, message) => {
  await rm(place("foreign"), { recursive: true, force: true });
  await mkdir(place("foreign"));
  await writeFile(join(place("foreign"), "mine.txt"), "x");
  const error: unknown = await leave(options()).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toMatch(message);
});
