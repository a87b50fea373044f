/** @file Task files of WebArena and WebArena-Lite: read, checked task by task, placeholders filled in. */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import type { Category, Task } from "../../core/task.ts";
import { checkTarget } from "./calls.ts";
import { isRequirement } from "./text.ts";
import type { Protocol } from "./text.ts";

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
  sites: z.array(z.string()).min(1),
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
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, hint, { cause });
  }
  const named = z.array(namedSchema).min(1).safeParse(json);
  if (!named.success) {
    const [issue] = named.error.issues;
    throw new ConfigError(`${file} is malformed at ${issue!.path.join(".")}: ${issue!.message}`, hint, {
      cause: named.error,
    });
  }
  const ids = named.data.map(({ task_id }) => task_id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new ConfigError(`${file} has the task ${twice} twice`, hint);
  return named.data.map((task): TaskEntry => {
    const parsed = taskSchema.safeParse(task);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return { task, unusable: `${issue!.path.join(".") || "the task"}: ${issue!.message}` };
    }
    const unusable = whatIsUnknown(parsed.data);
    return unusable === null ? { task: parsed.data, unusable } : { task, unusable };
  });
}

/** Checks what the schema cannot: placeholders, evaluators without references, unknown functions and locators. */
function whatIsUnknown({ start_url, eval: evaluation }: WebArenaTask) {
  const { eval_types, reference_answers, reference_url, ...rest } = evaluation;
  const addresses = [start_url, reference_url, ...(rest.program_html ?? []).map(({ url }) => url)].join(" ");
  const placeholder = addresses
    .match(/__[A-Z][A-Z_]*?__/g)
    ?.find((name) => !Object.hasOwn(PLACEHOLDERS, name));
  if (placeholder !== undefined) {
    const near = nearest(placeholder, Object.keys(PLACEHOLDERS));
    return `unknown placeholder ${placeholder}${near === undefined ? "" : `; the nearest is ${near}`}`;
  }
  const noAddress = start_url.split(" |AND| ").find((url) => !/^(__[A-Z_]+__|https?:\/\/)/.test(url));
  if (noAddress !== undefined) return `start_url: ${JSON.stringify(noAddress)} is no address`;
  if (eval_types.includes("string_match") && Object.keys(reference_answers ?? {}).length === 0)
    return "eval: string_match has no reference_answers";
  if (eval_types.includes("url_match") && !reference_url) return "eval: url_match has no reference_url";
  const targets = rest.program_html ?? [];
  if (eval_types.includes("program_html") && targets.length === 0) return "eval: program_html has no targets";
  const contents = [reference_answers ?? {}, ...targets.map(({ required_contents }) => required_contents)];
  const requirement = contents
    .flatMap(({ required_values = [] }) => required_values)
    .find((text) => !isRequirement(text));
  if (requirement !== undefined) return `eval: cannot read the requirement ${JSON.stringify(requirement)}`;
  try {
    for (const target of targets) checkTarget(target);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `eval: ${error.message}`;
  }
  return null;
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
export function needsJudge({ eval: { reference_answers, program_html } }: WebArenaTask): boolean {
  const contents = [reference_answers, ...(program_html ?? []).map((check) => check.required_contents)];
  return contents.some((content) => content?.fuzzy_match !== undefined);
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
