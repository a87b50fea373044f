/**
 * @file Reads samples in the formats of other tools as episodes: chat JSON Lines, and the completion samples of the
 * released SFT data. `export-samples.ts` writes them.
 */

import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import type { ObservationFormat } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { Step } from "../core/trajectory.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { parseAction } from "../text/action.ts";
import { PAST_PAGE } from "../text/prompt.ts";
import { readReleasedPrompt } from "../text/released-prompt.ts";
import { FORMATS } from "../text/template-names.ts";

const PAGE_FORMATS = FORMATS.filter((name) => name !== "auto");

const pageFormat = z.string().nullish();
const completionSchema = z.looseObject({
  pageFormat,
  conversations: z.tuple([
    z.looseObject({ from: z.enum(["human", "user"]), value: z.string() }),
    z.looseObject({ from: z.enum(["gpt", "assistant"]), value: z.string() }),
  ]),
});
const chatSchema = z.looseObject({
  pageFormat,
  instruction: z.string().nullish(),
  messages: z
    .array(z.looseObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
    .min(2),
});

interface ImportedEpisode {
  format: ObservationFormat;
  instruction: string;
  turns: Turn[];
}

/**
 * Reads samples (`.json`: an array, like the released SFT data; `.jsonl`: one per line) as episodes. Consecutive rounds
 * of the released prompt become one episode; a conversation becomes an episode with one turn per reply. `format`: how
 * pages are written in samples that do not say it.
 */
export async function importSamples(
  path: string,
  format: ObservationFormat = "webrl",
): Promise<EpisodeRecord[]> {
  const episodes: ImportedEpisode[] = [];
  for (const [i, value] of (await readValues(path)).entries()) {
    const refuse: Refuse = (why, hint = SAMPLE_HINT) => {
      throw new ConfigError(`${path}: sample ${i + 1} ${why}`, hint);
    };
    const completion = completionSchema.safeParse(value);
    const chat = chatSchema.safeParse(value);
    const episode = completion.success
      ? readCompletion(completion.data, refuse)
      : readChat(chat.data ?? refuse("is in no known format"), refuse);
    const written = completion.data?.pageFormat ?? chat.data?.pageFormat ?? format;
    const known =
      PAGE_FORMATS.find((name) => name === written) ??
      refuse(
        `has pages in the format ${JSON.stringify(written)}`,
        `\`pageFormat\` is one of ${PAGE_FORMATS.join(", ")}, or left out.`,
      );
    addEpisode(episodes, { ...episode, format: known });
  }
  return episodes.map((episode, i) => toRecord(`${basename(path)}-${i}`, episode));
}

type Refuse = (why: string, hint?: string) => never;
const SAMPLE_HINT =
  "A sample is { conversations: [{ from: human, value }, { from: gpt, value }] } with the prompt of the released checkpoints, or { messages: [{ role, content }] }.";

function readCompletion(
  { conversations: [prompt, reply] }: z.output<typeof completionSchema>,
  refuse: Refuse,
): Omit<ImportedEpisode, "format"> {
  const { instruction, history, observation } =
    readReleasedPrompt(prompt.value) ?? refuse("has no prompt of the released checkpoints");
  const past = history.map(({ response }): Turn => ({ page: null, response }));
  return { instruction, turns: [...past, { page: observation, response: withoutEnd(reply.value) }] };
}

function readChat(
  { messages, instruction }: z.output<typeof chatSchema>,
  refuse: Refuse,
): Omit<ImportedEpisode, "format"> {
  const turns = messages.flatMap(({ role, content }, at): Turn[] => {
    if (role !== "assistant") return [];
    const before = messages[at - 1];
    if (before?.role !== "user")
      return refuse(
        `has a reply that follows ${before ? `a message of the ${before.role}` : "nothing"}`,
        "Put a message of the user, which shows the page, before each reply of the assistant.",
      );
    // In a conversation that shows one page, like ours, only the last reply has a page.
    return [{ page: pageOf(before.content), response: content }];
  });
  if (turns.length === 0) return refuse("has no reply of an assistant");
  const system = messages.find(({ role }) => role === "system")?.content;
  const task = instruction ?? /\nThe task: ([^]*)$/.exec(system ?? "")?.[1];
  return { instruction: task ?? messages.find(({ role }) => role === "user")!.content, turns };
}

/** Adds an episode, or its last turn to the episode before it, if that is its past. */
function addEpisode(episodes: ImportedEpisode[], next: ImportedEpisode): void {
  const last = episodes.at(-1);
  const past = next.turns.slice(0, -1);
  const goesOn =
    last?.instruction === next.instruction &&
    last.format === next.format &&
    past.every(({ page }) => page === null) &&
    JSON.stringify(last.turns.map(({ response }) => response)) ===
      JSON.stringify(past.map(({ response }) => response));
  if (goesOn) last.turns.push(next.turns.at(-1)!);
  else episodes.push(next);
}

/** `page`: `null` if the sample does not contain it; then the turn is history and is not imitated. */
interface Turn {
  page: string | null;
  response: string;
}

const withoutEnd = (text: string) => text.replace(/<\|eot_id\|>\s*$/, "");

/** Without the round's number and the data marks. */
function pageOf(content: string): string | null {
  const page = content.replace(/^Round \d+\n\n/, "").replace(/^<page (\w+)>\n([^]*)\n<\/page \1>$/, "$2");
  return page === PAST_PAGE ? null : page;
}

function toRecord(id: string, { format, instruction, turns }: ImportedEpisode): EpisodeRecord {
  const task: Task = {
    id,
    sites: ["imported"],
    instruction,
    startUrl: "about:blank",
    templateId: null,
    params: {},
    category: "navigation",
    difficulty: turns.length,
    split: "train",
  };
  const steps = turns.map(({ page, response }, index): Step => {
    return {
      index,
      observation: {
        format,
        url: "about:blank",
        title: "",
        tabs: [],
        scroll: { top: 0, viewport: 720, page: 720 },
        focused: null,
        error: null,
        text: page ?? PAST_PAGE,
        elements: [],
      },
      response,
      action: parseAction(response),
    };
  });
  const last = steps.at(-1)!.action;
  const answer = last.ok && last.action.kind === "exit" ? last.action.message : null;
  return {
    id,
    trajectory: {
      id,
      task,
      policy: "imported",
      seed: 0,
      steps,
      ending: { kind: "terminated", reason: "exit", answer },
      finalObservation: null,
      blockedHosts: {},
    },
    truth: null,
    verdict: { by: "imported", success: true, probability: 1, reasons: [] },
    faults: [],
    mistakes: turns.flatMap(({ page }, i) => (page === null ? [i] : [])),
    wallMs: 0,
  };
}

async function readValues(path: string): Promise<unknown[]> {
  const hint = "Name a file of samples with --from.";
  if (!existsSync(path)) throw new ConfigError(`there is no file at ${path}`, hint);
  if (!(await stat(path)).isFile()) throw new ConfigError(`${path} is not a regular file`, hint);
  const text = await readFile(path, "utf8");
  const isArray = path.endsWith(".json") && text.trim() !== "";
  const values = isArray ? parseArray(text, path) : parseLines(text, path);
  if (values.length === 0) throw new ConfigError(`${path} has no samples`, hint);
  return values;
}

function parseArray(text: string, path: string): unknown[] {
  const value = parsePart(text, path, "Give an array of samples, or JSON Lines (.jsonl).");
  if (Array.isArray(value)) return value;
  const found = value === null ? "null" : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
  throw new ConfigError(
    `${path} contains ${found}, not an array of samples`,
    "Put the samples between [ and ], or one on each line of a .jsonl file.",
  );
}

/** Unlike the lines of a run's files, the last one may lack its end: no process is still writing it. */
const parseLines = (text: string, path: string): unknown[] =>
  text
    .split("\n")
    .flatMap((line, i) =>
      line.trim() === ""
        ? []
        : [
            parsePart(
              line,
              `${path}:${i + 1}`,
              "Correct this line or remove it: each line is one sample. A file with an array of samples is named .json.",
            ),
          ],
    );

function parsePart(text: string, place: string, hint: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ConfigError(`${place} is not JSON: ${(cause as Error).message.slice(0, 100)}`, hint, { cause });
  }
}
