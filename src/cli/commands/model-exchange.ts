/** @file `webrl model import` and `webrl model export`: models from where people have them, and back. */

import { Option } from "commander";
import type { Command } from "commander";
import { examples, interruption, jsonOption, print } from "../command.ts";
import { lineLog } from "../progress.ts";

const dtypes = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;
type DtypeName = keyof typeof dtypes;
const dtypeOption = (description: string) =>
  new Option("--dtype <type>", description).choices(Object.keys(dtypes));

export function registerImport(model: Command): void {
  const command = model
    .command("import")
    .description("make a model directory of a GGUF file or of a folder in Hugging Face's layout")
    .argument("<source>", "a .gguf file or a folder")
    .requiredOption("--out <directory>", "the new model directory")
    .addOption(dtypeOption("type of a GGUF's weights on disk; default: the one that rounds nothing"));
  jsonOption(command);
  examples(command, [
    "webrl model import SmolLM2-135M-Instruct.Q4_1.gguf --out models/smollm2",
    "webrl model import ~/Downloads/Qwen2.5-0.5B-Instruct --out models/qwen",
  ]);
  command.action(async (source: string, options: { out: string; dtype?: DtypeName; json?: boolean }) => {
    const { importModel } = await import("../../exchange/import-model.ts");
    const { modelInfo } = await import("../../imitation/model-info.ts");
    const log = lineLog();
    await importModel({
      source,
      out: options.out,
      dtype: options.dtype === undefined ? null : dtypes[options.dtype],
      onProgress: (text) => log.update(text),
      signal: interruption.signal,
    });
    log.update("reading it again");
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
