/**
 * @file Records which copies of an application there are: for each, a file `running/PORT.json` in its folder, written
 * as soon as its command runs. It names the copy's process and, if a suite started it, the process with which it ends.
 * Whoever looks next ends and removes what a killed process left behind.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { tryParseJson } from "../core/json.ts";
import { isAlive, ownerOf, thisProcess } from "../core/process-owner.ts";
import type { SiteCopy, SiteDefinition } from "../sites/define-site.ts";
import { commandOf, copyOf } from "./own-instance.ts";
import type { CopyKeeper } from "./own-instance.ts";
import { killMarked, signalMarked } from "./marked-processes.ts";
import { answers, runCommand } from "./server-process.ts";

const ownerSchema = z.object({ pid: z.int(), host: z.string(), started: z.string().nullable() });
const recordSchema = ownerSchema.extend({
  baseUrl: z.string(),
  port: z.int(),
  copy: z.int(),
  boot: z.string().nullable(),
  mark: z.string(),
  suite: ownerSchema.nullable(),
});
/**
 * Contains the process that leads the copy's group; the boot of the machine in which it was started, `null` if unknown;
 * the mark of everything that it started; and the process whose suite or agent it ends with, `null` for a copy in the
 * background.
 */
export type CopyRecord = z.infer<typeof recordSchema>;

const BOOT_FILE = "/proc/sys/kernel/random/boot_id";
const boot = () => (existsSync(BOOT_FILE) ? readFileSync(BOOT_FILE, "utf8").trim() : null);

export const recordsFolder = (directory: string) => join(directory, "running");
const fileOf = (directory: string, port: number) => join(recordsFolder(directory), `${port}.json`);
/** The output of its command, for a copy in the background. */
export const logOf = (directory: string, port: number) => join(recordsFolder(directory), `${port}.log`);
const contentOf = (directory: string, port: number | string) => join(directory, "copies", String(port));

/** Records that the copy's command runs as this process. Synchronous, because nothing may happen in between. */
export function writeRecord(
  directory: string,
  copy: SiteCopy,
  pid: number,
  mark: string,
  of: "suite" | "background",
): CopyRecord {
  const suite = of === "suite" ? thisProcess() : null;
  const record = { ...copyOf(copy), ...ownerOf(pid), boot: boot(), mark, suite };
  const file = fileOf(directory, copy.port);
  try {
    makeRecordsFolder(directory);
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(record)}\n`);
    renameSync(`${file}.${process.pid}`, file);
  } catch (cause) {
    throw new ConfigError(
      `${directory}, where the application keeps its copies, cannot be written to: ${(cause as Error).message}`,
      "Make room there, or install the application into another folder with --directory.",
      { cause },
    );
  }
  return record;
}

/** The application is installed: only the last part of the path may be missing. */
function makeRecordsFolder(directory: string): void {
  try {
    mkdirSync(recordsFolder(directory));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** A suite's copies, each with a record while it runs; before the first one, what others left behind is removed. */
export function keepRecords(definition: SiteDefinition, directory: string): CopyKeeper {
  let swept: Promise<unknown> | undefined;
  return {
    begin: async () => void (await (swept ??= findCopies(definition, directory))),
    onSpawn: (copy, pid, mark) => void writeRecord(directory, copy, pid, mark, "suite"),
    onEnd: async (copy) => forgetCopy(directory, copy),
  };
}

/** Removes the content and the file of a copy that has ended. */
async function forgetCopy(directory: string, { port }: SiteCopy): Promise<void> {
  await rm(contentOf(directory, port), { recursive: true, force: true });
  await rm(logOf(directory, port), { force: true });
  await rm(fileOf(directory, port), { force: true });
}

/**
 * The running copies, of suites and in the background. First ends and removes what is left of others, and removes
 * damaged records.
 */
export async function findCopies(definition: SiteDefinition, directory: string): Promise<CopyRecord[]> {
  const found: CopyRecord[] = [];
  for (const name of await namesIn(recordsFolder(directory))) {
    if (!name.endsWith(".json")) continue;
    const file = join(recordsFolder(directory), name);
    const text = await readIfThere(file);
    // Another process has just removed it, because its copy has ended.
    if (text === null) continue;
    const record = recordSchema.safeParse(tryParseJson(text));
    if (!record.success) await rm(file, { force: true });
    else if (isAlive(record.data.suite ?? record.data)) found.push(record.data);
    else await endCopy(definition, directory, record.data);
  }
  await removeUnknown(directory, found);
  return found.sort((a, b) => a.port - b.port);
}

/**
 * A copy has its record before its content: a folder older than this without a record and without a listener belongs to
 * nobody.
 */
const UNKNOWN_MS = 60_000;

async function removeUnknown(directory: string, known: readonly CopyRecord[]): Promise<void> {
  const ports = new Set(known.map(({ port }) => String(port)));
  for (const name of await namesIn(join(directory, "copies"))) {
    if (!/^\d+$/.test(name) || ports.has(name)) continue;
    const path = contentOf(directory, name);
    const { mtimeMs } = (await stat(path).catch(() => null)) ?? { mtimeMs: Date.now() };
    const isOld = Date.now() - mtimeMs > UNKNOWN_MS && !existsSync(fileOf(directory, Number(name)));
    if (isOld && !(await answers(`http://127.0.0.1:${name}/`)))
      await rm(path, { recursive: true, force: true });
  }
}

const readIfThere = async (file: string): Promise<string | null> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return null;
  });

const namesIn = async (folder: string): Promise<string[]> => (existsSync(folder) ? readdir(folder) : []);

/** Milliseconds that a copy may take to end by itself. */
const STOP_MS = 5000;

/**
 * Ends a copy and removes its content. Returns what went wrong with `start.stop`, if anything; the copy is ended all
 * the same.
 */
export async function endCopy(
  definition: SiteDefinition,
  directory: string,
  copy: CopyRecord,
): Promise<Error | null> {
  const stop = definition.start?.stop;
  let trouble: Error | null = null;
  try {
    if (stop !== undefined)
      await runCommand({ ...commandOf(definition, directory, stop, copy), timeoutMs: 30_000 });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    trouble = error;
  }
  const end = performance.now() + STOP_MS;
  signalGroup(copy, "SIGTERM");
  signalMarked(copy.mark, "SIGTERM");
  while (performance.now() < end && (signalGroup(copy, 0) || signalMarked(copy.mark, 0) > 0)) await sleep(25);
  signalGroup(copy, "SIGKILL");
  killMarked(copy.mark);
  await forgetCopy(directory, copy);
  return trouble;
}

/** `false` if nothing is left of its group. */
function signalGroup(copy: CopyRecord, signal: NodeJS.Signals | 0): boolean {
  // No new process gets the id of a group that still has members: if another process has it, nothing is left of the
  // group.
  const isGone = copy.boot === null || copy.boot !== boot() || isTaken(copy.pid);
  if (!isAlive(copy) && isGone) return false;
  try {
    return process.kill(-copy.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

/** Whether there is a process with this id. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
  return true;
}
