/** @file Downloads the archives of weights that a Tinker server hands out. */

import { createWriteStream } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { ConfigError } from "../../../core/errors.ts";
import { readAdapterConfig } from "../../onnx/checkpoint/adapter.ts";
import { writeDirectory } from "../../onnx/checkpoint/atomic-directory.ts";
import { isModelFile } from "../../onnx/checkpoint/manifest.ts";
import { TinkerError } from "./errors.ts";
import type { Pointer } from "./pointer.ts";

const GZIP = [0x1f, 0x8b];

export interface ArchiveOptions {
  apiKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Downloads an adapter that was saved for sampling, in PEFT's format, into a directory that is written completely or
 * not at all.
 */
export async function downloadAdapter(
  server: Pick<Pointer, "url">,
  path: string,
  directory: string,
  options: ArchiveOptions,
): Promise<void> {
  await writeDirectory(directory, async (temporary) => {
    const answer = await askArchive(server, path, options);
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new ConfigError(
        `${server.url} does not hand out the adapter ${path} (its answer is ${answer.status})`,
        "Sample from the server that trains (leave engine.sampler out), or train on one that hands archives out.",
      );
    }
    const names = await unpackArchive(answer, temporary);
    const missing = ["adapter_config.json", "adapter_model.safetensors"].filter(
      (name) => !names.includes(name),
    );
    if (missing.length > 0)
      throw new TinkerError("nonsense", `the archive of ${path} has no ${missing.join(" and no ")}`);
  });
  await readAdapterConfig(directory);
}

/** The answer of a server that is asked for the files of a path. */
export async function askArchive(
  { url }: Pick<Pointer, "url">,
  path: string,
  { apiKey, signal }: ArchiveOptions,
): Promise<Response> {
  const match = /^tinker:\/\/([^/]+)\/(.+)$/.exec(path);
  if (!match)
    throw new ConfigError(
      `${path} is not a path by which weights can be requested`,
      "Use another checkpoint.",
    );
  const [, run, name] = match;
  const root = url.replace(/\/+$/, "");
  const addressOf = (checkpoint: string) =>
    new URL(
      `${root}/api/v1/training_runs/${encodeURIComponent(run!)}/checkpoints/${checkpoint.split("/").map(encodeURIComponent).join("/")}/archive`,
    );
  const key: Record<string, string> = apiKey ? { "x-api-key": apiKey } : {};
  const ask = (to: URL, headers: Record<string, string>) =>
    fetch(to, { headers, redirect: "manual", ...(signal && { signal }) }).catch((cause: Error) => {
      signal?.throwIfAborted();
      throw new TinkerError("unreachable", `${to.origin} does not hand out ${path}: ${cause.message}`, {
        cause,
      });
    });
  let address = addressOf(name!);
  let answer = await ask(address, key);
  const sampler = /^sampler_weights\/(.+)$/.exec(name!)?.[1];
  if (answer.status === 404 && sampler !== undefined) {
    // SkyRL 0.4.0 finds these by their last name, and no others.
    await answer.body?.cancel();
    address = addressOf(sampler);
    answer = await ask(address, key);
  }
  const location = answer.headers.get("location");
  if (answer.status < 300 || answer.status >= 400 || location === null) return answer;
  await answer.body?.cancel();
  const to = new URL(location, address);
  if (!/^https?:$/.test(to.protocol))
    throw new ConfigError(
      `${url} hands ${path} out as ${to.href}, which is not an address that other machines can ask`,
      "Copy it from the server's own machine.",
    );
  // A signed address elsewhere contains its own secret.
  return ask(to, to.origin === address.origin ? key : {});
}

/** Writes only what a model is read from, each under its last name. */
export async function unpackArchive(response: Response, into: string): Promise<string[]> {
  const [head, rest] = await withHead(response);
  const isPacked = GZIP.every((byte, i) => head[i] === byte);
  const names: string[] = [];
  const files = extract();
  files.on("entry", ({ name, type }, stream, next) => {
    const file = basename(name);
    if (type !== "file" || !isModelFile(file)) {
      stream.on("end", next).resume();
      return;
    }
    names.push(file);
    pipeline(stream, createWriteStream(join(into, file), { flags: "wx" })).then(() => next(), next);
  });
  try {
    await (isPacked ? pipeline(rest, createGunzip(), files) : pipeline(rest, files));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw cause;
    throw new TinkerError(
      "nonsense",
      `what the server hands out is not a complete archive: ${(cause as Error).message}`,
      { cause },
    );
  }
  return names;
}

/** The first bytes, and a stream of all. */
async function withHead(response: Response): Promise<[Uint8Array, Readable]> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const { value: first = new Uint8Array() } = await reader.read();
  const all = async function* () {
    yield first;
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  };
  return [first, Readable.from(all())];
}
