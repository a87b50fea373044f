/** @file Directories, made with all that is missing above them. */

import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory and those above it; one that is there already is left as it is. Node's own `recursive` tries for ever
 * where the directory above exists and nothing can be made in it, as in `/proc` (Node 20); this throws what the
 * system says. `mode` is of the directories that it makes.
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
    // Where the one above is there by now, somebody else made it just then.
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
