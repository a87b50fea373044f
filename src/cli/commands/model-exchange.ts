/**
 * @file `webrl model import` and `webrl model export`: converts models from and to the formats that people have them
 * in.
 */

import { Option } from "commander";
import type { Command } from "commander";
import { ConfigError } from "../../core/errors.ts";
import { examples, interruption, jsonOption, print } from "../command.ts";
import { lineLog } from "../progress.ts";

const dtypes = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;
type DtypeName = keyof typeof dtypes;
const dtypeOption = (description: string) =>
  new Option("--dtype <type>", description).choices(Object.keys(dtypes));

export function registerImport(model: Command): void {
  const command = model
    .command("import")
    .description(
      "Make a model directory from a GGUF file, a folder in Hugging Face's layout, or a model on the Hugging Face hub.",
    )
    .argument("<source>", "a .gguf file, a folder, or org/name[@revision] on the hub (HF_ENDPOINT, HF_TOKEN)")
    .requiredOption("--out <directory>", "the new model directory")
    .option(
      "--without-weights",
      "only configuration, tokenizer and chat template, as models.base of a run whose model is on a server",
    )
    .addOption(dtypeOption("type for writing a GGUF's weights; default: one that loses no precision"));
  jsonOption(command);
  examples(command, [
    "webrl model import SmolLM2-135M-Instruct.Q4_1.gguf --out models/smollm2",
    "webrl model import ~/Downloads/Qwen2.5-0.5B-Instruct --out models/qwen",
    "webrl model import HuggingFaceTB/SmolLM2-135M-Instruct@main --out models/smollm2",
    "webrl model import Qwen/Qwen3-8B --without-weights --out models/qwen3-8b",
  ]);
  command.action(async (source: string, options: ImportCommandOptions) => {
    const { importModel } = await import("../../exchange/import-model.ts");
    const { modelInfo } = await import("../../imitation/model-info.ts");
    const log = lineLog();
    await importModel({
      source,
      out: options.out,
      dtype: options.dtype === undefined ? null : dtypes[options.dtype],
      withoutWeights: options.withoutWeights ?? false,
      onProgress: (text) => log.update(text),
      signal: interruption.signal,
    });
    if (options.withoutWeights) {
      log.end();
      print(options, { directory: options.out }, ({ directory }) =>
        [
          `${directory}: the model's configuration, tokenizer and chat template, without its weights`,
          `Train it on a server: webrl train --set models.base=${directory} --set engine.kind=tinker … (docs/engines.md)`,
        ].join("\n"),
      );
      return;
    }
    log.update("checking what was written");
    const info = await modelInfo(options.out);
    log.end();
    print(options, info, (i) =>
      [
        `${i.directory}: ${i.architecture}, ${i.parameters.toLocaleString("en")} parameters, vocabulary ${i.vocabSize}, context ${i.contextTokens}`,
        `Use it as a model: webrl eval --model ${i.directory}`,
      ].join("\n"),
    );
  });
}

interface ImportCommandOptions {
  out: string;
  withoutWeights?: boolean;
  dtype?: DtypeName;
  json?: boolean;
}

interface ExportCommandOptions {
  model?: string;
  run?: string;
  out: string;
  merge?: boolean;
  dtype?: DtypeName;
  baseName?: string;
  json?: boolean;
}

export function registerExport(model: Command): void {
  const command = model
    .command("export")
    .description("Write an adapter for PEFT, or a whole model for transformers.")
    .option("--model <directory>", "the model or adapter")
    .addOption(new Option("--run <directory>", "the newest policy of a run").conflicts("model"))
    .requiredOption("--out <directory>", "the new directory")
    .option("--merge", "merge an adapter into its base and write a whole model")
    .addOption(dtypeOption("type of the weights; default float32"))
    .option(
      "--base-name <name>",
      "name of the base to write into the adapter, such as its name on the hub; default: its directory",
    );
  jsonOption(command);
  examples(command, [
    "webrl model export --run runs/demo --out exports/policy",
    "webrl model export --model models/adapter --merge --dtype bfloat16 --out exports/merged",
    "webrl model export --model models/adapter --base-name HuggingFaceTB/SmolLM2-135M-Instruct --out exports/adapter",
  ]);
  command.action(async (options: ExportCommandOptions) => {
    const { isPointer } = await import("../../engine/tinker/client/pointer.ts");
    const { exportFromServer } = await import("../../exchange/export-from-server.ts");
    const { exportModel } = await import("../../exchange/export-model.ts");
    const { modelPath } = await import("../../train/open-parts.ts");
    const { newestPolicy } = await import("../../train/evaluate-model.ts");
    if (options.run === undefined && options.model === undefined)
      throw new ConfigError("there is nothing to export", "Name a model with --model, or a run with --run.");
    const source = options.run === undefined ? options.model! : (await newestPolicy(options.run)).model;
    const log = lineLog();
    const directory = modelPath(source, options.run === undefined ? "--model" : "--run");
    const bring = (await isPointer(directory)) ? exportFromServer : exportModel;
    const exported = await bring({
      model: directory,
      out: options.out,
      merge: options.merge ?? false,
      dtype: options.dtype === undefined ? null : dtypes[options.dtype],
      baseName: options.baseName ?? null,
      onProgress: (text) => log.update(text),
      onTrouble: (message) => log.now(message),
      signal: interruption.signal,
    });
    log.end();
    print(options, exported, ({ directory, kind, base }) =>
      kind === "adapter"
        ? `${directory}: an adapter for ${base}. PeftModel.from_pretrained(base, ${JSON.stringify(directory)}) loads it.`
        : `${directory}: a whole model. AutoModelForCausalLM.from_pretrained(${JSON.stringify(directory)}) loads it.`,
    );
  });
}
