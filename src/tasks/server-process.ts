/**
 * @file Runs a user's application as a child process: starts it, waits for it, and stops it with everything that it
 * started, even when this process is killed. A process that leaves the process group (`setsid`) is found by its mark on
 * Linux, and escapes elsewhere.
 */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { request } from "node:https";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "../browser/with-deadline.ts";
import { duration } from "../core/duration.ts";
import { ConfigError } from "../core/errors.ts";
import { redact } from "../text/secrets.ts";
import { killMarked, MARK, newMark, signalMarked } from "./marked-processes.ts";

export interface ServerProcess extends AsyncDisposable {
  /**
   * Asks the server, as its process says too little: a command may end and leave its server behind, may live on without
   * it, and is told to have been killed only after a while.
   */
  isRunning(): Promise<boolean>;
}

export interface ServerCommand {
  command: string;
  cwd: string;
  env: Record<string, string>;
  /** A command that ends what the start command left in another process group. */
  stop?: string;
  readyUrl: string;
  /** Accept its certificate, whatever it is. */
  selfSigned?: boolean;
  timeoutMs: number;
  /** Called with the process that leads the command's group, and the mark of everything in it, as soon as it exists. */
  onSpawn?: (pid: number, mark: string) => void;
  signal?: AbortSignal;
}

/** Running children, with the mark of what they started: none may outlive this process, however it ends. */
const children = new Map<ChildProcess, string>();
/** The guard ends what a command left in another group, so do not kill the guard before that. */
const guardStops = new WeakSet<ChildProcess>();
process.once("exit", () => {
  for (const [child, mark] of children)
    if (!guardStops.has(child)) {
      kill(child, "SIGKILL");
      killMarked(mark);
    }
});

/**
 * Resolves when `readyUrl` answers. Otherwise throws a `ConfigError` with the end of the output, and leaves nothing
 * running.
 */
export async function startServer(options: ServerCommand): Promise<ServerProcess> {
  const { command, stop: stopCommand, cwd, env, readyUrl, selfSigned, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const { child, mark, exited, output } = spawnGuarded(RUN, command, stopCommand, {
    cwd,
    env: { ...process.env, ...env },
  });
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  let stopping: Promise<void> | undefined;
  /** A command may end and leave its server behind: the group lives until it is stopped. */
  const stop = () =>
    (stopping ??= (async () => {
      if (stopCommand !== undefined)
        await runStop({ command: stopCommand, cwd, env, timeoutMs: STOP_COMMAND_MS });
      kill(child, "SIGTERM");
      signalMarked(mark, "SIGTERM");
      const end = performance.now() + STOP_MS;
      while (performance.now() < end && (!gone || kill(child, 0) || signalMarked(mark, 0) > 0))
        await sleep(25);
      kill(child, "SIGKILL");
      killMarked(mark);
      children.delete(child);
      await exited;
    })());
  const deadline = performance.now() + timeoutMs;
  try {
    if (child.pid !== undefined) options.onSpawn?.(child.pid, mark);
    for (;;) {
      signal?.throwIfAborted();
      if (gone && child.exitCode !== 0)
        throw new ConfigError(
          `\`${command}\` ended before ${readyUrl} answered`,
          `Run the command by hand in ${cwd}. Its last output:\n${output() || "(none)"}`,
        );
      if (await answers(readyUrl, selfSigned)) break;
      if (performance.now() > deadline)
        throw new ConfigError(
          `${readyUrl} did not answer within ${duration(timeoutMs / 1000)} of \`${command}\``,
          `Check baseUrl and start.readyPath, or raise start.timeoutMs. Its last output:\n${output() || "(none)"}`,
        );
      await sleep(50);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    isRunning: async () => (!gone || child.exitCode === 0) && (await isReached(readyUrl, selfSigned)),
    [Symbol.asyncDispose]: stop,
  };
}

/** Characters of a command's output that a message shows. */
const SHOWN_OUTPUT = 2000;
/** Milliseconds that a server may take to end by itself. */
const STOP_MS = 3000;
/** Milliseconds that the command which stops it may take. */
const STOP_COMMAND_MS = 30_000;

/**
 * The guard reads from a pipe that we hold open. However this process ends, the pipe closes, and the guard runs the
 * stop command ($2), and ends what has the mark, wherever it went, and its own process group. The guard itself does not
 * have the mark. The command is $1.
 */
const guard = (mark: string) => `marked() { grep -ls "${MARK}=${mark}" /proc/[0-9]*/environ; }
end() { for file in $(marked); do file=\${file#/proc/}; kill "$1" "\${file%/*}"; done; }
{ read -r _ <&3; trap "" TERM; [ -z "$2" ] || /bin/sh -c "$2"
end -TERM; kill -TERM 0; sleep 2
for again in 1 2 3 4 5 6 7 8 9; do end -KILL; [ -n "$(marked)" ] || break; sleep 0.1; done
kill -KILL 0; } >/dev/null 2>&1 &
exec 3<&-
export ${MARK}=${mark}
`;
const RUN = `exec /bin/sh -c "$1"`;
/** The same for a command that runs to its end: the guard ends with it. */
const RUN_ONCE = `guard=$!; /bin/sh -c "$1"; code=$?; kill -KILL $guard; exit $code`;

function spawnGuarded(
  run: string,
  command: string,
  stop: string | undefined,
  options: { cwd: string; env: NodeJS.ProcessEnv },
) {
  const windows = process.platform === "win32";
  const mark = newMark();
  const child = windows
    ? spawn(command, { ...options, shell: true, stdio: ["ignore", "pipe", "pipe"] })
    : spawn("/bin/sh", ["-c", guard(mark) + run, "sh", command, stop ?? ""], {
        ...options,
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        // A separate process group, so that the shell's children end with it.
        detached: true,
      });
  children.set(child, mark);
  if (stop !== undefined && !windows) guardStops.add(child);
  let output = "";
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2 * SHOWN_OUTPUT));
  child.stdout!.on("data", keep);
  child.stderr!.on("data", keep);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      output += error.message;
      resolve();
    });
  });
  return {
    child,
    mark,
    exited,
    /** The end of the output. The cut may have left half a secret at its beginning. */ output: () =>
      redact(output).slice(-SHOWN_OUTPUT).trim(),
  };
}

/** Runs a command to its end. Throws with the end of its output if it fails, takes too long or is aborted. */
export async function runCommand(
  options: Pick<ServerCommand, "command" | "cwd" | "env" | "timeoutMs" | "signal">,
): Promise<void> {
  const { command, cwd, env, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const { child, mark, exited, output } = spawnGuarded(RUN_ONCE, command, undefined, {
    cwd,
    env: { ...process.env, ...env },
  });
  try {
    await withDeadline(exited, timeoutMs, signal);
  } catch (error) {
    kill(child, "SIGKILL");
    killMarked(mark);
    throw error;
  } finally {
    children.delete(child);
  }
  if (child.exitCode !== 0)
    throw new Error(
      `it ended with ${child.exitCode ?? child.signalCode}. Its last output: ${output() || "(none)"}`,
    );
}

/** The application may have ended by itself, so a failing stop command alone is not an error. */
async function runStop(options: Parameters<typeof runCommand>[0]): Promise<void> {
  try {
    await runCommand(options);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

export interface PlainRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** Accept its certificate, whatever it is. */
  selfSigned?: boolean;
}

/**
 * Requests the head of an answer without following redirects. `fetch` cannot be told to accept a self-signed
 * certificate.
 */
export async function headOf(
  url: string | URL,
  { selfSigned, ...init }: PlainRequest,
): Promise<{ status: number; location: string | null }> {
  if (!selfSigned || new URL(url).protocol !== "https:") {
    const response = await fetch(url, { ...init, redirect: "manual" });
    await response.body?.cancel();
    return { status: response.status, location: response.headers.get("location") };
  }
  const { method, headers, body, signal } = init;
  return new Promise((resolve, reject) => {
    const options = {
      signal,
      rejectUnauthorized: false,
      ...(method && { method }),
      ...(headers && { headers }),
    };
    const asked = request(url, options, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? null });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Whether something answers there, with a status below 500. */
export async function answers(url: string, selfSigned = false): Promise<boolean> {
  try {
    const { status } = await headOf(url, { signal: AbortSignal.timeout(5000), selfSigned });
    return status < 500;
  } catch (error) {
    // Not listening yet, or not speaking yet.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** Whether a server is there, though it may be busy or answer with an error. */
async function isReached(url: string, selfSigned = false): Promise<boolean> {
  // The first request may meet a kept connection just as the server ends it.
  for (let left = 2; left > 0; left--)
    try {
      await headOf(url, { signal: AbortSignal.timeout(1000), selfSigned });
      return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.name === "TimeoutError") return true;
    }
  return false;
}

export const freePort = async (): Promise<number> => bind(0);

/** Whether something listens there on this machine, in whatever protocol. */
export async function isPortTaken(port: number): Promise<boolean> {
  try {
    await bind(port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return true;
    if (code !== "EACCES") throw error;
    throw new ConfigError(`this user may not listen at port ${port}`, "Choose a port of 1024 or above.", {
      cause: error,
    });
  }
  return false;
}

/** Listens for a moment on `wanted`, or on any free port if that is 0. Returns the port. */
async function bind(wanted: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** Ends the child and its process group. `false` if nothing is left of it. */
function kill(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (process.platform === "win32") return child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}
