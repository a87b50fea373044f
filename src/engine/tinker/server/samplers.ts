/** @file Sampling sessions: which weights each samples from, and the samples that run. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { OpenOptions } from "../../../core/engine.ts";
import { makeDirectory } from "../../../core/make-directory.ts";
import { Failure, Refusal } from "./refusal.ts";
import { fileName, readRecords, writeRecord } from "./store.ts";

/** `own`: weights that only this sampling session has. */
export interface SamplerRecord {
  id: string;
  session: string;
  /** Name of the base model. */
  base: string;
  from: { kind: "base" } | { kind: "path"; path: string } | { kind: "own"; model: string };
}

export class Samplers {
  readonly #directory: string;
  readonly #byId = new Map<string, SamplerRecord>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(isLive: (session: string) => boolean): Promise<void> {
    await makeDirectory(this.#directory);
    for (const record of await readRecords<SamplerRecord>(this.#directory)) {
      this.#byId.set(record.id, record);
      if (!isLive(record.session)) await this.#remove(record);
    }
  }

  get(id: string): SamplerRecord | undefined {
    return this.#byId.get(id);
  }

  /**
   * The same request again returns the one that is there. @throws Refusal (409) if the number was used for something
   * else.
   */
  async add(record: SamplerRecord): Promise<void> {
    const there = this.#byId.get(record.id);
    if (there) {
      if (JSON.stringify(there) === JSON.stringify(record)) return;
      throw new Refusal(409, `the sampling session ${record.id} was made from something else before`);
    }
    this.#byId.set(record.id, record);
    await writeRecord(join(this.#directory, `${fileName(record.id)}.json`), record);
  }

  /** @throws Failure if the number is taken. */
  async addOwn(record: SamplerRecord, fill: (directory: string) => Promise<void>): Promise<void> {
    const there = this.#byId.get(record.id);
    if (there && JSON.stringify(there) !== JSON.stringify(record))
      throw new Failure(`sampling_session_seq_id is taken: there is a sampling session ${record.id} already`);
    if (there) return;
    await fill(this.directoryOf(record));
    await this.add(record);
  }

  directoryOf({ id }: SamplerRecord): string {
    return join(this.#directory, fileName(id));
  }

  async endSession(session: string): Promise<void> {
    for (const record of this.#byId.values()) if (record.session === session) await this.#remove(record);
  }

  async #remove(record: SamplerRecord): Promise<void> {
    this.#byId.delete(record.id);
    await rm(join(this.#directory, `${fileName(record.id)}.json`), { force: true });
    await rm(this.directoryOf(record), { recursive: true, force: true });
  }
}

/** The base itself: an adapter that adds nothing shares its memory with all others. */
export const bareBase = (directory: string): OpenOptions => ({
  path: directory,
  lora: { rank: 1, alpha: 1, seed: 0 },
});
