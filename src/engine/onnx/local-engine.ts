/**
 * @file The engine in the calling thread: ONNX Runtime's Node binding computes synchronously, so a training step
 * holds this thread until it is done. `engine.ts` puts it into a worker thread; this one is what runs there.
 */

import { resolve } from "node:path";
import { adapterTensors, readAdapterModel, readBaseModel, type BaseModel } from "./model-files.ts";
import type { LocalEngineOptions } from "./local-engine-options.ts";
import { LocalModel } from "./local-model.ts";
import { float32, type RunTensor } from "./graph/compile.ts";
import { loraInputName } from "./models/decoder.ts";
import { initLora, loraSpecs, parameterSpecs, type LoraSpec } from "./models/parameters.ts";
import { LossPrograms } from "./train/loss-programs.ts";
import type { OpenOptions } from "../../core/engine.ts";
import type { DecoderConfig } from "./models/config.ts";
import type { TrainedTensor } from "./train/adamw.ts";

interface SharedBase {
  base: BaseModel;
  users: number;
}

export class LocalEngine implements AsyncDisposable {
  readonly options: LocalEngineOptions;
  readonly #bases = new Map<string, Promise<SharedBase>>();
  readonly #programs = new Map<string, LossPrograms>();
  readonly #models = new Set<LocalModel>();

  constructor(options: LocalEngineOptions) {
    this.options = options;
  }

  async open({ path, lora }: OpenOptions): Promise<LocalModel> {
    const directory = resolve(path);
    const saved = await readAdapterModel(directory);
    const options = saved?.lora ?? lora;
    if (!options) {
      const base = await readBaseModel(directory);
      return this.#model(base, base.tensors, null, () => undefined);
    }
    const baseDirectory = saved ? resolve(saved.base) : directory;
    const shared = await this.#share(baseDirectory);
    const release = () => this.#release(baseDirectory);
    try {
      const specs = loraSpecs(shared.base.config, options);
      const tensors = saved
        ? adapterTensors(saved.adapter, specs, directory)
        : freshTensors(initLora(specs, lora!.seed));
      const adapters = new Map(
        specs.flatMap(({ module, a, b }): [string, RunTensor][] => {
          const [nameA, nameB] = [loraInputName(module, "A"), loraInputName(module, "B")];
          return [
            [nameA, float32(tensors.get(nameA)!, a)],
            [nameB, float32(tensors.get(nameB)!, b)],
          ];
        }),
      );
      return this.#model(shared.base, adapters, { options, specs }, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const model of this.#models) await model[Symbol.asyncDispose]();
    for (const programs of this.#programs.values()) await programs[Symbol.asyncDispose]();
    this.#programs.clear();
    this.#bases.clear();
  }

  #model(
    base: BaseModel,
    trained: ReadonlyMap<string, RunTensor>,
    lora: LocalModel["lora"],
    release: () => void,
  ): LocalModel {
    const matrices = new Set(
      parameterSpecs(base.config)
        .filter(({ shape }) => shape.length > 1)
        .map(({ name }) => name),
    );
    const tensors: TrainedTensor[] = [...trained].map(([name, { data }]) => ({
      name,
      data: data as Float32Array,
      isMatrix: lora !== null || matrices.has(name),
    }));
    const model = new LocalModel({
      base,
      trained,
      tensors,
      lora,
      programs: this.#lossPrograms(base.config, lora?.specs ?? []),
      engine: this.options,
      closed: () => {
        this.#models.delete(model);
        release();
      },
      adopt: (copy) => this.#models.add(copy),
    });
    this.#models.add(model);
    return model;
  }

  /** Weights are fed to the programs, so models of one shape share them. */
  #lossPrograms(config: DecoderConfig, lora: readonly LoraSpec[]): LossPrograms {
    const key = JSON.stringify([config, lora]);
    let programs = this.#programs.get(key);
    if (!programs) {
      const { provider, threads } = this.options;
      programs = new LossPrograms(config, lora, { provider, threads });
      this.#programs.set(key, programs);
    }
    return programs;
  }

  async #share(directory: string): Promise<SharedBase> {
    let shared = this.#bases.get(directory);
    if (!shared) {
      shared = readBaseModel(directory).then((base) => ({ base, users: 0 }));
      this.#bases.set(directory, shared);
      shared.catch(() => this.#bases.delete(directory));
    }
    const result = await shared;
    result.users++;
    return result;
  }

  #release(directory: string): void {
    void this.#bases.get(directory)?.then((shared) => {
      if (--shared.users === 0) this.#bases.delete(directory);
    });
  }
}

function freshTensors(modules: ReturnType<typeof initLora>): Map<string, Float32Array> {
  return new Map(
    [...modules].flatMap(([module, { a, b }]) => [
      [loraInputName(module, "A"), a],
      [loraInputName(module, "B"), b],
    ]),
  );
}
