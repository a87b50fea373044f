/**
 * @file Instructions to train on, such as the training split of WebArena-Lite: tasks without an evaluator, whose
 * outcome a model judges.
 */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import type { Task } from "../../core/task.ts";
import { describeIssue } from "../../core/describe-issue.ts";
import { SITES, addressesOf, whatIsNoAddress } from "./tasks.ts";
import type { Protocol } from "./text.ts";

const HINT =
  'Give a JSON array or JSON Lines of objects such as { "intent": "Show the cheapest lamp", "sites": ["shopping"] }, with an optional "start_url". { "task", "web" }, as WebRL\'s generator writes them, also works.';

const intent = z.string().trim().min(1);

/** Also WebRL's released `train_instructions.json`, whose `start_url` is a site's placeholder alone. */
const ownSchema = z.looseObject({
  intent,
  sites: z.array(z.enum(SITES)).min(1),
  start_url: z.string().min(1).optional(),
});

/**
 * The lines that WebRL's `scripts/gen_task.py` reads and writes, with the site names of its `webrl/data/htmls.json`.
 */
const RELEASED_SITES = {
  cms: "shopping_admin",
  map: "map",
  oss: "shopping",
  reddit: "reddit",
  gitlab: "gitlab",
} as const;
const releasedSchema = z
  .looseObject({ task: intent, web: z.enum(Object.keys(RELEASED_SITES) as (keyof typeof RELEASED_SITES)[]) })
  .transform(({ task, web }) => ({ intent: task, sites: [RELEASED_SITES[web]], start_url: undefined }));

/**
 * Tasks of the split `train`, in the file's order. Without a start page, a task starts on its first site.
 * @throws ConfigError that names the entry, counted from 1.
 */
export function parseInstructions(text: string, file: string, protocol: Protocol): Task[] {
  return readEntries(text, file).map((entry, at): Task => {
    const released = typeof entry === "object" && entry !== null && "task" in entry && "web" in entry;
    const parsed = (released ? releasedSchema : ownSchema).safeParse(entry);
    const refuse = (what: string, cause?: unknown): never => {
      throw new ConfigError(`${file} is malformed in entry ${at + 1} at ${what}`, HINT, { cause });
    };
    if (!parsed.success) return refuse(describeIssue(parsed.error.issues[0]!, entry), parsed.error);
    const { intent, sites, start_url = `__${sites[0]!.toUpperCase()}__/` } = parsed.data;
    for (const [where, address] of addressesOf({ start_url })) {
      const why = whatIsNoAddress(address);
      if (why !== null) refuse(`${where}: ${why}`);
    }
    return {
      id: `${protocol}.train/${at}`,
      sites,
      instruction: intent,
      startUrl: start_url,
      templateId: null,
      params: {},
      // It is unknown what the task asks for.
      category: "navigation",
      difficulty: 8,
      split: "train",
    };
  });
}

function readEntries(text: string, file: string): unknown[] {
  const parse = (part: string, where: string): unknown => {
    try {
      return parseJson(part);
    } catch (cause) {
      throw new ConfigError(`${file} is not JSON${where}: ${(cause as Error).message}`, HINT, { cause });
    }
  };
  const entries = text.trimStart().startsWith("[")
    ? (parse(text, "") as unknown[])
    : text.split("\n").flatMap((line, at) => (line.trim() === "" ? [] : [parse(line, ` in line ${at + 1}`)]));
  if (entries.length === 0) throw new ConfigError(`${file} has no instructions`, HINT);
  return entries;
}
