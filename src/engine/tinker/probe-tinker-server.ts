/** @file The probe of `probe.ts` on a server that is named by its address. */

import { ConfigError } from "../../core/errors.ts";
import { capabilitiesSchema } from "./wire/messages.ts";
import { askCapabilities } from "./client/capabilities.ts";
import type { Patience } from "./client/connection.ts";
import { connectTo } from "./client/engine.ts";
import { openSession } from "./client/session.ts";
import type { Clock, Send } from "./client/transport.ts";
import type { ProbeReport } from "./probe.ts";
import { probeServer } from "./probe.ts";

/** Which server is probed, and how. */
export interface ProbeTinkerOptions {
  /** The server's root, such as `http://127.0.0.1:8000`. */
  url: string;
  /** What the server calls the base model; default: its only one. */
  model?: string | undefined;
  apiKey?: string | undefined;
  /** The variable that the key is from, for messages. */
  apiKeyEnv?: string | undefined;
  /** Of the throw-away adapter; default 8. */
  rank?: number | undefined;
  patience?: Partial<Patience> | undefined;
  onTrouble?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** For tests. */
  clock?: Clock | undefined;
  send?: Send | undefined;
}

/** Small ids, which every vocabulary has; neighbours differ. */
const PROBE_TOKENS = Array.from({ length: 17 }, (_, i) => (i * 7 + 3) % 31);

/** @throws ConfigError if the server or the model is not there, TinkerError if it fails. */
export async function probeTinkerServer(
  options: ProbeTinkerOptions,
): Promise<ProbeReport & { url: string; model: string }> {
  const { url, signal } = options;
  const connection = connectTo(options);
  const { supported_models: models } = await askCapabilities(connection, url, capabilitiesSchema, signal);
  const names = models.flatMap(({ model_name: name }) => (name ? [name] : []));
  const model = options.model ?? (names.length === 1 ? names[0]! : undefined);
  if (model === undefined || (names.length > 0 && !names.includes(model)))
    throw new ConfigError(
      model === undefined
        ? `${url} has several models: ${names.join(", ")}`
        : `${url} does not have the model ${JSON.stringify(model)}; it has ${names.join(", ")}`,
      "Name one of these.",
    );
  await using session = await openSession(connection, signal);
  const lora = { rank: options.rank ?? 8, seed: 0, train_unembed: false, train_mlp: true, train_attn: true };
  const report = await probeServer({
    connection,
    session,
    spec: { baseModel: model, lora },
    tokens_T: PROBE_TOKENS,
    signal,
  });
  return { url, model, ...report };
}
