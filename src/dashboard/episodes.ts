/** @file The episodes of a run: a summary of each for lists, and a complete one for the viewer. */

import type { AgentResult } from "../core/agent-result.ts";
import type { Tokenizer } from "../core/engine.ts";
import type { Step } from "../core/trajectory.ts";
import { endingName } from "../core/trajectory.ts";
import { imageSize } from "./image-size.ts";
import type { EpisodeKind } from "../run/episode-ids.ts";
import { isScreenshotPath } from "../run/paths.ts";
import type { EpisodeRecord, EventLine } from "../run/records.ts";
import { EPISODE_FILES } from "../run/records.ts";
import type { EpisodePlace, RunFiles } from "../run/run-files.ts";
import { actedElement } from "./acted-element.ts";
import { readLineAt } from "../run/tailed-lines.ts";

export interface EpisodeSummary {
  id: string;
  phase: number;
  kind: EpisodeKind;
  taskId: string;
  instruction: string;
  site: string;
  templateId: string | null;
  category: string;
  difficulty: number;
  steps: number;
  /** `terminated`, `faulted`, or the limit that truncated it. */
  ending: string;
  /** The verifier's verdict; `null` where there is none. */
  truth: boolean | null;
  /** The verdict that gave the reward; `null` in evaluations and before the judge stage. */
  judged: { success: boolean; probability: number; by: string } | null;
}

/** The truth if it is known, otherwise the judge's verdict; `null` if there is none. */
export const hasSucceeded = (episode: Pick<EpisodeSummary, "truth" | "judged">): boolean | null =>
  episode.truth ?? episode.judged?.success ?? null;

export const disagree = (episode: Pick<EpisodeSummary, "truth" | "judged">): boolean =>
  episode.truth !== null && episode.judged !== null && episode.truth !== episode.judged.success;

interface Fate {
  steps: number;
  ending: string;
  success: boolean | null;
}

/** If no event tells how an episode ended (the process was killed in between), its line is read, once. */
const fates = new WeakMap<RunFiles, Map<string, Fate>>();

export async function phaseEpisodes(
  run: RunFiles,
  phase: number,
  kind: EpisodeKind,
): Promise<EpisodeSummary[]> {
  const places = await run.episodePlaces(phase, kind);
  const verdicts = new Map((await run.lines(phase, "verdicts.jsonl")).map((line) => [line.id, line]));
  const told = await fatesByEvent(run);
  const unique = [...new Map(places.map((place) => [place.id, place])).values()];
  return Promise.all(
    unique.map(async (place): Promise<EpisodeSummary> => {
      const fate = told.get(place.id) ?? (await fateByLine(run, phase, kind, place));
      const { task } = place;
      const verdict = kind === "rollout" ? verdicts.get(place.id) : undefined;
      return {
        id: place.id,
        phase,
        kind,
        taskId: task.id,
        instruction: task.instruction,
        site: task.sites?.[0] ?? "",
        templateId: task.templateId ?? null,
        category: task.category ?? "",
        difficulty: task.difficulty ?? 0,
        steps: fate.steps,
        ending: fate.ending,
        truth: fate.success,
        judged: verdict
          ? { success: verdict.success, probability: verdict.probability, by: verdict.by }
          : null,
      };
    }),
  );
}

const tellings = new WeakMap<readonly EventLine[], Map<string, Fate>>();

async function fatesByEvent(run: RunFiles): Promise<Map<string, Fate>> {
  const events = await run.events();
  let told = tellings.get(events);
  if (!told) {
    told = new Map();
    for (const event of events)
      if (event.kind === "episode")
        told.set(event.id, { steps: event.steps, ending: event.ending, success: event.success });
    tellings.set(events, told);
  }
  return told;
}

async function fateByLine(
  run: RunFiles,
  phase: number,
  kind: EpisodeKind,
  place: EpisodePlace,
): Promise<Fate> {
  let known = fates.get(run);
  if (!known) fates.set(run, (known = new Map()));
  const key = `${place.id}@${place.offset}`;
  let fate = known.get(key);
  if (!fate) {
    const record = await readEpisode(run, phase, kind, place).catch(() => null);
    const ending = record?.trajectory.ending;
    fate = {
      steps: record?.trajectory.steps.length ?? 0,
      ending: ending ? endingName(ending) : "damaged",
      success: record?.truth?.success ?? null,
    };
    known.set(key, fate);
  }
  return fate;
}

function readEpisode(run: RunFiles, phase: number, kind: EpisodeKind, place: EpisodePlace) {
  return readLineAt<EpisodeRecord>(run.path(phase, EPISODE_FILES[kind]), place, run.directory);
}

export async function allEpisodes(run: RunFiles): Promise<EpisodeSummary[]> {
  const lists = await Promise.all(
    (await run.phases()).flatMap((phase) => [
      phaseEpisodes(run, phase, "rollout"),
      phaseEpisodes(run, phase, "evaluation"),
    ]),
  );
  return lists.flat();
}

export interface EpisodeFilter {
  phase?: number;
  kind?: EpisodeKind;
  outcome?: "success" | "failure" | "faulted" | "unknown";
  site?: string;
  template?: string;
  /** Only episodes on which ORM and verifier disagree. */
  disagreement?: boolean;
  task?: string;
  /** Words of the instruction or the id. */
  text?: string;
}

export function filterEpisodes(episodes: readonly EpisodeSummary[], filter: EpisodeFilter): EpisodeSummary[] {
  const words = (filter.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return episodes.filter((episode) => {
    const text = `${episode.instruction} ${episode.id} ${episode.taskId}`.toLowerCase();
    return (
      (filter.phase === undefined || episode.phase === filter.phase) &&
      (filter.kind === undefined || episode.kind === filter.kind) &&
      (filter.outcome === undefined || outcomeOf(episode) === filter.outcome) &&
      (filter.site === undefined || episode.site === filter.site) &&
      (filter.template === undefined || episode.templateId === filter.template) &&
      (filter.task === undefined || episode.taskId === filter.task) &&
      (!filter.disagreement || disagree(episode)) &&
      words.every((word) => text.includes(word))
    );
  });
}

export function outcomeOf(episode: EpisodeSummary): "success" | "failure" | "faulted" | "unknown" {
  if (episode.ending === "faulted") return "faulted";
  const success = hasSucceeded(episode);
  return success === null ? "unknown" : success ? "success" : "failure";
}

export interface TokenView {
  id: number;
  /** `null` where the run's tokenizer is not at hand. */
  text: string | null;
  /** Nats. */
  logprob: number | null;
}

/** A step as the viewer shows it. */
export interface StepView extends Pick<Step, "index" | "observation" | "response" | "action" | "time"> {
  /** The model's input as text; `null` without tokenizer. */
  prompt: string | null;
  promptTokens: number[];
  tokens: TokenView[];
  /** Path in the run, and its size in pixels. */
  screenshot: { path: string; width: number; height: number } | null;
  /** Name of the element that the action named, as it stands in the observation. */
  element: string | null;
  value: number | null;
  advantage: number | null;
  /** A deliberate error (in demonstrations). */
  mistake: boolean;
}

export interface EpisodeDetail {
  summary: EpisodeSummary;
  steps: StepView[];
  ending: EpisodeRecord["trajectory"]["ending"];
  final: EpisodeRecord["trajectory"]["finalObservation"];
  policy: string;
  seed: number;
  task: EpisodeRecord["trajectory"]["task"];
  truth: EpisodeRecord["truth"];
  judged: { by: string; success: boolean; probability: number; reasons: string[] } | null;
  faults: EpisodeRecord["faults"];
  blockedHosts: Record<string, number>;
  wallMs: number;
  /** The result of an agent at work; `null` for a rollout. */
  result: AgentResult | null;
}

/** `null` where the run has no such episode. */
export async function episodeDetail(
  run: RunFiles,
  phase: number,
  kind: EpisodeKind,
  id: string,
  tokenizer: Pick<Tokenizer, "decode"> | null = null,
): Promise<EpisodeDetail | null> {
  const summary = (await phaseEpisodes(run, phase, kind)).find((episode) => episode.id === id);
  const place = (await run.episodePlaces(phase, kind)).findLast((each) => each.id === id);
  if (!summary || !place) return null;
  const record = await readEpisode(run, phase, kind, place);
  const { trajectory } = record;
  // The initial rollouts are part of the first phase's experience.
  const learnedIn = Math.max(1, phase);
  const own = <T extends { trajectoryId: string; index: number }>(lines: readonly T[]) =>
    new Map(
      kind === "rollout"
        ? lines.filter((line) => line.trajectoryId === id).map((line) => [line.index, line])
        : [],
    );
  const values = own(await run.lines(learnedIn, "values.jsonl"));
  const advantages = own(await run.lines(learnedIn, "advantages.jsonl"));
  const verdict =
    kind === "rollout"
      ? (await run.lines(phase, "verdicts.jsonl")).findLast((line) => line.id === id)
      : undefined;
  const steps = trajectory.steps ?? [];
  const screenshots = await Promise.all(
    steps.map(async (step) => (step.screenshot === undefined ? null : picture(run, step.screenshot))),
  );
  return {
    summary,
    steps: steps.map((step, i): StepView => {
      const promptTokens = step.promptTokens ?? [];
      return {
        index: step.index,
        observation: step.observation,
        response: step.response,
        action: step.action,
        time: step.time,
        prompt: tokenizer && promptTokens.length > 0 ? tokenizer.decode(promptTokens) : null,
        promptTokens: tokenizer ? [] : promptTokens,
        tokens: (step.responseTokens ?? []).map((token, n) => ({
          id: token,
          text: tokenizer?.decode([token]) ?? null,
          logprob: step.logprobs?.[n] ?? null,
        })),
        screenshot: screenshots[i]!,
        element: actedElement(step)?.name ?? null,
        value: values.get(step.index)?.value ?? null,
        advantage: advantages.get(step.index)?.advantage ?? null,
        mistake: record.mistakes?.includes(step.index) ?? false,
      };
    }),
    ending: trajectory.ending,
    final: trajectory.finalObservation ?? null,
    policy: trajectory.policy,
    seed: trajectory.seed,
    task: trajectory.task,
    truth: record.truth ?? null,
    judged: verdict
      ? {
          by: verdict.by,
          success: verdict.success,
          probability: verdict.probability,
          reasons: verdict.reasons ?? [],
        }
      : null,
    faults: record.faults ?? [],
    blockedHosts: trajectory.blockedHosts ?? {},
    wallMs: record.wallMs ?? 0,
    result: record.result ?? null,
  };
}

async function picture(run: RunFiles, path: string): Promise<StepView["screenshot"]> {
  // A run that was copied without its pictures is shown without them.
  const head = isScreenshotPath(path) ? await run.picture(path, 64 * 1024) : null;
  const size = head && imageSize(head);
  return size && { path, ...size };
}
