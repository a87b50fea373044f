/** @file Makes directories with all missing parents. */

import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory and its parents; an existing one is left as it is. Node's own `recursive` tries for ever if the
 * parent exists but nothing can be made in it, as in `/proc` (Node 20); this throws the system's error. `mode` applies
 * to the directories that it makes.
 */
export async function makeDirectory(path: string, mode?: number): Promise<void> {
  const directory = resolve(path);
  try {
    await mkdir(directory, { mode });
  } catch (error) {
    if (await isDirectory(directory)) return;
    const parent = dirname(directory);
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing || parent === directory) throw error;
    // If the parent exists by now, somebody else has just made it.
    if (!(await isDirectory(parent))) await makeDirectory(parent, mode);
    await mkdir(directory, { mode }).catch(async (again: unknown) => {
      if (!(await isDirectory(directory))) throw again;
    });
  }
}

const isDirectory = async (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
