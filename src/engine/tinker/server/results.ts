/** @file Results of requests until somebody fetches them, in the form in which they travel and lie on disk. */

import {
  decodeForwardBackwardOutput,
  decodeSampleResponse,
  encodeForwardBackwardOutput,
  encodeSampleResponse,
} from "../wire/protobuf.ts";
import type { ForwardBackwardOutput, WireSampleResponse } from "../wire/messages.ts";
import { Failure, type Category } from "./refusal.ts";

export type ResultForm = "json" | "training" | "sample";

export type Outcome =
  | { ok: true; form: ResultForm; body: Uint8Array }
  | { ok: false; error: string; category: Category };

export const jsonOutcome = (value: object): Outcome => ({
  ok: true,
  form: "json",
  body: Buffer.from(JSON.stringify(value)),
});
export const trainingOutcome = (output: ForwardBackwardOutput): Outcome => ({
  ok: true,
  form: "training",
  body: encodeForwardBackwardOutput(output),
});
export const sampleOutcome = (response: WireSampleResponse): Outcome => ({
  ok: true,
  form: "sample",
  body: encodeSampleResponse(response),
});

/**
 * What went wrong, in words for the client. Our own bugs count as the server's: no client can do anything about them.
 */
export function failureOf(error: unknown): Outcome {
  if (error instanceof Failure) return { ok: false, error: error.message, category: error.category };
  const {
    name = "",
    message = String(error),
    hint,
  } = error as { name?: string; message?: string; hint?: string };
  // The caller's numbers caused it, or what the caller named is not what it seemed.
  const byUser = name === "NonFiniteError" || name === "ConfigError" || name === "Refusal";
  return {
    ok: false,
    error: hint === undefined ? message : `${message}. ${hint}`,
    category: byUser ? "user" : "server",
  };
}

/** The result as JSON, with null for NaN and infinity. */
export function asJson({ form, body }: Extract<Outcome, { ok: true }>): string {
  if (form === "json") return Buffer.from(body).toString("utf8");
  if (form === "training") return JSON.stringify(decodeForwardBackwardOutput(body));
  return JSON.stringify({ ...decodeSampleResponse(body), type: "sample" });
}
