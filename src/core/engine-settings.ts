/** @file Where a run's models live: the block `engine` of its configuration. */

import { z } from "zod";
import { ConfigError } from "./errors.ts";

const serverShape = {
  apiKeyEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable")
    .default("TINKER_API_KEY")
    .describe("Environment variable with the server's key; the key itself is never part of a configuration."),
  rank: z
    .int()
    .min(0)
    .max(1024)
    .default(16)
    .describe(
      "Rank of the adapters on the server, which itself decides on their scale and place; 0 trains all weights, where the server can.",
    ),
};

export const engineSettingsSchema = z.strictObject({
  kind: z
    .enum(["onnx", "tinker"])
    .default("onnx")
    .describe(
      "onnx: models are trained in this process. tinker: they are adapters on a server of the Tinker protocol (docs/engines.md); models.base is then a directory with the served model's tokenizer and config.json.",
    ),
  url: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("The server's root, such as http://127.0.0.1:8000; of kind tinker."),
  model: z.string().min(1).nullable().default(null).describe("What the server calls the base model."),
  ...serverShape,
  critic: z
    .strictObject({
      url: z.string().min(1).describe("Root of the critic's own server."),
      model: z.string().min(1).describe("What it calls the same base model."),
      ...serverShape,
    })
    .nullable()
    .default(null)
    .describe("A server of its own for the critic; null: an adapter beside the actor's."),
});
export type EngineSettings = z.infer<typeof engineSettingsSchema>;

/** A server that is named whole. */
export type ServerSettings = EngineSettings & { kind: "tinker"; url: string; model: string };

export const isOnServer = (engine: EngineSettings): engine is ServerSettings => engine.kind === "tinker";

/** Throws a `ConfigError` where settings that are valid alone contradict each other. */
export function checkEngine(engine: EngineSettings): void {
  const { kind, url, model, critic } = engine;
  if (kind === "tinker" && (url === null || model === null))
    throw new ConfigError(
      `engine.kind is tinker, and engine.${url === null ? "url" : "model"} is not set`,
      "Set engine.url to the server's address and engine.model to what it calls the base model.",
    );
  if (kind === "onnx" && (url ?? model ?? critic) !== null)
    throw new ConfigError(
      `engine.${url !== null ? "url" : model !== null ? "model" : "critic"} is set, and engine.kind is onnx: models would be trained in this process`,
      "Set engine.kind=tinker, or leave it out.",
    );
}
