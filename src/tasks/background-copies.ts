/** @file Copies of an application that outlive the command that started them (`copy-records.ts` finds them). */

import { spawn } from "node:child_process";
import { hostname } from "node:os";
import { open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, invariant } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { isAlive } from "../core/process-owner.ts";
import type { SiteCopy, SiteDefinition } from "../sites/define-site.ts";
import { endCopy, findCopies, logOf, recordsFolder, writeRecord } from "./copy-records.ts";
import type { CopyRecord } from "./copy-records.ts";
import { commandOf, resetInstance, startMsOf } from "./own-instance.ts";
import { MARK, newMark } from "./marked-processes.ts";
import { answers, freePort, isPortTaken } from "./server-process.ts";

/** The copies that run in the background. Ends and removes what killed processes left behind. */
export async function runningCopies(definition: SiteDefinition, directory: string): Promise<CopyRecord[]> {
  return (await findCopies(definition, directory)).filter(({ suite }) => suite === null);
}

/** `port`: of the first copy; 0 for free ports. If one does not start, those before it are stopped. */
export async function startCopies(
  definition: SiteDefinition,
  directory: string,
  { copies, port }: { copies: number; port: number },
  signal?: AbortSignal,
): Promise<CopyRecord[]> {
  if (port !== 0 && port + copies - 1 > 65_535)
    throw new ConfigError(
      `${copies} copies from port ${port} on need ports up to ${port + copies - 1}, and the last port is 65535`,
      "Choose a lower --port, or fewer --copies.",
    );
  const numbers = new Set((await runningCopies(definition, directory)).map(({ copy }) => copy));
  const begun: CopyRecord[] = [];
  for (let i = 0; i < copies; i++) {
    let copy = 0;
    while (numbers.has(copy)) copy++;
    numbers.add(copy);
    try {
      const own = port === 0 ? await freePort() : port + i;
      const baseUrl = definition.baseUrl.replace("{port}", String(own));
      begun.push(await startCopy(definition, directory, { baseUrl, port: own, copy }, signal));
    } catch (error) {
      // The user must learn why the start failed, not why the cleanup did.
      await Promise.all(begun.map((each) => endCopy(definition, directory, each)));
      throw error;
    }
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
  await makeDirectory(recordsFolder(directory));
  await using log = await open(logOf(directory, at.port), "w");
  const { command, cwd, env } = commandOf(definition, directory, start.command, at);
  const mark = newMark();
  // A separate process group and the mark: through these it is stopped.
  const child = spawn("/bin/sh", ["-c", command], {
    cwd,
    env: { ...process.env, ...env, [MARK]: mark },
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
    copy = writeRecord(directory, at, child.pid, mark, "background");
  } catch (error) {
    process.kill(-child.pid, "SIGKILL");
    throw error;
  }
  try {
    await untilReady(definition, directory, copy, () => gone, signal);
  } catch (error) {
    // The user must learn why the start failed, not why the cleanup did.
    await endCopy(definition, directory, copy);
    throw error;
  }
  return copy;
}

async function untilReady(
  definition: SiteDefinition,
  directory: string,
  { baseUrl, port }: CopyRecord,
  isGone: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { start, selfSigned } = definition;
  const end = performance.now() + startMsOf(definition);
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

/** Resets the content of the running copies. */
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
    // The command that started it may have been killed before the copy was ready.
    await untilReady(definition, directory, copy, () => !isAlive(copy), signal);
    const began = performance.now();
    await resetInstance(definition, directory, { ...copy, server: null, keeper: null }, signal);
    done.push({ ...copy, ms: Math.round(performance.now() - began) });
  }
  return done;
}

/** Stops all copies and returns them. Throws a `ConfigError` afterwards if `start.stop` failed for one. */
export async function stopCopies(definition: SiteDefinition, directory: string): Promise<CopyRecord[]> {
  const here = hostname();
  const running = (await runningCopies(definition, directory)).filter(({ host }) => host === here);
  const troubles = await Promise.all(running.map((copy) => endCopy(definition, directory, copy)));
  const trouble = troubles.find((each) => each !== null);
  if (trouble)
    throw new ConfigError(
      `the copies were stopped, but \`start.stop\` failed: ${trouble.message}`,
      "What it should have ended may still run: end that by hand, and correct the command.",
      { cause: trouble },
    );
  return running;
}
