import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fault } from "../core/errors.ts";
import { mean } from "../algo/statistics.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { CurriculumRecord } from "../curriculum/grow.ts";
import { createContext } from "./context.ts";
import type { RunEvent } from "../run/events.ts";
import { readJsonLines } from "../run/json-lines.ts";
import { train } from "./loop.ts";
import { createRun, openRun, readRunInfo } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { fakeConfig, fakeParts, makeFakeBase } from "./testing/fake-run.ts";

let directory: string;
let base: string;
let demonstrations: EpisodeRecord[];
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-loop-"));
  ({ base, demonstrations } = await makeFakeBase(directory, 20));
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

async function trainWith(changes: object, parts = fakeParts(demonstrations)) {
  const path = join(directory, `run-${count++}`);
  const events: RunEvent[] = [];
  await using run = await createRun(path, runInfo(fakeConfig(base, changes)), (event) => events.push(event));
  const result = await train(createContext(run, parts));
  return { path, events, result };
}

const rates = (events: RunEvent[]) =>
  events.flatMap((event) =>
    event.kind === "stage_finished" && event.stage === "rollout"
      ? [event.metrics["rollout/success_rate"]!]
      : [],
  );

describe("the loop", () => {
  it("makes the policy better at what it is rewarded for", { timeout: 120_000 }, async () => {
    const { events } = await trainWith(
      {
        phases: 8,
        without: ["curriculum"],
        models: { base, judge: "verifier", demonstrations: null },
        tasks: { initial: 10, perPhase: 10 },
        rollout: { parallel: 4, maxSteps: 6, maxNewTokens: 24 },
        critic: { learningRate: 0.1, batchSize: 8 },
        actor: { learningRate: 0.05, batchSize: 16, beta: 0.5, epochs: 6 },
      },
      { ...fakeParts([]), judge: null },
    );
    const byPhase = rates(events);
    expect(byPhase.length).toBe(9);
    expect(mean(byPhase.slice(5))).toBeGreaterThan(mean(byPhase.slice(0, 4)) + 0.08);
  });

  it("evolves tasks with lineage, never out of the held-out splits, and repeats none", async () => {
    const { path } = await trainWith({ phases: 2 });
    const instructions: string[] = [];
    for (const phase of ["01", "02"]) {
      const records = await readJsonLines<CurriculumRecord>(join(path, "phases", phase, "curriculum.jsonl"));
      const kept = records.filter((record) => record.kept);
      expect(kept.length).toBeGreaterThan(0);
      for (const { task } of kept) {
        expect(task.split).toBe("train");
        expect(task.lineage?.phase).toBe(Number(phase));
        expect(task.lineage?.value).toBeTypeOf("number");
        expect(["Whistle", "Ladder", "Anvil"]).not.toContain(task.params["item"]);
        instructions.push(task.instruction);
      }
    }
    expect(new Set(instructions).size).toBe(instructions.length);
  });

  it("never trains on, rewards or scores an episode that the world broke", async () => {
    const parts = fakeParts(demonstrations, {
      failStart: (task) => (task.params["item"] === "Lamp" ? "site_down" : null),
    });
    const { path, events } = await trainWith(
      {
        phases: 1,
        without: ["curriculum"],
        // All of the train split, in the same order in both phases: where only broken tasks were left, the site would
        // be waited for.
        tasks: { initial: 10, perPhase: 10 },
        rollout: { parallel: 2, maxSteps: 5, maxNewTokens: 24, faultRateLimit: 1 },
      },
      parts,
    );
    const read = async (name: string) => readFile(join(path, "phases/01", name), "utf8");
    const broken = (await readJsonLines<EpisodeRecord>(join(path, "phases/01/trajectories.jsonl"))).filter(
      (record) => record.trajectory.ending.kind === "faulted",
    );
    expect(broken.length).toBe(2);
    for (const { id } of broken)
      for (const name of ["verdicts.jsonl", "advantages.jsonl", "values.jsonl"])
        expect(await read(name)).not.toContain(`"${id}"`);
    const rollout = events.find((e) => e.kind === "stage_finished" && e.stage === "rollout" && e.phase === 1);
    expect(rollout).toMatchObject({ metrics: { "rollout/episodes": 8, "faults/given_up": 2 } });
  });

  it("stops when the judge fails, and goes on from there once it works again", async () => {
    const parts = fakeParts(demonstrations);
    const { judge } = parts;
    parts.judge = {
      name: "down",
      judge: () => Promise.reject(new Fault("judge_failed", "the server is down", { retryable: true })),
    };
    const path = join(directory, `run-${count}`);
    await expect(trainWith({ phases: 1 }, parts)).rejects.toThrow("the server is down");
    const before = await readJsonLines<EpisodeRecord>(join(path, "phases/00/trajectories.jsonl"));
    await using run = await openRun(path, () => {}, { version: "test" });
    const result = await train(createContext(run, { ...parts, judge }));
    expect(result.evaluations.map(({ phase }) => phase)).toEqual([0, 1]);
    const after = await readJsonLines<EpisodeRecord>(join(path, "phases/00/trajectories.jsonl"));
    expect(after).toEqual(before);
  });

  const warnings = (events: RunEvent[]) =>
    events.flatMap((e) => (e.kind === "warning" ? [`${e.stage}: ${e.message}`] : []));
  const twenty = { phases: 1, without: ["curriculum"], tasks: { initial: 10, perPhase: 10 } };

  it("leaves out episodes on which the judge has no clear verdict, also where that is all of them", async () => {
    const parts = fakeParts(demonstrations);
    parts.judge = {
      name: "vague",
      judge: async (trajectories) =>
        trajectories.map(() => ({
          by: "vague",
          success: false,
          probability: 0,
          undecided: true,
          reasons: [],
        })),
    };
    const { path, events } = await trainWith(twenty, parts);
    expect(warnings(events)).toContain(
      "judge: the judge gave no clear verdict on 10 of 10 episodes, which are left out",
    );
    expect(await readFile(join(path, "phases/01/advantages.jsonl"), "utf8")).not.toContain('"source":"new"');
  });

  it("says so when the judge has collapsed, and writes it into the run", async () => {
    const parts = fakeParts(demonstrations);
    parts.judge = {
      name: "constant",
      judge: async (trajectories) =>
        trajectories.map(() => ({ by: "constant", success: true, probability: 0.9, reasons: [] })),
    };
    const { path, events } = await trainWith(twenty, parts);
    expect(warnings(events)).toContainEqual(
      expect.stringMatching(/^judge: the judge has collapsed: every probability lies in \[0\.900, 0\.900\]/),
    );
    expect(await readFile(join(path, "events.jsonl"), "utf8")).toContain("the judge has collapsed");
  });

  it("says so when the critic says the same of everything", async () => {
    const still = await trainWith({ ...twenty, critic: { learningRate: 1e-12, batchSize: 8 } });
    expect(warnings(still.events)).toContainEqual(
      expect.stringMatching(/^critic: the critic has collapsed: every probability/),
    );
    const learns = await trainWith({ ...twenty, critic: { learningRate: 0.1, batchSize: 4, epochs: 3 } });
    expect(warnings(learns.events).filter((message) => message.startsWith("critic"))).toEqual([]);
  });

  it("refuses a reply as long as the model's context instead of scoring 0%", async () => {
    const tooLong = { rollout: { parallel: 1, maxSteps: 5, maxNewTokens: 4096 } };
    await expect(trainWith(tooLong)).rejects.toThrow(/the reply takes all of the model.s context/);
  });

  it("goes on to more phases than were planned", async () => {
    const { path } = await trainWith({ phases: 1 });
    await using run = await openRun(path, () => {}, {
      version: "test",
      change: (info) => ({ ...info, config: { ...info.config, phases: 2 } }),
    });
    const result = await train(createContext(run, fakeParts(demonstrations)));
    expect(result.evaluations.map(({ phase }) => phase)).toEqual([0, 1, 2]);
    expect((await readRunInfo(path)).config.phases).toBe(2);
  });

  it("says so and falls back to earlier tasks where no new task is found", async () => {
    const parts = fakeParts(demonstrations);
    parts.proposer = { name: "empty", propose: () => Promise.resolve([]) };
    const { events } = await trainWith({ phases: 1 }, parts);
    expect(events.find((event) => event.kind === "warning")).toMatchObject({
      message: expect.stringContaining("failed or given tasks fill up"),
    });
  });
});
