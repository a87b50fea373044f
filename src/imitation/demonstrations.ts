/**
 * @file Demonstrations: oracle trajectories in a file of episode records (`.jsonl`, or `.jsonl.gz` for shipped ones).
 * Collects and reads them, and chooses the steps that a model imitates.
 */

import { group } from "d3-array";
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Site } from "../core/episode.ts";
import { ConfigError } from "../core/errors.ts";
import type { Tokenizer } from "../core/engine.ts";
import type { Observation } from "../core/observation.ts";
import { createRng, hash32, type Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { Step } from "../core/trajectory.ts";
import type { ExperienceStep } from "../replay/experience.ts";
import type { RolloutConfig } from "../rollout/config.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { OracleRun } from "../rollout/oracle-policy.ts";
import { oraclePolicy } from "../rollout/oracle-policy.ts";
import { rollout } from "../rollout/rollout.ts";
import { refuseOtherBrowser } from "../rollout/same-browser.ts";
import type { PromptTemplate } from "../text/template-names.ts";
import { actionTokens, policyPrompt } from "../text/prompt.ts";
import { isAgentDirectory, readAgentEpisodes } from "./agent-episodes.ts";
import type { PageQuestion } from "./drills.ts";
import { makeDrills, pageQuestions } from "./drills.ts";
import { openJsonLines, readJsonLines } from "../run/json-lines.ts";
import { writeAtomically } from "../run/run-directory.ts";
import { redactOutput } from "../text/secrets.ts";
import { phraseMaker, renameWords } from "./renaming.ts";

export interface CollectOptions {
  site: Site;
  /** Tasks of the train split; templates take turns. */
  tasks: readonly Task[];
  oracleFor(task: Task, first: Observation): OracleRun;
  episodes: number;
  seed: number;
  /** Appended to; episodes already in it are not made again. */
  file: string;
  detourRate: number;
  failRate: number;
  rollout: RolloutConfig;
  onEpisode?(record: EpisodeRecord, done: number): void;
  /** Called when an oracle does not recognize its page: a bug of its template, whose episode then fails. */
  onStuck?(task: Task, error: unknown): void;
  /** As in a rollout. */
  onOutage?: ((message: string, waitedMs: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Collects demonstrations until there are `episodes` of them. Resumes where a killed collection stopped. */
export async function collectDemonstrations(
  options: CollectOptions,
): Promise<{ made: number; held: number }> {
  const { tasks, episodes, seed } = options;
  if (tasks.length === 0)
    throw new ConfigError("no task matches", "Choose another --site, --task-templates or --split.");
  const lines = openJsonLines<EpisodeRecord>(options.file);
  const records = await lines.read();
  refuseOtherBrowser(records, options.site, options.file);
  const held = new Set(records.map((record) => record.id));
  const requests = inTurnByTemplate(tasks, episodes, createRng(seed).fork("demonstrations"))
    .map((task, i) => ({ id: `demo-${seed}-${i}`, task, seed: hash32(`${seed}/demo/${i}/${task.id}`) }))
    .filter((request) => !held.has(request.id));
  let done = held.size;
  await rollout({
    site: options.site,
    policy: oraclePolicy({
      oracleFor: (task, first) => options.oracleFor(task, first),
      detourRate: options.detourRate,
      failRate: options.failRate,
      onStuck: (task, error) => options.onStuck?.(task, error),
    }),
    requests,
    config: options.rollout,
    onEpisode: (record) => {
      lines.append(record);
      options.onEpisode?.(record, ++done);
    },
    ...(options.onOutage && { onOutage: options.onOutage }),
    signal: options.signal,
  });
  return { made: requests.length, held: held.size };
}

/** `count` tasks, with every template equally often, however many instances it has. */
export function inTurnByTemplate(tasks: readonly Task[], count: number, rng: Rng): Task[] {
  const groups = group(rng.shuffle(tasks), (task) => task.templateId ?? task.id);
  const chosen: Task[] = [];
  for (let round = 0; chosen.length < count; round++)
    chosen.push(
      ...rng.fork(round).shuffle([...groups.values()].map((group) => group[round % group.length]!)),
    );
  return chosen.slice(0, count);
}

/**
 * Reads records from `.jsonl` or `.jsonl.gz`, or from an agent's directory. Throws a `ConfigError` that names an
 * invalid line.
 */
export async function readEpisodes(path: string): Promise<EpisodeRecord[]> {
  const hint =
    "Name a file that `webrl model demos`, `webrl model rollouts` or `webrl model sft` wrote, or an agent's directory.";
  if (!existsSync(path))
    throw new ConfigError(
      `there is no file of episodes at ${path}`,
      `Collect demonstrations with \`webrl model demos --out ${path.replace(/\.gz$/, "")}\`.`,
    );
  if (await isAgentDirectory(path)) return readAgentEpisodes(path);
  if (!statSync(path).isFile()) throw new ConfigError(`${path} is not a file of episodes`, hint);
  const records = path.endsWith(".gz")
    ? await readCompressed(path, hint)
    : await readJsonLines<unknown>(path);
  return records.map((record, i) => {
    const { id, trajectory } = (record ?? {}) as Partial<EpisodeRecord>;
    if (typeof id === "string" && Array.isArray(trajectory?.steps) && typeof trajectory.task === "object")
      return record as EpisodeRecord;
    throw new ConfigError(`${path}:${i + 1} is not an episode`, hint);
  });
}

async function readCompressed(path: string, hint: string): Promise<unknown[]> {
  const bytes = await readFile(path);
  try {
    const lines = gunzipSync(bytes).toString("utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as unknown);
  } catch (cause) {
    throw new ConfigError(`${path} cannot be read: ${(cause as Error).message}`, hint, { cause });
  }
}

/** Writes compressed records, without what is only for people. Equal records give equal bytes. */
export async function writeEpisodesCompressed(
  path: string,
  records: readonly EpisodeRecord[],
): Promise<void> {
  const lines = records.map((record) => redactOutput(`${JSON.stringify(withoutElements(record))}\n`));
  await writeAtomically(path, gzipSync(lines.join(""), { level: 9 }));
}

function withoutElements(record: EpisodeRecord): EpisodeRecord {
  const { trajectory } = record;
  return {
    ...record,
    wallMs: 0,
    trajectory: {
      ...trajectory,
      steps: trajectory.steps.map(({ time: _time, ...step }) => ({
        ...step,
        observation: { ...step.observation, elements: [] },
      })),
      finalObservation: trajectory.finalObservation && { ...trajectory.finalObservation, elements: [] },
    },
  };
}

/** Whether it succeeded, by the verifier or, without one, by a judge, and so may be imitated. */
export function isDemonstration(record: EpisodeRecord): boolean {
  return !isFaulted(record) && (record.truth ?? record.verdict)?.success === true;
}

/**
 * The records on the sites of these tasks: a demonstration on a store teaches nothing about a forum, or about your own
 * site.
 */
export function onSitesOf(tasks: readonly Task[], records: readonly EpisodeRecord[]): EpisodeRecord[] {
  const sites = new Set(tasks.flatMap((task) => task.sites));
  return records.filter(({ trajectory }) => trajectory.task.sites.every((site) => sites.has(site)));
}

/**
 * Deliberately imperfect coverage, so that reinforcement learning has something to do: a fraction of the templates
 * keeps all demonstrations, and the others only `few` episodes. The template's id decides.
 */
export function limitCoverage(
  records: readonly EpisodeRecord[],
  { covered, few }: { covered: number; few: number },
): EpisodeRecord[] {
  const counts = new Map<string, number>();
  return records.filter((record) => {
    const template = record.trajectory.task.templateId ?? record.trajectory.task.id;
    if ((hash32(`coverage ${template}`) % 1000) / 1000 < covered) return true;
    const count = (counts.get(template) ?? 0) + 1;
    counts.set(template, count);
    return count <= few;
  });
}

export interface TokenizeOptions {
  tokenizer: Tokenizer;
  contextTokens: number;
  maxNewTokens: number;
  template: PromptTemplate;
}

/** One turn to imitate: what the model sees, and what to say. Tokens are made when they are needed. */
export interface ImitationSample {
  /** Samples of one source are held out together. */
  source: string;
  instruction: string;
  /** Raw texts of earlier turns. */
  history: { response: string }[];
  /** Text of the page. */
  observation: string;
  response: string;
  /**
   * Questions about the same page after the response, for pre-training: a page that is read once serves many questions.
   */
  more?: readonly PageQuestion[];
}

/** The turns of demonstrations that are worth imitating, which are those without a mistake. */
export function imitationSamples(records: readonly EpisodeRecord[]): ImitationSample[] {
  return records
    .filter(isDemonstration)
    .flatMap((record) => imitatedSteps(record).map((step) => imitationSample(record, step)));
}

const imitatedSteps = ({ trajectory, mistakes }: EpisodeRecord) =>
  trajectory.steps.filter((step) => !mistakes.includes(step.index) && step.response.trim() !== "");

function imitationSample({ id, trajectory }: EpisodeRecord, step: Step): ImitationSample {
  return {
    source: id,
    instruction: trajectory.task.instruction,
    history: trajectory.steps.slice(0, step.index).map(({ response }) => ({ response })),
    observation: step.observation.text,
    response: step.response,
  };
}

/**
 * The same episode with its instruction in other words, drawn from those that training may see
 * (`TemplateTasks.retellings`). A small model that has seen only two or three sentences for a template recognises no
 * others.
 */
export function retell(
  record: EpisodeRecord,
  retellings: (task: Task) => readonly string[],
  rng: Rng,
): EpisodeRecord {
  const { task } = record.trajectory;
  const instruction = rng.pick(retellings(task));
  return { ...record, trajectory: { ...record.trajectory, task: { ...task, instruction } } };
}

/**
 * Drills on the pages of demonstrations: `perPage` for each different page, each with `questions` further questions.
 */
export function drillSamples(
  records: readonly EpisodeRecord[],
  { perPage, questions, seed }: { perPage: number; questions: number; seed: number },
): ImitationSample[] {
  const rng = createRng(seed).fork("drills");
  const pages = new Map<string, { source: string; observation: Observation }>();
  for (const { id, trajectory } of records.filter((record) => !isFaulted(record)))
    for (const { observation } of trajectory.steps)
      if (!pages.has(observation.text)) pages.set(observation.text, { source: id, observation });
  const phrase = phraseMaker(records, rng.fork("phrases"));
  const elsewhere = [...pages.values()].flatMap(({ observation }) => observation.elements.slice(0, 12));
  return [...pages.values()].flatMap(({ source, observation }, index) =>
    makeDrills(observation, {
      count: perPage,
      phrase,
      elsewhere,
      rng: rng.fork(index),
    }).map((drill, at) => ({
      source,
      ...drill,
      history: drill.history.map((response) => ({ response })),
      more: pageQuestions(observation, { count: questions, phrase, rng: rng.fork(`${index}/${at}`) }),
    })),
  );
}

/**
 * Demonstrations with other names: in each copy, made-up values replace those of the task's parameters in the
 * instruction, on the pages and in the actions. What to do stays the same, but what to write has to be copied, because
 * it is never the same twice. Each copy uses other words, from `retellings`. For pre-training of small models, which
 * would otherwise memorize names.
 */
export function renamedSamples(
  records: readonly EpisodeRecord[],
  options: {
    copies: number;
    questions: number;
    seed: number;
    retellings: (task: Task) => readonly string[];
  },
): ImitationSample[] {
  const { copies, questions, seed } = options;
  const rng = createRng(seed).fork("renamed");
  const phrase = phraseMaker(records, rng.fork("phrases"));
  return records.filter(isDemonstration).flatMap((original) =>
    Array.from({ length: copies }, (_, copy) => {
      const draw = rng.fork(`${original.id}/${copy}`);
      const record = retell(original, options.retellings, draw.fork("retold"));
      const rename = renameWords(record.trajectory.task, phrase, draw);
      return imitatedSteps(record).map((step) => {
        const sample = imitationSample(record, step);
        return {
          ...sample,
          instruction: rename(sample.instruction),
          history: sample.history.map(({ response }) => ({ response: rename(response) })),
          observation: rename(sample.observation),
          response: rename(sample.response),
          more: pageQuestions(step.observation, {
            count: questions,
            phrase,
            rng: draw.fork(step.index),
          }).map((question) => ({
            ...question,
            instruction: rename(question.instruction),
            response: rename(question.response),
          })),
        };
      });
    }).flat(),
  );
}

export function tokenizeSample(
  sample: ImitationSample,
  options: TokenizeOptions,
): { promptTokens: number[]; responseTokens: number[] } {
  const { tokenizer, contextTokens, maxNewTokens, template } = options;
  const { instruction, history, observation } = sample;
  return {
    promptTokens: policyPrompt({
      tokenizer,
      contextTokens,
      maxNewTokens,
      template,
      instruction,
      history,
      observation,
    }),
    responseTokens: actionTokens(tokenizer, sample.response, template),
  };
}

/** A demonstration as experience of phase 0, without its mistakes. */
export function demonstrationSteps(record: EpisodeRecord, options: TokenizeOptions): ExperienceStep[] {
  const { trajectory } = record;
  const kept = imitationSamples([record]);
  return kept.map((sample, index) => ({
    trajectoryId: trajectory.id,
    taskId: trajectory.task.id,
    templateId: trajectory.task.templateId ?? null,
    instruction: trajectory.task.instruction,
    site: trajectory.task.sites[0] ?? "",
    phase: 0,
    source: "demonstration",
    index,
    steps: kept.length,
    outcome: 1,
    ...tokenizeSample(sample, options),
  }));
}
