/** @file Task files of WebArena and WebArena-Lite: read, checked task by task, placeholders filled in. */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { nearest } from "../../core/nearest.ts";
import type { Category, Task } from "../../core/task.ts";
import { checkTarget } from "./calls.ts";
import { describeIssue } from "../../core/describe-issue.ts";
import { alternatives, isRequirement } from "./text.ts";
import type { Protocol, Strictness } from "./text.ts";

export const SITES = ["shopping", "shopping_admin", "reddit", "gitlab", "map", "wikipedia"] as const;
export type SiteName = (typeof SITES)[number];

/**
 * A text where a list belongs (task 81 of WebArena-Lite), which the official code refuses; in strict mode it is a list
 * of one.
 */
const list = z.union([z.array(z.string()), z.string()]);

const contentsSchema = z.strictObject({
  exact_match: z.string().optional(),
  must_include: list.optional(),
  must_exclude: list.optional(),
  one_of: list.optional(),
  required_values: list.optional(),
  fuzzy_match: z.union([z.array(z.string()), z.string()]).optional(),
});

const evalSchema = z.strictObject({
  eval_types: z.array(z.enum(["string_match", "url_match", "program_html"])).min(1),
  reference_answers: contentsSchema.nullish(),
  reference_url: z.string().nullish(),
  url_note: z.enum(["", "EXACT", "GOLD in PRED"]).nullish(),
  string_note: z.string().nullish(),
  program_html: z
    .array(
      z.strictObject({
        url: z.string(),
        locator: z.string(),
        /** Run in the page before the locator; the first error ends them. */
        prep_actions: z.array(z.string()).optional(),
        required_contents: contentsSchema,
      }),
    )
    .nullish(),
  // For people.
  reference_answer_raw_annotation: z.unknown().optional(),
  annotation_note: z.unknown().optional(),
});

const taskSchema = z.strictObject({
  task_id: z.int(),
  sites: z.array(z.enum(SITES)).min(1),
  start_url: z.string().min(1),
  intent: z.string().min(1),
  storage_state: z.string().nullish(),
  /** Reset the sites before the episode. */
  require_reset: z.boolean().nullish(),
  geolocation: z.null("a place of the browser is not supported").optional(),
  eval: evalSchema,
  // Not needed to run a task: `storage_state` names the login.
  old_task_id: z.int().nullish(),
  require_login: z.boolean().nullish(),
  intent_template: z.unknown().optional(),
  instantiation_dict: z.unknown().optional(),
  intent_template_id: z.int().nullish(),
  string_note: z.unknown().optional(),
});

export type WebArenaTask = z.infer<typeof taskSchema>;
export type Contents = z.infer<typeof contentsSchema>;

/** What can be reported of an unusable task. */
const namedSchema = z.looseObject({
  task_id: z.int(),
  sites: z.array(z.string()).min(1).catch(["unknown"]),
  start_url: z.string().catch(""),
  intent: z.string().catch(""),
});

/** A task of a file: a usable one, or the reason why it is not. */
export type TaskEntry =
  | { task: WebArenaTask; unusable: null }
  | { task: z.infer<typeof namedSchema>; unusable: string };

/** Placeholder in a task file → name of the environment variable that holds the base URL. */
export const PLACEHOLDERS = {
  __SHOPPING__: "SHOPPING",
  __SHOPPING_ADMIN__: "SHOPPING_ADMIN",
  __REDDIT__: "REDDIT",
  __GITLAB__: "GITLAB",
  __MAP__: "MAP",
  __WIKIPEDIA__: "WIKIPEDIA",
} as const;

export type BaseUrls = Partial<Record<(typeof PLACEHOLDERS)[keyof typeof PLACEHOLDERS], string>>;

/**
 * Parses a task file. Throws a `ConfigError` if it is not one. A task with an unknown field or evaluator becomes an
 * entry that says so, and the others can be used.
 */
export function parseTasks(text: string, file: string): TaskEntry[] {
  const hint = "Give the task file of WebArena or WebArena-Lite: a JSON array of tasks.";
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, hint, { cause });
  }
  const named = z.array(namedSchema).min(1).safeParse(json);
  if (!named.success) {
    const [issue] = named.error.issues;
    throw new ConfigError(`${file} is malformed at ${describeIssue(issue!, json)}`, hint, {
      cause: named.error,
    });
  }
  const ids = named.data.map(({ task_id }) => task_id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new ConfigError(`${file} has the task ${twice} twice`, hint);
  return named.data.map((task, at): TaskEntry => {
    // What can be reported of a task has been repaired; this has not.
    const raw = (json as unknown[])[at];
    const parsed = taskSchema.safeParse(raw);
    if (!parsed.success) return { task, unusable: describeIssue(parsed.error.issues[0]!, raw) };
    const unusable = whatIsUnknown(parsed.data);
    return unusable === null ? { task: parsed.data, unusable } : { task, unusable };
  });
}

/** Checks what the schema cannot: addresses, evaluators without requirements, unknown functions and locators. */
function whatIsUnknown(task: WebArenaTask): string | null {
  const { eval_types, reference_answers, reference_url, program_html } = task.eval;
  for (const [where, address] of addressesOf(task)) {
    const why = whatIsNoAddress(address);
    if (why !== null) return `${where}: ${why}`;
  }
  const placeholder = unknownPlaceholder(reference_url ?? "");
  if (placeholder !== null) return `eval.reference_url: ${placeholder}`;
  if (eval_types.includes("string_match") && Object.keys(reference_answers ?? {}).length === 0)
    return "eval: string_match has no reference_answers";
  // An address without a host and a path is in all others.
  if (
    eval_types.includes("url_match") &&
    alternatives(reference_url ?? "").some((url) => /^(https?:)?[/\s]*$/.test(url))
  )
    return "eval: url_match has no reference_url, or an empty one";
  const targets = program_html ?? [];
  if (eval_types.includes("program_html") && targets.length === 0) return "eval: program_html has no targets";
  for (const [at, { required_contents }] of targets.entries())
    if (Object.keys(required_contents).length === 0)
      return `eval.program_html.${at}.required_contents: it requires nothing`;
  for (const contents of contentsOf(task)) {
    const why = whatIsNoRequirement(contents);
    if (why !== null) return `eval: ${why}`;
  }
  try {
    for (const target of targets) checkTarget(target);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `eval: ${error.message}`;
  }
  return null;
}

/** Says which requirement everything or nothing fulfils, or cannot be read. `exact_match` may be empty. */
function whatIsNoRequirement(contents: Contents): string | null {
  for (const [key, value] of Object.entries(contents)) {
    const items = [value ?? []].flat();
    const isEmpty = items.length === 0 || items.flatMap(alternatives).some((item) => item.trim() === "");
    if (key !== "exact_match" && isEmpty)
      return `${key} is empty, or has an empty part: ${JSON.stringify(value)}`;
  }
  const unread = [contents.required_values ?? []].flat().find((item) => !isRequirement(item));
  return unread === undefined ? null : `cannot read the requirement ${JSON.stringify(unread)}`;
}

/**
 * What the evaluator of this suite refuses, although another suite's, or the strict one, takes it; `null` if it refuses
 * nothing.
 */
export function whatIsRefused(task: WebArenaTask, protocol: Protocol, evaluator: Strictness): string | null {
  if (protocol === "webarena" && task.eval.url_note === "EXACT")
    return 'eval.url_note: found "EXACT", which only webarena-lite has; webarena has "GOLD in PRED"';
  const isText = ([key, value]: [string, unknown]) =>
    typeof value === "string" && key !== "exact_match" && key !== "fuzzy_match";
  const text = contentsOf(task)
    .flatMap((contents) => Object.entries(contents))
    .find(isText);
  if (text === undefined || evaluator === "strict") return null;
  return `eval: ${text[0]} is a text instead of a list, which the published evaluator refuses; the strict one takes it for a list of one`;
}

/** What is required of the answer and of pages. */
function contentsOf({ eval: { reference_answers, program_html } }: WebArenaTask): Contents[] {
  return [reference_answers ?? {}, ...(program_html ?? []).map(({ required_contents }) => required_contents)];
}

/** The addresses that an episode and its checks open, each with its place in the task. */
export function addressesOf(task: {
  start_url: string;
  eval?: Pick<WebArenaTask["eval"], "program_html">;
}): [where: string, address: string][] {
  const targets = (task.eval?.program_html ?? []).map(({ url }, at): [string, string] => [
    `eval.program_html.${at}.url`,
    url,
  ]);
  return [
    ...startPages(task).map((url): [string, string] => ["start_url", url]),
    ...targets.filter(([, url]) => url !== "last" && !url.startsWith("func:")),
  ];
}

/** Why an address of a file is none, whatever the sites' base URLs are; `null` if it is one. */
export function whatIsNoAddress(address: string): string | null {
  const placeholder = unknownPlaceholder(address);
  if (placeholder !== null) return placeholder;
  const filled = Object.keys(PLACEHOLDERS).reduce(
    (text, name) => text.replaceAll(name, "http://site.test"),
    address,
  );
  const isAddress = URL.canParse(filled) && /^https?:$/.test(new URL(filled).protocol);
  return isAddress ? null : `${JSON.stringify(address)} is no address`;
}

function unknownPlaceholder(text: string): string | null {
  const known = Object.keys(PLACEHOLDERS);
  const name = text.match(/__[A-Z][A-Z_]*?__/g)?.find((found) => !known.includes(found));
  if (name === undefined) return null;
  const near = nearest(name, known);
  return `unknown placeholder ${name}${near === undefined ? "" : `; the nearest is ${near}`}`;
}

/** Replaces the placeholders by the base URLs of its sites, or says which one is missing. */
export function fillUrls<T extends object>(
  task: T,
  urls: BaseUrls,
): { filled: T; missing: null } | { filled: null; missing: string } {
  let text = JSON.stringify(task);
  for (const [placeholder, name] of Object.entries(PLACEHOLDERS)) {
    if (!text.includes(placeholder)) continue;
    const url = urls[name];
    if (!url) return { filled: null, missing: name };
    text = text.replaceAll(placeholder, () => JSON.stringify(url.replace(/\/$/, "")).slice(1, -1));
  }
  return { filled: JSON.parse(text) as T, missing: null };
}

/** Converts it to our kind of task; its evaluator is found by the id. */
export function toTask({ task, unusable }: TaskEntry, protocol: Protocol): Task {
  const id = `${protocol}.${task.task_id}`;
  return {
    id,
    sites: task.sites,
    instruction: task.intent,
    startUrl: startPages(task)[0],
    templateId: id,
    params: {},
    category: unusable === null ? categoryOf(task) : "navigation",
    // Unknown; the official limit is 30 steps.
    difficulty: 8,
    split: "test",
  };
}

/** Each in a tab; the first is active. */
export const startPages = ({ start_url }: { start_url: string }) =>
  start_url.split(" |AND| ") as [string, ...string[]];

function categoryOf(task: WebArenaTask): Category {
  if (isImpossible(task)) return "impossible";
  return task.eval.eval_types.includes("string_match") ? "information retrieval" : "navigation";
}

/** Its check looks at what the agent left behind on a writable site. */
export function changesState({ sites, eval: { eval_types } }: WebArenaTask): boolean {
  return eval_types.includes("program_html") && sites.some((site) => !READ_ONLY.has(site));
}

const READ_ONLY = new Set(["map", "wikipedia"]);

/** Whether a language model has to compare the answer or a page's text. */
export function needsJudge(task: WebArenaTask): boolean {
  return contentsOf(task).some(({ fuzzy_match }) => fuzzy_match !== undefined);
}

/** The reference answer is N/A. */
export function isImpossible({ eval: { reference_answers } }: WebArenaTask): boolean {
  const { exact_match, must_include, fuzzy_match } = reference_answers ?? {};
  return [
    exact_match,
    ...[must_include ?? []].flat(),
    ...(fuzzy_match === undefined ? [] : [fuzzy_match].flat()),
  ].includes("N/A");
}
