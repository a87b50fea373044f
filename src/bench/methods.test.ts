import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BenchResult, BenchRun } from "./methods.ts";
import { benchResults, checkRoom, planBench, refuseOtherSettings, VARIANTS } from "./methods.ts";
import { shareBeginning } from "./share-beginning.ts";
import type { TrainConfig } from "../run/config.ts";
import { checkConsistency } from "../run/check-consistency.ts";
import { createContext } from "../train/context.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { RunEvent } from "../run/events.ts";
import { STAGES } from "../run/events.ts";
import { readJsonLines } from "../run/json-lines.ts";
import { train } from "../train/loop.ts";
import { resultsPage } from "./results-page.ts";
import type { MetricLine } from "../run/records.ts";
import { openRunFiles, readEvaluations } from "../run/run-files.ts";
import { isStageDone } from "../run/paths.ts";
import { createRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { fakeConfig, fakeParts, makeFakeBase } from "../train/testing/fake-run.ts";

let directory: string;
let plan: BenchRun[];
let results: BenchResult[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-bench-"));
  const { base, demonstrations } = await makeFakeBase(directory, 12);
  plan = planBench(directory, fakeConfig(base, { phases: 1 }), 2, VARIANTS);
  const trainAt = async (runDirectory: string, config: TrainConfig) => {
    checkConsistency(config);
    await using run = await createRun(runDirectory, runInfo(config), () => {});
    await train(createContext(run, fakeParts(demonstrations)));
  };
  for (const benchRun of plan) {
    await shareBeginning(benchRun, plan);
    await trainAt(benchRun.directory, benchRun.config);
  }
  const webrl = plan.find(({ variant }) => variant.name === "webrl")!;
  await trainAt(join(directory, "alone"), webrl.config);
  results = await benchResults(plan);
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("comparison of methods", () => {
  it("leaves settings of WebRL's own loss to WebRL", () => {
    const tasks = { initial: 2, perPhase: 2, attempts: 2 };
    for (const actor of [
      { objective: "official" },
      { objective: "paper", beta: 0.5, baseline: "attempts", untilReached: 0.5, epochs: 2 },
      { objective: "paper", lambda: 0.2, standardize: true, minAdvantage: 0.1, minProbability: 0.2 },
    ]) {
      const runs = planBench(directory, fakeConfig("base", { tasks, actor }), 1, VARIANTS);
      for (const { config } of runs) expect(() => checkConsistency(config)).not.toThrow();
      const of = (name: string) => runs.find(({ variant }) => variant.name === name)!.config.actor;
      expect(of("webrl")).toMatchObject(actor);
      for (const name of ["sft", "filtered-bc", "awr", "digirl"])
        expect(of(name)).toMatchObject({
          objective: null,
          beta: 0.3,
          baseline: "critic",
          untilReached: null,
          standardize: false,
          minAdvantage: 0,
          minProbability: 0,
        });
    }
  });

  it("leaves experience to the methods that learn, and refuses a method that cannot have a setting", () => {
    const runs = planBench(directory, fakeConfig("base", { experience: ["agent"] }), 1, VARIANTS);
    for (const { variant, config } of runs)
      expect(config.experience).toEqual(variant.name === "sft" ? [] : ["agent"]);
    const llm = { method: "awr", curriculum: { proposer: "llm" }, models: { judge: "verifier" } };
    expect(() => planBench(directory, fakeConfig("base", llm), 1, VARIANTS)).toThrow(
      "WebRL: tasks of a chat model have no verifier",
    );
  });

  it("goes on to more phases and with other browsers, and refuses any other change", async () => {
    const changed = (change: (config: TrainConfig) => void) =>
      plan.map((run) => {
        const config = structuredClone(run.config);
        change(config);
        return { ...run, config };
      });
    await refuseOtherSettings(plan);
    await refuseOtherSettings(changed((config) => (config.phases = 2)));
    await refuseOtherSettings(changed((config) => (config.browser.proxyHost = "10.0.0.1")));
    for (const [change, says] of [
      [(config: TrainConfig) => (config.phases = 0), "phases was 1, now it is 0"],
      [(config: TrainConfig) => (config.models.base = "other"), 'now it is "other"'],
      [(config: TrainConfig) => (config.browser.width = 800), "browser.width was 1280, now it is 800"],
      [(config: TrainConfig) => (config.actor.beta = 1), "actor.beta was 0.3, now it is 1"],
    ] as const)
      await expect(refuseOtherSettings(changed(change))).rejects.toMatchObject({
        name: "ConfigError",
        message: expect.stringContaining(says) as string,
      });
  });

  it("takes no beginning from a copy without a run, nor keeps one", async () => {
    const [first, second] = planBench(join(directory, "cut"), plan[0]!.config, 1, VARIANTS);
    for (const run of [first!, second!])
      await cp(join(directory, "webrl-seed-0", "phases", "00"), join(run.directory, "phases", "00"), {
        recursive: true,
      });
    await shareBeginning(second!, [first!, second!]);
    expect(existsSync(second!.directory)).toBe(false);
  });

  it("takes what two methods have in common: more, where they choose tasks alike", async () => {
    const from = (name: string) => plan.find(({ variant, seed }) => variant.name === name && seed === 0)!;
    const start = ["0/evaluate", "0/curriculum", "0/rollout", "0/judge"];
    const next = ["1/curriculum", "1/rollout", "1/judge"];
    for (const [source, name, stages] of [
      ["webrl", "webrl-no-kl", [...start, "0/critic", ...next]],
      ["digirl", "awr", [...start, ...next]],
      ["webrl", "digirl", start],
      ["digirl", "webrl", start],
      ["webrl", "sft", start.slice(0, 1)],
    ] as const) {
      const target = { ...from(name), directory: join(directory, "common", `${name}-from-${source}`) };
      await shareBeginning(target, [target, from(source)]);
      const found = [0, 1].flatMap((phase) =>
        STAGES.filter((stage) => isStageDone(target.directory, phase, stage)).map(
          (stage) => `${phase}/${stage}`,
        ),
      );
      expect(found.toSorted()).toEqual([...stages].toSorted());
      expect(existsSync(join(target.directory, "checkpoints/critic-00"))).toBe(found.includes("0/critic"));
      const metrics = await readJsonLines<MetricLine>(join(target.directory, "metrics.jsonl"));
      expect(new Set(metrics.map(({ phase, stage }) => `${phase}/${stage}`))).toEqual(new Set(found));
    }
  });

  it("runs every method and ablation from one base with as many seeds as asked", () => {
    expect(results.map((result) => [result.variant.name, result.seeds])).toEqual(
      VARIANTS.map((variant) => [variant.name, 2]),
    );
    const starts = new Set(results.flatMap((result) => result.curve[0]!.success));
    expect(starts.size).toBe(1);
    for (const result of results)
      expect(result.curve.map(({ phase }) => phase)).toEqual(result.variant.name === "sft" ? [0] : [0, 1]);
  });

  it("leaves out runs that have not reached the last phase", async () => {
    const longer = plan.map((run) => ({ ...run, config: { ...run.config, phases: 9 } }));
    const found = await benchResults(longer);
    expect(found.map((result) => result.variant.name)).toEqual(["sft"]);
  });

  it("a run that got its beginning from another is the run that would have been", async () => {
    const metrics = async (name: string) =>
      (await readJsonLines<MetricLine>(join(directory, name, "metrics.jsonl"))).map((line) =>
        Object.fromEntries(Object.entries(line).filter(([key]) => !key.startsWith("time/"))),
      );
    const alone = await metrics("alone");
    expect(alone.some(({ stage, phase }) => stage === "actor" && phase === 1)).toBe(true);
    expect(await metrics("webrl-seed-0")).toEqual(alone);
    const events = await readJsonLines<RunEvent>(join(directory, "webrl-seed-0", "events.jsonl"));
    const finished = (run: RunEvent[]) =>
      run.flatMap((e) => (e.kind === "stage_finished" ? [`${e.phase} ${e.stage}`] : []));
    const ofAlone = await readJsonLines<RunEvent>(join(directory, "alone", "events.jsonl"));
    expect(finished(events)).toEqual(finished(ofAlone));
  });

  it("refuses to compare where the base never succeeds or always does, and says which", async () => {
    const { directory: source, config } = plan.find(({ variant }) => variant.name === "webrl")!;
    const records = await readJsonLines<EpisodeRecord>(join(source, "phases/00/trajectories.jsonl"));
    const made = async (name: string, successes: number) => {
      const other = join(directory, name);
      await mkdir(join(other, "phases/00"), { recursive: true });
      const lines = records.map((record, i) =>
        JSON.stringify({ ...record, truth: { ...record.truth, success: i < successes } }),
      );
      await writeFile(join(other, "phases/00/trajectories.jsonl"), `${lines.join("\n")}\n`);
      return { directory: other, config };
    };
    await expect(checkRoom(await made("never", 0))).rejects.toThrow(/0 of 6 .* nothing to reinforce/);
    await expect(checkRoom(await made("always", 6))).rejects.toThrow(/6 of 6 .* nothing to gain/);
    await checkRoom(await made("sometimes", 1));
  });

  it("compares WebRL with each other method in pairs", () => {
    for (const { variant, webrlMinus } of results) {
      if (variant.name === "webrl") expect(webrlMinus).toBeNull();
      else expect(webrlMinus!.overSeeds).not.toBeNull();
    }
    const webrl = results.find(({ variant }) => variant.name === "webrl")!;
    const sft = results.find(({ variant }) => variant.name === "sft")!;
    expect(sft.webrlMinus!.mean).toBeCloseTo(webrl.success - sft.success, 12);
  });

  it("writes the page from the runs", async () => {
    const [first] = await readEvaluations(openRunFiles(plan[0]!.directory));
    const page = resultsPage(results, {
      config: plan[0]!.config,
      version: "1",
      revision: null,
      command: "webrl bench methods",
      base: first!.evaluation,
    });
    for (const { variant } of results) expect(page).toContain(`| ${variant.title} |`);
    expect(page).toContain("| method | new values (4) |");
    expect(page).toContain("### WebRL minus the others");
    expect(page).not.toContain("NaN");
  });
});
