/**
 * @file Copies of an application that outlive the command that started them. Each has a file `running/PORT.json` in the
 * application's folder, which says by which process it is found again.
 */

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ConfigError, invariant } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { isAlive, ownerOf } from "../core/process-owner.ts";
import type { SiteCopy, SiteDefinition } from "../sites/define-site.ts";
import { commandOf, resetInstance } from "./own-instance.ts";
import { answers, freePort, isPortTaken, runCommand } from "./server-process.ts";

const copySchema = z.object({
  baseUrl: z.string(),
  port: z.int(),
  copy: z.int(),
  pid: z.int(),
  host: z.string(),
  started: z.string().nullable(),
  boot: z.string().nullable(),
});
/** With the process that leads its group, and the machine's boot in which it was started; `null` where that is unknown. */
export type BackgroundCopy = z.infer<typeof copySchema>;

const BOOT_FILE = "/proc/sys/kernel/random/boot_id";
const boot = () => (existsSync(BOOT_FILE) ? readFileSync(BOOT_FILE, "utf8").trim() : null);

const folderOf = (directory: string) => join(directory, "running");
const fileOf = (directory: string, port: number) => join(folderOf(directory), `${port}.json`);
const logOf = (directory: string, port: number) => join(folderOf(directory), `${port}.log`);

/**
 * Those that run. Forgets those that a restart of the machine ended, and those whose leading process was killed: what that
 * left running is ended.
 */
export async function runningCopies(directory: string): Promise<BackgroundCopy[]> {
  const folder = folderOf(directory);
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(".json")) : [];
  const found: BackgroundCopy[] = [];
  for (const name of names) {
    const read = copySchema.safeParse(parseJson(await readFile(join(folder, name), "utf8")));
    if (read.success && isAlive(read.data)) found.push(read.data);
    else {
      // No new process gets the number of a group that still has members.
      if (read.success && read.data.boot !== null && read.data.boot === boot() && !isTaken(read.data.pid))
        signalGroup(read.data, "SIGKILL");
      await rm(join(folder, name), { force: true });
    }
  }
  return found.sort((a, b) => a.port - b.port);
}

/** `port`: of the first; 0: free ones. Where one does not start, those before it run on. */
export async function startCopies(
  definition: SiteDefinition,
  directory: string,
  { copies, port }: { copies: number; port: number },
  signal?: AbortSignal,
): Promise<BackgroundCopy[]> {
  const numbers = new Set((await runningCopies(directory)).map(({ copy }) => copy));
  const begun: BackgroundCopy[] = [];
  for (let i = 0; i < copies; i++) {
    let copy = 0;
    while (numbers.has(copy)) copy++;
    numbers.add(copy);
    const own = port === 0 ? await freePort() : port + i;
    if (own > 65_535) throw new ConfigError(`there is no port ${own}`, "Choose a lower --port.");
    const baseUrl = definition.baseUrl.replace("{port}", String(own));
    begun.push(await startCopy(definition, directory, { baseUrl, port: own, copy }, signal));
  }
  return begun;
}

async function startCopy(
  definition: SiteDefinition,
  directory: string,
  at: SiteCopy,
  signal: AbortSignal | undefined,
): Promise<BackgroundCopy> {
  const { start } = definition;
  invariant(start, "an application is started");
  if (await isPortTaken(at.port))
    throw new ConfigError(
      `something listens at port ${at.port} already`,
      "Choose another --port, or none for a free one.",
    );
  await mkdir(folderOf(directory), { recursive: true });
  await using log = await open(logOf(directory, at.port), "w");
  const { command, cwd, env } = commandOf(definition, directory, start.command, at);
  // A process group of its own, by which it is stopped.
  const child = spawn("/bin/sh", ["-c", command], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  let gone = false;
  child.once("exit", () => (gone = true));
  child.once("error", () => (gone = true));
  child.unref();
  invariant(child.pid !== undefined, "/bin/sh starts");
  const copy = { ...at, ...ownerOf(child.pid), boot: boot() };
  await writeFile(fileOf(directory, at.port), `${JSON.stringify(copy)}\n`);
  try {
    await untilReady(definition, directory, copy, () => gone, signal);
  } catch (error) {
    // What is wrong with the start is what the user must know.
    await stopCopy(definition, directory, copy);
    throw error;
  }
  return copy;
}

async function untilReady(
  { start, selfSigned }: SiteDefinition,
  directory: string,
  { baseUrl, port }: BackgroundCopy,
  isGone: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const end = performance.now() + (start?.timeoutMs ?? 30_000);
  while (!(await answers(new URL(start?.readyPath ?? "/", baseUrl).href, selfSigned))) {
    signal?.throwIfAborted();
    const gone = isGone();
    if (gone || performance.now() > end)
      throw new ConfigError(
        `${baseUrl} ${gone ? "ended before it answered" : "did not answer in time"}`,
        `Its last output:\n${(await readFile(logOf(directory, port), "utf8")).slice(-2000).trim() || "(none)"}`,
      );
    await sleep(50);
  }
}

/** Puts the content of those that run back. */
export async function resetCopies(
  definition: SiteDefinition,
  directory: string,
  signal?: AbortSignal,
): Promise<(SiteCopy & { ms: number })[]> {
  const running = await runningCopies(directory);
  if (running.length === 0)
    throw new ConfigError(
      `no copy of ${definition.name} runs in the background`,
      `Run \`webrl apps start ${definition.name}\`.`,
    );
  const done = [];
  for (const copy of running) {
    // The command that started it may have been killed before it was ready.
    await untilReady(definition, directory, copy, () => !isAlive(copy), signal);
    const began = performance.now();
    await resetInstance(definition, directory, { ...copy, server: null }, signal);
    done.push({ ...copy, ms: Math.round(performance.now() - began) });
  }
  return done;
}

/** Those that were stopped: all. Throws a `ConfigError` afterwards where `start.stop` failed for one. */
export async function stopCopies(definition: SiteDefinition, directory: string): Promise<BackgroundCopy[]> {
  const running = await runningCopies(directory);
  const troubles = await Promise.all(running.map((copy) => stopCopy(definition, directory, copy)));
  const trouble = troubles.find((each) => each !== null);
  if (trouble)
    throw new ConfigError(
      `the copies were stopped, but \`start.stop\` failed: ${trouble.message}`,
      "What it was to end may still run: correct the command, and end that by hand.",
      { cause: trouble },
    );
  return running;
}

/** How long a copy may take to end by itself. */
const STOP_MS = 5000;

/** What went wrong with `start.stop`. The copy is ended all the same. */
async function stopCopy(
  definition: SiteDefinition,
  directory: string,
  copy: BackgroundCopy,
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
  while (performance.now() < end && signalGroup(copy, 0)) await sleep(25);
  signalGroup(copy, "SIGKILL");
  await rm(join(directory, "copies", String(copy.port)), { recursive: true, force: true });
  await rm(fileOf(directory, copy.port), { force: true });
  return trouble;
}

/** Whether there is a process with this number. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
  return true;
}

/** `false`: there is nothing left of its group. */
function signalGroup({ pid }: BackgroundCopy, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}
