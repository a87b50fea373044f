/** @file The configuration of a run. `{}` is valid and is the main job. Each part's schema stands next to its code. */

import { z } from "zod";
import { browserBlockSchema } from "../core/browser-settings.ts";
import { llmConfigSchema } from "../chat/config.ts";
import type { LoraSettings } from "../core/engine.ts";
import { engineSettingsSchema } from "../core/engine-settings.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import { policySchema } from "../safety/policy.ts";
import { planConfigSchema } from "./plan-config.ts";
import { FORMATS, TEMPLATES } from "../text/template-names.ts";

/** WebRL, and the baselines that are made of the same parts. */
export const METHODS = ["webrl", "sft", "filtered-bc", "awr", "digirl"] as const;

/** A training method: WebRL or one of its baselines. */
export type MethodName = (typeof METHODS)[number];
export const ABLATIONS = ["replay", "kl", "curriculum"] as const;

export const SHIPPED_DEMONSTRATIONS = "models/base/demonstrations.jsonl.gz";

const modelsSchema = z.strictObject({
  base: z
    .string()
    .default("models/base")
    .describe("Directory of the model, or of the adapter, that training starts from."),
  orm: z
    .string()
    .default("models/orm")
    .describe(
      "Directory of the outcome reward model: a model, or an adapter, which needs no further memory if it is on the actor's base; or openai:NAME@URL, WebRL's released reward model behind a server that completes texts, with the settings of llm.",
    ),
  judge: z
    .enum(["orm", "verifier", "llm"])
    .default("orm")
    .describe(
      "Who gives the reward: the outcome reward model; the verifiers of the tasks (an upper bound, for suites in which every task has one); a prompted chat model.",
    ),
  threshold: z
    .number()
    .positive()
    .max(1)
    .default(0.85)
    .describe(
      "The outcome reward model rewards an episode where P(YES) is at least this. The paper's 0.5 suits a model that saw successes in training as often as they occur; ours saw both outcomes equally often, and successes are rarer.",
    ),
  demonstrations: z
    .string()
    .nullable()
    .default(SHIPPED_DEMONSTRATIONS)
    .describe(
      "Demonstrations that the replay buffer starts with, if they are on sites of the run; null for none.",
    ),
  template: z
    .enum(TEMPLATES)
    .default("auto")
    .describe(
      "Layout of the prompts. auto: compact for models made by webrl, paper for WebRL's released checkpoints, else chat, the model's own conversation format. A run records what was chosen.",
    ),
  ormTemplate: z
    .enum(TEMPLATES)
    .default("auto")
    .describe(
      "Layout of the reward model's prompts: the one that it was trained on. auto: as above, for its own directory.",
    ),
  lora: z
    .strictObject({
      rank: z.int().min(1).default(16).describe("Rank of the adapter."),
      alpha: z.number().positive().default(32).describe("Scale of the adapter: alpha/rank times B·A."),
      layers: z
        .union([z.int().min(1), z.array(z.int().min(0)).min(1)])
        .nullable()
        .default(null)
        .describe("Layers with adapters: how many of the last, or a list counted from 0; null for all."),
    })
    .nullable()
    .default(null)
    .describe(
      "Train adapters of actor and critic on the frozen base instead of all weights. If models.base is already an adapter, it keeps its own settings: leave this out, or give the same ones.",
    ),
});

const observationSchema = z.strictObject({
  format: z
    .enum(FORMATS)
    .default("auto")
    .describe(
      "How pages are written for the model. auto: webrl for the template paper, else compact. A run records what was chosen.",
    ),
});

const suiteSchema = z.strictObject({
  name: z.string().default("built-in").describe("Suite of tasks."),
  file: z.string().nullable().default(null).describe("File of the suite, if it has one."),
  sites: z.array(z.string()).default([]).describe("Only tasks of these sites; empty for all."),
  templates: z
    .array(z.string())
    .default([])
    .describe(
      "Only tasks of these templates (`webrl suite list --templates`); empty for all. For instance those that a base solves sometimes: in the others there is nothing to reinforce.",
    ),
});

const tasksSchema = z.strictObject({
  initial: z.int().min(1).default(240).describe("Tasks of the train split for the rollouts of phase 0."),
  perPhase: z.int().min(1).default(240).describe("Tasks of each phase."),
  given: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "The most tasks of the train split that the run is given; all others have to be grown from them, for which the proposer evolve knows the whole train split. null: all of the split.",
    ),
  attempts: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe("Episodes on each task of a phase; tasks.initial and tasks.perPhase count tasks."),
});

const curriculumSchema = z.strictObject({
  proposer: z
    .enum(["evolve", "llm"])
    .default("evolve")
    .describe("Who makes new tasks from failed ones: the suite's own catalog, or a chat model."),
  minValue: z.number().min(0).max(1).default(0.05).describe("Tasks with a lower V(s₀) are too hard."),
  maxValue: z.number().min(0).max(1).default(0.75).describe("Tasks with a higher V(s₀) are too easy."),
});

const replaySchema = z.strictObject({
  minPerplexity: z
    .number()
    .min(1)
    .default(1 / 0.95)
    .describe("Actions below this are too familiar."),
  maxPerplexity: z
    .number()
    .min(1)
    .default(1 / 0.5)
    .describe("Actions above this are too hard."),
  maxRatio: z.number().min(0).default(1).describe("The most replayed steps per new step (paper: 2)."),
  capacity: z.int().min(1).default(100_000).describe("Steps that the buffer holds."),
});

const criticSchema = z.strictObject({
  learningRate: z.number().positive().default(3e-4).describe("Constant learning rate."),
  batchSize: z.int().min(1).default(32).describe("Steps per optimiser step."),
  epochs: z.int().min(1).default(1).describe("Passes over a phase's data."),
});

const actorSchema = z.strictObject({
  objective: z
    .enum(["official", "paper"])
    .nullable()
    .default(null)
    .describe(
      "WebRL's loss: official, that of its published code, or paper, equation 6. null: official, or REINFORCE without the KL constraint; the other methods have losses of their own.",
    ),
  beta: z
    .number()
    .positive()
    .default(0.3)
    .describe("β of equation 6, the paper's objective; the paper does not give its value."),
  lambda: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("λ of the advantages of equation 9 and of DigiRL; the official objective has none."),
  baseline: z
    .enum(["critic", "attempts", "template"])
    .default("critic")
    .describe(
      "What equation 9 compares an outcome with: the critic's V(s_t), or the mean outcome of the phase's other attempts at the task (which needs tasks.attempts above 1) or at any task of its template. The latter two need no critic if actor.lambda is 0 and replay and curriculum are left out.",
    ),
  learningRate: z
    .number()
    .positive()
    .default(4e-4)
    .describe("Highest learning rate of a phase: a short warm-up, then a cosine down to a twentieth."),
  batchSize: z.int().min(1).default(32).describe("Steps per optimiser step."),
  epochs: z.int().min(1).default(2).describe("The most passes over a phase's data."),
  untilReached: z
    .number()
    .positive()
    .max(1)
    .nullable()
    .default(null)
    .describe(
      "Ends the passes once the update explains this share of equation 6's target, 1 − Σ(β·x − A)²/ΣA² over a pass; null for all of actor.epochs, which must be above 1. Only for the paper's objective.",
    ),
  standardize: z
    .boolean()
    .default(false)
    .describe(
      "Subtract the mean of a phase's advantages, and divide by their standard deviation. Only for WebRL with equation 9.",
    ),
  minAdvantage: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Steps with |A| below this are left out: they say little and cost as much as others. Only for WebRL with equation 9.",
    ),
  minProbability: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "Steps with A < 0 whose action had a lower probability under the reference are left out: such actions are rare already, and their log-probability swings most. Only for WebRL with equation 9.",
    ),
  keepMoments: z
    .boolean()
    .default(false)
    .describe("AdamW keeps its moments from one phase to the next, instead of starting from nothing."),
  discount: z.number().min(0).max(1).default(0.9).describe("γ of the returns of AWR."),
  awrTemperature: z.number().positive().default(1).describe("τ of AWR's weights exp(A/τ)."),
});

const evaluationSchema = z.strictObject({
  split: z.enum(["test", "validation", "train"]).default("test").describe("Split whose tasks are scored."),
  tasks: z
    .int()
    .min(1)
    .default(100)
    .describe("The most tasks to score; the same ones every time, at temperature 0."),
  every: z
    .int()
    .min(1)
    .default(1)
    .describe("Phases between evaluations; the first and last are always scored."),
});

/** All settings of a run. `{}` is valid and runs the main job. */
export const trainConfigSchema = z.strictObject({
  method: z.enum(METHODS).default("webrl").describe("WebRL, or a baseline made of the same parts."),
  without: z
    .array(z.enum(ABLATIONS))
    .default([])
    .describe(
      "Parts of WebRL to leave out: replay, kl (REINFORCE with baseline), curriculum (tasks of the train split as they come).",
    ),
  seed: z.int().min(0).default(0).describe("Seed of everything random in the run."),
  phases: z.int().min(0).max(1000).default(2).describe("Phases of self-evolving training; 0 only evaluates."),
  models: modelsSchema.prefault({}),
  engine: engineSettingsSchema.prefault({}),
  observation: observationSchema.prefault({}),
  browser: browserBlockSchema.prefault({}),
  suite: suiteSchema.prefault({}),
  tasks: tasksSchema.prefault({}),
  rollout: rolloutConfigSchema.prefault({}),
  safety: policySchema
    .nullable()
    .default(null)
    .describe(
      "A policy below the model (docs/agent.md), in rollouts and evaluations alike; what it would ask about is refused, because nobody is there. null: everything that stays on the suite's hosts is allowed.",
    ),
  curriculum: curriculumSchema.prefault({}),
  replay: replaySchema.prefault({}),
  experience: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Directories of agents (`webrl agent run --out`) whose judged runs are added to the run's own rollouts of phase 0.",
    ),
  critic: criticSchema.prefault({}),
  actor: actorSchema.prefault({}),
  evaluation: evaluationSchema.prefault({}),
  llm: llmConfigSchema.prefault({}),
  plan: planConfigSchema.prefault({}),
});

/** The complete configuration of a run. */
export type TrainConfig = z.infer<typeof trainConfigSchema>;

/** The adapters that a run trains, as an engine takes them; `undefined` to train what `models.base` is. */
export const loraOf = ({ models: { lora } }: Pick<TrainConfig, "models">): LoraSettings | undefined =>
  lora === null ? undefined : { ...lora, layers: lora.layers ?? undefined };

/** What a method is made of. */
export interface MethodParts {
  trains: boolean;
  /** `evolved`: new tasks from failures; `given`: those of the train split, each once before any comes again. */
  tasks: "evolved" | "given";
  critic: boolean;
  /** `perplexity`: successes of moderate perplexity; `all`: earlier successes as they come; `none`. */
  replay: "perplexity" | "all" | "none";
  loss: "webrl" | "official" | "reinforce" | "filtered-bc" | "awr" | "digirl";
}

/** Whether the size of an advantage scales a step's update: equation 6, with or without the KL constraint. */
export const usesAdvantage = (loss: MethodParts["loss"]) => loss === "webrl" || loss === "reinforce";

/** What a method consists of: its tasks, its replay, whether it has a critic, and its loss. */
export function methodParts(config: Pick<TrainConfig, "method" | "without" | "actor">): MethodParts {
  const given = { trains: true, tasks: "given" } as const;
  switch (config.method) {
    case "sft":
      return { trains: false, tasks: "given", critic: false, replay: "none", loss: "webrl" };
    case "filtered-bc":
      return { ...given, critic: false, replay: "none", loss: "filtered-bc" };
    case "awr":
      return { ...given, critic: true, replay: "none", loss: "awr" };
    case "digirl":
      return { ...given, critic: true, replay: "all", loss: "digirl" };
    case "webrl":
      return {
        trains: true,
        tasks: config.without.includes("curriculum") ? "given" : "evolved",
        critic: !attemptsSuffice(config),
        replay: config.without.includes("replay") ? "none" : "perplexity",
        loss: config.without.includes("kl")
          ? "reinforce"
          : config.actor.objective === "paper"
            ? "webrl"
            : "official",
      };
  }
}

/**
 * Whether nothing asks for a value: neither the advantage nor a replayed step, which has no other attempts beside it,
 * nor the curriculum.
 */
const attemptsSuffice = ({ actor, without }: Pick<TrainConfig, "without" | "actor">) =>
  actor.baseline !== "critic" &&
  actor.lambda === 0 &&
  (actor.objective === "paper" || without.includes("kl")) &&
  without.includes("replay") &&
  without.includes("curriculum");
