/** @file What a source of a model is: a GGUF file, a folder in Hugging Face's layout, or the name of a model on the hub. */

import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import type { TensorDtype } from "../engine/onnx/checkpoint/safetensors.ts";
import { importCard } from "./import-card.ts";
import { importFolder } from "./import-folder.ts";
import { importGguf } from "./import-gguf.ts";

export interface ImportOptions {
  source: string;
  /** Created, or replaced where webrl wrote it. */
  out: string;
  /** Only of GGUF files; `null`: nothing is rounded. */
  dtype: TensorDtype | null;
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
}

/** Throws a `ConfigError` for what cannot be imported; `out` is then as it was before. */
export async function importModel({ source, out, dtype, onProgress, signal }: ImportOptions): Promise<void> {
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
      ...(signal && { signal }),
    });
  }
  if (found)
    return importGguf(source, out, {
      dtype,
      onProgress: (done, of) => onProgress?.(`tensor ${done} of ${of}`),
      ...(signal && { signal }),
    });
  throw new ConfigError(`there is no ${source}`, "Name a .gguf file or a folder in Hugging Face's layout.");
}

function refuseDtype(dtype: TensorDtype | null): void {
  if (dtype !== null)
    throw new ConfigError(
      "--dtype is for GGUF files: all others keep the type of their weights",
      "Leave --dtype out.",
    );
}
