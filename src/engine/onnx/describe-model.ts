/** @file Describes the contents of a model directory, a whole model or an adapter, with all checks of opening it. */

import { isAdapterDirectory } from "./checkpoint/adapter.ts";
import { LocalEngine } from "./local-engine.ts";
import { openBaseModel } from "./model-files.ts";
import type { DecoderConfig } from "./models/config.ts";
import { layersOf, parameterCount, sizeOf } from "./models/parameters.ts";

export interface AdapterDescription {
  base: string;
  rank: number;
  alpha: number;
  targetModules: readonly string[];
  layers: readonly number[];
  parameters: number;
}

export interface ModelDescription {
  /** The base's, if the directory holds an adapter. */
  config: DecoderConfig;
  parameters: number;
  adapter: AdapterDescription | null;
}

/** Reads and checks every weight. @throws ConfigError if the engine would refuse the directory. */
export async function describeModel(directory: string): Promise<ModelDescription> {
  if (!(await isAdapterDirectory(directory))) {
    const { config, specs, checkpoint } = await openBaseModel(directory);
    for (const { name } of specs) await checkpoint.read(name);
    return { config, parameters: parameterCount(config), adapter: null };
  }
  await using engine = new LocalEngine({ provider: "cpu", memoryBudgetBytes: 0 });
  const { config, lora, directory: base } = await engine.open({ path: directory });
  const { specs, options } = lora!;
  const all = Array.from({ length: config.layers }, (_, layer) => layer);
  return {
    config,
    parameters: parameterCount(config),
    adapter: {
      base,
      rank: options.rank,
      alpha: options.alpha,
      targetModules: options.targetModules ?? [],
      layers: layersOf(config, specs) ?? all,
      parameters: specs.reduce((sum, { a, b }) => sum + sizeOf(a) + sizeOf(b), 0),
    },
  };
}
