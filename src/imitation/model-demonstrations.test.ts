import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatModel } from "../core/chat.ts";
import type { Judge } from "../core/contracts.ts";
import { BudgetSpent, ConfigError } from "../core/errors.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import { readJsonLines } from "../run/json-lines.ts";
import { createFakeSite, fakeOracle, fakeTasks } from "../testing/index.ts";
import { printAction } from "../text/action.ts";
import { imitationSamples, readEpisodes } from "./demonstrations.ts";
import { collectModelDemonstrations, triesFile } from "./model-demonstrations.ts";
import type { TryLine } from "./model-demonstrations.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-shown-"))));
afterEach(() => rm(directory, { recursive: true }));

const tasks = fakeTasks("train");
const usage = { requests: 1, promptTokens: 10, cachedTokens: 0, completionTokens: 1 };

/** Solves the tasks of baskets, after one mistake; those of prices it gets wrong. Ends after `requests`. */
function player(requests = Infinity) {
  let asked = 0;
  const chat: ChatModel = {
    name: "m",
    chat: async ({ messages }) => {
      if (asked++ >= requests) throw new BudgetSpent("the budget is used up");
      const task = tasks.find(({ instruction }) => messages[0]!.content.endsWith(instruction))!;
      const turn = messages.filter(({ role }) => role === "assistant").length;
      const text =
        task.templateId === "fake.price"
          ? 'exit(message="nothing")'
          : turn === 0
            ? "Let me see."
            : `I will go on.\n# Note: so far\n${printAction(fakeOracle(task)[turn - 1]!)}`;
      return { text, stop: "stop", usage };
    },
  };
  return { chat, asked: () => asked };
}

const collect = (chat: ChatModel, over: { judge?: Judge; site?: ReturnType<typeof createFakeSite> } = {}) =>
  collectModelDemonstrations({
    actor: { chat, model: "openai:m", contextTokens: 8000 },
    site: over.site ?? createFakeSite(),
    tasks,
    judge: over.judge ?? null,
    file: join(directory, "demos.jsonl"),
    episodes: 10,
    temperature: 1,
    seed: 0,
    rollout: rolloutConfigSchema.parse({ parallel: 1, maxSteps: 6 }),
  });
const tries = () => readJsonLines<TryLine>(triesFile(join(directory, "demos.jsonl")));
const kept = () => readEpisodes(join(directory, "demos.jsonl"));

describe("demonstrations of a model", () => {
  it("are the episodes that succeeded; every one that was played is accounted for", async () => {
    const result = await collect(player().chat);
    expect(result).toEqual({ played: 10, held: 0, kept: 5 });
    expect((await kept()).every(({ trajectory }) => trajectory.task.templateId === "fake.basket")).toBe(true);
    const lines = await tries();
    expect(lines.map((line) => line.kept).filter(Boolean)).toHaveLength(5);
    expect(lines.every((line) => line.usage!.requests >= 1)).toBe(true);
    expect(lines.find((line) => !line.kept)!.verdict).toMatchObject({ by: "verifier", success: false });
  });

  it("are imitated as actions with their comments, mistakes left out", async () => {
    await collect(player().chat);
    const [first] = await kept();
    expect(first!.mistakes).toEqual([0]);
    const samples = imitationSamples([first!]);
    const [open, add, exit] = fakeOracle(first!.trajectory.task).map((action) =>
      printAction(action, ["Note: so far"]),
    );
    expect(samples.map(({ response }) => response)).toEqual([open, add, exit]);
    expect(samples[0]!.history).toEqual([{ response: "Let me see." }]);
  });

  it("are gone on with where a budget ended them: nothing is played twice", async () => {
    await expect(collect(player(17).chat)).rejects.toBeInstanceOf(BudgetSpent);
    const before = await tries();
    expect(before.length).toBeGreaterThan(0);
    const rest = player();
    await collect(rest.chat);
    const lines = await tries();
    expect(new Set(lines.map(({ id }) => id)).size).toBe(10);
    expect(lines).toHaveLength(10);
    const whole = player();
    await rm(directory, { recursive: true });
    directory = await mkdtemp(join(tmpdir(), "webrl-shown-"));
    await collect(whole.chat);
    expect(rest.asked()).toBeLessThan(whole.asked());
  });

  it("need a judge if a task has no verifier, and its verdict decides", async () => {
    const fake = createFakeSite();
    const site = {
      ...fake,
      open: 0,
      start: async (...args: Parameters<typeof fake.start>) => {
        const episode = await fake.start(...args);
        return Object.assign(episode, { verify: async () => null });
      },
    };
    await expect(collect(player().chat, { site })).rejects.toBeInstanceOf(ConfigError);
    const judge: Judge = {
      name: "odd",
      judge: async (trajectories) =>
        trajectories.map(({ task }) => ({
          by: "odd",
          success: task.id.endsWith("/1"),
          probability: task.id.endsWith("/1") ? 1 : 0,
          reasons: [],
          usage,
        })),
    };
    expect((await collect(player().chat, { site, judge })).kept).toBe(2);
    for (const record of await kept()) expect(imitationSamples([record]).length).toBeGreaterThan(0);
    const line = (await tries()).find(({ kept: isKept }) => isKept)!;
    expect(line.verdict).toMatchObject({ by: "odd", success: true });
  });
});
