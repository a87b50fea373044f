/**
 * @file The user's settings for WebArena: the task file and, in a settings file or the environment, where its sites
 * are.
 */

import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { nearest } from "../../core/nearest.ts";
import { describeIssue } from "../../core/describe-issue.ts";
import { PLACEHOLDERS } from "./tasks.ts";
import type { BaseUrls, SiteName } from "./tasks.ts";

const url = z.url({ protocol: /^https?$/ });

const account = (username: string) =>
  z
    .strictObject({
      username: z.string().min(1).default(username),
      passwordEnv: z
        .string()
        .min(1)
        .optional()
        .describe("Environment variable with the password; default: WEBARENA_NAME_PASSWORD."),
    })
    .prefault({});

const settingsSchema = z.strictObject({
  tasks: z.string().min(1).describe("The task file, relative to this one."),
  instructions: z
    .string()
    .min(1)
    .optional()
    .describe(
      "File of instructions to train on, relative to this one; without it there is nothing to train on.",
    ),
  urls: z
    .strictObject({
      shopping: url.optional(),
      shopping_admin: url.optional(),
      reddit: url.optional(),
      gitlab: url.optional(),
      map: url.optional(),
      wikipedia: url.optional(),
    } satisfies Record<SiteName, unknown>)
    .default({})
    .describe("Base URLs; they override the environment's."),
  auth: z
    .string()
    .min(1)
    .optional()
    .describe("Directory of the login states; default: .auth beside the task file."),
  accounts: z
    .strictObject({
      shopping: account("emma.lopez@gmail.com"),
      shopping_admin: account("admin"),
      reddit: account("MarvelsGrantMan136"),
      gitlab: account("byteblaze"),
      shopping_site_admin: account("admin").describe("Token of the shop's REST API, which three checks use."),
    })
    .prefault({}),
  reset: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Command that resets the sites; run before the first episode, and before a task with require_reset.",
    ),
  resetMinutes: z.number().positive().default(15).describe("Minutes that the command may take."),
  evaluator: z
    .enum(["published", "strict"])
    .default("published")
    .describe(
      "The evaluators as published, or corrected where they are known to be wrong (docs/webarena.md).",
    ),
});

export type AccountName = keyof z.infer<typeof settingsSchema>["accounts"];

export interface Settings extends Omit<
  z.infer<typeof settingsSchema>,
  "urls" | "auth" | "tasks" | "instructions"
> {
  /** Where commands run. */
  directory: string;
  file: string;
  /** Text of the task file. */
  text: string;
  /** The instructions to train on: the file and its text. */
  instructions: { file: string; text: string } | null;
  urls: BaseUrls;
  auth: string;
  password(account: AccountName): string | null;
}

const HINT =
  'Give the task file of WebArena or WebArena-Lite, or a JSON object such as { "tasks": "test_webarena_lite.raw.json", "urls": { "shopping": "http://host:7770" } }.';

/** `file`: the task file itself, or a settings file that names it. */
export async function readSettings(file: string, env: Record<string, string | undefined>): Promise<Settings> {
  const text = await read(file);
  const given = /^\s*\{/.test(text) ? parse(text, file) : { tasks: file };
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) throw reportMalformed(file, parsed.error, given);
  const { tasks, urls, auth, instructions, ...rest } = parsed.data;
  const isSettings = given !== null && typeof given === "object" && tasks !== file;
  const directory = dirname(resolve(file));
  const taskFile = isSettings ? resolve(directory, tasks) : resolve(file);
  const instructionsFile = instructions === undefined ? null : resolve(directory, instructions);
  const base: BaseUrls = {};
  for (const name of Object.values(PLACEHOLDERS)) {
    const value = urls[name.toLowerCase() as SiteName] || env[name];
    if (!value) continue;
    if (!url.safeParse(value).success)
      throw new ConfigError(
        `${name} is not an address: ${JSON.stringify(value)}`,
        "Give the site's base URL, such as http://host:7770.",
      );
    base[name] = value.replace(/\/$/, "");
  }
  return {
    ...rest,
    directory,
    file: taskFile,
    text: isSettings ? await read(taskFile) : text,
    instructions:
      instructionsFile === null ? null : { file: instructionsFile, text: await read(instructionsFile) },
    urls: base,
    auth:
      auth === undefined
        ? env["WEBARENA_AUTH"] || join(dirname(taskFile), ".auth")
        : resolve(directory, auth),
    password: (name) => {
      const value = env[rest.accounts[name].passwordEnv ?? `WEBARENA_${name.toUpperCase()}_PASSWORD`];
      // The account in WebArena's image of the shop: only the evaluators use its API.
      // An empty variable counts as absent.
      return value || (name === "shopping_site_admin" ? "admin1234" : null);
    },
  };
}

/** Names the nearest setting if one is unknown. */
function reportMalformed(file: string, error: z.ZodError, given: unknown): ConfigError {
  const issue = error.issues[0]!;
  if (issue.code !== "unrecognized_keys")
    return new ConfigError(`${file} is malformed at ${describeIssue(issue, given)}`, HINT, { cause: error });
  const path = issue.path.map(String);
  const { urls, accounts } = settingsSchema.shape;
  const shapes: Record<string, object> = {
    "": settingsSchema.shape,
    urls: urls.unwrap().shape,
    accounts: accounts.unwrap().shape,
  };
  const known = Object.keys(shapes[path.join(".")] ?? { username: "", passwordEnv: "" });
  const full = (key: string) => [...path, key].join(".");
  const [key] = issue.keys;
  const near = nearest(key!, known);
  return new ConfigError(
    `${file}: there is no setting ${full(key!)}${near === undefined ? "" : `; the nearest is ${full(near)}`}`,
    `Settings here: ${known.join(", ")}.`,
    { cause: error },
  );
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read: ${(cause as Error).message}`, HINT, { cause });
  }
}

function parse(text: string, file: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, HINT, { cause });
  }
}
