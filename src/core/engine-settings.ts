/** @file Where a run's models live: the block `engine` of its configuration. */

import { z } from "zod";
import { ConfigError } from "./errors.ts";

const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable");

const serverShape = {
  apiKeyEnv: environmentName
    .default("TINKER_API_KEY")
    .describe("Environment variable with the server's key; the key itself is never part of a configuration."),
  rank: z
    .int()
    .min(0)
    .max(1024)
    .default(16)
    .describe(
      "Rank of the adapters on the server, which decides on their scale and layers itself; 0 trains all weights, if the server can.",
    ),
};

const samplerSchema = z.strictObject({
  kind: z
    .literal("vllm")
    .default("vllm")
    .describe("vllm: loads adapters at run time; prompts are token ids."),
  url: z.string().min(1).describe("vLLM's root, such as http://127.0.0.1:8001, without /v1."),
  apiKeyEnv: environmentName.default("VLLM_API_KEY").describe("Environment variable with vLLM's key."),
  directory: z
    .string()
    .min(1)
    .describe(
      "Directory into which adapters are written and from which vLLM reads them, so both sides must see it.",
    ),
  serverDirectory: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("The same directory as vLLM sees it, such as a container's mount; null for the same path."),
  maxStaleness: z
    .int()
    .min(0)
    .default(0)
    .describe("How many optimiser steps the sampled weights may lag behind the trained ones."),
});

export const engineSettingsSchema = z.strictObject({
  kind: z
    .enum(["onnx", "tinker"])
    .default("onnx")
    .describe(
      "onnx: models are trained in this process. tinker: a Tinker server trains adapters (docs/engines.md); models.base is then a directory with the served model's tokenizer and config.json.",
    ),
  url: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("The Tinker server's root, such as http://127.0.0.1:8000."),
  model: z.string().min(1).nullable().default(null).describe("The server's name for the base model."),
  ...serverShape,
  critic: z
    .strictObject({
      url: z.string().min(1).describe("Root of the critic's own server."),
      model: z.string().min(1).describe("Its name for the same base model."),
      ...serverShape,
    })
    .nullable()
    .default(null)
    .describe("A separate server for the critic; null: an adapter beside the actor's."),
  sampler: samplerSchema
    .nullable()
    .default(null)
    .describe("vLLM, which samples while the server trains; null: the training server also samples."),
  maxDifference: z
    .number()
    .positive()
    .default(0.05)
    .describe(
      "The largest mean difference between the sampler's and the trainer's log-probabilities, in nats per token; a run stops above it.",
    ),
});
export type EngineSettings = z.infer<typeof engineSettingsSchema>;

/** A completely specified server. */
export type ServerSettings = EngineSettings & { kind: "tinker"; url: string; model: string };

export const isOnServer = (engine: EngineSettings): engine is ServerSettings => engine.kind === "tinker";

/** Throws a `ConfigError` if individually valid settings contradict each other. */
export function checkEngine(engine: EngineSettings): void {
  const { kind, url, model, critic, sampler } = engine;
  if (kind === "tinker" && (url === null || model === null))
    throw new ConfigError(
      `engine.kind is tinker, but engine.${url === null ? "url" : "model"} is not set`,
      "Set engine.url to the server's address and engine.model to its name for the base model.",
    );
  if (kind === "onnx" && (url ?? model ?? critic ?? sampler) !== null)
    throw new ConfigError(
      `engine.${url !== null ? "url" : model !== null ? "model" : critic !== null ? "critic" : "sampler"} is set, but engine.kind is onnx, which trains in this process`,
      "Set engine.kind=tinker, or leave the other setting out.",
    );
}
