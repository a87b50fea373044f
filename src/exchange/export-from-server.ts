/** @file Exports the weights of a checkpoint on a Tinker server, as files for PEFT. */

import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { isAdapterDirectory, readAdapter, writeAdapter } from "../engine/onnx/checkpoint/adapter.ts";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import { writeManifest } from "../engine/onnx/checkpoint/manifest.ts";
import { readTokenizerFiles } from "../engine/onnx/model-files.ts";
import { downloadCheckpoint } from "../engine/tinker/client/download-checkpoint.ts";
import { readPointer } from "../engine/tinker/client/pointer.ts";
import type { Exported, ExportOptions } from "./export-model.ts";
import { importFolder } from "./import-folder.ts";

/**
 * @throws ConfigError if the server hands out nothing, or something other than the checkpoint; `out` is then unchanged.
 */
export async function exportFromServer(options: ExportOptions): Promise<Exported> {
  const { model, out, merge, dtype, baseName, signal, onTrouble } = options;
  if (merge || dtype !== null)
    throw new ConfigError(
      `${model} is a checkpoint on a server, but ${merge ? "--merge" : "--dtype"} needs local weights`,
      "Export it first without this option; then export the result.",
    );
  const pointer = await readPointer(model);
  await refuseForeign(out);
  options.onProgress?.(`asking ${pointer.url}`);
  const parent = dirname(resolve(out));
  await makeDirectory(parent);
  const folder = await mkdtemp(join(parent, ".webrl-download-"));
  try {
    const apiKey = process.env[pointer.apiKeyEnv];
    const names = await downloadCheckpoint(pointer, { into: folder, apiKey, signal, onTrouble });
    // The archive is complete; without a manifest, our weights would count as an incomplete copy.
    await writeManifest(folder);
    if (!(await isAdapterDirectory(folder))) {
      if (pointer.lora.rank > 0 || !names.includes("config.json"))
        throw new ConfigError(
          `what ${pointer.url} hands out is not an adapter; it contains ${names.join(", ") || "nothing of a model"}`,
          "Ask the operator of the server for the weights.",
        );
      await importFolder(folder, out, {
        card: `The model ${pointer.path} of ${pointer.url}.\n`,
        ...(signal && { signal }),
      });
      return { directory: out, kind: "model", base: null };
    }
    const adapter = await readAdapter(folder);
    if (adapter.rank !== pointer.lora.rank)
      throw new ConfigError(
        `what ${pointer.url} hands out is an adapter of rank ${adapter.rank}, but the checkpoint has rank ${pointer.lora.rank}`,
        "Use the server on which it was saved.",
      );
    const base = baseName ?? pointer.baseModel;
    const { baseFingerprint: _, ...rest } = adapter;
    const files = await readTokenizerFiles(model);
    await writeAdapter(out, { ...rest, baseModel: base, baseFingerprint: undefined, files });
    return { directory: out, kind: "adapter", base };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
