/** @file One running copy of a user's application: found or started, and reset before every episode. */

import { isIP } from "node:net";
import { resolve } from "node:path";
import { publicLookup } from "../browser/addresses.ts";
import { ConfigError, Fault, invariant } from "../core/errors.ts";
import type { SiteCopy, SiteDefinition } from "../sites/define-site.ts";
import { redact } from "../text/secrets.ts";
import { answers, freePort, headOf, runCommand, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** Used by one episode at a time. */
export interface Instance extends SiteCopy {
  server: ServerProcess | null;
  keeper: CopyKeeper | null;
}

/** Keeps records of the started copies, so that none is left behind. */
export interface CopyKeeper {
  /** Called before each copy; the first call removes what others left behind. */
  begin(): Promise<void>;
  /** Records that the copy's command runs, as the process that leads its group; all that it starts bears the mark. */
  onSpawn(copy: SiteCopy, pid: number, mark: string): void;
  onEnd(copy: SiteCopy): Promise<void>;
}

/** Stops what was started for it. */
export async function closeInstance(instance: Instance): Promise<void> {
  if (!instance.server) return;
  await instance.server[Symbol.asyncDispose]();
  await instance.keeper?.onEnd(instance);
}

const portOf = (baseUrl: string) => {
  const { port, protocol } = new URL(baseUrl);
  return Number(port) || (protocol === "https:" ? 443 : 80);
};

/** A shell command of the definition for this copy, with its environment. */
export function commandOf(
  { start }: SiteDefinition,
  directory: string,
  command: string,
  { port, copy, baseUrl }: SiteCopy,
): { command: string; cwd: string; env: Record<string, string> } {
  return {
    command: command.replaceAll("{port}", String(port)).replaceAll("{copy}", String(copy)),
    cwd: resolve(directory, start?.cwd ?? "."),
    env: { ...start?.env, PORT: String(port), COPY: String(copy), BASE_URL: baseUrl },
  };
}

/** Milliseconds that the application may take to start, and then to show its first page. */
export const startMsOf = ({ start }: SiteDefinition): number => start?.timeoutMs ?? 30_000;

export const copyOf = ({ baseUrl, port, copy }: SiteCopy): SiteCopy => ({ baseUrl, port, copy });

/** Before the first episode, tells the user of a base URL that the network guard would refuse. */
async function assertReachable(hostname: string, privateHosts: readonly string[]): Promise<void> {
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return;
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    publicLookup(privateHosts)(hostname, { all: true }, resolve);
  });
  if (error?.code === "EACCES")
    throw new ConfigError(
      error.message,
      `If that is intended, add \`privateHosts: [${JSON.stringify(hostname)}]\` to the site's definition.`,
    );
}

/** `port`: replaces `{port}`; default: a free one. */
export async function openInstance(
  definition: SiteDefinition,
  directory: string,
  copy: number,
  signal: AbortSignal | undefined,
  { port, keeper = null }: { port?: number | undefined; keeper?: CopyKeeper | null } = {},
): Promise<Instance> {
  const { start } = definition;
  const { hostname } = new URL(definition.baseUrl.replace("{port}", "1"));
  await assertReachable(hostname, definition.privateHosts ?? []);
  if (!start) {
    if (!(await answers(definition.baseUrl, definition.selfSigned)))
      throw new ConfigError(
        `nothing answers at ${definition.baseUrl}`,
        "Start the application, or add `start` to its definition so that it is started for you.",
      );
    return { baseUrl: definition.baseUrl, port: portOf(definition.baseUrl), copy, server: null, keeper };
  }
  await keeper?.begin();
  const anyPort = definition.baseUrl.includes("{port}");
  const baseUrl = anyPort
    ? definition.baseUrl.replace("{port}", String(port ?? (await freePort())))
    : definition.baseUrl;
  const instance: Instance = { baseUrl, port: portOf(baseUrl), copy, server: null, keeper };
  if (!anyPort && (await answers(baseUrl, definition.selfSigned)))
    throw new ConfigError(
      `something answers at ${baseUrl} already, before \`${start.command}\` was run`,
      "Stop it, remove `start` to use it as it is, or write {port} in baseUrl and command.",
    );
  try {
    instance.server = await run(definition, directory, instance, signal);
  } catch (error) {
    await keeper?.onEnd(instance);
    throw error;
  }
  return instance;
}

function run(
  definition: SiteDefinition,
  directory: string,
  copy: Instance,
  signal: AbortSignal | undefined,
): Promise<ServerProcess> {
  const { start, selfSigned } = definition;
  invariant(start, "only with `start`");
  return startServer({
    ...commandOf(definition, directory, start.command, copy),
    ...(start.stop && { stop: commandOf(definition, directory, start.stop, copy).command }),
    ...(selfSigned && { selfSigned }),
    readyUrl: new URL(start.readyPath ?? "/", copy.baseUrl).href,
    timeoutMs: startMsOf(definition),
    onSpawn: (pid, mark) => copy.keeper?.onSpawn(copy, pid, mark),
    ...(signal ? { signal } : {}),
  });
}

export async function resetInstance(
  definition: SiteDefinition,
  directory: string,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { reset: how } = definition;
  const reportFailure = (why: string, cause?: unknown) =>
    new Fault("site_down", `the reset of ${definition.name} failed: ${why}`, { retryable: true, cause });
  if (how === "restart" || (instance.server && !(await instance.server.isRunning()))) {
    await instance.server?.[Symbol.asyncDispose]();
    instance.server = await run(definition, directory, instance, signal);
  }
  if (how === undefined || how === "restart") return;
  if (typeof how === "function") {
    try {
      await how(copyOf(instance));
    } catch (cause) {
      signal?.throwIfAborted();
      throw reportFailure(
        redact(cause instanceof Error ? cause.message : String(cause)).slice(0, 500),
        cause,
      );
    }
    return;
  }
  if ("command" in how) {
    const given = commandOf(definition, directory, how.command, instance);
    try {
      await runCommand({ ...given, timeoutMs: 120_000, ...(signal ? { signal } : {}) });
    } catch (cause) {
      signal?.throwIfAborted();
      throw reportFailure(`\`${given.command}\`: ${redact((cause as Error).message).slice(0, 500)}`, cause);
    }
    return;
  }
  const { path, method = "POST", headers, body } = how;
  const timeout = AbortSignal.timeout(30_000);
  let head: Awaited<ReturnType<typeof headOf>>;
  try {
    // A redirect usually leads to a login page, so the reset was not done.
    head = await headOf(new URL(path, instance.baseUrl), {
      method,
      selfSigned: definition.selfSigned ?? false,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(headers ? { headers } : {}),
      ...(body !== undefined ? { body } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw reportFailure(`${method} ${path}: ${(cause as Error).message}`, cause);
  }
  const { status, location: to } = head;
  if (status < 200 || status > 299)
    throw reportFailure(
      `${method} ${path} answered ${status}${to ? `, a redirect to ${to}` : ""}; it must be 2xx`,
    );
}
