/** @file Imports a model from a GGUF file, a folder in Hugging Face's layout, or the hub. */

import { existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import type { TensorDtype } from "../engine/onnx/checkpoint/safetensors.ts";
import { downloadModel, parseHubModel } from "./hub.ts";
import type { HubModel, Patience } from "./hub-client.ts";
import { importCard } from "./import-card.ts";
import { importFolder } from "./import-folder.ts";
import { importGguf } from "./import-gguf.ts";

export interface ImportOptions {
  source: string;
  /** Created, or replaced if webrl wrote it. */
  out: string;
  /** Only for GGUF files; `null`: nothing is rounded. */
  dtype: TensorDtype | null;
  /** Only configuration, tokenizer and chat template, for a model whose weights are on a server. */
  withoutWeights?: boolean;
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
  /** Pauses and timeouts with the hub; for tests. */
  patience?: Partial<Patience>;
}

/** Throws a `ConfigError` if it cannot be imported; `out` is then unchanged. */
export async function importModel(options: ImportOptions): Promise<void> {
  const { source, out, dtype, withoutWeights = false, onProgress, signal } = options;
  await refuseForeign(out);
  const found = await stat(source).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return null;
    throw cause;
  });
  if (found && resolve(source) === resolve(out))
    throw new ConfigError(`${source} cannot be imported onto itself`, "Name another directory with --out.");
  if (found?.isDirectory()) {
    refuseDtype(dtype);
    onProgress?.("checking the model");
    return importFolder(source, out, {
      card: importCard({ from: basename(resolve(source)) }),
      withoutWeights,
      ...(signal && { signal }),
    });
  }
  if (found && withoutWeights)
    throw new ConfigError(
      "--without-weights is for folders and models of the hub: a GGUF file's tokenizer is made with its weights",
      "Leave --without-weights out, or name the model's folder or its name on the hub.",
    );
  if (found)
    return importGguf(source, out, {
      dtype,
      onProgress: (done, of) => onProgress?.(`tensor ${done} of ${of}`),
      ...(signal && { signal }),
    });
  return importFromHub(hubModel(source), options);
}

/** What is not a path here may be a name on the hub, unless it looks like a misspelt path. */
function hubModel(source: string): HubModel {
  const model = parseHubModel(source);
  const isPath = !source.startsWith("hf:") && (source.endsWith(".gguf") || existsSync(source.split("/")[0]!));
  if (model && !isPath) return model;
  throw new ConfigError(
    `there is no ${JSON.stringify(source)}`,
    `Name a .gguf file, a folder in Hugging Face's layout, or a model of the hub such as org/name@revision${model ? ` (hf:${source} asks the hub)` : ""}.`,
  );
}

/** Downloads the files into a folder beside `out`, which is removed when `out` is complete. */
async function importFromHub(
  model: HubModel,
  { out, dtype, withoutWeights = false, onProgress, signal, patience }: Omit<ImportOptions, "source">,
): Promise<void> {
  refuseDtype(dtype);
  const target = resolve(out);
  const folder = join(dirname(target), `.${basename(target)}.download`);
  await makeDirectory(dirname(target));
  const commit = await downloadModel(model, {
    folder,
    withoutWeights,
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
    ...(patience && { patience }),
  });
  onProgress?.("checking the model");
  const card = importCard({
    from: `${model.name} on the Hugging Face hub`,
    revision: model.revision,
    commit,
  });
  await importFolder(folder, out, { card, link: true, withoutWeights, ...(signal && { signal }) });
  await rm(folder, { recursive: true, force: true });
}

function refuseDtype(dtype: TensorDtype | null): void {
  if (dtype !== null)
    throw new ConfigError(
      "--dtype is for GGUF files; other models keep the type of their weights",
      "Leave --dtype out.",
    );
}
