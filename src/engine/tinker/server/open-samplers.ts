/**
 * @file Keeps the weights of samplers in memory while they are used and a little longer; the least recently used go
 * first.
 */

import type { Engine, FrozenModel, OpenOptions } from "../../../core/engine.ts";

interface Held {
  opening: Promise<FrozenModel>;
  users: number;
}

export class OpenSamplers {
  readonly #engine: Engine;
  readonly #most: number;
  /** By what was opened, the least recently used first. */
  readonly #held = new Map<string, Held>();

  constructor(engine: Engine, most: number) {
    this.#engine = engine;
    this.#most = most;
  }

  /** Runs `use` with the weights; they stay open until it is done. */
  async with<T>(options: OpenOptions, use: (model: FrozenModel) => Promise<T>): Promise<T> {
    const key = JSON.stringify(options);
    const held = this.#held.get(key) ?? { opening: this.#engine.open(options), users: 0 };
    this.#held.delete(key);
    this.#held.set(key, held);
    held.users++;
    try {
      return await use(await held.opening);
    } catch (error) {
      // If opening failed, the next use tries again.
      if (
        await held.opening.then(
          () => false,
          () => true,
        )
      )
        this.#held.delete(key);
      throw error;
    } finally {
      held.users--;
      await this.#close(this.#most);
    }
  }

  async #close(most: number): Promise<void> {
    for (const [key, { opening, users }] of this.#held) {
      if (this.#held.size <= most) return;
      if (users > 0) continue;
      this.#held.delete(key);
      await (await opening)[Symbol.asyncDispose]();
    }
  }

  /** Call it when nobody uses any weights. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(0);
  }
}
