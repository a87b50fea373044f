/**
 * @file What clients saved, by the paths that the protocol gives them: `tinker://MODEL/weights/NAME` and
 * `…/sampler_weights/NAME`.
 */

import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAdapterDirectory, readAdapterConfig } from "../../onnx/checkpoint/adapter.ts";
import { exists } from "../../onnx/checkpoint/read-file.ts";
import { Refusal } from "./refusal.ts";
import { fileName, ID, list } from "./store.ts";

export type CheckpointKind = "weights" | "sampler_weights";

export interface Checkpoint {
  path: string;
  directory: string;
  model: string;
  kind: CheckpointKind;
  name: string;
}

/** An adapter's settings as the protocol tells them; `null` where all weights were trained. */
export interface AdapterKind {
  rank: number;
  alpha: number;
  targetModules: readonly string[];
  layers: readonly number[] | null;
}

const PATH = /^tinker:\/\/([^/]+)\/(weights|sampler_weights)\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,127})$/;

export class Checkpoints {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  at(model: string, kind: CheckpointKind, name: string): Checkpoint {
    return {
      path: `tinker://${model}/${kind}/${name}`,
      directory: join(this.#directory, fileName(model), kind, name),
      model,
      kind,
      name,
    };
  }

  exists({ directory }: Checkpoint): Promise<boolean> {
    return exists(join(directory, "manifest.json"));
  }

  /** @throws Refusal: 400 for what is not a path of ours, 404 for one where nothing was saved. */
  async find(path: string): Promise<Checkpoint> {
    const match = PATH.exec(path);
    if (!match || !ID.test(match[1]!))
      throw new Refusal(
        400,
        `${JSON.stringify(path)} is not a path of this server: tinker://MODEL/weights/NAME`,
      );
    const checkpoint = this.at(match[1]!, match[2] as CheckpointKind, match[3]!);
    if (!(await this.exists(checkpoint))) throw new Refusal(404, `there is no checkpoint ${path}`);
    return checkpoint;
  }

  async adapterOf({ directory }: Checkpoint): Promise<AdapterKind | null> {
    if (!(await isAdapterDirectory(directory))) return null;
    const { rank, alpha, targetModules, layers } = await readAdapterConfig(directory);
    return { rank, alpha, targetModules, layers };
  }

  hasOptimizer({ directory }: Checkpoint): Promise<boolean> {
    return exists(join(directory, "optimizer.safetensors"));
  }

  async remove(checkpoint: Checkpoint): Promise<void> {
    await rm(checkpoint.directory, { recursive: true });
  }

  /** @throws Refusal (404) for what is not a model's id: it would name a directory elsewhere. */
  async of(model: string): Promise<(Checkpoint & { savedAt: Date })[]> {
    if (!ID.test(model)) throw new Refusal(404, `there is no model ${JSON.stringify(model)}`);
    const found: (Checkpoint & { savedAt: Date })[] = [];
    for (const kind of ["weights", "sampler_weights"] as const)
      for (const name of await list(join(this.#directory, fileName(model), kind))) {
        const checkpoint = this.at(model, kind, name);
        if (await this.exists(checkpoint))
          found.push({ ...checkpoint, savedAt: (await stat(checkpoint.directory)).mtime });
      }
    return found;
  }

  /** Ids of all models that something was saved of. */
  async models(): Promise<string[]> {
    const names = await readdir(this.#directory).catch(() => []);
    return names.map((name) => name.replaceAll(".", ":")).filter((id) => ID.test(id));
  }
}
