/** @file WebArena's task files (WebArena-Lite's 13 keys): read, checked, placeholders filled in. */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";

/** A text where a list belongs (one task of WebArena-Lite) is a list of one; the official code compares its letters. */
const list = z.union([z.array(z.string()), z.string().transform((text) => [text])]);

const contentsSchema = z.strictObject({
  exact_match: z.string().optional(),
  must_include: list.optional(),
  must_exclude: list.optional(),
  one_of: list.optional(),
  required_values: list.optional(),
  fuzzy_match: z.union([z.array(z.string()), z.string()]).optional(),
});

const taskSchema = z.looseObject({
  task_id: z.int(),
  sites: z.array(z.string()).min(1),
  start_url: z.string().min(1),
  intent: z.string().min(1),
  intent_template_id: z.int().nullish(),
  storage_state: z.string().nullish(),
  eval: z.looseObject({
    eval_types: z.array(z.enum(["string_match", "url_match", "program_html"])),
    reference_answers: contentsSchema.nullish(),
    reference_url: z.string().nullish(),
    url_note: z.string().nullish(),
    string_note: z.string().nullish(),
    program_html: z
      .array(
        z.looseObject({
          url: z.string(),
          locator: z.string(),
          required_contents: contentsSchema,
        }),
      )
      .nullish(),
  }),
});

export type WebArenaTask = z.infer<typeof taskSchema>;
export type Contents = z.infer<typeof contentsSchema>;

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
 * Reads the text of a task file. With `urls`, placeholders are replaced in the whole text, as the official code does;
 * without, they stay (for looking at tasks). Throws a `ConfigError` that names what is wrong.
 */
export function parseTasks(text: string, file: string, urls?: BaseUrls): WebArenaTask[] {
  const hint = "Give the task file of WebArena or WebArena-Lite: a JSON array of tasks.";
  let filled = text;
  if (urls)
    for (const [placeholder, name] of Object.entries(PLACEHOLDERS)) {
      if (!filled.includes(placeholder)) continue;
      const url = urls[name];
      if (!url)
        throw new ConfigError(
          `${file} has tasks on ${placeholder}, but ${name} is not set`,
          `Set the environment variable ${name} to the site's base URL, or use a file without these tasks.`,
        );
      filled = filled.replaceAll(placeholder, url.replace(/\/$/, ""));
    }
  let json: unknown;
  try {
    json = JSON.parse(filled);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, hint, { cause });
  }
  const parsed = z.array(taskSchema).min(1).safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`${file} is malformed at ${issue!.path.join(".")}: ${issue!.message}`, hint, {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** As a task of ours; its evaluator is found by the id. */
export function toTask(task: WebArenaTask): Task {
  return {
    id: `webarena.${task.task_id}`,
    sites: task.sites,
    instruction: task.intent,
    // Further start pages would be tabs; one task has three. The first is the active one.
    startUrl: task.start_url.split(" |AND| ")[0]!,
    templateId: `webarena.${task.task_id}`,
    params: {},
    category: isImpossible(task)
      ? "impossible"
      : task.eval.eval_types.includes("string_match")
        ? "information retrieval"
        : "navigation",
    // Not known; the official limit is 30 steps.
    difficulty: 8,
    split: "test",
  };
}

/** Whether a language model has to compare what was answered or what a page shows. */
export function needsJudge({ eval: { reference_answers, program_html } }: WebArenaTask): boolean {
  const contents = [reference_answers, ...(program_html ?? []).map((check) => check.required_contents)];
  return contents.some((content) => content?.fuzzy_match !== undefined);
}

/** The reference answer is N/A. */
export function isImpossible({ eval: { reference_answers } }: WebArenaTask): boolean {
  const { exact_match, must_include, fuzzy_match } = reference_answers ?? {};
  return [
    exact_match,
    ...(must_include ?? []),
    ...(fuzzy_match === undefined ? [] : [fuzzy_match].flat()),
  ].includes("N/A");
}
