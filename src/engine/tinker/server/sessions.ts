/** @file Clients: each has a session that lives while it gives signs of life, and what it made lives with it. */

import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../../../core/make-directory.ts";
import type { ServerLimits } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { readRecords, writeRecord } from "./store.ts";

interface SessionRecord {
  id: string;
}

export class Sessions {
  readonly #directory: string;
  readonly #limits: ServerLimits;
  readonly #now: () => number;
  /** When each was heard of last. */
  readonly #seenAt = new Map<string, number>();

  constructor(directory: string, limits: ServerLimits, now: () => number) {
    this.#directory = directory;
    this.#limits = limits;
    this.#now = now;
  }

  /** Sessions of an earlier server; their clients have the usual time to come back. */
  async read(): Promise<void> {
    await makeDirectory(this.#directory);
    for (const { id } of await readRecords<SessionRecord>(this.#directory)) this.#seenAt.set(id, this.#now());
  }

  async create(): Promise<string> {
    if (this.#seenAt.size >= this.#limits.sessions)
      throw new Refusal(429, `there are ${this.#seenAt.size} sessions already`);
    const id = `s${randomBytes(8).toString("hex")}`;
    this.#seenAt.set(id, this.#now());
    await writeRecord(this.#path(id), { id });
    return id;
  }

  has(id: string): boolean {
    return this.#seenAt.has(id);
  }

  /** A sign of life. @throws Refusal (404) for a session that ended or never was. */
  touch(id: string): void {
    if (!this.#seenAt.has(id))
      throw new Refusal(
        404,
        `session ${id} ended, or never was: create a session, and your models from their last checkpoints`,
      );
    this.#seenAt.set(id, this.#now());
  }

  silent(): string[] {
    const before = this.#now() - this.#limits.sessionSeconds * 1000;
    return [...this.#seenAt].flatMap(([id, seenAt]) => (seenAt < before ? [id] : []));
  }

  async end(id: string): Promise<void> {
    this.#seenAt.delete(id);
    await rm(this.#path(id), { force: true });
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
