/** @file Downloads a checkpoint from a Tinker server into a local directory. */

import { randomUUID } from "node:crypto";
import { ConfigError } from "../../../core/errors.ts";
import { SUM_PROFILE } from "../profile.ts";
import { askArchive, unpackArchive } from "./archive.ts";
import { connectTo, type TinkerEngineOptions } from "./engine.ts";
import type { Pointer } from "./pointer.ts";
import { openSession } from "./session.ts";
import { createTrainingClient } from "./training-client.ts";

interface DownloadOptions extends Pick<
  TinkerEngineOptions,
  "apiKey" | "patience" | "onTrouble" | "send" | "clock"
> {
  /** Where the files go. */
  into: string;
  signal?: AbortSignal | undefined;
}

/**
 * Returns the names of the downloaded files. Servers that only hand out weights for samplers are asked to write those
 * first. @throws ConfigError if the server hands out nothing.
 */
export async function downloadCheckpoint(pointer: Pointer, options: DownloadOptions): Promise<string[]> {
  const { url, apiKeyEnv, path } = pointer;
  // Says what is wrong with address, key or server.
  const connection = connectTo({ ...options, url, apiKeyEnv });
  await using session = await openSession(connection, options.signal);
  const first = await askArchive(pointer, path, options);
  if (first.ok) return unpackArchive(first, options.into);
  await first.body?.cancel();
  const profile = { ...SUM_PROFILE, seqId: "ignored" as const };
  const link = { connection, session, profile, signal: options.signal };
  const origin = { path, optimizer: false };
  await using client = createTrainingClient(
    link,
    { baseModel: pointer.baseModel, lora: pointer.lora },
    origin,
  );
  const second = await askArchive(
    pointer,
    await client.saveForOthers(`webrl-export-${randomUUID().slice(0, 8)}`),
    options,
  );
  if (second.ok) return unpackArchive(second, options.into);
  await second.body?.cancel();
  throw new ConfigError(
    `${url} does not hand out ${path} (its answer is ${first.status}, and ${second.status} for a sampler's weights)`,
    "Ask the operator of the server for the weights: the path names them there.",
  );
}
