/**
 * @file Reads the weights of a model from a directory and writes them: whole models in Hugging Face's layout, adapters
 * in PEFT's, with the optimiser's state beside them.
 */

import { join, resolve } from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { baseFingerprint } from "./base-fingerprint.ts";
import {
  isAdapterDirectory,
  readAdapter,
  writeAdapter,
  type Adapter,
  type AdapterConfig,
} from "./checkpoint/adapter.ts";
import { checkTensors, openCheckpoint, writeCheckpoint } from "./checkpoint/checkpoint.ts";
import { exists, readModelText } from "./checkpoint/read-file.ts";
import { readHeader, readTensor, type TensorData } from "./checkpoint/safetensors.ts";
import { float32, type RunTensor } from "./graph/compile.ts";
import { memoryLimitBytes, sizeText } from "./memory-limit.ts";
import { parseDecoderConfig, type DecoderConfig } from "./models/config.ts";
import { loraInputName } from "./models/decoder.ts";
import {
  layersOf,
  loraSpecs,
  parameterCount,
  parameterSpecs,
  type LoraOptions,
  type LoraSpec,
} from "./models/parameters.ts";
import { checkTokenizerFits, loadTokenizer } from "./tokenizer/load-tokenizer.ts";
import type { Tokenizer } from "../../core/engine.ts";
import type { AdamWState } from "./train/adamw.ts";

/** What all models on one path share: configuration, tokenizer and, for adapters, the frozen parameters. */
export interface BaseModel {
  directory: string;
  config: DecoderConfig;
  tokenizer: Tokenizer;
  tensors: ReadonlyMap<string, RunTensor>;
  /** Fingerprint of the weights as read. */
  fingerprint: string;
}

const tokenizerFiles = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "generation_config.json",
  "chat_template.jinja",
  "prompt.json",
  "spared-verdicts.json",
];
const optimizerFile = "optimizer.safetensors";

/** Tied heads and rotary buffers that some checkpoints include. */
const redundant = (config: DecoderConfig) => (name: string) =>
  (config.tieEmbeddings && name === "lm_head.weight") || name.endsWith(".rotary_emb.inv_freq");

/** @throws ConfigError that names file and tensor if the directory does not hold exactly this model. */
export async function readBaseModel(directory: string): Promise<BaseModel> {
  const { config, tokenizer, specs, checkpoint } = await openBaseModel(directory);
  const tensors = new Map<string, RunTensor>();
  for (const { name, shape } of specs) tensors.set(name, float32((await checkpoint.read(name)).data, shape));
  return { directory, config, tokenizer, tensors, fingerprint: baseFingerprint(tensors) };
}

/** Checks everything but the numbers of the weights. */
export async function openBaseModel(directory: string) {
  if (await exists(join(directory, "tinker.json")))
    throw new ConfigError(
      `${directory} is a checkpoint on a server: its weights are not here`,
      `\`webrl model info ${directory}\` says where they are and how to get them.`,
    );
  const checkpoint = await openCheckpoint(directory);
  const config = parseDecoderConfig(checkpoint.config, join(directory, "config.json"));
  const specs = parameterSpecs(config);
  checkTensors(
    checkpoint.entries,
    new Map(specs.map(({ name, shape }) => [name, shape])),
    directory,
    redundant(config),
  );
  const sizeBytes = 4 * parameterCount(config);
  if (sizeBytes > memoryLimitBytes())
    throw new ConfigError(
      `${directory} needs ${sizeText(sizeBytes)} of memory for its weights alone, but this process may have only ${sizeText(memoryLimitBytes())}`,
      "Use a smaller model, or an engine behind a URL.",
    );
  const tokenizer = await loadTokenizer(directory);
  checkTokenizerFits(tokenizer, config.vocabSize, directory);
  return { config, tokenizer, specs, checkpoint };
}

/** The settings of an adapter in the form that `open` takes. */
export const loraOptions = ({ rank, alpha, targetModules, layers }: AdapterConfig): LoraOptions => ({
  rank,
  alpha,
  targetModules,
  ...(layers && { layers }),
});

/**
 * Directories where an adapter's base may be, the likeliest first: its old position relative to the adapter, so that
 * both can be moved together; then `base_model_name_or_path`. @throws ConfigError where there is no model in any.
 */
export async function baseDirectories(directory: string, adapter: AdapterConfig): Promise<string[]> {
  const { baseModel, baseBeside } = adapter;
  const places = [
    ...(baseBeside === null ? [] : [resolve(directory, baseBeside)]),
    ...(baseModel === null ? [] : [resolve(baseModel), resolve(directory, baseModel)]),
  ];
  if (places.length === 0)
    throw new ConfigError(
      `${directory}/adapter_config.json names no base model`,
      "Set base_model_name_or_path to the base's directory.",
    );
  const there: string[] = [];
  for (const place of new Set(places)) if (await exists(join(place, "config.json"))) there.push(place);
  if (there.length === 0)
    throw new ConfigError(
      `${directory} is an adapter whose base ${baseModel ?? baseBeside} was not found (looked for ${[...new Set(places)].join(", ")})`,
      "Put the base's directory, or a link to it, in one of these places.",
    );
  return there;
}

/** @throws ConfigError if an adapter was trained on other weights than those of `base`. */
export function checkBase(
  directory: string,
  { baseFingerprint: wanted }: AdapterConfig,
  base: BaseModel,
): void {
  if (wanted === null || wanted === base.fingerprint) return;
  throw new ConfigError(
    `${directory} is an adapter for another base than ${base.directory}: it was trained on weights with the fingerprint ${wanted.slice(0, 12)}, these have ${base.fingerprint.slice(0, 12)}`,
    "Put the base that it was trained on back, or train the adapter again on this one.",
  );
}

/** @throws ConfigError if `asked` differs from the existing adapter. */
export function checkSameLora(
  directory: string,
  config: DecoderConfig,
  there: LoraOptions,
  asked: LoraOptions,
): void {
  const refuse = (what: string, found: unknown, wanted: unknown) => {
    throw new ConfigError(
      `${directory} is an adapter with ${what} ${JSON.stringify(found)}, but ${JSON.stringify(wanted)} is asked for`,
      "An adapter keeps its own settings: leave yours out, or start a new adapter from its base.",
    );
  };
  if (there.rank !== asked.rank) refuse("rank", there.rank, asked.rank);
  if (there.alpha !== asked.alpha) refuse("alpha", there.alpha, asked.alpha);
  const [has, wants] = [loraSpecs(config, there), loraSpecs(config, asked)];
  const layers = (specs: readonly LoraSpec[]) => layersOf(config, specs) ?? "all";
  if (String(layers(has)) !== String(layers(wants))) refuse("layers", layers(has), layers(wants));
  if (String(targetsOf(has)) !== String(targetsOf(wants)))
    refuse("target modules", targetsOf(has), targetsOf(wants));
}

/** Last parts of the modules' names, sorted. */
const targetsOf = (specs: readonly LoraSpec[]): string[] =>
  [...new Set(specs.map(({ module }) => module.slice(module.lastIndexOf(".") + 1)))].toSorted();

/** By the names of the model's inputs, exactly those that `specs` ask for. */
export function adapterTensors(
  { modules }: Adapter,
  specs: readonly LoraSpec[],
  directory: string,
): Map<string, Float32Array> {
  const found = new Map(
    [...modules].flatMap(([module, { a, b }]): [string, TensorData][] => [
      [loraInputName(module, "A"), a],
      [loraInputName(module, "B"), b],
    ]),
  );
  const shapes = specs.flatMap(({ module, a, b }): [string, readonly number[]][] => [
    [loraInputName(module, "A"), a],
    [loraInputName(module, "B"), b],
  ]);
  checkTensors(found, new Map(shapes), directory);
  return new Map([...found].map(([name, { data }]) => [name, data]));
}

/** The trained tensors in `directory` for a model of this kind; throws if any is missing. */
export async function readTrained(
  directory: string,
  base: BaseModel,
  lora: { options: LoraOptions; specs: readonly LoraSpec[] } | null,
): Promise<Map<string, Float32Array>> {
  const adapter = await isAdapterDirectory(directory);
  if (adapter !== (lora !== null))
    throw new ConfigError(
      `${directory} holds ${adapter ? "an adapter" : "a whole model"}, but the open model is ${lora ? "an adapter" : "a whole model"}`,
      "Load what the same kind of model has saved.",
    );
  if (!lora) {
    const checkpoint = await openCheckpoint(directory, { saved: true });
    const expected = parameterSpecs(base.config);
    const shapes = new Map(expected.map(({ name, shape }) => [name, shape]));
    checkTensors(checkpoint.entries, shapes, directory, redundant(base.config));
    const tensors = new Map<string, Float32Array>();
    for (const { name } of expected) tensors.set(name, (await checkpoint.read(name)).data);
    return tensors;
  }
  const saved = await readAdapter(directory, { saved: true });
  checkBase(directory, saved, base);
  checkSameLora(directory, base.config, loraOptions(saved), lora.options);
  return adapterTensors(saved, lora.specs, directory);
}

/** The optimiser's state, or a fresh one if none was saved. */
export async function readOptimizer(
  directory: string,
  sizes: ReadonlyMap<string, number>,
): Promise<AdamWState> {
  const state: AdamWState = { step: 0, moments: new Map() };
  const file = join(directory, optimizerFile);
  if (!(await exists(file))) return state;
  const { entries } = await readHeader(file);
  const step = entries.get("step");
  const explainBroken = (what: string) =>
    new ConfigError(`${file}: ${what}`, "Save the optimiser's state again.");
  if (step?.shape.join() !== "1") throw explainBroken("tensor step of shape [1] is missing");
  state.step = (await readTensor(step)).data[0]!;
  for (const [name, size] of sizes) {
    const [m, v] = [entries.get(`m.${name}`), entries.get(`v.${name}`)];
    if (!m && !v) continue;
    if (!m || !v) throw explainBroken(`one of the moments of ${name} is missing`);
    const moments = { m: (await readTensor(m)).data, v: (await readTensor(v)).data };
    if (moments.m.length !== size || moments.v.length !== size)
      throw explainBroken(`the moments of ${name} have another size`);
    state.moments.set(name, moments);
  }
  return state;
}

/**
 * The files beside the weights, by name: tokenizer, chat template, generation settings, the notes of the prompt template
 * and of the templates of which the model has seen no verdicts.
 */
export async function readTokenizerFiles(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of tokenizerFiles) {
    const file = join(directory, name);
    if (await exists(file)) files.set(name, await readModelText(file));
  }
  return files;
}

export interface SaveModel {
  base: BaseModel;
  trained: ReadonlyMap<string, RunTensor>;
  lora: { options: LoraOptions; specs: readonly LoraSpec[] } | null;
  optimizer: AdamWState | null;
}

/** Writes the directory completely or not at all. */
export async function writeModel(directory: string, model: SaveModel): Promise<void> {
  const tensorData = ({ data, dims }: RunTensor): TensorData => ({
    shape: [...dims],
    data: data as Float32Array,
  });
  const files = await readTokenizerFiles(model.base.directory);
  const extraTensors = new Map<string, Map<string, TensorData>>();
  if (model.optimizer) {
    const state = new Map<string, TensorData>([
      ["step", { shape: [1], data: Float32Array.of(model.optimizer.step) }],
    ]);
    for (const [name, { m, v }] of model.optimizer.moments) {
      const shape = [...model.trained.get(name)!.dims];
      state.set(`m.${name}`, { shape, data: m }).set(`v.${name}`, { shape, data: v });
    }
    extraTensors.set(optimizerFile, state);
  }
  if (!model.lora) {
    const tensors = new Map([...model.trained].map(([name, tensor]) => [name, tensorData(tensor)]));
    await writeCheckpoint(directory, { config: model.base.config.raw, tensors, files, extraTensors });
    return;
  }
  const { options, specs } = model.lora;
  await writeAdapter(directory, {
    rank: options.rank,
    alpha: options.alpha,
    targetModules: targetsOf(specs),
    layers: layersOf(model.base.config, specs),
    baseModel: model.base.directory,
    baseFingerprint: model.base.fingerprint,
    modules: new Map(
      specs.map(({ module }) => [
        module,
        {
          a: tensorData(model.trained.get(loraInputName(module, "A"))!),
          b: tensorData(model.trained.get(loraInputName(module, "B"))!),
        },
      ]),
    ),
    files,
    extraTensors,
  });
}
