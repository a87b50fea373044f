/** @file A tiny run on fakes: a shop of eight things, a table model, a catalog of two templates. For tests. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Judge } from "../../core/contracts.ts";
import type { Engine } from "../../core/engine.ts";
import type { Split, Task } from "../../core/task.ts";
import { createEvolveProposer } from "../../curriculum/evolve.ts";
import type { TaskCatalog } from "../../curriculum/catalog.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import { oraclePolicy } from "../../rollout/oracle-policy.ts";
import { rollout } from "../../rollout/rollout.ts";
import { rolloutConfigSchema } from "../../rollout/config.ts";
import {
  createFakeEngine,
  createFakeJudge,
  createFakeSite,
  FAKE_WORDS,
  fakeOracle,
  fakeTasks,
} from "../../testing/index.ts";
import { answerOf } from "../../core/trajectory.ts";
import type { FakeEngineOptions, FakeSiteOptions } from "../../testing/index.ts";
import { actionDatum } from "../../text/prompt.ts";
import type { TrainConfig } from "../../run/config.ts";
import { trainConfigSchema } from "../../run/config.ts";
import type { Parts } from "../parts.ts";
import { imitationSamples, tokenizeSample } from "../../imitation/demonstrations.ts";

const PHRASINGS: Record<string, string[]> = {
  "fake.price": ["What is the price of the {item}?", "How much is the {item}?", "Say what the {item} costs."],
  "fake.basket": ["Put the {item} into the basket.", "Add one {item} to my basket.", "I want a {item}."],
};

/** Every action of the fake shop as one token or few, so that the table model can learn it. */
const FAKE_PAGE_WORDS = ["Lamp", "Kettle", "Scarf", "Globe", "Teapot", "Anvil", "Whistle", "Ladder"];

export function fakeCatalog(): TaskCatalog & Parts["suite"] {
  const all = fakeTasks().map((task): Task =>
    task.split === "test" ? { ...task, novelty: "new values" } : task,
  );
  return {
    name: "fake",
    tasks: (filter?: { split?: Split }) =>
      all.filter((task) => filter?.split === undefined || task.split === filter.split),
    templates: () =>
      Object.entries(PHRASINGS).map(([id, phrasings]) => ({
        id,
        sites: ["fake"],
        category: id === "fake.price" ? "information retrieval" : "shopping",
        phrasings,
      })),
    instances: (id, split) =>
      all
        .filter((task) => task.templateId === id && (split === undefined || task.split === split))
        .map((task) => ({ params: task.params, split: task.split })),
    instantiate: (id, params, phrasing, lineage): Task => {
      const like = all.find((task) => task.templateId === id && task.params["item"] === params["item"])!;
      return {
        ...like,
        id: `${like.id}.${phrasing}${lineage ? `@${lineage.phase}` : ""}`,
        instruction: PHRASINGS[id]![phrasing]!.replace("{item}", String(params["item"])),
        split: lineage ? "train" : like.split,
        ...(lineage && { lineage }),
      };
    },
  };
}

export function fakeConfig(base: string, changes: object = {}): TrainConfig {
  const { models } = changes as { models?: object };
  return trainConfigSchema.parse({
    phases: 2,
    tasks: { initial: 6, perPhase: 6 },
    rollout: { parallel: 3, maxSteps: 5, maxNewTokens: 24 },
    curriculum: { minValue: 0, maxValue: 1 },
    critic: { learningRate: 0.05, batchSize: 8 },
    actor: { learningRate: 0.05, batchSize: 8 },
    evaluation: { tasks: 4 },
    ...changes,
    models: { base, judge: "orm", demonstrations: null, template: "compact", ...models },
  });
}

/** A model that has seen a few demonstrations, saved as `directory/base`, and the demonstrations. */
export async function makeFakeBase(
  directory: string,
  steps = 6,
): Promise<{ base: string; demonstrations: EpisodeRecord[] }> {
  const demonstrations = await demonstrate(fakeTasks("train"));
  const base = join(directory, "base");
  await using engine = fakeEngine();
  const model = await engine.open({ path: "fake" });
  const options = {
    tokenizer: model.tokenizer,
    contextTokens: model.contextTokens,
    maxNewTokens: 24,
    template: "compact",
  } as const;
  const datums = imitationSamples(demonstrations).map((sample) => {
    const { promptTokens, responseTokens } = tokenizeSample(sample, options);
    return actionDatum(promptTokens, responseTokens);
  });
  for (let step = 0; step < steps; step++) {
    await model.forwardBackward(datums, "cross_entropy");
    await model.optimStep({ learningRate: 0.3, clipNorm: Infinity });
  }
  await mkdir(directory, { recursive: true });
  await model.save(base);
  return { base, demonstrations };
}

function demonstrate(tasks: readonly Task[]): Promise<EpisodeRecord[]> {
  return rollout({
    site: createFakeSite(),
    policy: oraclePolicy({ oracleFor: (task) => oracleOf(task) }),
    requests: tasks.map((task, i) => ({ id: `demo-${i}`, task, seed: i })),
    config: rolloutConfigSchema.parse({}),
  });
}

export function* oracleOf(task: Task) {
  yield* fakeOracle(task);
}

export const fakeEngine = (options: Pick<FakeEngineOptions, "sampling"> = {}): Engine =>
  createFakeEngine({ words: [...createWords()], ...options });

function* createWords(): Generator<string> {
  yield* FAKE_WORDS;
  yield* FAKE_PAGE_WORDS;
}

/** The reward of the fakes: what the verifier would say about the answer, but wrong now and then. */
export const fakeJudge = (): Judge =>
  createFakeJudge({
    probability: (trajectory) => (answerOf(trajectory.ending)?.startsWith("$") ? 0.8 : 0.2),
  });

export function fakeParts(demonstrations: readonly EpisodeRecord[], site: FakeSiteOptions = {}): Parts {
  const catalog = fakeCatalog();
  return {
    engine: fakeEngine(),
    site: createFakeSite(site),
    suite: catalog,
    catalog,
    judge: fakeJudge(),
    proposer: createEvolveProposer(catalog),
    demonstrations,
  };
}
