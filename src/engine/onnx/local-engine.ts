/**
 * @file The engine in the calling thread: ONNX Runtime's Node binding computes synchronously, so a training step
 * holds this thread until it is done. `engine.ts` puts it into a worker thread; this one is what runs there.
 */

import { resolve } from "node:path";
import { isAdapterDirectory, readAdapter } from "./checkpoint/adapter.ts";
import {
  adapterTensors,
  baseDirectories,
  checkBase,
  checkSameLora,
  loraOptions,
  readBaseModel,
  type BaseModel,
} from "./model-files.ts";
import { SharedBases, type SharedBase } from "./shared-bases.ts";
import type { LocalEngineOptions } from "./local-engine-options.ts";
import { LocalModel } from "./local-model.ts";
import { float32, type RunTensor } from "./graph/compile.ts";
import { loraInputName } from "./models/decoder.ts";
import { initLora, loraSpecs, parameterSpecs, type LoraOptions, type LoraSpec } from "./models/parameters.ts";
import { compileSampler, type SamplerPrograms } from "./sampler/programs.ts";
import { LossPrograms } from "./train/loss-programs.ts";
import type { OpenOptions } from "../../core/engine.ts";
import type { DecoderConfig } from "./models/config.ts";
import type { TrainedTensor } from "./train/adamw.ts";

export class LocalEngine implements AsyncDisposable {
  readonly options: LocalEngineOptions;
  readonly #bases = new SharedBases();
  readonly #programs = new Map<string, LossPrograms>();
  readonly #samplers = new Map<string, Promise<SamplerPrograms>>();
  readonly #models = new Set<LocalModel>();

  constructor(options: LocalEngineOptions) {
    this.options = options;
  }

  async open({ path, lora }: OpenOptions): Promise<LocalModel> {
    const directory = resolve(path);
    if (await isAdapterDirectory(directory)) return this.#openAdapter(directory, lora);
    if (!lora) {
      const base = await readBaseModel(directory);
      return this.#model(base, base.tensors, null, null);
    }
    const shared = await this.#bases.acquire(directory);
    return releaseOnError(shared, () => {
      const specs = loraSpecs(shared.base.config, lora);
      return this.#onBase(shared, lora, specs, freshTensors(initLora(specs, lora.seed)));
    });
  }

  /** A saved adapter, on the base that it names. */
  async #openAdapter(directory: string, asked: OpenOptions["lora"]): Promise<LocalModel> {
    const adapter = await readAdapter(directory);
    const places = await baseDirectories(directory, adapter);
    for (const [i, place] of places.entries()) {
      const shared = await this.#bases.acquire(place);
      const isLast = i === places.length - 1;
      if (!isLast && adapter.baseFingerprint !== null && adapter.baseFingerprint !== shared.base.fingerprint)
        shared.release();
      else
        return releaseOnError(shared, () => {
          const { config } = shared.base;
          checkBase(directory, adapter, shared.base);
          const options = loraOptions(adapter);
          if (asked) checkSameLora(directory, config, options, asked);
          const specs = loraSpecs(config, options);
          return this.#onBase(shared, options, specs, adapterTensors(adapter, specs, directory));
        });
    }
    throw new Error("an adapter has at least one place where its base may be");
  }

  #onBase(
    shared: SharedBase,
    options: LoraOptions,
    specs: readonly LoraSpec[],
    tensors: ReadonlyMap<string, Float32Array>,
  ): LocalModel {
    const adapters = new Map(
      specs.flatMap(({ module, a, b }): [string, RunTensor][] => {
        const [nameA, nameB] = [loraInputName(module, "A"), loraInputName(module, "B")];
        return [
          [nameA, float32(tensors.get(nameA)!, a)],
          [nameB, float32(tensors.get(nameB)!, b)],
        ];
      }),
    );
    return this.#model(shared.base, adapters, { options, specs }, shared);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const model of this.#models) await model[Symbol.asyncDispose]();
    for (const programs of this.#programs.values()) await programs[Symbol.asyncDispose]();
    this.#programs.clear();
    const samplers = await Promise.allSettled(this.#samplers.values());
    this.#samplers.clear();
    for (const programs of samplers)
      if (programs.status === "fulfilled") await programs.value[Symbol.asyncDispose]();
    this.#bases.clear();
  }

  #model(
    base: BaseModel,
    trained: ReadonlyMap<string, RunTensor>,
    lora: LocalModel["lora"],
    shared: SharedBase | null,
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
      samplerPrograms: () => this.#samplerPrograms(base.config, lora?.specs ?? []),
      engine: this.options,
      shared,
      onClose: (closed) => this.#models.delete(closed),
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

  /** Likewise shared, so that roles which take turns at sampling wait for the compiler only once. */
  #samplerPrograms(config: DecoderConfig, lora: readonly LoraSpec[]): Promise<SamplerPrograms> {
    const key = JSON.stringify([config, lora]);
    let programs = this.#samplers.get(key);
    if (!programs) {
      const { provider, threads } = this.options;
      programs = compileSampler(config, lora, { provider, threads });
      this.#samplers.set(key, programs);
    }
    return programs;
  }
}

function releaseOnError<T>(shared: SharedBase, body: () => T): T {
  try {
    return body();
  } catch (error) {
    shared.release();
    throw error;
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
