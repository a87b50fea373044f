/**
 * @file Converts demonstrations to and from the formats of other tools: chat JSON Lines and the completion samples of
 * the released SFT data (one sample per turn), and a data set folder in Hugging Face's layout.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import type { Task } from "../core/task.ts";
import type { Step } from "../core/trajectory.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { openJsonLines, readJsonLines } from "../run/json-lines.ts";
import { writeAtomically } from "../run/run-directory.ts";
import { parseAction } from "../text/action.ts";
import { PAST_PAGE } from "../text/prompt.ts";
import { policyMessages } from "../text/prompt-chat.ts";
import type { PolicyPromptInput } from "../text/prompt-input.ts";
import { readReleasedPrompt, releasedPrompt } from "../text/released-prompt.ts";
import type { ImitationSample } from "./demonstrations.ts";
import { imitationSamples } from "./demonstrations.ts";

/**
 * `chat`: `{ messages }`; `completion`: `{ conversations }` of the prompt that the released checkpoints read, and the
 * reply.
 */
export type SampleFormat = "chat" | "completion";

function chatSample(sample: ImitationSample) {
  const messages = policyMessages({ ...sample, maxTokens: Infinity, count: (text) => text.length });
  return { messages: [...messages, { role: "assistant", content: sample.response }] };
}

const completionSample = (sample: ImitationSample) => ({
  conversations: [
    { from: "human", value: releasedPrompt(sample) },
    { from: "gpt", value: sample.response },
  ],
});

/**
 * Writes the turns that are worth imitating to a `.jsonl` file, or else to a new directory that `datasets.load_dataset`
 * reads. Never overwrites anything.
 */
export async function exportSamples(
  records: readonly EpisodeRecord[],
  { out, format }: { out: string; format: SampleFormat },
): Promise<{ samples: number; episodes: number; file: string }> {
  if (existsSync(out)) throw new ConfigError(`${out} exists already`, "Name another --out.");
  const samples = imitationSamples(records);
  if (samples.length === 0)
    throw new ConfigError(
      "there is nothing to export: none of the episodes succeeded",
      "Give --demos with successful episodes.",
    );
  const isFile = out.endsWith(".jsonl");
  const file = isFile ? out : join(out, "data", "train.jsonl");
  await makeDirectory(join(file, ".."));
  openJsonLines<unknown>(file).append(
    ...samples.map((sample) => (format === "chat" ? chatSample(sample) : completionSample(sample))),
  );
  const episodes = new Set(samples.map(({ source }) => source)).size;
  if (!isFile) await writeAtomically(join(out, "README.md"), datasetCard(samples.length, episodes, format));
  return { samples: samples.length, episodes, file };
}

const datasetCard = (samples: number, episodes: number, format: SampleFormat) => `---
configs:
  - config_name: default
    data_files:
      - split: train
        path: data/train.jsonl
tags:
  - web-agent
---

Turns of web episodes that succeeded: ${samples} samples of ${episodes} episodes, written by webrl. Each has ${
  format === "chat"
    ? "`messages`: what a chat model is shown, and what it should say"
    : "`conversations`: the prompt of WebRL's released checkpoints (`human`), and the reply (`gpt`)"
}.
`;

const sampleSchema = z.union([
  z
    .looseObject({
      conversations: z.tuple([
        z.looseObject({ from: z.enum(["human", "user"]), value: z.string() }),
        z.looseObject({ from: z.enum(["gpt", "assistant"]), value: z.string() }),
      ]),
    })
    .transform(({ conversations: [prompt, reply] }) => [{ prompt: prompt.value, response: reply.value }]),
  z
    .looseObject({
      instruction: z.string().optional(),
      messages: z
        .array(z.looseObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
        .min(2),
    })
    .transform(({ messages, instruction }) => ({ messages, instruction })),
]);

/**
 * Reads samples (`.json`: an array, like the released SFT data; `.jsonl`: one per line) as episodes. Consecutive rounds
 * of the released prompt become one episode; a conversation becomes an episode with one turn per reply. Pages come in
 * the format `webrl`.
 */
export async function importSamples(path: string): Promise<EpisodeRecord[]> {
  if (!existsSync(path)) throw new ConfigError(`there is no file at ${path}`, "Name a file with --from.");
  const values = path.endsWith(".json")
    ? arrayOf(await readFile(path, "utf8"), path)
    : await readJsonLines<unknown>(path);
  const episodes: { instruction: string; turns: Turn[] }[] = [];
  values.forEach((value, i) => {
    const refuse = (why: string): never => {
      throw new ConfigError(
        `${path}: sample ${i + 1} ${why}`,
        "A sample is { conversations: [{ from: human, value }, { from: gpt, value }] } with the prompt of the released checkpoints, or { messages: [{ role, content }] }.",
      );
    };
    const parsed = sampleSchema.safeParse(value);
    if (!parsed.success) return refuse("is in no known format");
    if (Array.isArray(parsed.data)) {
      const [{ prompt, response }] = parsed.data as [{ prompt: string; response: string }];
      const input = readReleasedPrompt(prompt) ?? refuse("has no prompt of the released checkpoints");
      const last = episodes.at(-1);
      const goesOn =
        last !== undefined &&
        last.instruction === input.instruction &&
        JSON.stringify(last.turns.map((turn) => turn.response)) ===
          JSON.stringify(input.history.map((turn) => turn.response));
      const turn = { page: input.observation, response: withoutEnd(response) };
      if (goesOn) last.turns.push(turn);
      else episodes.push({ instruction: input.instruction, turns: [...pastTurns(input), turn] });
      return;
    }
    const { messages, instruction } = parsed.data;
    const turns = messages.flatMap(({ role, content }, at) =>
      role === "assistant" ? [{ page: messages[at - 1]?.content ?? "", response: content }] : [],
    );
    if (turns.length === 0) return refuse("has no reply of an assistant");
    const system = messages.find(({ role }) => role === "system")?.content;
    const task = instruction ?? /\nThe task: ([^]*)$/.exec(system ?? "")?.[1];
    const asked = task ?? messages.find(({ role }) => role === "user")!.content;
    // In a conversation that shows one page, like ours, only the last reply has a page.
    episodes.push({ instruction: asked, turns: turns.map((turn) => ({ ...turn, page: pageOf(turn.page) })) });
  });
  return episodes.map((episode, i) => toRecord(`${basename(path)}-${i}`, episode.instruction, episode.turns));
}

/** `page`: `null` if the sample does not contain it; then the turn is history and is not imitated. */
interface Turn {
  page: string | null;
  response: string;
}

const withoutEnd = (text: string) => text.replace(/<\|eot_id\|>\s*$/, "");
const pastTurns = ({ history }: PolicyPromptInput): Turn[] =>
  history.map(({ response }) => ({ page: null, response }));

/** Without the round's number and the data marks. */
function pageOf(content: string | null): string | null {
  const page = (content ?? "")
    .replace(/^Round \d+\n\n/, "")
    .replace(/^<page (\w+)>\n([^]*)\n<\/page \1>$/, "$2");
  return page === PAST_PAGE ? null : page;
}

function toRecord(id: string, instruction: string, turns: readonly Turn[]): EpisodeRecord {
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
        format: "webrl",
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

function arrayOf(text: string, path: string): unknown[] {
  try {
    return z.array(z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new ConfigError(
      `${path} is not JSON array: ${(cause as Error).message.slice(0, 100)}`,
      "Give an array of samples, or JSON Lines (.jsonl).",
      { cause },
    );
  }
}
