/**
 * @file LoRA adapters in PEFT's format: `adapter_config.json` and `adapter_model.safetensors` with
 * `base_model.model.<module>.lora_A.weight` [rank, in] and `.lora_B.weight` [out, rank]. vLLM and PEFT load them.
 */

import { writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";

import { ConfigError, invariant } from "../../../core/errors.ts";
import { writeDirectory } from "./atomic-directory.ts";
import { checkManifest, checkMark, writerMark } from "./manifest.ts";
import { exists, readJsonObject } from "./read-file.ts";
import {
  readHeader,
  readTensor,
  writeSafetensors,
  type TensorData,
  type TensorDtype,
  type TensorEntry,
} from "./safetensors.ts";

export interface AdapterConfig {
  rank: number;
  alpha: number;
  /** Last parts of the modules' names, e.g. `q_proj`. */
  targetModules: string[];
  /** Layers that have adapters (PEFT's `layers_to_transform`), counted from 0; `null` for all. */
  layers: number[] | null;
  /** Path or name of the base model, for people and for PEFT. */
  baseModel: string | null;
  /**
   * The base's path as seen from the adapter's directory, which stays valid when both are moved; only for our own
   * adapters.
   */
  baseBeside: string | null;
  /** Fingerprint of the base's weights (`base-fingerprint.ts`); only for our own adapters. */
  baseFingerprint: string | null;
}

export interface Adapter extends AdapterConfig {
  /** By module, e.g. `model.layers.0.self_attn.q_proj`. ΔW = alpha/rank · B·A. */
  modules: Map<string, { a: TensorData; b: TensorData }>;
}

const prefix = "base_model.model.";
const weightsName = "adapter_model.safetensors";
const configName = "adapter_config.json";

/** Whether a directory holds an adapter rather than a whole model. */
export function isAdapterDirectory(directory: string): Promise<boolean> {
  return exists(join(directory, configName));
}

/** Reads an adapter's configuration without its numbers. Throws like {@link readAdapter}, except for tensors. */
export async function readAdapterConfig(directory: string): Promise<AdapterConfig> {
  const { entries: _, ...config } = await readHead(directory);
  return config;
}

/**
 * Throws a `ConfigError` naming file and tensor, including for variants that would change the arithmetic (rsLoRA, DoRA,
 * biases).
 */
export async function readAdapter(directory: string, { saved = false } = {}): Promise<Adapter> {
  const hasManifest = await checkManifest(directory, saved);
  const { entries, ...config } = await readHead(directory, hasManifest);
  const { rank } = config;
  const file = join(directory, weightsName);
  const modules = new Map<string, { a: TensorData; b: TensorData }>();
  for (const [name, entry] of entries) {
    const match = /^base_model\.model\.(.+)\.lora_(A|B)\.weight$/.exec(name);
    if (!match)
      throw new ConfigError(
        `${file}: tensor ${name} does not belong to a LoRA adapter`,
        "Remove it, or use a plain LoRA adapter.",
      );
    if (match[2] === "B") continue;
    const module = match[1]!;
    const other = entries.get(`${prefix}${module}.lora_B.weight`);
    if (!other)
      throw new ConfigError(
        `${file}: tensor ${prefix}${module}.lora_B.weight is missing`,
        "Save the adapter again.",
      );
    for (const [which, found, at] of [
      ["A", entry, 0],
      ["B", other, 1],
    ] as const) {
      if (found.shape.length !== 2 || found.shape[at] !== rank) {
        throw new ConfigError(
          `${file}: tensor ${prefix}${module}.lora_${which}.weight has shape [${found.shape.join(", ")}], but ${configName} says rank ${rank}`,
          "Use the adapter_config.json that belongs to these weights.",
        );
      }
    }
    modules.set(module, { a: await readTensor(entry), b: await readTensor(other) });
  }
  for (const name of entries.keys()) {
    const module = /^base_model\.model\.(.+)\.lora_B\.weight$/.exec(name)?.[1];
    if (module !== undefined && !modules.has(module)) {
      throw new ConfigError(
        `${file}: tensor ${prefix}${module}.lora_A.weight is missing`,
        "Save the adapter again.",
      );
    }
  }
  return { ...config, modules };
}

/** `adapter_config.json` and the header of the weights. */
async function readHead(
  directory: string,
  hasManifest = true,
): Promise<AdapterConfig & { entries: ReadonlyMap<string, TensorEntry> }> {
  const configFile = join(directory, configName);
  const config = await readJsonObject(configFile);
  const bad = (what: string) =>
    new ConfigError(`${configFile}: ${what}`, "Use a plain LoRA adapter as PEFT's LoraConfig writes it.");
  const { r: rank, lora_alpha: alpha, target_modules: targets } = config;
  if (config["peft_type"] !== "LORA") throw bad(`peft_type is ${JSON.stringify(config["peft_type"])}`);
  if (typeof rank !== "number" || !Number.isInteger(rank) || rank < 1)
    throw bad(`r is ${JSON.stringify(rank)}`);
  if (typeof alpha !== "number" || !Number.isFinite(alpha))
    throw bad(`lora_alpha is ${JSON.stringify(alpha)}`);
  for (const key of ["use_rslora", "use_dora", "fan_in_fan_out"])
    if (config[key] === true) throw bad(`${key} is set`);
  if (config["bias"] !== undefined && config["bias"] !== "none")
    throw bad(`bias is ${JSON.stringify(config["bias"])}`);
  const pattern = config["layers_pattern"] ?? [];
  if (![pattern].flat().every((name) => name === "layers"))
    throw bad(`layers_pattern is ${JSON.stringify(pattern)}`);
  for (const key of ["rank_pattern", "alpha_pattern", "modules_to_save", "exclude_modules"])
    if (Object.keys(config[key] ?? {}).length > 0) throw bad(`${key} is set`);
  if (targets !== undefined && targets !== null && typeof targets !== "string" && !isNames(targets))
    throw bad("target_modules is not a list of names");

  const file = join(directory, weightsName);
  const { entries, metadata } = await readHeader(file);
  checkMark(directory, hasManifest, metadata);
  const modules = [...entries.keys()].flatMap(
    (name) => /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(name)?.[1] ?? [],
  );
  const textOf = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    rank,
    alpha,
    targetModules: isNames(targets) ? targets : [...new Set(modules.map(lastPart))],
    // A pattern of names may also choose layers; then the tensors tell which.
    layers: isNames(targets) ? asLayers(config["layers_to_transform"], bad) : layersOf(modules),
    baseModel: textOf(config["base_model_name_or_path"]),
    baseBeside: textOf(metadata["base_beside"]),
    baseFingerprint: textOf(metadata["base_fingerprint"]),
    entries,
  };
}

/** PEFT's `layers_to_transform`: a list, one layer, or nothing for all. */
function asLayers(value: unknown, bad: (what: string) => ConfigError): number[] | null {
  if (value === undefined || value === null) return null;
  const layers: unknown[] = Array.isArray(value) ? value : [value];
  const isLayer = (layer: unknown): layer is number => Number.isInteger(layer) && (layer as number) >= 0;
  if (layers.length === 0 || !layers.every(isLayer))
    throw bad(`layers_to_transform is ${JSON.stringify(value)}`);
  return layers;
}

function layersOf(modules: readonly string[]): number[] {
  const numbers = modules.map((module) => Number(/\.layers\.(\d+)\./.exec(module)?.[1]));
  return [...new Set(numbers)].filter(Number.isInteger).toSorted((a, b) => a - b);
}

export interface WriteAdapter {
  rank: number;
  alpha: number;
  targetModules: readonly string[];
  layers: readonly number[] | null;
  /** Directory of the base, or its name; with a fingerprint if the weights are known. */
  baseModel: string | null;
  baseFingerprint?: string;
  /** If `baseModel` is a name, there is no path that could be noted beside the adapter. */
  isBaseNamed?: boolean;
  /** Type of the numbers; default F32. */
  dtype?: TensorDtype;
  modules: Adapter["modules"];
  /** Further files by name. */
  files?: ReadonlyMap<string, string | Uint8Array>;
  /** Further safetensors files by name, e.g. the optimiser's state. */
  extraTensors?: ReadonlyMap<string, ReadonlyMap<string, TensorData>>;
}

/** Writes the directory completely or not at all; the manifest comes last. */
export async function writeAdapter(directory: string, adapter: WriteAdapter): Promise<void> {
  const tensors = new Map<string, TensorData>();
  for (const [module, { a, b }] of adapter.modules) {
    invariant(
      a.shape[0] === adapter.rank && b.shape[1] === adapter.rank,
      `${module}: LoRA shapes do not have rank ${adapter.rank}`,
    );
    tensors.set(`${prefix}${module}.lora_A.weight`, a);
    tensors.set(`${prefix}${module}.lora_B.weight`, b);
  }
  const config = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: adapter.baseModel,
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    target_modules: adapter.targetModules.toSorted(),
    layers_to_transform: adapter.layers,
    lora_dropout: 0,
    bias: "none",
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
    inference_mode: true,
  };
  const { baseModel, baseFingerprint, isBaseNamed = false } = adapter;
  const metadata = {
    ...writerMark,
    ...(baseFingerprint !== undefined && {
      ...(baseModel !== null &&
        !isBaseNamed && { base_beside: relative(resolve(directory), resolve(baseModel)) }),
      base_fingerprint: baseFingerprint,
    }),
  };
  await writeDirectory(directory, async (temporary) => {
    await writeFile(join(temporary, configName), `${JSON.stringify(config, null, 2)}\n`);
    for (const [name, content] of adapter.files ?? []) await writeFile(join(temporary, name), content);
    for (const [name, extra] of adapter.extraTensors ?? [])
      await writeSafetensors(join(temporary, name), extra);
    await writeSafetensors(join(temporary, weightsName), tensors, {
      metadata,
      ...(adapter.dtype && { dtype: adapter.dtype }),
    });
  });
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

function lastPart(module: string): string {
  return module.slice(module.lastIndexOf(".") + 1);
}
