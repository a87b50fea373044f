/**
 * @file Frozen bases by directory, each in memory once. A base stays after its last adapter was closed, because the
 * next role of a run opens it again at once; it is released when another base is requested, or with the engine.
 */

import { realpath, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readBaseModel, type BaseModel } from "./model-files.ts";

interface Held {
  base: Promise<BaseModel>;
  users: number;
  /** What its files looked like when they were read. */
  stamp: string;
}

export interface SharedBase {
  base: BaseModel;
  /** Once, when this user is done. */
  release(): void;
  /** For another user of the same base. */
  share(): SharedBase;
}

export class SharedBases {
  readonly #held = new Map<string, Held>();

  /** Reads the base unless it is in memory. Throws as `readBaseModel` does. */
  async acquire(path: string): Promise<SharedBase> {
    const directory = await realpath(path).catch(() => resolve(path));
    const stamp = await stampOf(directory);
    let held = this.#held.get(directory);
    if (held?.stamp !== stamp) {
      // Released before the new one is read, because both together may not fit.
      for (const [other, { users }] of this.#held) if (users === 0) this.#held.delete(other);
      held = { base: readBaseModel(directory), users: 0, stamp };
      this.#held.set(directory, held);
    }
    held.users++;
    try {
      return use(await held.base, held);
    } catch (error) {
      if (this.#held.get(directory) === held) this.#held.delete(directory);
      throw error;
    } finally {
      held.users--;
    }
  }

  clear(): void {
    this.#held.clear();
  }
}

function use(base: BaseModel, held: Held): SharedBase {
  held.users++;
  let inUse = true;
  return {
    base,
    release: () => {
      if (inUse) held.users--;
      inUse = false;
    },
    share: () => use(base, held),
  };
}

/** Changes when a directory is saved or copied anew. */
async function stampOf(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => []);
  const lines: string[] = [];
  for (const name of names.filter((each) => /^(config\.json|.*\.safetensors)$/.test(each)).toSorted()) {
    const { size, mtimeMs, ino } = await stat(join(directory, name));
    lines.push(`${name} ${size} ${mtimeMs} ${ino}`);
  }
  return lines.join("\n");
}
