import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgeRest, judgeRun } from "../agent/judge.ts";
import { openRecord } from "../agent/record.ts";
import { answerOf } from "../core/trajectory.ts";
import { heldOutInstructions } from "../curriculum/catalog.ts";
import { imitationSamples, readEpisodes } from "../imitation/demonstrations.ts";
import { labelOutcomes } from "../imitation/make-orm.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { createRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { createFakeJudge } from "../testing/index.ts";
import { readExperience } from "./agent-experience.ts";
import { createContext } from "./context.ts";
import { train } from "./loop.ts";
import { fakeCatalog, fakeConfig, fakeParts, makeFakeBase } from "./testing/fake-run.ts";

let world: string;
let base: string;
let demonstrations: EpisodeRecord[];
beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-experience-"));
  ({ base, demonstrations } = await makeFakeBase(world, 20));
}, 120_000);
afterAll(() => rm(world, { recursive: true, force: true }));

/** An agent's directory with these episodes as its runs; their ids. */
async function agentDirectory(name: string, records: readonly EpisodeRecord[]): Promise<[string, string[]]> {
  const directory = join(world, name);
  await using record = await openRecord(directory, { site: "fake", model: "somebody" });
  const ids = records.map(({ trajectory }) => {
    const id = record.nextRunId();
    const answer = answerOf(trajectory.ending);
    // As in use: no template, and no tokens of the model that is trained.
    const task = { ...trajectory.task, id, templateId: null, split: "train" as const };
    record.keepRun(
      { ...trajectory, id, task },
      { outcome: "done", reason: "", answer, unsupported: false, evidence: [], picture: null },
      1,
    );
    return id;
  });
  return [directory, ids];
}

test("what an agent did is rollouts of the run's beginning: learned from, replayed, and a seed where it failed", async () => {
  const [directory, [good, bad, open]] = await agentDirectory("used", demonstrations.slice(0, 3));
  await judgeRun(directory, { run: good!, success: true });
  await judgeRun(directory, { run: bad!, success: false, reason: "too late" });
  const config = fakeConfig(base, {
    experience: [directory],
    // Equation 6 learns from every step of a failure.
    actor: { objective: "paper" },
    replay: { minPerplexity: 1, maxPerplexity: 1e9 },
  });
  const parts = { ...fakeParts([]), experience: () => readExperience(config, fakeCatalog(), new Set()) };
  await using run = await createRun(join(world, "run"), runInfo(config), () => {});
  await train(createContext(run, parts));

  const rollouts = await run.read(0, "trajectories.jsonl");
  const ids = rollouts.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([good, bad]));
  expect(ids).not.toContain(open);
  const steps = rollouts.find(({ id }) => id === good)!.trajectory.steps;
  expect(steps.every(({ promptTokens, responseTokens }) => promptTokens && responseTokens)).toBe(true);
  // What a person has judged is not judged again.
  const verdicts = new Map((await run.read(0, "verdicts.jsonl")).map((line) => [line.id, line]));
  expect(verdicts.get(good!)).toMatchObject({ by: "person", success: true });
  expect(verdicts.get(bad!)).toMatchObject({ by: "person", success: false, reasons: ["too late"] });
  // Both teach the first phase; the success is there to be replayed in the second.
  const taught = new Set((await run.read(1, "advantages.jsonl")).map(({ trajectoryId }) => trajectoryId));
  expect([good, bad].every((id) => taught.has(id!))).toBe(true);
  const replayed = new Set((await run.read(2, "selection.jsonl")).map(({ trajectoryId }) => trajectoryId));
  expect(replayed.has(good!)).toBe(true);
  expect(replayed.has(bad!)).toBe(false);
});

test("a run goes on without the agent's directory", async () => {
  const [directory, [id]] = await agentDirectory("gone", demonstrations.slice(0, 1));
  await judgeRun(directory, { success: true });
  const config = fakeConfig(base, { phases: 1, experience: [directory] });
  let asked = 0;
  const parts = {
    ...fakeParts([]),
    experience: async () => {
      asked++;
      return readExperience(config, fakeCatalog(), new Set());
    },
  };
  await using run = await createRun(join(world, "run-2"), runInfo(config), () => {});
  const context = createContext(run, parts);
  await train(context);
  await rm(directory, { recursive: true });
  await train(context);
  expect(asked).toBe(1);
  expect((await run.read(0, "trajectories.jsonl")).map((record) => record.id)).toContain(id);
});

test("its successes are demonstrations, and a person's verdicts label the reward model's examples", async () => {
  const [directory, [good, bad, other]] = await agentDirectory("judged", demonstrations.slice(0, 3));
  await expect(readEpisodes(directory)).rejects.toThrow("has been judged");
  await judgeRun(directory, { run: good!, success: true });
  await judgeRun(directory, { run: bad!, success: true });
  await judgeRun(directory, { run: bad!, success: false });
  // The judge is asked about what nobody has judged, and only about that.
  const sure = createFakeJudge({ probability: () => 0.9 });
  expect((await judgeRest(directory, sure)).map(({ id }) => id)).toEqual([other]);
  expect(await judgeRest(directory, sure)).toEqual([]);
  const records = await readEpisodes(directory);
  const sources = new Set(imitationSamples(records).map(({ source }) => source));
  expect(sources).toEqual(new Set([good, other]));
  expect(labelOutcomes(records)).toHaveLength(2);
});

test("what an agent did at a held-out task of the suite is left out, and said", async () => {
  const [held] = fakeCatalog().tasks({ split: "validation" });
  const [record, other] = demonstrations;
  const instruction = `${held!.instruction.toUpperCase()} `;
  const task = { ...record!.trajectory.task, instruction };
  const [directory, [cheat, kept]] = await agentDirectory("cheating", [
    { ...record!, trajectory: { ...record!.trajectory, task } },
    other!,
  ]);
  await judgeRun(directory, { run: cheat!, success: true });
  await judgeRun(directory, { run: kept!, success: true });
  const said: string[] = [];
  const config = fakeConfig(base, { experience: [directory] });
  // The run may be on a part of the suite alone; what is held out is all of it.
  const noHeldOut = { tasks: () => fakeCatalog().tasks({ split: "train" }) };
  const read = await readExperience(config, noHeldOut, heldOutInstructions(fakeCatalog()), (message) =>
    said.push(message),
  );
  expect(read.map(({ id }) => id)).toEqual([kept]);
  expect(said).toEqual([`1 of 2 runs in ${directory} were at held-out tasks and are left out: ${cheat}`]);
});

test.each([
  [{ experience: ["models/base"] }, "is not an agent's directory"],
  [{ experience: ["/nowhere"] }, "is not an agent's directory"],
])("what is no agent's is refused: %j", async (changes, message) => {
  await expect(readExperience(fakeConfig(base, changes), fakeCatalog(), new Set())).rejects.toThrow(message);
});

test("an agent of another site, or of another format of pages, is refused", async () => {
  const [directory] = await agentDirectory("elsewhere", demonstrations.slice(0, 1));
  await judgeRun(directory, { success: true });
  const config = fakeConfig(base, { experience: [directory] });
  const elsewhere = { tasks: () => [] };
  await expect(readExperience(config, elsewhere, new Set())).rejects.toMatchObject({
    message: expect.stringContaining("is on a site of the run's training tasks") as string,
    hint: "The agent worked on fake: train there, or leave it out.",
  });
  const aria = {
    ...config,
    observation: { format: "aria" as const },
    models: { ...config.models, template: "chat" as const },
  };
  await expect(readExperience(aria, fakeCatalog(), new Set())).rejects.toThrow(
    "saw pages in the format compact",
  );
});
