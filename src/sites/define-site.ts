/**
 * @file A user's own web application as a site: how to start or reach it, how to reset it, how to log in, its tasks and
 * templates and how to verify them. What runs it is `tasks/own-suite.ts`; a complete example is in
 * `examples/own-site/`.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { EFFECT_KINDS } from "../core/effect.ts";
import type { IrreversibleRequest } from "../core/effect.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { CATEGORIES } from "../core/task.ts";
import type { Category, Split } from "../core/task.ts";
import type { Oracle, Params } from "./template.ts";
import type { Finished } from "./verify.ts";

/** One running copy of the application. */
export interface SiteCopy {
  baseUrl: string;
  /** Port of the base URL. */
  port: number;
  /** Counts from 0 to `start.instances` - 1, to name what belongs to this copy alone, such as its database. */
  copy: number;
}

/** What a check knows at the end of an episode on your site. */
export interface SiteFinished extends Finished, SiteCopy {
  params: Params;
  /** Who was signed in; `null` if nobody was. With a list as `login`, its only user is called `user`. */
  user: string | null;
  /**
   * Asks the application itself, from this process; the path is relative to the base URL. If nothing answers, it throws
   * a `Fault`: do not catch it, and the task is tried again. `as`: signs this user of `login` in anew and sends the
   * cookies (the agent may have signed out).
   */
  http(path: string, init?: RequestInit & { as?: string }): Promise<Response>;
}

/**
 * Reasons why it failed, for people; none if it passed. Anything that it throws is an error in the definition and ends
 * the command, except a `Fault`, which is the application's.
 */
export type SiteCheck = (finished: SiteFinished) => string[] | Promise<string[]>;

/** A single task on your site. */
export interface SiteTask {
  /** Unique within the site. */
  id: string;
  instruction: string;
  /** Relative to the base URL. Default `/`. */
  startPath?: string;
  params?: Params;
  /** Default `information retrieval`. */
  category?: Category;
  /** Number of steps that it takes, the final `exit` included. Default 5. */
  difficulty?: number;
  /** Default `train`. */
  split?: Split;
  /** `true`: starts without logging in. */
  signedOut?: boolean;
  /** Which user of `login` is signed in. Default: the first. */
  user?: string;
  /** All must pass. A task without checks has no verifier: only the reward model judges it. */
  check?: SiteCheck[];
  /** Solves the task with an agent's observations and actions; used to test the checks and to make demonstrations. */
  oracle?: Oracle<Params>;
  /**
   * `true`: the task is done in a frame of the page. The format `webrl` shows no frames, so `suite check` leaves it out
   * there.
   */
  inFrame?: boolean;
  /** An answer that looks right but is wrong, for `suite check`. Default `"wrong"`. */
  wrongAnswer?: string;
}

/**
 * A family of tasks: one sentence, many values. The curriculum makes new tasks from it. Write it with `defineTemplate`.
 */
export interface SiteTemplate<P extends Params = Params> {
  /** Unique among the site's templates and tasks. */
  id: string;
  /** Instructions with `{param}` placeholders. If there are several, the last one is reserved for the test split. */
  phrasings: string[];
  /**
   * Every set of values. 70% of them belong to the train split, 10% to validation, 20% to test, by a hash of the
   * values: adding some moves none of the others.
   */
  instances: P[];
  /** Texts for placeholders that need more than `String(value)`. */
  words?(params: P): Record<string, string>;
  /** Relative to the base URL. Default `/`. */
  startPath?(params: P): string;
  /** The same as for tasks, like the next ones. */
  category?: Category;
  difficulty?: number;
  /** `true`: all its tasks belong to the test split. */
  testOnly?: boolean;
  signedOut?: boolean;
  /** The same as for tasks, or a function of the values. */
  user?: string | ((params: P) => string);
  check?(params: P): SiteCheck[];
  oracle?: Oracle<P>;
  inFrame?: boolean;
  wrongAnswer?(params: P): string;
}

/** Keeps the parameters' type inside a template and forgets it outside. */
export function defineTemplate<P extends Params>(template: SiteTemplate<P>): SiteTemplate {
  return template as unknown as SiteTemplate;
}

/** A step of the login, done in a fresh browser before an episode; the episode gets the session. */
export type LoginStep =
  | { open: string }
  /**
   * Types into the field with this label, placeholder or `name`; `env` names an environment variable, so that no secret
   * is in the file. What goes into a password field, and what comes from the environment but is not a user name, is
   * kept out of everything that agents see and records hold; `secret` says otherwise.
   */
  | { fill: string; text: string; secret?: boolean }
  | { fill: string; env: string; secret?: boolean }
  /** The button or link with this name. */
  | { click: string }
  /** Waits until the page shows this text; if it does not appear, the login has failed. */
  | { see: string };

/** Your application: how to start, reset and sign in to it, and its tasks. Write it with `defineSite`. */
export interface SiteDefinition {
  name: string;
  /** What the site is, in one or two sentences: for the chat model that proposes tasks (`curriculum.proposer=llm`). */
  description?: string;
  /** What it cannot do, however plausible it sounds; for the same model. */
  infeasible?: string[];
  /** Where the application answers. `{port}` stands for a free port, chosen for each instance that is started. */
  baseUrl: string;
  /** Starts the application. Leave it out if it already runs. */
  start?: {
    /**
     * A shell command; `{port}` as in `baseUrl`, `{copy}` as in {@link SiteCopy}; both are also in the environment, as
     * PORT and COPY.
     */
    command: string;
    /**
     * Shuts down what the command leaves in the background in a process group of its own. Runs at the end, even if we
     * are killed. On Linux, what is still there afterwards is killed, unless it has cleared its environment.
     */
    stop?: string;
    /** Default: the directory of the definition's file. */
    cwd?: string;
    env?: Record<string, string>;
    /** Answers with a status below 500 when the application is ready. Default: the base URL. */
    readyPath?: string;
    /** Default 30 000. */
    timeoutMs?: number;
    /** How many copies may run at once; each serves one episode at a time. More than 1 needs `{port}`. Default 1. */
    instances?: number;
  };
  /** Resets the data before every episode. Leave it out if tasks change nothing. */
  reset?:
    | { command: string }
    | { path: string; method?: string; headers?: Record<string, string>; body?: string }
    | ((copy: SiteCopy) => Promise<void>)
    /** Stops the application and starts it again: needs `start`. */
    | "restart";
  /** Of one user, or of several by name: `{ ann: [...], ben: [...] }`. */
  login?: LoginStep[] | Record<string, LoginStep[]>;
  /**
   * Hosts besides the base URL's that belong to the application, e.g. `cdn.example.com`. Nothing else can be reached.
   */
  hosts?: string[];
  /**
   * Names among these and the base URL's that may resolve to this machine or a private network, e.g. `shop.internal`;
   * other names that do are refused. `localhost` and written-out addresses need no entry.
   */
  privateHosts?: string[];
  /** Accept a self-signed HTTPS certificate, such as that of a development server. */
  selfSigned?: boolean;
  /**
   * Statuses of a page that mean that the site is down, so that the attempt does not count as the agent's failure.
   * Default: every 5xx.
   */
  downStatuses?: number[];
  /**
   * Requests that buy, pay, send, publish, delete or sign, so that the gate need not guess; `kind: "none"` for what
   * only looks like it. A path belongs to the base URL's host; an address names another one. See docs/agent.md.
   */
  irreversible?: IrreversibleRequest[];
  /**
   * What `{{secret:NAME}}` stands for in a text that an agent types: `env` names an environment variable. It is typed
   * into pages of the base URL's host, or of `hosts`, and nowhere else; and only into fields whose type, or a word of
   * whose name, id or autocomplete, is one of `fields`.
   */
  secrets?: Record<string, { env: string; hosts?: string[]; fields?: string[] }>;
  /** At least one task or template. */
  tasks?: SiteTask[];
  templates?: SiteTemplate[];
}

const fn = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === "function",
  "must be a function",
);
const params = z.record(z.string(), z.json());
const category = z.enum(CATEGORIES, `must be one of ${CATEGORIES.join(", ")}`);
const path = z.string().regex(/^\//, "must start with /");

const taskSchema = z.strictObject({
  id: z.string().min(1),
  instruction: z.string().min(1),
  startPath: path.optional(),
  params: params.optional(),
  category: category.optional(),
  difficulty: z.int().min(1).optional(),
  split: z.enum(["train", "validation", "test"]).optional(),
  signedOut: z.boolean().optional(),
  user: z.string().optional(),
  check: z.array(fn).optional(),
  oracle: fn.optional(),
  inFrame: z.boolean().optional(),
  wrongAnswer: z.string().optional(),
});

const templateSchema = z.strictObject({
  id: z.string().min(1),
  phrasings: z.array(z.string().min(1)).min(1, "there must be at least one phrasing"),
  instances: z.array(params).min(1, "there must be at least one instance"),
  words: fn.optional(),
  startPath: fn.optional(),
  category: category.optional(),
  difficulty: z.int().min(1).optional(),
  testOnly: z.boolean().optional(),
  signedOut: z.boolean().optional(),
  user: z.union([z.string(), fn]).optional(),
  check: fn.optional(),
  oracle: fn.optional(),
  inFrame: z.boolean().optional(),
  wrongAnswer: fn.optional(),
});

const irreversibleSchema = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z]+$/, "must be in capitals, such as POST or WS")
    .optional(),
  path: z.string().regex(/^\/|^https?:\/\/[^/]+\//, "must start with /, or be an address"),
  fields: z.record(z.string(), z.string()).optional(),
  kind: z.enum([...EFFECT_KINDS, "none"]),
  amount: z
    .strictObject({
      field: z.string().min(1).optional(),
      text: z.string().min(1).optional(),
      plus: z.record(z.string().min(1), z.record(z.string(), z.number())).optional(),
    })
    .refine(({ field, text }) => field !== undefined || text !== undefined, "must have field or text")
    .refine(({ text, plus }) => plus === undefined || text !== undefined, "has plus, which needs text")
    .optional(),
  button: z.string().min(1).optional(),
});

const secretSchema = z.strictObject({
  env: z.string().min(1),
  hosts: z.array(z.string().min(1)).min(1).optional(),
  fields: z.array(z.string().min(1)).min(1).optional(),
});

const loginSchema = z.array(
  z.union([
    z.strictObject({ open: path }),
    z.strictObject({ fill: z.string(), text: z.string(), secret: z.boolean().optional() }),
    z.strictObject({ fill: z.string(), env: z.string(), secret: z.boolean().optional() }),
    z.strictObject({ click: z.string() }),
    z.strictObject({ see: z.string() }),
  ]),
);

const definitionSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().min(1).optional(),
  infeasible: z.array(z.string()).optional(),
  baseUrl: z.string().regex(/^https?:\/\//, "must start with http:// or https://"),
  start: z
    .strictObject({
      command: z.string().min(1),
      stop: z.string().min(1).optional(),
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
      fn,
      z.strictObject({ command: z.string().min(1) }),
      z.strictObject({
        path,
        method: z.string().optional(),
        headers: z.record(z.string(), z.string()).optional(),
        body: z.string().optional(),
      }),
    ])
    .optional(),
  login: z.union([loginSchema, z.record(z.string().min(1), loginSchema)]).optional(),
  hosts: z.array(z.string()).optional(),
  privateHosts: z.array(z.string()).optional(),
  selfSigned: z.boolean().optional(),
  downStatuses: z.array(z.int().min(400).max(599)).optional(),
  irreversible: z.array(irreversibleSchema).optional(),
  secrets: z
    .record(z.string().regex(/^[A-Za-z][\w.-]*$/, "must be a name such as PASSWORD"), secretSchema)
    .optional(),
  tasks: z.array(taskSchema).optional(),
  templates: z.array(templateSchema).optional(),
});

const KEYS = [
  ...Object.keys(definitionSchema.shape),
  ...Object.keys(taskSchema.shape),
  ...Object.keys(templateSchema.shape),
  ...Object.keys(irreversibleSchema.shape),
  ...Object.keys(secretSchema.shape),
  "command",
  "stop",
  "cwd",
  "env",
  "readyPath",
  "timeoutMs",
  "instances",
  "method",
  "headers",
  "body",
];

/** Checks a definition and returns it. Throws a `ConfigError` that says where it is wrong. */
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

function inconsistency(definition: SiteDefinition): string | undefined {
  const { baseUrl, start, reset, tasks = [], templates = [] } = definition;
  const ids = [...tasks, ...templates].map(({ id }) => id);
  if (ids.length === 0) return "there must be at least one task or template";
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) return `two tasks or templates have the id ${JSON.stringify(twice)}`;
  if (!start && baseUrl.includes("{port}")) return "baseUrl has {port}, but there is no start";
  if (!start && reset === "restart") return 'reset is "restart", but there is no start';
  if ((start?.instances ?? 1) > 1 && !baseUrl.includes("{port}"))
    return "start.instances is more than 1, so baseUrl needs {port}";
  const users = Object.keys(usersOf(definition));
  if (definition.login && !Array.isArray(definition.login) && users.length === 0)
    return "login names no user";
  for (const { id, user } of [...tasks, ...templates])
    if (typeof user === "string" && !users.includes(user))
      return `${id} is for the user ${JSON.stringify(user)}, who is not in login${users.length > 0 ? `; there are ${users.join(", ")}` : ""}`;
  if (!URL.canParse(baseUrl.replace("{port}", "1"))) return `baseUrl ${JSON.stringify(baseUrl)} is no URL`;
  return undefined;
}

/** The users that can sign in, by name; with a list as `login`, the only one is called `user`. */
export function usersOf({ login }: Pick<SiteDefinition, "login">): Record<string, LoginStep[]> {
  if (login === undefined) return {};
  if (!Array.isArray(login)) return login;
  return login.length > 0 ? { user: login } : {};
}

/** How to request the application's state. */
export interface StateOptions {
  /**
   * Repeat the request until the check passes, for at most this long, if the application saves a moment later. Default
   * 0: once.
   */
  withinMs?: number;
  /** Send the request as this user of `login`. */
  as?: string;
}

/**
 * The application's own JSON at `at` satisfies `test`, which gives the reasons why not. An application that breaks
 * (5xx) is at fault, not the agent; an answer that is not JSON is an error in the definition.
 */
export function stateSatisfies<T>(
  at: string,
  test: (state: T, finished: SiteFinished) => string[],
  { withinMs = 0, as }: StateOptions = {},
): SiteCheck {
  const once = async (finished: SiteFinished) => {
    const response = await finished.http(at, as === undefined ? {} : { as });
    if (response.status >= 500)
      throw new Fault("site_down", `${at} answered ${response.status}`, { retryable: true });
    if (!response.ok) return [`${at} answered ${response.status}`];
    return test(parseState<T>(at, await response.text()), finished);
  };
  return async (finished) => eventually(withinMs, () => once(finished));
}

function parseState<T>(at: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new Error(
      `${at} does not answer with JSON but with ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)}`,
      { cause },
    );
  }
}

const ASK_EVERY_MS = 100;

/** Repeats `check` until it passes or the time is up, and returns its reasons. */
export async function eventually(withinMs: number, check: () => Promise<string[]>): Promise<string[]> {
  const end = performance.now() + withinMs;
  for (;;) {
    const reasons = await check();
    if (reasons.length === 0 || performance.now() >= end) return reasons;
    await sleep(ASK_EVERY_MS);
  }
}
