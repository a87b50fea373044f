/** @file Which settings fit together: which a method reads, and which contradict each other. */

import { checkLlm } from "../chat/config.ts";
import { checkEndpoints } from "../core/browser-settings.ts";
import { checkEngine, isOnServer } from "../core/engine-settings.ts";
import { ConfigError } from "../core/errors.ts";
import { parsePolicy } from "../safety/policy.ts";
import type { MethodParts, TrainConfig } from "./config.ts";
import { methodParts, trainConfigSchema, usesAdvantage } from "./config.ts";

/** What some settings are about, and which methods read them. */
const READ_BY_SOME: readonly [keys: string, about: string, reads: (parts: MethodParts) => boolean][] = [
  ["actor.objective", "WebRL's loss", ({ loss }) => usesAdvantage(loss) || loss === "official"],
  ["actor.beta actor.untilReached", "equation 6", ({ loss }) => loss === "webrl"],
  [
    "actor.lambda",
    "the advantages of equation 9 and of DigiRL",
    ({ loss }) => usesAdvantage(loss) || loss === "digirl",
  ],
  [
    "actor.baseline actor.standardize actor.minAdvantage actor.minProbability",
    "equation 9",
    ({ loss }) => usesAdvantage(loss),
  ],
  ["actor.discount", "the returns of AWR", ({ loss }) => loss === "awr"],
  ["actor.awrTemperature", "AWR's weights", ({ loss }) => loss === "awr"],
  ["critic.learningRate critic.batchSize critic.epochs", "the critic", ({ critic }) => critic],
  [
    "replay.minPerplexity replay.maxPerplexity",
    "replay by perplexity",
    ({ replay }) => replay === "perplexity",
  ],
  ["replay.maxRatio replay.capacity", "replay", ({ replay }) => replay !== "none"],
  [
    "curriculum.proposer curriculum.minValue curriculum.maxValue",
    "tasks that evolve",
    ({ tasks }) => tasks === "evolved",
  ],
];

/** The settings that a method does not read and that differ from their defaults. */
function unreadSettings(config: TrainConfig) {
  const parts = methodParts(config);
  const usual = trainConfigSchema.parse({});
  return READ_BY_SOME.filter(([, , reads]) => !(parts.trains && reads(parts))).flatMap(([paths, about]) =>
    paths
      .split(" ")
      .map((path) => {
        const [block, key] = path.split(".") as ["actor", "beta"];
        return { path, about, block, key, value: config[block][key], default: usual[block][key] };
      })
      .filter((setting) => setting.value !== setting.default),
  );
}

/** A copy in which what the method does not read has its default. */
export function leaveOutUnread(config: TrainConfig): TrainConfig {
  const own = structuredClone(config);
  for (const { block, key, default: usual } of unreadSettings(config)) own[block][key] = usual;
  return own;
}

/** The settings that say how many tasks of the train split a phase draws, and how many. */
export function drawnFromTrain(config: TrainConfig): [key: string, count: number][] {
  const { trains, tasks } = methodParts(config);
  if (!trains || config.phases === 0) return [];
  const initial: [string, number] = ["tasks.initial", config.tasks.initial];
  return tasks === "given" ? [initial, ["tasks.perPhase", config.tasks.perPhase]] : [initial];
}

/** Throws a `ConfigError` where settings that are valid alone contradict each other. */
export function checkConsistency(config: TrainConfig): void {
  const refuse = (message: string, hint: string): never => {
    throw new ConfigError(message, hint);
  };
  const { method, without, actor, curriculum, replay, models } = config;
  checkLlm(config.llm);
  checkEngine(config.engine);
  if (isOnServer(config.engine) && models.lora !== null)
    refuse(
      "models.lora is about adapters that are trained here, and engine.kind is tinker",
      "Remove models.lora; engine.rank is the rank of adapters on the server.",
    );
  checkEndpoints(config.browser.endpoints);
  if (config.safety) parsePolicy(config.safety, "safety");
  if (method !== "webrl" && without.length > 0)
    refuse(
      `without = ${JSON.stringify(without)} leaves out parts of WebRL, but method is ${JSON.stringify(method)}`,
      'Remove `without`, or set method to "webrl".',
    );
  if (config.experience.length > 0 && !methodParts(config).trains)
    refuse(`experience is learned from, but method is ${JSON.stringify(method)}`, "Remove experience.");
  if (config.experience.length > 0 && config.phases === 0)
    refuse("experience is learned from, but phases is 0", "Raise phases, or remove experience.");
  if (config.experience.length > 0 && actor.baseline === "attempts")
    refuse(
      'actor.baseline "attempts" compares attempts at one task, and experience has one attempt at each',
      'Remove experience, or set actor.baseline to "template".',
    );
  if (without.includes("kl") && actor.objective === "official")
    refuse(
      'the official objective has its KL limit built in: it cannot be combined with without = ["kl"]',
      "Remove actor.objective, or keep the KL constraint.",
    );
  for (const { path, about, value } of unreadSettings(config))
    refuse(
      `${path} is about ${about}, which this method does not have; found ${JSON.stringify(value)}`,
      `Remove ${path}, or choose another method, actor.objective or \`without\`.`,
    );
  const { tasks } = methodParts(config);
  if (actor.untilReached !== null && actor.epochs === 1)
    refuse(
      "actor.untilReached ends the passes over a phase's data early, but actor.epochs is 1",
      "Raise actor.epochs, or remove actor.untilReached.",
    );
  const { given } = config.tasks;
  for (const [key, count] of drawnFromTrain(config))
    if (given !== null && given < count)
      refuse(
        `a phase has no task twice, so ${key} ${count} cannot be drawn from tasks.given ${given}`,
        `Raise tasks.given, or lower ${key} and raise tasks.attempts.`,
      );
  if (actor.baseline === "attempts" && config.tasks.attempts === 1)
    refuse(
      'actor.baseline "attempts" compares attempts at one task, but tasks.attempts is 1',
      'Raise tasks.attempts, or set actor.baseline to "template".',
    );
  if (
    actor.baseline === "template" &&
    tasks === "evolved" &&
    curriculum.proposer === "llm" &&
    config.tasks.attempts === 1
  )
    refuse(
      'actor.baseline "template" compares tasks of one template, but tasks of a chat model (curriculum.proposer "llm") have none, and tasks.attempts is 1',
      'Raise tasks.attempts, or set actor.baseline to "critic".',
    );
  if (actor.baseline !== "critic" && actor.lambda === 1)
    refuse(
      `actor.baseline ${JSON.stringify(actor.baseline)} is what outcomes are compared with, but actor.lambda 1 leaves outcomes out`,
      'Lower actor.lambda, or set actor.baseline to "critic".',
    );
  if (curriculum.minValue >= curriculum.maxValue)
    refuse(
      `no task can have ${curriculum.minValue} ≤ V(s₀) ≤ ${curriculum.maxValue}`,
      "Make curriculum.minValue smaller than curriculum.maxValue.",
    );
  if (replay.minPerplexity >= replay.maxPerplexity)
    refuse(
      `no action can have a perplexity between ${replay.minPerplexity} and ${replay.maxPerplexity}`,
      "Make replay.minPerplexity smaller than replay.maxPerplexity.",
    );
  if (models.judge === "verifier" && curriculum.proposer === "llm" && tasks === "evolved")
    refuse(
      'tasks of a chat model have no verifier, but models.judge is "verifier"',
      'Set models.judge to "orm" or "llm", or curriculum.proposer to "evolve".',
    );
  if (config.evaluation.split === "train")
    refuse(
      'evaluation.split "train" scores the tasks that training uses',
      'Use "validation" while you are choosing settings and "test" for results.',
    );
}
