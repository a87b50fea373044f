/** @file Copies of an application that outlive the command that started them (`copy-records.ts` says how they are found). */

import { spawn } from "node:child_process";
import { hostname } from "node:os";
import { mkdir, open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, invariant } from "../core/errors.ts";
import { isAlive } from "../core/process-owner.ts";
import type { SiteCopy, SiteDefinition } from "../sites/define-site.ts";
import { endCopy, findCopies, logOf, recordsFolder, writeRecord } from "./copy-records.ts";
import type { CopyRecord } from "./copy-records.ts";
import { commandOf, resetInstance } from "./own-instance.ts";
import { answers, freePort, isPortTaken } from "./server-process.ts";

/** Those that run in the background. What killed processes left behind is ended and removed. */
export async function runningCopies(definition: SiteDefinition, directory: string): Promise<CopyRecord[]> {
  return (await findCopies(definition, directory)).filter(({ suite }) => suite === null);
}

/** `port`: of the first; 0: free ones. Where one does not start, those before it run on. */
export async function startCopies(
  definition: SiteDefinition,
  directory: string,
  { copies, port }: { copies: number; port: number },
  signal?: AbortSignal,
): Promise<CopyRecord[]> {
  const numbers = new Set((await runningCopies(definition, directory)).map(({ copy }) => copy));
  const begun: CopyRecord[] = [];
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
): Promise<CopyRecord> {
  const { start } = definition;
  invariant(start, "an application is started");
  if (await isPortTaken(at.port))
    throw new ConfigError(
      `something listens at port ${at.port} already`,
      "Choose another --port, or none for a free one.",
    );
  await mkdir(recordsFolder(directory), { recursive: true });
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
  let copy: CopyRecord;
  try {
    copy = writeRecord(directory, at, child.pid, "background");
  } catch (error) {
    process.kill(-child.pid, "SIGKILL");
    throw error;
  }
  try {
    await untilReady(definition, directory, copy, () => gone, signal);
  } catch (error) {
    // What is wrong with the start is what the user must know.
    await endCopy(definition, directory, copy);
    throw error;
  }
  return copy;
}

async function untilReady(
  { start, selfSigned }: SiteDefinition,
  directory: string,
  { baseUrl, port }: CopyRecord,
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
  const running = await runningCopies(definition, directory);
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
    await resetInstance(definition, directory, { ...copy, server: null, keeper: null }, signal);
    done.push({ ...copy, ms: Math.round(performance.now() - began) });
  }
  return done;
}

/** Those that were stopped: all. Throws a `ConfigError` afterwards where `start.stop` failed for one. */
export async function stopCopies(definition: SiteDefinition, directory: string): Promise<CopyRecord[]> {
  const here = hostname();
  const running = (await runningCopies(definition, directory)).filter(({ host }) => host === here);
  const troubles = await Promise.all(running.map((copy) => endCopy(definition, directory, copy)));
  const trouble = troubles.find((each) => each !== null);
  if (trouble)
    throw new ConfigError(
      `the copies were stopped, but \`start.stop\` failed: ${trouble.message}`,
      "What it was to end may still run: correct the command, and end that by hand.",
      { cause: trouble },
    );
  return running;
}
