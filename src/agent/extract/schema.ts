/** @file What the rows of an extraction look like: a zod or JSON schema, read as a flat list of fields. */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";

export interface Field {
  name: string;
  type: "string" | "number" | "integer" | "boolean";
  format: "date" | "date-time" | "uri" | null;
  /** The field is a list of such values. */
  many: boolean;
  /** The only values that it can have; `null`: any. */
  choices: readonly string[] | null;
  description: string;
  /** Why the schema rejects a value; `null` if it accepts it. */
  refuse(value: unknown): string | null;
}

export interface RowSchema {
  fields: readonly Field[];
  /** The schema as JSON, to check that a resumed extraction has the same one. */
  json: unknown;
}

/** A value of a row; `null` where the page does not say it. */
export type FieldValue = string | number | boolean | null | (string | number | boolean)[];

/** A record's values by field. */
export type RowValues = Record<string, FieldValue>;

interface JsonField {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  items?: JsonField;
  anyOf?: JsonField[];
  oneOf?: JsonField[];
  properties?: Record<string, JsonField>;
  $ref?: string;
}

const HINT =
  "Give an object with flat fields: strings, numbers, integers, booleans, enums, or lists of them, such as z.object({ author: z.string(), stars: z.number() }).";
const MOST_FIELDS = 50;

const refuse = (message: string, cause?: unknown): never => {
  throw new ConfigError(message, HINT, { cause });
};

/** Reads a zod object (version 4) or a JSON schema. Throws a `ConfigError` when it does not describe rows. */
export function readSchema(given: unknown): RowSchema {
  const schema = isZod(given) ? given : fromJson(given);
  if (!(schema instanceof z.core.$ZodObject))
    return refuse(`the schema describes ${describeKind(schema)}, but a row is an object`);
  let json: JsonField;
  try {
    json = z.toJSONSchema(schema, { io: "input", unrepresentable: "throw" }) as JsonField;
  } catch (cause) {
    return refuse(
      `the schema has a field that JSON cannot hold: ${(cause as Error).message} (for dates use z.iso.date())`,
      cause,
    );
  }
  const entries = Object.entries(json.properties ?? {});
  if (entries.length === 0) return refuse("the schema has no fields");
  if (entries.length > MOST_FIELDS)
    return refuse(`the schema has ${entries.length} fields; at most ${MOST_FIELDS} are extracted`);
  return {
    fields: entries.map(([name, field]) => readField(name, field, schema._zod.def.shape[name]!)),
    json,
  };
}

const isZod = (given: unknown): given is z.core.$ZodType =>
  typeof given === "object" && given !== null && "_zod" in given;

const describeKind = (schema: z.core.$ZodType): string => `a ${schema._zod.def.type}`;

function fromJson(given: unknown): z.core.$ZodType {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return refuse(
      `the schema is ${given === null ? "null" : Array.isArray(given) ? "a list" : `a ${typeof given}`}`,
    );
  const { type, properties, items } = given as JsonField;
  if (type === "array" && items?.properties) return fromJson(items);
  if (type !== undefined && type !== "object")
    return refuse(`the schema describes a ${String(type)}, but a row is an object`);
  if (type === undefined && properties === undefined)
    return refuse("the schema is not a JSON schema: it has neither type nor properties");
  const known = new Set(["string", "number", "integer", "boolean", "array", "null"]);
  for (const [name, field] of Object.entries(properties ?? {}))
    for (const one of [field?.type].flat())
      if (one !== undefined && one !== "object" && !known.has(one))
        return refuse(
          `field ${JSON.stringify(name)} has the type ${JSON.stringify(one)}, which does not exist in JSON schemas`,
        );
  try {
    return z.fromJSONSchema({ ...given, type: "object" } as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (cause) {
    return refuse(`the schema cannot be read: ${(cause as Error).message}`, cause);
  }
}

function readField(name: string, given: JsonField, check: z.core.$ZodType): Field {
  const description = given.description ?? "";
  const inner = withoutNull(given);
  const many = inner.type === "array";
  const one = many ? withoutNull(inner.items ?? {}) : inner;
  const choices = one.enum ?? (one.const === undefined ? undefined : [one.const]);
  const type = one.type ?? typeof (choices?.[0] ?? "");
  if (type !== "string" && type !== "number" && type !== "integer" && type !== "boolean")
    return refuse(
      `field ${JSON.stringify(name)} is ${many ? "a list of" : "of type"} ${String(type)}: fields are flat`,
    );
  const format =
    one.format === "date" || one.format === "date-time" || one.format === "uri" ? one.format : null;
  return {
    name,
    type,
    format,
    many,
    choices: choices && type !== "boolean" ? choices.map(String) : null,
    description: description || one.description || "",
    refuse: (value) => {
      const parsed = z.safeParse(check, value);
      return parsed.success ? null : (parsed.error.issues[0]?.message ?? "it does not fit the schema");
    },
  };
}

/** The type of an optional type. */
function withoutNull(field: JsonField): JsonField {
  const parts = (field.anyOf ?? field.oneOf)?.filter(({ type }) => type !== "null");
  if (parts?.length === 1) return withoutNull({ description: field.description!, ...parts[0] });
  if (Array.isArray(field.type))
    return { ...field, type: field.type.find((type) => type !== "null") ?? "null" };
  return field;
}
