/** @file One running copy of a user's application: found or started, and put back before every episode. */

import { isIP } from "node:net";
import { resolve } from "node:path";
import { publicLookup } from "../browser/addresses.ts";
import { ConfigError, Fault, invariant } from "../core/errors.ts";
import type { SiteDefinition } from "../sites/define-site.ts";
import { redact } from "../text/secrets.ts";
import { answers, freePort, headOf, runCommand, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** Used by one episode at a time. */
export interface Instance {
  baseUrl: string;
  server: ServerProcess | null;
}

/** A base URL that the network guard would refuse is the user's to know before the first episode. */
async function assertReachable(hostname: string, privateHosts: readonly string[]): Promise<void> {
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return;
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    publicLookup(privateHosts)(hostname, { all: true }, resolve);
  });
  if (error?.code === "EACCES")
    throw new ConfigError(
      error.message,
      `If that is meant, add \`privateHosts: [${JSON.stringify(hostname)}]\` to the site's definition.`,
    );
}

export async function openInstance(
  definition: SiteDefinition,
  directory: string,
  signal: AbortSignal | undefined,
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
    return { baseUrl: definition.baseUrl, server: null };
  }
  const port = definition.baseUrl.includes("{port}") ? String(await freePort()) : "";
  const baseUrl = definition.baseUrl.replace("{port}", port);
  const instance: Instance = { baseUrl, server: null };
  if (!port && (await answers(baseUrl, definition.selfSigned)))
    throw new ConfigError(
      `something answers at ${baseUrl} already, before \`${start.command}\` was run`,
      "Stop it, remove `start` to use it as it is, or write {port} in baseUrl and command.",
    );
  instance.server = await run(definition, directory, baseUrl, signal);
  return instance;
}

function run(
  { start, baseUrl: pattern, selfSigned }: SiteDefinition,
  directory: string,
  baseUrl: string,
  signal: AbortSignal | undefined,
): Promise<ServerProcess> {
  invariant(start, "only with `start`");
  const { port } = new URL(baseUrl);
  return startServer({
    command: pattern.includes("{port}") ? start.command.replaceAll("{port}", port) : start.command,
    cwd: resolve(directory, start.cwd ?? "."),
    env: { ...start.env, PORT: port },
    ...(selfSigned && { selfSigned }),
    readyUrl: new URL(start.readyPath ?? "/", baseUrl).href,
    timeoutMs: start.timeoutMs ?? 30_000,
    ...(signal ? { signal } : {}),
  });
}

export async function resetInstance(
  definition: SiteDefinition,
  directory: string,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { reset: how, start } = definition;
  const failed = (why: string, cause?: unknown) =>
    new Fault("site_down", `the reset of ${definition.name} failed: ${why}`, { retryable: true, cause });
  if (how === "restart" || (instance.server && !(await instance.server.isRunning()))) {
    await instance.server?.[Symbol.asyncDispose]();
    instance.server = await run(definition, directory, instance.baseUrl, signal);
  }
  if (how === undefined || how === "restart") return;
  if ("command" in how) {
    const { port } = new URL(instance.baseUrl);
    const command = how.command.replaceAll("{port}", port);
    try {
      await runCommand({
        command,
        cwd: resolve(directory, start?.cwd ?? "."),
        env: { ...start?.env, PORT: port, BASE_URL: instance.baseUrl },
        timeoutMs: 120_000,
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw failed(`\`${command}\`: ${redact((cause as Error).message).slice(0, 500)}`, cause);
    }
    return;
  }
  const { path, method = "POST", headers, body } = how;
  const timeout = AbortSignal.timeout(30_000);
  let head: Awaited<ReturnType<typeof headOf>>;
  try {
    // A redirect usually leads to a login page: the reset was not done.
    head = await headOf(new URL(path, instance.baseUrl), {
      method,
      selfSigned: definition.selfSigned ?? false,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(headers ? { headers } : {}),
      ...(body !== undefined ? { body } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw failed(`${method} ${path}: ${(cause as Error).message}`, cause);
  }
  const { status, location: to } = head;
  if (status < 200 || status > 299)
    throw failed(`${method} ${path} answered ${status}${to ? `, a redirect to ${to}` : ""}; it must be 2xx`);
}
