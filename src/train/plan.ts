/**
 * @file Estimates what a training will take, only from its configuration and the assumptions in `plan`: nothing is
 * opened or started.
 *
 * Tokens are counted as the stages use them: a step is sampled once; each new episode is judged; each phase reads the
 * replayed candidates (perplexity) and every step twice (V, log π_ref), and trains critic and actor. Operations: 2 N
 * for a token that is read or sampled, 6 N for one that is trained on, N parameters; attention is left out. Adapters
 * save a third of the training, which is not counted.
 */

import type { TrainConfig } from "../run/config.ts";
import { methodParts } from "../run/config.ts";

/** Bytes of a token's id in JSON, including the comma. */
const ID_BYTES = 6;
/** Bytes of a token's text, for English and markup. */
const TEXT_BYTES = 4;
/** Bytes per token of a training request: id, target and two weights. */
const DATUM_BYTES = 24;
/** Replay tries random steps until enough have a moderate perplexity: about two for each one that it uses. */
const SCORED_PER_REPLAYED = 2;
/** Candidates that the curriculum values per task that it keeps. */
const CANDIDATES_PER_TASK = 2;

export interface Work {
  requests: number;
  /** The ORM's size relative to the trained model's. */
  readTokens: number;
  sampledTokens: number;
  trainedTokens: number;
}

export interface Plan {
  phases: number;
  episodes: { rollout: number; evaluation: number; broken: number };
  steps: number;
  /** Stages, in the order of the loop. */
  work: Record<"rollout" | "evaluate" | "judge" | "curriculum" | "select" | "critic" | "actor", Work>;
  total: Work;
  /** Usage of a chat model that judges or proposes; `null` without one. */
  chat: { requests: number; promptTokens: number; completionTokens: number } | null;
  optimiserSteps: { critic: number; actor: number };
  /** Hours of browser contexts, including waits for the model. */
  browserHours: number;
  /** Hours that episodes take with `rollout.parallel` at once. */
  rolloutHours: number;
  gpuHours: { sample: number; read: number; train: number; total: number };
  bytes: { toModel: number; fromSites: number; disk: number };
  /** In the currency of the prices; `null` if no price is given. */
  money: {
    read: number;
    sample: number;
    train: number;
    gpu: number;
    browser: number;
    chat: number;
    total: number;
  } | null;
  /** What was not counted, and other remarks. */
  notes: string[];
}

const none = (): Work => ({ requests: 0, readTokens: 0, sampledTokens: 0, trainedTokens: 0 });

const add = (a: Work, b: Work): Work => ({
  requests: a.requests + b.requests,
  readTokens: a.readTokens + b.readTokens,
  sampledTokens: a.sampledTokens + b.sampledTokens,
  trainedTokens: a.trainedTokens + b.trainedTokens,
});

export function planTraining(config: TrainConfig): Plan {
  const { plan, tasks, phases } = config;
  const method = methodParts(config);
  const trains = method.trains && phases > 0;
  const evolves = method.tasks === "evolved";
  const episodesOf = (phase: number) => (phase === 0 ? tasks.initial : tasks.perPhase) * tasks.attempts;
  const evaluations = evaluationCount(config);
  const stepTokens = plan.promptTokens + plan.responseTokens;
  const work: Plan["work"] = {
    rollout: none(),
    evaluate: none(),
    judge: none(),
    curriculum: none(),
    select: none(),
    critic: none(),
    actor: none(),
  };
  const countSampling = (episodes: number): Work => {
    const steps = episodes * plan.stepsMean;
    return {
      requests: steps,
      readTokens: steps * plan.promptTokens,
      sampledTokens: steps * plan.responseTokens,
      trainedTokens: 0,
    };
  };
  const countReading = (requests: number, tokens: number): Work => ({
    ...none(),
    requests,
    readTokens: tokens,
  });
  /** Attempts per episode that is kept. */
  const attempts = 1 / (1 - plan.faultRate);

  const evaluated = evaluations * config.evaluation.tasks;
  work.evaluate = countSampling(evaluated * attempts);
  let rolled = 0;
  const optimiserSteps = { critic: 0, actor: 0 };
  for (let phase = 0; trains && phase <= phases; phase++) {
    const episodes = episodesOf(phase);
    work.rollout = add(work.rollout, countSampling(episodes * attempts));
    if (config.models.judge === "orm")
      work.judge = add(work.judge, countReading(episodes, episodes * plan.promptTokens));
    const own = plan.stepsMean * episodes;
    const countCritic = (learned: number, valued: number) => {
      const passes = learned * config.critic.epochs;
      work.critic = add(work.critic, {
        requests: passes + valued,
        readTokens: valued * plan.promptTokens,
        sampledTokens: 0,
        trainedTokens: passes * plan.promptTokens,
      });
      optimiserSteps.critic += Math.ceil(learned / config.critic.batchSize) * config.critic.epochs;
    };
    if (phase === 0 && evolves) countCritic(own, own);
    if (phase > 0 && evolves) {
      const candidates = CANDIDATES_PER_TASK * tasks.perPhase;
      work.curriculum = add(work.curriculum, countReading(candidates, candidates * plan.promptTokens));
    }
    if (phase > 0) {
      const fresh = own + (phase === 1 ? plan.stepsMean * episodesOf(0) : 0);
      // Demonstrations are assumed to be enough.
      const shown = config.models.demonstrations === null ? 0 : fresh * 2;
      const earlier = shown + (phase === 1 ? 0 : rolled * plan.successRate * plan.stepsMean);
      const replayed = method.replay === "none" ? 0 : Math.min(config.replay.maxRatio * fresh, earlier);
      const scored = method.replay === "perplexity" ? Math.min(SCORED_PER_REPLAYED * replayed, earlier) : 0;
      work.select = add(work.select, countReading(scored, scored * stepTokens));
      if (method.critic) countCritic(evolves ? own : fresh, fresh + 2 * replayed);
      const samples = fresh + replayed;
      const passes = samples * config.actor.epochs;
      work.actor = add(work.actor, {
        requests: samples + passes,
        readTokens: samples * stepTokens,
        sampledTokens: 0,
        trainedTokens: passes * stepTokens,
      });
      optimiserSteps.actor += Math.ceil(samples / config.actor.batchSize) * config.actor.epochs;
    }
    rolled += episodes;
  }
  const total = Object.values(work).reduce(add, none());
  const kept = rolled + evaluated;
  const steps = kept * plan.stepsMean;
  const browserHours = (attempts * steps * (plan.pageSeconds + plan.sampleSeconds)) / 3600;
  const gpuHours = gpuHoursOf(config, total);
  const chat = chatWork(config, rolled);
  const money = moneyOf(config, total, browserHours, gpuHours.total, chat);
  return {
    phases,
    episodes: { rollout: rolled, evaluation: evaluated, broken: kept * (attempts - 1) },
    steps,
    work,
    total,
    chat,
    optimiserSteps,
    browserHours,
    rolloutHours: browserHours / config.rollout.parallel,
    gpuHours,
    bytes: {
      toModel: (total.readTokens + total.sampledTokens) * ID_BYTES + total.trainedTokens * DATUM_BYTES,
      fromSites: attempts * steps * plan.pageBytes,
      // Bytes of a step: its page as text, its prompt and action as tokens.
      disk: steps * (plan.promptTokens * (TEXT_BYTES + ID_BYTES) + 2000),
    },
    money,
    notes: notesOf(config, chat),
  };
}

/** Counts the evaluations: the base model, every n-th phase, and the last one. */
function evaluationCount({ phases, evaluation, ...config }: TrainConfig): number {
  if (!methodParts(config).trains || phases === 0) return 1;
  return 1 + Math.floor(phases / evaluation.every) + (phases % evaluation.every === 0 ? 0 : 1);
}

function gpuHoursOf({ plan }: TrainConfig, total: Work): Plan["gpuHours"] {
  const hours = (tokens: number, operations: number, utilisation: number) =>
    (tokens * operations * plan.parameters) / (plan.gpuFlops * utilisation) / 3600;
  const sample = hours(total.sampledTokens, 2, plan.sampleUtilisation);
  const read = hours(total.readTokens, 2, plan.trainUtilisation);
  const train = hours(total.trainedTokens, 6, plan.trainUtilisation);
  return { sample, read, train, total: sample + read + train };
}

function chatWork(config: TrainConfig, episodes: number): Plan["chat"] {
  const { plan, tasks, phases } = config;
  const method = methodParts(config);
  if (!method.trains || phases === 0) return null;
  const judged = config.models.judge === "llm" ? episodes : 0;
  const proposes = method.tasks === "evolved" && config.curriculum.proposer === "llm";
  // Candidates are written in batches of about ten, and each is judged feasible or not by a separate request.
  const candidates = proposes ? phases * CANDIDATES_PER_TASK * tasks.perPhase : 0;
  if (judged + candidates === 0) return null;
  const requests = judged + candidates * 1.1;
  return {
    requests,
    promptTokens: judged * plan.promptTokens + candidates * (500 + 100),
    completionTokens: judged * 200 + candidates * (40 + 100),
  };
}

function moneyOf(
  { plan: { prices }, llm }: TrainConfig,
  total: Work,
  browserHours: number,
  gpuHours: number,
  chat: Plan["chat"],
): Plan["money"] {
  const asked = [...Object.values(prices), chat && llm.price].some((price) => price !== null);
  if (!asked) return null;
  const parts = {
    read: (total.readTokens / 1e6) * (prices.readPerMillion ?? 0),
    sample: (total.sampledTokens / 1e6) * (prices.samplePerMillion ?? 0),
    train: (total.trainedTokens / 1e6) * (prices.trainPerMillion ?? 0),
    gpu: gpuHours * (prices.gpuHour ?? 0),
    browser: browserHours * (prices.browserHour ?? 0),
    chat:
      chat && llm.price
        ? (chat.promptTokens * llm.price.input + chat.completionTokens * llm.price.output) / 1e6
        : 0,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}

function notesOf({ plan: { prices }, llm }: TrainConfig, chat: Plan["chat"]): string[] {
  const perToken = [prices.readPerMillion, prices.samplePerMillion, prices.trainPerMillion];
  const notes = ["disk does not include checkpoints, each the size of the model or of the adapters"];
  if (perToken.some((price) => price !== null) && prices.gpuHour !== null)
    notes.push("plan.prices has both tokens and GPU-hours, but who pays for tokens does not pay for GPUs");
  if (chat && llm.price === null)
    notes.push("a chat model judges or proposes, but llm.price is not set, so it costs nothing here");
  return notes;
}
