import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { createFakeSite, fakeTasks } from "../testing/index.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import {
  collectDemonstrations,
  demonstrationSteps,
  imitationSamples,
  isDemonstration,
  limitCoverage,
  readEpisodes,
  writeEpisodesCompressed,
} from "./demonstrations.ts";
import { answerTokens } from "../text/prompt.ts";
import type { ImitateProgress } from "./imitate.ts";
import { imitate, imitateConfigSchema, sampleDatum } from "./imitate.ts";
import { pretrain, sft } from "./make-model.ts";
import { labelOutcomes, makeOrm } from "./make-orm.ts";
import { fakeEngine, makeFakeBase, oracleOf } from "../train/testing/fake-run.ts";

let directory: string;
let base: string;
let records: EpisodeRecord[];

const collect = (file: string, episodes: number, options: { failRate?: number; detourRate?: number } = {}) =>
  collectDemonstrations({
    site: createFakeSite(),
    tasks: fakeTasks("train"),
    oracleFor: (task) => oracleOf(task),
    episodes,
    seed: 1,
    file: join(directory, file),
    detourRate: options.detourRate ?? 0,
    failRate: options.failRate ?? 0,
    rollout: rolloutConfigSchema.parse({ maxSteps: 20 }),
  });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-model-"));
  ({ base } = await makeFakeBase(join(directory, "start"), 1));
  await collect("demos.jsonl", 30, { detourRate: 0.2 });
  records = await readEpisodes(join(directory, "demos.jsonl"));
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("demonstrations", () => {
  it("are collected up to the number asked for, without repeating what the file holds", async () => {
    expect(await collect("more.jsonl", 5)).toEqual({ made: 5, held: 0 });
    expect(await collect("more.jsonl", 8)).toEqual({ made: 3, held: 5 });
    const all = await readEpisodes(join(directory, "more.jsonl"));
    expect(new Set(all.map((record) => record.id)).size).toBe(8);
    await expect(readEpisodes(join(directory, "none.jsonl"))).rejects.toThrow(/no file of episodes/);
  });

  it("teach every turn but the mistakes, with the mistakes in the history", () => {
    const samples = imitationSamples(records);
    const turns = records.flatMap((record) => record.trajectory.steps).length;
    const mistakes = records.flatMap((record) => record.mistakes).length;
    expect(mistakes).toBeGreaterThan(0);
    expect(samples.length).toBe(turns - mistakes);
    const erring = records.find((record) => record.mistakes.includes(0))!;
    const first = imitationSamples([erring])[0]!;
    expect(first.history).toEqual([{ response: erring.trajectory.steps[0]!.response }]);
  });

  it("leave templates out on purpose, decided by the template alone", () => {
    const kept = limitCoverage(records, { covered: 0, few: 3 });
    expect(kept.length).toBe(6);
    expect(limitCoverage(records, { covered: 1, few: 0 })).toEqual(records);
  });

  it("are stored compressed and give the same experience", async () => {
    await using engine = fakeEngine();
    const model = await engine.open({ path: base });
    const { tokenizer, contextTokens } = model;
    const options = { tokenizer, contextTokens, maxNewTokens: 24, template: "compact" as const };
    await writeEpisodesCompressed(join(directory, "kept.jsonl.gz"), records);
    const read = await readEpisodes(join(directory, "kept.jsonl.gz"));
    expect(read.flatMap((record) => demonstrationSteps(record, options))).toEqual(
      records.flatMap((record) => demonstrationSteps(record, options)),
    );
  });
});

describe("imitation", () => {
  const config = imitateConfigSchema.parse({
    steps: 12,
    batchSize: 8,
    learningRate: 0.3,
    checkpointMinutes: 0.05,
    heldOut: 0.2,
    heldOutActions: 20,
  });
  /** A clock that goes one second at a time, so that checkpoints fall every few steps. */
  const clock = () => {
    let seconds = 0;
    return () => 1000 * seconds++;
  };
  const run = async (name: string, stopAt = Infinity, changes: Partial<typeof config> = {}) => {
    await using engine = fakeEngine();
    const model = await engine.open({ path: base });
    const abort = new AbortController();
    const progress: ImitateProgress[] = [];
    const workDirectory = join(directory, `${name}.work`);
    const made = await imitate({
      model,
      samples: imitationSamples(records),
      config: { ...config, ...changes },
      tokenize: { maxNewTokens: 24, template: "compact" },
      dependsOn: { base },
      workDirectory,
      onProgress: (p) => {
        progress.push(p);
        if (p.step === stopAt) abort.abort(new Error("killed"));
      },
      now: clock(),
      signal: abort.signal,
    });
    await model.save(join(directory, name));
    return { made, progress, rows: await readFile(join(directory, name, "rows.json"), "utf8") };
  };

  it("learns, and gives the same weights when it was stopped and continued", async () => {
    const whole = await run("whole");
    expect(whole.progress.length).toBe(12);
    expect(whole.progress.at(-1)!.loss).toBeLessThan(0.6 * whole.progress[0]!.loss);
    expect(whole.made.score!.actions).toBeGreaterThan(0);

    await expect(run("stopped", 7)).rejects.toThrow("killed");
    expect(existsSync(join(directory, "stopped.work", "state.json"))).toBe(true);
    await expect(run("stopped", Infinity, { seed: 1 })).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringMatching(/stopped\.work holds .*: seed was 0, now it is 1$/) as string,
      hint: expect.stringContaining("to start anew") as string,
    });
    const rest = await run("stopped");
    expect(rest.progress.length).toBeLessThan(12);
    expect(rest.progress.at(-1)!.step).toBe(12);
    expect(rest.rows).toBe(whole.rows);
  });

  it("asks more about the same page: fitting actions are imitated, all are judged at their end", async () => {
    await using engine = fakeEngine();
    const { tokenizer, contextTokens } = await engine.open({ path: base });
    const options = { tokenizer, contextTokens, maxNewTokens: 24, template: "compact" as const };
    const weights = { pageWeight: 0, judgementWeight: 4 };
    const sample = imitationSamples(records)[0]!;
    const more = [
      { instruction: "Open b.", response: 'do(action="Click", element="link b")', fits: true },
      { instruction: "Open c.", response: 'do(action="Click", element="link b")', fits: false },
    ];
    const alone = sampleDatum(sample, options, weights);
    const { tokens_T, positions_N, targets_N, weights_N } = sampleDatum(
      { ...sample, more },
      options,
      weights,
    );
    const said = alone.targets_N.length;
    expect(targets_N.slice(0, said)).toEqual(alone.targets_N);
    positions_N.forEach((position, n) => {
      if (weights_N![n] === 1) expect(tokens_T[position + 1]).toBe(targets_N[n]);
    });
    const answers = answerTokens(tokenizer);
    const judged = weights_N!.flatMap((weight, n) => (weight === 4 ? [n] : []));
    expect(judged.map((n) => targets_N[n])).toEqual([answers.yes, answers.no]);
    expect(judged.map((n) => tokenizer.decode([tokens_T[positions_N[n]!]!]))).toEqual([
      "<|eot_id|>",
      "<|eot_id|>",
    ]);
    expect(tokenizer.decode(targets_N.slice(said, judged[0]))).toBe(`${more[0]!.response}<|eot_id|>`);
    expect(judged[1]).toBe(judged[0]! + 1);
  });

  it.each(["validation", "test"] as const)(
    "refuses episodes of the %s split, whatever is made",
    async (split) => {
      const foreign = records.map((record) => ({
        ...record,
        trajectory: { ...record.trajectory, task: { ...record.trajectory.task, split } },
      }));
      await using engine = fakeEngine();
      const shared = {
        engine,
        out: join(directory, "refused"),
        records: foreign,
        template: "compact",
        command: "test",
      } as const;
      const imitation = {
        ...shared,
        coverage: { covered: 1, few: 0 },
        imitate: config,
        maxNewTokens: 24,
        retellings: ({ instruction }: { instruction: string }) => [instruction],
      };
      const made = [
        () => sft({ ...imitation, base, keepDemonstrations: 0 }),
        () =>
          pretrain({
            ...imitation,
            createModel: () => Promise.reject(new Error("must not begin")),
            drillsPerPage: 1,
            questionsPerPage: 0,
            episodesPerDemonstration: 0,
            renamedCopies: 0,
            copyWarmupSteps: 0,
          }),
        () => makeOrm({ ...shared, ...ORM, base }),
      ];
      for (const make of made) await expect(make()).rejects.toThrow(`of the ${split} split`);
    },
  );
});

/** Settings of a small reward model. */
const ORM = {
  drillsPerDemonstration: 2,
  epochs: 2,
  batchSize: 8,
  learningRate: 0.1,
  heldOutFraction: 0.5,
  seed: 1,
  checkpointMinutes: 5,
};

describe("outcome reward model", () => {
  it("is trained on verifiers' labels and measured on templates that it has not seen", async () => {
    await collect("negatives.jsonl", 40, { failRate: 1 });
    const negatives = (await readEpisodes(join(directory, "negatives.jsonl"))).map((record) => ({
      ...record,
      id: `n-${record.id}`,
      trajectory: { ...record.trajectory, id: `n-${record.id}` },
    }));
    expect(negatives.filter(isDemonstration).length).toBeLessThan(20);
    const all = [...records, ...negatives];
    expect(labelOutcomes(all).length).toBe(70);
    await using engine = fakeEngine();
    const out = join(directory, "orm");
    const { report, examples } = await makeOrm({
      engine,
      base,
      out,
      records: all,
      ...ORM,
      template: "compact",
      command: "webrl model orm",
    });
    expect(examples).toBe(70);
    expect(report.overall.count).toBeGreaterThan(0);
    expect(report.overall.count).toBeLessThan(70);
    expect(JSON.parse(await readFile(join(out, "report.json"), "utf8"))).toEqual(report);
    const card = await readFile(join(out, "README.md"), "utf8");
    expect(card).toContain("webrl model orm");
    expect(card).toContain("| held-out accuracy |");
    expect(card).toMatch(/\| constructed outcomes \| [1-9]/);
    expect(card).toContain(`| fake | ${report.bySite["fake"]!.count} | `);
    for (const { instruction } of report.mistakes.slice(0, 6)) expect(card).toContain(instruction);
  });

  it("is continued with what it was begun with, and with nothing else", async () => {
    await using engine = fakeEngine();
    const out = join(directory, "orm-stopped");
    const failed = records.map((record) => ({
      ...record,
      truth: { ...record.truth!, success: false },
      trajectory: { ...record.trajectory, id: `f-${record.id}` },
    }));
    const steps: number[] = [];
    const made = (changes: Partial<Parameters<typeof makeOrm>[0]> = {}) =>
      makeOrm({
        engine,
        base,
        out,
        records: [...records, ...failed],
        ...ORM,
        template: "compact",
        checkpointMinutes: 0,
        command: "test",
        onStep: ({ step }) => void steps.push(step),
        ...changes,
      });
    const kill = ({ step }: { step: number }) => {
      if (step === 4) throw new Error("killed");
    };
    await expect(made({ onStep: kill })).rejects.toThrow("killed");
    for (const [changes, says] of [
      [{ seed: 2 }, "seed was 1, now it is 2"],
      [{ heldOutFraction: 0.6 }, "heldOutFraction was 0.5, now it is 0.6"],
      [{ records: [...records, ...failed.slice(1)] }, "rollouts was "],
    ] as const)
      await expect(made(changes)).rejects.toThrow(
        `${out}.work holds a training with other settings or data: ${says}`,
      );
    await made();
    expect(steps[0]).toBe(4);
  });

  it("is not measured on templates of which its base has seen verdicts", async () => {
    await using engine = fakeEngine();
    const pretrained = join(directory, "pretrained");
    const imitation = {
      engine,
      records,
      template: "compact",
      command: "test",
      coverage: { covered: 1, few: 0 },
      imitate: imitateConfigSchema.parse({ steps: 1, heldOutActions: 0 }),
      maxNewTokens: 24,
      retellings: ({ instruction }: { instruction: string }) => [instruction],
    } as const;
    await pretrain({
      ...imitation,
      base,
      out: pretrained,
      createModel: () => Promise.reject(new Error("there is a base")),
      drillsPerPage: 1,
      questionsPerPage: 0,
      episodesPerDemonstration: 2,
      renamedCopies: 0,
      copyWarmupSteps: 0,
    });
    const taught = join(directory, "taught");
    await sft({ ...imitation, base: pretrained, out: taught, keepDemonstrations: 0 });
    expect(await readFile(join(taught, "README.md"), "utf8")).toContain("seen no verdicts | 0.15 |");
    const made = (from: string, changes: object) =>
      makeOrm({
        engine,
        base: from,
        out: join(directory, "orm-of-taught"),
        records,
        ...ORM,
        template: "compact",
        command: "test",
        ...changes,
      });
    for (const changes of [
      { seed: 1, heldOutFraction: 0.15 },
      { seed: 0, heldOutFraction: 0.3 },
    ])
      await expect(made(taught, changes)).rejects.toThrow(
        `${taught} has seen verdicts on templates that --seed ${changes.seed} --held-out ${changes.heldOutFraction} would hold out`,
      );
    // Fewer of the same, none of which these rollouts have.
    await expect(made(taught, { seed: 0, heldOutFraction: 0.001 })).rejects.toThrow("is held out");
    // A reward model spares what it was measured on.
    await expect(made(join(directory, "orm"), { seed: 0 })).rejects.toThrow("it spared those of --seed 1");
  });
});
