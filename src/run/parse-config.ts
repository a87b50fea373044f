/**
 * @file Builds the configuration from defaults < JSON file < `--set a.b=c`, with errors that name the nearest valid
 * key.
 */

import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { BrowserBlock } from "../core/browser-settings.ts";
import { browserBlockSchema, checkEndpoints } from "../core/browser-settings.ts";
import type { LlmConfig } from "../chat/config.ts";
import { checkLlm, llmConfigSchema } from "../chat/config.ts";
import type { EngineSettings } from "../core/engine-settings.ts";
import { checkEngine, engineSettingsSchema } from "../core/engine-settings.ts";
import { describeIssue } from "../core/describe-issue.ts";
import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { TrainConfig } from "./config.ts";
import { checkConsistency } from "./check-consistency.ts";
import { trainConfigSchema } from "./config.ts";

/** Settings as people write them: nested objects in which any key may be absent. */
export type Settings = { [key: string]: unknown };

/** Where a configuration comes from: defaults, a file, then single settings. */
export interface ConfigSources {
  /** A JSON file. */
  file?: string | undefined;
  /** `a.b=c`; later ones win. `c` is JSON, or else a string. */
  set?: readonly string[] | undefined;
  /** A command's own defaults, such as the demo's; the file overrides them. */
  defaults?: Settings | undefined;
}

/**
 * The configuration of a run: defaults, then the file, then the assignments `a.b=c`. Throws a `ConfigError` that names
 * the nearest key if one is unknown.
 */
export async function loadConfig(sources: ConfigSources = {}): Promise<TrainConfig> {
  let raw: Settings = structuredClone(sources.defaults ?? {});
  if (sources.file !== undefined) raw = merge(raw, await readJson(sources.file));
  for (const assignment of sources.set ?? []) assign(raw, assignment);
  const config = parseConfig(trainConfigSchema, raw);
  checkConsistency(config);
  return config;
}

/** Settings of a model's server: `below` < `key=value` or JSON files with several, later ones win. */
export async function loadLlm(settings: readonly string[], below: Settings = {}): Promise<LlmConfig> {
  const llm = await loadBlock("llm", llmConfigSchema, settings, below);
  checkLlm(llm);
  return llm;
}

/** Settings of the browser, likewise. */
export async function loadBrowser(
  settings: readonly string[],
  below?: Partial<BrowserBlock>,
): Promise<BrowserBlock> {
  const browser = await loadBlock("browser", browserBlockSchema, settings, { ...below });
  checkEndpoints(browser.endpoints);
  return browser;
}

/** Settings of a server that trains, likewise; without any, this process trains. */
export async function loadEngine(settings: readonly string[]): Promise<EngineSettings> {
  const engine = await loadBlock(
    "engine",
    engineSettingsSchema,
    settings,
    settings.length > 0 ? { kind: "tinker" } : {},
  );
  checkEngine(engine);
  return engine;
}

/** Parses one block of the configuration, for a command that needs no other. */
async function loadBlock<T>(
  name: string,
  schema: z.ZodType<T>,
  settings: readonly string[],
  below: Settings,
): Promise<T> {
  let raw: Settings = { [name]: structuredClone(below) };
  for (const setting of settings) {
    if (setting.includes("=")) {
      assign(raw, `${name}.${setting}`);
      continue;
    }
    const file = await readJson(setting);
    raw = merge(raw, { [name]: isPlain(file[name]) ? file[name] : file });
  }
  return parseConfig(z.strictObject({ [name]: schema }), raw)[name] as T;
}

/** Parses with a schema; throws a `ConfigError` that names key, value and what is allowed. */
export function parseConfig<T>(schema: z.ZodType<T>, raw: unknown): T {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const known = keysAt(schema, path);
    const near = nearest(key, known);
    const full = (name: string) => [...path, name].join(".");
    throw new ConfigError(
      `there is no setting ${full(key)}${near === undefined ? "" : `; the nearest is ${full(near)}`}`,
      `Settings here: ${known.join(", ")}.`,
    );
  }
  throw new ConfigError(describeIssue(issue, raw), describe(schema, path) ?? "Correct the value.");
}

/** Sets one value in place: `actor.beta=0.5`. */
function assign(raw: Settings, assignment: string): void {
  const at = assignment.indexOf("=");
  if (at <= 0)
    throw new ConfigError(`--set ${assignment}: expected key=value`, "Write it like --set actor.beta=0.5.");
  const keys = assignment.slice(0, at).trim().split(".");
  // A key that every object inherits would always be found.
  const reserved = keys.find((key) => key in Object.prototype);
  if (reserved !== undefined)
    throw new ConfigError(`there is no setting ${keys.join(".")}`, "`webrl train --settings` lists them.");
  const text = assignment.slice(at + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a plain string, as in --set method=awr.
    value = text;
  }
  let place = raw;
  for (const key of keys.slice(0, -1)) {
    if (!isPlain(place[key])) place[key] = {};
    place = place[key] as Settings;
  }
  place[keys.at(-1)!] = value;
}

async function readJson(path: string): Promise<Settings> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`the configuration file ${path} cannot be read`, "Name a JSON file.", { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${path} is not JSON: ${(cause as Error).message}`, "Correct the file.", { cause });
  }
  if (!isPlain(value))
    throw new ConfigError(`${path} does not hold an object`, "Put an object { … } into it.");
  return value;
}

const isPlain = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function merge(below: Settings, above: Settings): Settings {
  const out: Settings = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = out[key];
    out[key] = isPlain(under) && isPlain(value) ? merge(under, value) : value;
  }
  return out;
}

/** The schema at a path, without defaults and nullability. */
function schemaAt(schema: z.ZodType, path: readonly string[]): z.ZodType | undefined {
  let current: z.ZodType | undefined = unwrap(schema);
  for (const key of path) {
    if (!(current instanceof z.ZodObject)) return undefined;
    const next: z.ZodType | undefined = (current.shape as Record<string, z.ZodType>)[key];
    current = next && unwrap(next);
  }
  return current;
}

function unwrap(schema: z.ZodType): z.ZodType {
  let current = schema;
  while (
    current instanceof z.ZodDefault ||
    current instanceof z.ZodPrefault ||
    current instanceof z.ZodNullable ||
    current instanceof z.ZodOptional
  )
    current = current.def.innerType as z.ZodType;
  return current;
}

function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  const at = schemaAt(schema, path);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function describe(schema: z.ZodType, path: readonly string[]): string | undefined {
  const parent = schemaAt(schema, path.slice(0, -1));
  const last = path.at(-1);
  if (!(parent instanceof z.ZodObject) || last === undefined) return undefined;
  return (parent.shape as Record<string, z.ZodType>)[last]?.description;
}
