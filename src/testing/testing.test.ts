import { describe, expect, test } from "vitest";
import type { Trajectory } from "../core/trajectory.ts";
import { engineRules } from "./engine-kit.ts";
import { createFakeEngine } from "./fake-engine.ts";
import { createFakeSite, fakeOracle, fakeTasks } from "./fake-site.ts";
import { createFakeJudge, createFakeProposer, judgeRules, proposerRules } from "./judge-kit.ts";
import type { Rule } from "./kit.ts";
import { runRules } from "./kit.ts";
import { siteRules } from "./site-kit.ts";

const all = (rules: Rule[]) => {
  for (const rule of rules) test(rule.name, async () => rule.run());
};
const [task] = fakeTasks();
const trajectory = (answer: string): Trajectory => ({
  id: answer,
  task: task!,
  policy: "oracle",
  seed: 1,
  steps: [],
  ending: { kind: "terminated", reason: "exit", answer },
  finalObservation: null,
  blockedHosts: {},
});

describe("the fake engine follows the engine's contract", () => {
  const create = async () => createFakeEngine();
  all(engineRules({ create, open: { path: "fake" } }));
});

describe("the fake site follows the site's contract", () => {
  for (const task of [fakeTasks()[2]!, fakeTasks()[9]!])
    describe(task.id, () => {
      all(
        siteRules({
          create: async () => createFakeSite(),
          task,
          solve: (pages) => fakeOracle(task)[pages.length - 1]!,
        }),
      );
    });
});

describe("the fake judge and the fake proposer follow their contracts", () => {
  all(judgeRules(async () => createFakeJudge(), [trajectory("$5"), trajectory("")]));
  all(proposerRules(async () => createFakeProposer(fakeTasks()), [task!]));
});

test("a kit finds what is broken: a judge that guesses in another order, a site whose verifier always agrees", async () => {
  const judge = createFakeJudge();
  const reversed = { ...judge, judge: async (t: readonly Trajectory[]) => judge.judge([...t].reverse()) };
  const broken = await runRules(judgeRules(async () => reversed, [trajectory("$5"), trajectory("")]));
  expect(broken.length).toBe(2);
  const site = createFakeSite();
  const agreeable = {
    ...site,
    [Symbol.asyncDispose]: async () => {},
    start: async (...args: Parameters<typeof site.start>) => {
      const episode = await site.start(...args);
      episode.verify = async () => ({ by: "verifier", success: true, probability: 1, reasons: [] });
      return episode;
    },
  };
  const faults = await runRules(
    siteRules({ create: async () => agreeable, task: task!, solve: (p) => fakeOracle(task!)[p.length - 1]! }),
  );
  expect(faults.map((fault) => fault.name)).toContain("a solved task verifies, an unsolved one does not");
});

test("an arranged fault ends the episode without an observation", async () => {
  await using site = createFakeSite({
    faultAt: (_task, _seed, step) => (step === 1 ? "page_crashed" : null),
  });
  await using episode = await site.start(task!, { seed: 1 });
  await episode.step({ ok: true, action: { kind: "wait" }, comments: [] });
  const last = await episode.step({ ok: true, action: { kind: "wait" }, comments: [] });
  expect(last).toMatchObject({
    kind: "last",
    observation: null,
    ending: { kind: "faulted", code: "page_crashed" },
  });
});
