/** @file `webrl model …`: collects demonstrations, and makes and inspects models. */

import type { Command } from "commander";
import type { AdapterDescription } from "../../engine/onnx/describe-model.ts";
import type { CheckpointInfo } from "../../imitation/model-info.ts";
import type { Register } from "../command.ts";
import { jsonOption, print } from "../command.ts";
import { registerDemos, registerRollouts } from "./model-collect.ts";
import { registerExport, registerImport } from "./model-exchange.ts";
import { registerPretrain, registerSft } from "./model-imitate.ts";
import { registerOrm } from "./model-orm.ts";
import { registerSamples } from "./model-samples.ts";

export const register: Register = (program) => {
  const model = program.command("model").description("Make, import, export and inspect models.");
  registerDemos(model);
  registerRollouts(model);
  registerPretrain(model);
  registerSft(model);
  registerOrm(model);
  registerImport(model);
  registerExport(model);
  registerSamples(model);
  registerInfo(model);
};

function registerInfo(model: Command): void {
  const command = model
    .command("info")
    .description("Show what a model directory holds.")
    .argument("[directory]", "the model", "models/base");
  jsonOption(command);
  command.action(async (directory: string, options: { json?: boolean }) => {
    const { checkpointInfo, modelInfo } = await import("../../imitation/model-info.ts");
    const { modelPath } = await import("../../train/open-parts.ts");
    const path = modelPath(directory, "the argument");
    const checkpoint = await checkpointInfo(path);
    if (checkpoint) return print(options, checkpoint, checkpointText);
    const info = await modelInfo(path);
    print(options, info, (i) =>
      [
        `${i.directory}: ${i.architecture}, ${i.parameters.toLocaleString("en")} parameters, vocabulary ${i.vocabSize}, context ${i.contextTokens}`,
        ...(i.adapter === null ? [] : [adapterText(i.adapter)]),
        ...i.files.map((file) => `${file.sha256}  ${file.name}  ${file.sizeBytes} bytes`),
        ...(i.card === null ? [] : ["", i.card.trimEnd()]),
      ].join("\n"),
    );
  });
}

const checkpointText = (c: CheckpointInfo): string =>
  [
    `${c.directory}: ${c.rank === 0 ? "all weights" : `an adapter of rank ${c.rank}`} of the model ${c.base}, on the server ${c.server}`,
    `its path there is ${c.path}, ${c.optimizer ? "with" : "without"} the optimiser's state; the server's key is read from ${c.apiKeyEnv}`,
    `The weights are not here. If the server hands them out, this downloads them:`,
    `  webrl model export --model ${c.directory} --out DIRECTORY`,
    ...(c.card === null ? [] : ["", c.card.trimEnd()]),
  ].join("\n");

const adapterText = (a: AdapterDescription): string =>
  `an adapter of ${a.parameters.toLocaleString("en")} parameters on ${a.base}: rank ${a.rank}, alpha ${a.alpha}, ${a.targetModules.join(", ")} of ${a.layers.length} layers (${a.layers.join(", ")})`;
