/** @file A checkpoint on a Tinker server, as a local directory that points to it. */

import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../../core/errors.ts";
import { checkManifest } from "../../onnx/checkpoint/manifest.ts";
import { exists, readJsonObject } from "../../onnx/checkpoint/read-file.ts";

export const POINTER = "tinker.json";
/** The environment variable with a server's key, unless another one is named. */
export const API_KEY_ENV = "TINKER_API_KEY";

const pointerSchema = z.object({
  format: z.literal("webrl-tinker/1"),
  url: z.string(),
  /** The server's own name for it; opaque. */
  path: z.string().min(1),
  baseModel: z.string(),
  /** Environment variable with the server's key. */
  apiKeyEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .default(API_KEY_ENV),
  lora: z.looseObject({ rank: z.int().nonnegative() }),
  /** Whether the moments are part of it. */
  optimizer: z.boolean(),
  /** A text's tokens and their log-probabilities at the time, from the second on: a restored model says the same. */
  check: z
    .object({ tokens: z.array(z.int()).min(2), logprobs: z.array(z.number()).min(1) })
    .refine(({ tokens, logprobs }) => tokens.length === logprobs.length + 1),
});
export type Pointer = z.infer<typeof pointerSchema>;

export const isPointer = (directory: string): Promise<boolean> => exists(join(directory, POINTER));

/** @throws ConfigError if the directory is damaged or was not saved by us. */
export async function readPointer(directory: string): Promise<Pointer> {
  await checkManifest(directory, true);
  const file = join(directory, POINTER);
  const parsed = pointerSchema.safeParse(await readJsonObject(file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(
    `${file} is not a checkpoint on a Tinker server: ${issue?.path.join(".")}: ${issue?.message}`,
    "Start from an intact checkpoint.",
  );
}
