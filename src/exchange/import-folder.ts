/**
 * @file Makes a model directory with a manifest from a folder in Hugging Face's layout, with only the files that make
 * up a model, after checking them. They are copied and not linked, because a model must not change with its source.
 */

import { constants } from "node:fs";
import { copyFile, link, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { isAdapterDirectory } from "../engine/onnx/checkpoint/adapter.ts";
import { writeDirectory } from "../engine/onnx/checkpoint/atomic-directory.ts";
import { isModelFile } from "../engine/onnx/checkpoint/manifest.ts";
import { openCheckpoint } from "../engine/onnx/checkpoint/checkpoint.ts";
import { exists } from "../engine/onnx/checkpoint/read-file.ts";
import { describeModel } from "../engine/onnx/describe-model.ts";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { createChatTemplate, readChatTemplate } from "../text/chat-template.ts";

export interface ImportFolderOptions {
  /** `README.md` of the new directory. */
  card: string;
  /** Use hard links if the file system has them; only for a folder that nobody else uses. */
  link?: boolean;
  /** Copies no weights, and needs none. */
  withoutWeights?: boolean;
  signal?: AbortSignal;
}

/** Writes `directory` completely or not at all. Throws a `ConfigError` that names the file and the field. */
export async function importFolder(
  source: string,
  directory: string,
  options: ImportFolderOptions,
): Promise<void> {
  const { withoutWeights = false } = options;
  await checkFolder(source, withoutWeights);
  const weights = new Set(
    withoutWeights
      ? []
      : [...(await openCheckpoint(source)).entries.values()].map(({ file }) => basename(file)),
  );
  // Other weights in the folder, such as an optimiser's state, are not the model's.
  const names = (await readdir(source)).filter(
    (name) => isModelFile(name) && (!name.endsWith(".safetensors") || weights.has(name)),
  );
  await writeDirectory(directory, async (temporary) => {
    for (const name of names) {
      options.signal?.throwIfAborted();
      await take(join(source, name), join(temporary, name), options.link ?? false);
    }
    await writeFile(join(temporary, "README.md"), options.card);
  });
}

/** Reads a whole model, as an engine would. */
async function checkFolder(source: string, withoutWeights: boolean): Promise<void> {
  if (await isAdapterDirectory(source))
    throw new ConfigError(
      `${source} holds an adapter, not a model`,
      "Use the adapter's directory directly as a model; import the base that its adapter_config.json names.",
    );
  if (!(await exists(join(source, "config.json")))) {
    const gguf = (await readdir(source)).filter((name) => name.endsWith(".gguf"));
    throw new ConfigError(
      `${source} is not a model: it has no config.json`,
      gguf.length > 0
        ? `Name one of its GGUF files, such as ${join(source, gguf[0]!)}.`
        : "Name a folder in Hugging Face's layout, a .gguf file, or a model of the hub.",
    );
  }
  const names = await readdir(source);
  if (!withoutWeights && !names.some((name) => name.endsWith(".safetensors")))
    throw new ConfigError(
      `${source} has no weights in safetensors files`,
      names.some((name) => name.endsWith(".bin"))
        ? "Convert its .bin files, which can run code: open the folder with transformers and call save_pretrained."
        : "Download all files of the model.",
    );
  if (!names.includes("tokenizer.json"))
    throw new ConfigError(
      `${source} has no tokenizer.json`,
      "Make it with transformers: `AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`.",
    );
  if (withoutWeights) await loadTokenizer(source);
  else await describeModel(source);
  const template = await readChatTemplate(source);
  if (template) createChatTemplate(template);
}

async function take(from: string, to: string, asLink: boolean): Promise<void> {
  if (asLink)
    try {
      await link(from, to);
      return;
    } catch {
      // Some file systems have no links; a copy works as well.
    }
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}
