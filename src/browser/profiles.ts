/**
 * @file The directories of browsers' profiles: one for each process, named after it, so that the next process can
 * remove what a killed one left behind.
 */

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { isAlive, thisProcess } from "../core/process-owner.ts";

/**
 * The directory for all of this user's profiles. Its path is short, because Chromium puts a socket below it, whose path
 * may have 107 bytes.
 */
const root = () => join(usualTemporary ?? tmpdir(), `webrl-${process.getuid?.() ?? "user"}`);
const hostHash = () => createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

let removedAtExit = false;

/** This process's own directory; removed when it ends, or by a later process. */
async function ownDirectory(): Promise<string> {
  const directory = root();
  await makeDirectory(directory, 0o700);
  const info = await lstat(directory);
  if (!info.isDirectory() || (process.getuid && info.uid !== process.getuid()))
    throw new ConfigError(
      `${directory} belongs to somebody else`,
      "Remove it, or set TMPDIR to a directory of your own.",
    );
  const { pid, started } = thisProcess();
  const own = join(directory, [pid, started ?? "", hostHash()].join("."));
  await makeDirectory(own, 0o700);
  if (!removedAtExit) {
    removedAtExit = true;
    process.once("exit", () => rmSync(own, { recursive: true, force: true }));
  }
  return own;
}

/** Removes the profiles of processes that are gone; returns how many processes had left some. */
export async function sweepProfiles(): Promise<number> {
  const names = await readdir(root()).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  let swept = 0;
  for (const name of names) {
    const [, pid, started, host] = /^(\d+)\.(\d*)\.(\w+)$/.exec(name) ?? [];
    // Containers may share the directory, and then have other processes with the same numbers.
    if (pid === undefined || host !== hostHash()) continue;
    if (isAlive({ pid: Number(pid), started: started || null, host: hostname() })) continue;
    try {
      await rm(join(root(), name), { recursive: true, force: true, maxRetries: 3 });
      swept++;
    } catch (error) {
      // Its browser is not quite gone; the next sweep finds it.
      if (!["ENOTEMPTY", "EBUSY", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return swept;
}

const VARIABLE = process.platform === "win32" ? "TEMP" : "TMPDIR";
/** Launches under way, and the directory for temporary files as it is without them. */
let launching = 0;
let usualTemporary: string | undefined;
let usualVariable: string | undefined;

/**
 * Starts a browser whose profile lies in this process's directory, after removing those of processes that are gone;
 * `launch` gets the variables that the browser is to have. Playwright makes profiles in the directory for temporary
 * files and has no option for another one, so that directory is changed while browsers start.
 */
export async function withProfileDirectory<T>(
  launch: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (launching === 0) await sweepProfiles();
  const directory = await ownDirectory();
  if (launching++ === 0) {
    usualTemporary = tmpdir();
    usualVariable = process.env[VARIABLE];
    process.env[VARIABLE] = directory;
  }
  try {
    // On macOS the path of Chromium's socket would be too long.
    const outside = process.platform === "darwin" ? usualVariable : directory;
    return await launch(outside === undefined ? {} : { [VARIABLE]: outside });
  } finally {
    if (--launching === 0) {
      usualTemporary = undefined;
      if (usualVariable === undefined) delete process.env[VARIABLE];
      else process.env[VARIABLE] = usualVariable;
    }
  }
}
