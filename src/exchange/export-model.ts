/**
 * @file Exports a model: an adapter in PEFT's format, or a whole model in Hugging Face's, into which its adapter may be
 * merged. Without the optimiser's state; completely or not at all.
 */

import { resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import {
  isAdapterDirectory,
  readAdapter,
  writeAdapter,
  type Adapter,
} from "../engine/onnx/checkpoint/adapter.ts";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import { writeCheckpoint } from "../engine/onnx/checkpoint/checkpoint.ts";
import type { TensorDtype, TensorSource } from "../engine/onnx/checkpoint/safetensors.ts";
import { describeModel } from "../engine/onnx/describe-model.ts";
import { openBaseModel, readTokenizerFiles } from "../engine/onnx/model-files.ts";

export interface ExportOptions {
  /** Directory of the model or adapter. */
  model: string;
  out: string;
  /** Merge an adapter into its base. */
  merge: boolean;
  /** Type of the weights; default F32. */
  dtype: TensorDtype | null;
  /** The base's name in the adapter, such as its name on the hub; default: the base's directory. */
  baseName: string | null;
  onProgress?: (text: string) => void;
  /** Called when a checkpoint's server does not answer and is waited for. */
  onTrouble?: (message: string) => void;
  signal?: AbortSignal;
}

export interface Exported {
  directory: string;
  kind: "adapter" | "model";
  /** For an adapter: its name for the base. */
  base: string | null;
}

/** Throws a `ConfigError` if something does not fit together; `out` is then unchanged. */
export async function exportModel(options: ExportOptions): Promise<Exported> {
  const { model, out, merge, dtype, baseName, signal } = options;
  if (resolve(model) === resolve(out))
    throw new ConfigError(`${model} cannot be exported onto itself`, "Name another directory with --out.");
  await refuseForeign(out);
  const isAdapter = await isAdapterDirectory(model);
  if (merge && !isAdapter)
    throw new ConfigError(`${model} is a whole model: there is no adapter to merge`, "Leave --merge out.");
  if (baseName !== null && (!isAdapter || merge))
    throw new ConfigError("--base-name is for adapters", "Leave --base-name out.");
  options.onProgress?.("checking the model");
  // Finds the base by its fingerprint, and checks that the adapter fits.
  const { adapter: found } = await describeModel(model);
  const base = found?.base ?? model;
  const adapter = isAdapter ? await readAdapter(model) : null;
  // An adapter may have been trained with another template than its base, and PEFT leaves none of these files beside
  // one.
  const own = await readTokenizerFiles(model);
  const files = own.has("tokenizer.json") ? own : new Map([...(await readTokenizerFiles(base)), ...own]);
  signal?.throwIfAborted();
  if (adapter && !merge) {
    const { baseFingerprint, ...rest } = adapter;
    const name = baseName ?? resolve(base);
    await writeAdapter(out, {
      ...rest,
      baseModel: name,
      isBaseNamed: baseName !== null,
      ...(baseFingerprint !== null && { baseFingerprint }),
      ...(dtype && { dtype }),
      files,
    });
    return { directory: out, kind: "adapter", base: name };
  }
  const { checkpoint, specs, config } = await openBaseModel(base);
  let done = 0;
  const tensors = new Map<string, TensorSource>();
  for (const { name, shape } of specs)
    tensors.set(name, {
      shape,
      read: async () => {
        signal?.throwIfAborted();
        options.onProgress?.(`tensor ${done++} of ${specs.length}`);
        const { data } = await checkpoint.read(name);
        if (adapter) fold(data, name, adapter);
        return data;
      },
    });
  await writeCheckpoint(out, { config: config.raw, tensors, files, ...(dtype && { dtype }) });
  return { directory: out, kind: "model", base: null };
}

/** W += alpha/rank · B·A in place, if the adapter applies to this tensor; sums in f64. */
function fold(weights: Float32Array, name: string, { modules, alpha, rank }: Adapter): void {
  const module = name.endsWith(".weight") ? modules.get(name.slice(0, -".weight".length)) : undefined;
  if (!module) return;
  const { a, b } = module;
  const [rows, columns] = [b.shape[0]!, a.shape[1]!];
  const sum = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sum.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = (b.data[row * rank + r]! * alpha) / rank;
      for (let column = 0; column < columns; column++) sum[column]! += factor * a.data[r * columns + column]!;
    }
    for (let column = 0; column < columns; column++) weights[row * columns + column]! += sum[column]!;
  }
}
