/** @file The base models that a server has: what requests are checked against before a model is opened. */

import { realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { ConfigError } from "../../../core/errors.ts";
import { readAdapterConfig } from "../../onnx/checkpoint/adapter.ts";
import { openBaseModel } from "../../onnx/model-files.ts";
import { parameterSpecs } from "../../onnx/models/parameters.ts";
import type { DecoderConfig } from "../../onnx/models/config.ts";
import { Refusal } from "./refusal.ts";
import type { Checkpoint } from "./checkpoints.ts";

export interface Base {
  /** What clients call it. */
  name: string;
  directory: string;
  config: DecoderConfig;
}

const ATTENTION = /^[qkvo]_proj$/;

export class Bases {
  readonly all: readonly Base[];

  private constructor(all: readonly Base[]) {
    this.all = all;
  }

  /**
   * Each by its directory's name. @throws ConfigError for a directory that is not a model, and for two with one name.
   */
  static async read(directories: readonly string[]): Promise<Bases> {
    const all: Base[] = [];
    for (const each of directories) {
      const directory = await realpath(each).catch(() => resolve(each));
      const { config } = await openBaseModel(directory);
      const name = basename(resolve(each));
      if (all.some((other) => other.name === name))
        throw new ConfigError(
          `two models are called ${name}`,
          "Clients name a model by its directory: give these two names.",
        );
      all.push({ name, directory, config });
    }
    return new Bases(all);
  }

  /** By name, or by the path of its directory. @throws Refusal (404) that says which there are. */
  find(name: string): Base {
    const found = this.all.find(
      (base) => base.name === name || base.directory === name || resolve(name) === base.directory,
    );
    if (found) return found;
    throw new Refusal(
      404,
      `this server has no model ${JSON.stringify(name)}; it has ${this.all.map((base) => base.name).join(", ")}`,
    );
  }

  /** The base that a checkpoint was trained on. @throws Refusal (400) where it is none of these. */
  async of(checkpoint: Checkpoint, isAdapter: boolean): Promise<Base> {
    let found: Base | undefined;
    if (isAdapter) {
      const { baseModel } = await readAdapterConfig(checkpoint.directory);
      found = this.all.find(({ directory }) => directory === baseModel);
    } else {
      const shapes = (config: DecoderConfig) => JSON.stringify(parameterSpecs(config));
      const { config } = await openBaseModel(checkpoint.directory);
      found = this.all.find((base) => shapes(base.config) === shapes(config));
    }
    if (found) return found;
    throw new Refusal(400, `${checkpoint.path} was trained on another model than this server has`);
  }
}

/** Modules that get adapters; `undefined` for all. @throws Refusal (422) for none. */
export function targetModules(
  { config }: Base,
  { attention, mlp }: { attention: boolean; mlp: boolean },
): string[] | undefined {
  if (attention && mlp) return undefined;
  const linear = parameterSpecs(config).filter(({ kind }) => kind === "linear");
  const modules = [...new Set(linear.map(({ name }) => name.split(".").at(-2)!))];
  const chosen = modules.filter((name) => (ATTENTION.test(name) ? attention : mlp));
  if (chosen.length === 0)
    throw new Refusal(
      422,
      "lora_config trains nothing: train_attn and train_mlp are off, and the output layer is not trained here",
    );
  return chosen;
}

/** Which parts an adapter trains, in the protocol's words. */
export const trainedParts = (modules: readonly string[] | undefined) => ({
  train_attn: modules?.some((name) => ATTENTION.test(name)) ?? true,
  train_mlp: modules?.some((name) => !ATTENTION.test(name)) ?? true,
  train_unembed: false,
});
