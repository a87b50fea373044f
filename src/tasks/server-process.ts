/** @file A user's application as a child process: started, waited for, stopped with everything that it started. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../core/errors.ts";

export interface ServerProcess extends AsyncDisposable {
  readonly running: boolean;
}

export interface ServerCommand {
  command: string;
  cwd: string;
  env: Record<string, string>;
  readyUrl: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Children that still run: none may outlive this process, however it ends. */
const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) kill(child, "SIGKILL");
});

/** Resolves when `readyUrl` answers. Throws a `ConfigError` with the end of its output; nothing is left running then. */
export async function startServer(options: ServerCommand): Promise<ServerProcess> {
  const { command, cwd, env, readyUrl, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(command, {
    shell: true,
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, so that the shell's children end with it.
    detached: process.platform !== "win32",
  });
  children.add(child);
  let output = "";
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      output += error.message;
      resolve();
    });
  });
  let gone = false;
  void exited.then(() => {
    gone = true;
    children.delete(child);
  });
  const stop = async () => {
    if (gone) return;
    kill(child, "SIGTERM");
    await Promise.race([exited, sleep(3000, undefined, { ref: false })]);
    if (!gone) kill(child, "SIGKILL");
    await exited;
  };
  const deadline = performance.now() + timeoutMs;
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (gone)
        throw new ConfigError(
          `\`${command}\` ended before ${readyUrl} answered`,
          `Run the command by hand in ${cwd}. Its last output:\n${output.trim() || "(none)"}`,
        );
      if (await answers(readyUrl)) break;
      if (performance.now() > deadline)
        throw new ConfigError(
          `${readyUrl} did not answer within ${timeoutMs} ms of \`${command}\``,
          `Check baseUrl and start.readyPath, or raise start.timeoutMs. Its last output:\n${output.trim() || "(none)"}`,
        );
      await sleep(50);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    get running() {
      return !gone;
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Whether something answers there, with a status below 500. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.status < 500;
  } catch (error) {
    // Not listening yet, or not speaking yet.
    if (error instanceof Error) return false;
    throw error;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    // It ended in between.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
