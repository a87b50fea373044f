/** @file Lists every setting with its default and meaning, from the schemas. */

import { z } from "zod";
import { trainConfigSchema } from "./config.ts";

export interface SettingDescription {
  key: string;
  default: unknown;
  description: string;
}

export function describeSettings(): SettingDescription[] {
  const defaults = trainConfigSchema.parse({});
  return walk(trainConfigSchema, defaults, []);
}

function walk(schema: z.ZodType, value: unknown, path: readonly string[]): SettingDescription[] {
  let inner = schema;
  while (inner instanceof z.ZodPrefault) inner = inner.def.innerType as z.ZodType;
  if (!(inner instanceof z.ZodObject))
    return [{ key: path.join("."), default: value, description: schema.description ?? "" }];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, child]) =>
    walk(child, (value as Record<string, unknown>)[key], [...path, key]),
  );
}
