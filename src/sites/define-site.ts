/**
 * @file A user's own web application as a site: how to start or reach it, how to reset it, how to log in, its tasks and
 * how to verify them. What runs it is `tasks/own-suite.ts`; a complete example is in `examples/own-site/`.
 */

import { z } from "zod";
import type { Action } from "../core/action.ts";
import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { Observation } from "../core/observation.ts";
import type { Category, JsonValue, Split } from "../core/task.ts";

/** What is known at the end of an episode on an own site. */
export interface OwnFinished {
  /** The agent's answer; `null` if it never said `exit` with a message. */
  answer: string | null;
  url: string;
  /** Visible text of the last page, white space collapsed. */
  pageText: string;
  params: { [key: string]: JsonValue };
  /** Asks the application itself, from this process; the path is relative to the base URL. */
  http(path: string, init?: RequestInit): Promise<Response>;
}

/** Reasons why it failed, for people; none if it passed. */
export type OwnCheck = (finished: OwnFinished) => string[] | Promise<string[]>;

export interface OwnTask {
  /** Unique within the site. */
  id: string;
  instruction: string;
  /** Relative to the base URL. Default `/`. */
  startPath?: string;
  params?: { [key: string]: JsonValue };
  /** Default `information retrieval`. */
  category?: Category;
  /** Steps that it needs, the final `exit` included. Default 5. */
  difficulty?: number;
  /** Default `train`. */
  split?: Split;
  /** `true`: starts without logging in. */
  signedOut?: boolean;
  /** All must pass. A task without checks has no verifier: only the reward model judges it. */
  check?: OwnCheck[];
  /** Solves the task through an agent's observations and actions; proves the checks right and makes demonstrations. */
  oracle?: (params: { [key: string]: JsonValue }, first: Observation) => Generator<Action, void, Observation>;
  /** An answer that looks right and is wrong, for `suite check`. Default `"wrong"`. */
  wrongAnswer?: string;
}

/** Carried out in a fresh browser before an episode; its cookies are kept for the episode. */
export type LoginStep =
  | { open: string }
  /** Into the field with this label; `env` names an environment variable, so that no secret is in the file. */
  | { fill: string; text: string }
  | { fill: string; env: string }
  /** The button or link with this name. */
  | { click: string }
  /** Waits until the page shows this text; the login has failed where it does not appear. */
  | { see: string };

export interface SiteDefinition {
  name: string;
  /** Where the application answers. `{port}` stands for a free port, chosen for each instance that is started. */
  baseUrl: string;
  /** Starts the application. Leave it out where it runs already. */
  start?: {
    /** A shell command; `{port}` as in `baseUrl`, also given as the environment variable PORT. */
    command: string;
    /** Default: the directory of the definition's file. */
    cwd?: string;
    env?: Record<string, string>;
    /** Answers with a status below 500 when the application is ready. Default: the base URL. */
    readyPath?: string;
    /** Default 30 000. */
    timeoutMs?: number;
    /** How many copies may run at once, each used by one episode at a time. Needs `{port}` where more than 1. Default 1. */
    instances?: number;
  };
  /** Puts the data back before every episode. Leave it out where tasks change nothing. */
  reset?:
    | { command: string }
    | { path: string; method?: string; headers?: Record<string, string>; body?: string }
    /** Stops the application and starts it again: needs `start`. */
    | "restart";
  login?: LoginStep[];
  /** Hosts beside the base URL's that belong to the application, e.g. `cdn.example.com`. Nothing else is reachable. */
  hosts?: string[];
  tasks: OwnTask[];
}

const fn = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === "function",
  "must be a function",
);
const path = z.string().regex(/^\//, "must start with /");

const taskSchema = z.strictObject({
  id: z.string().min(1),
  instruction: z.string().min(1),
  startPath: path.optional(),
  params: z.record(z.string(), z.json()).optional(),
  category: z.string().optional(),
  difficulty: z.int().min(1).optional(),
  split: z.enum(["train", "validation", "test"]).optional(),
  signedOut: z.boolean().optional(),
  check: z.array(fn).optional(),
  oracle: fn.optional(),
  wrongAnswer: z.string().optional(),
});

const definitionSchema = z.strictObject({
  name: z.string().min(1),
  baseUrl: z.string().regex(/^https?:\/\//, "must start with http:// or https://"),
  start: z
    .strictObject({
      command: z.string().min(1),
      cwd: z.string().optional(),
      env: z.record(z.string(), z.string()).optional(),
      readyPath: path.optional(),
      timeoutMs: z.int().min(1).optional(),
      instances: z.int().min(1).max(64).optional(),
    })
    .optional(),
  reset: z
    .union([
      z.literal("restart"),
      z.strictObject({ command: z.string().min(1) }),
      z.strictObject({
        path,
        method: z.string().optional(),
        headers: z.record(z.string(), z.string()).optional(),
        body: z.string().optional(),
      }),
    ])
    .optional(),
  login: z
    .array(
      z.union([
        z.strictObject({ open: path }),
        z.strictObject({ fill: z.string(), text: z.string() }),
        z.strictObject({ fill: z.string(), env: z.string() }),
        z.strictObject({ click: z.string() }),
        z.strictObject({ see: z.string() }),
      ]),
    )
    .optional(),
  hosts: z.array(z.string()).optional(),
  tasks: z.array(taskSchema).min(1, "there must be at least one task"),
});

const KEYS = [
  ...Object.keys(definitionSchema.shape),
  ...Object.keys(taskSchema.shape),
  "command",
  "cwd",
  "env",
  "readyPath",
  "timeoutMs",
  "instances",
  "method",
  "headers",
  "body",
];

/** Checks a definition and gives it back. Throws a `ConfigError` that says where it is wrong. */
export function defineSite(definition: SiteDefinition): SiteDefinition {
  const parsed = definitionSchema.safeParse(definition);
  const name = typeof definition?.name === "string" ? definition.name : "site";
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const where = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
      if (issue.code !== "unrecognized_keys") return `${where}${issue.message}`;
      const near = nearest(issue.keys[0]!, KEYS);
      return `${where}unknown key ${issue.keys.join(", ")}${near ? `; the nearest is ${near}` : ""}`;
    });
    throw new ConfigError(
      `the definition of ${name} is not valid: ${lines.join("; ")}`,
      "See docs/define-site.md for every key.",
      { cause: parsed.error },
    );
  }
  const wrong = inconsistency(definition);
  if (wrong)
    throw new ConfigError(`the definition of ${name} is not valid: ${wrong}`, "See docs/define-site.md.");
  return definition;
}

function inconsistency({ baseUrl, start, reset, tasks }: SiteDefinition): string | undefined {
  const ids = tasks.map((task) => task.id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) return `two tasks have the id ${JSON.stringify(twice)}`;
  if (!start && baseUrl.includes("{port}")) return "baseUrl has {port}, but there is no start";
  if (!start && reset === "restart") return 'reset is "restart", but there is no start';
  if ((start?.instances ?? 1) > 1 && !baseUrl.includes("{port}"))
    return "start.instances is more than 1, so baseUrl needs {port}";
  if (!URL.canParse(baseUrl.replace("{port}", "1"))) return `baseUrl ${JSON.stringify(baseUrl)} is no URL`;
  return undefined;
}

/** The answer, white space and case aside, is one of `references`. */
export function ownAnswerIs(...references: string[]): OwnCheck {
  const bare = (text: string) => text.replace(/\s+/g, " ").trim().replace(/\.$/, "").toLowerCase();
  return ({ answer }) =>
    answer !== null && references.some((reference) => bare(reference) === bare(answer))
      ? []
      : [`expected the answer ${references.join(" or ")}, got ${JSON.stringify(answer)}`];
}

/** The last page's URL has this path (and these query parameters). */
export function ownUrlIs(expected: string): OwnCheck {
  return ({ url }) => {
    const got = URL.canParse(url) ? new URL(url) : null;
    const want = new URL(expected, "http://any");
    const ok =
      got?.pathname === want.pathname &&
      [...want.searchParams].every(([key, value]) => got.searchParams.get(key) === value);
    return ok ? [] : [`expected the page ${expected}, got ${url}`];
  };
}

/** The last page shows every text. */
export function ownPageShows(...texts: string[]): OwnCheck {
  return ({ pageText }) =>
    texts
      .filter((text) => !pageText.toLowerCase().includes(text.toLowerCase()))
      .map((text) => `expected the last page to show ${JSON.stringify(text)}`);
}

/** The application's own JSON at `path` satisfies `test`, which gives the reasons why not. */
export function ownState<T>(at: string, test: (state: T, finished: OwnFinished) => string[]): OwnCheck {
  return async (finished) => {
    const response = await finished.http(at);
    if (!response.ok) return [`${at} answered ${response.status}`];
    return test((await response.json()) as T, finished);
  };
}
