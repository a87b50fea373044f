import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Judge } from "../../core/contracts.ts";
import type { Engine } from "../../core/engine.ts";
import type { Site } from "../../core/episode.ts";
import { Fault } from "../../core/errors.ts";
import { createFakeSite } from "../../testing/index.ts";
import { fakeEngine, fakeJudge } from "../testing/fake-run.ts";
import type { World } from "../testing/stage-run.ts";
import { makeWorld } from "../testing/stage-run.ts";
import { trainActor } from "./actor.ts";
import { judgeTrajectories } from "./judge.ts";
import { rollOut } from "./rollout.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

/** 24 episodes a phase: groups of 16 and 8. */
const two = { tasks: { initial: 6, perPhase: 6, attempts: 4 }, without: ["curriculum"] };

/** Tells of every call, by the names of the episodes. */
function telling(): { judge: Judge; asked: string[][]; isAsked: Promise<void> } {
  const asked: string[][] = [];
  let tell = () => {};
  const isAsked = new Promise<void>((resolve) => (tell = resolve));
  const inner = fakeJudge();
  return {
    asked,
    isAsked,
    judge: {
      name: "telling",
      judge: (trajectories, options) => {
        asked.push(trajectories.map(({ id }) => id));
        tell();
        return inner.judge(trajectories, options);
      },
    },
  };
}

/** A site whose `nth` episode (from 0) begins when `until` is done. */
function slowAt(nth: number, until: Promise<void>): Site {
  const inner = createFakeSite();
  let started = 0;
  return {
    ...inner,
    start: async (task, options) => {
      if (started++ === nth) await until;
      return inner.start(task, options);
    },
  };
}

const idsOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `phase-00/${String(from + i).padStart(4, "0")}`);

describe("beside a rollout", () => {
  it("a judge on a server is asked about whole groups while the last episode runs", async () => {
    const { judge, asked, isAsked } = telling();
    await using stage = await world.open(two, {
      judge,
      elsewhere: { judge: true },
      // The last episode ends only when the judge has been asked.
      site: slowAt(23, isAsked),
    });
    await stage.upTo(0, "rollout");
    await rollOut(stage.context, 0);
    expect(asked[0]).toEqual(idsOf(0, 16));
    await judgeTrajectories(stage.context, 0);
    expect(asked).toEqual([idsOf(0, 16), idsOf(16, 24)]);
    // One in this process is asked afterwards, about the same groups, and the file is the same.
    const after = telling();
    await using plain = await world.open(two, { judge: after.judge });
    await plain.upTo(0, "judge");
    expect(after.asked).toEqual([]);
    await judgeTrajectories(plain.context, 0);
    expect(after.asked).toEqual(asked);
    const fileOf = ({ run }: typeof stage) =>
      readFileSync(join(run.directory, "phases", "00", "verdicts.jsonl"), "utf8");
    expect(fileOf(stage)).toBe(fileOf(plain));
  });

  it("an episode that the world broke is never judged, and holds up no group", async () => {
    const { judge, asked } = telling();
    let started = 0;
    await using stage = await world.open(
      { ...two, rollout: { parallel: 1, maxSteps: 5, maxNewTokens: 24, faultRetries: 0 } },
      {
        judge,
        elsewhere: { judge: true },
        site: createFakeSite({ failStart: () => (started++ === 3 ? "page_crashed" : null) }),
      },
    );
    await stage.upTo(0, "judge");
    await judgeTrajectories(stage.context, 0);
    expect(asked).toEqual([idsOf(0, 16).filter((id) => id !== "phase-00/0003"), idsOf(16, 24)]);
  });

  it("trouble of the judge leaves the verdicts to the judge's stage", async () => {
    const { judge, asked } = telling();
    let isDown = true;
    await using stage = await world.open(two, {
      elsewhere: { judge: true },
      judge: {
        name: "down at first",
        judge: async (trajectories, options) => {
          if (isDown) throw new Fault("judge_failed", "the server says nothing", { retryable: false });
          return judge.judge(trajectories, options);
        },
      },
    });
    await stage.upTo(0, "judge");
    expect(stage.events.filter((event) => event.kind === "warning")).toMatchObject([
      { message: "judging beside the rollout stopped and continues after it: the server says nothing" },
    ]);
    isDown = false;
    expect(await judgeTrajectories(stage.context, 0)).toMatchObject({ judged: 24 });
    expect(asked).toEqual([idsOf(0, 16), idsOf(16, 24)]);
  });

  it("verdicts that were given before a kill are not asked for again", async () => {
    const first = telling();
    await using killed = await world.open(two, { judge: first.judge, elsewhere: { judge: true } });
    await killed.upTo(0, "judge");
    const { judge, asked } = telling();
    await using resumed = await world.open(two, { judge, elsewhere: { judge: true } });
    await resumed.upTo(0, "rollout");
    const files = ["trajectories.jsonl", "early-verdicts.jsonl"] as const;
    for (const name of files) {
      const lines = await killed.run.read(0, name);
      // Torn in the middle of the second group.
      await resumed.run.stage(0, name === "trajectories.jsonl" ? "select" : "critic", (each) =>
        each.write(name, name === "trajectories.jsonl" ? lines : (lines.slice(0, 19) as never)),
      );
    }
    await rollOut(resumed.context, 0);
    await judgeTrajectories(resumed.context, 0);
    expect(asked).toEqual([idsOf(16, 24)]);
    expect(await resumed.run.read(0, "verdicts.jsonl")).toHaveLength(24);
  });

  it("what π_ref says of actions is asked for while episodes run, and the update is the same", async () => {
    const counted = async (actor: boolean) => {
      const inner = fakeEngine();
      let [running, during] = [false, 0];
      const engine: Engine = {
        ...inner,
        open: async (options) => {
          const model = await inner.open(options);
          const logprobs = model.logprobs.bind(model);
          model.logprobs = (datums_B) => {
            if (running) during += datums_B.length;
            return logprobs(datums_B);
          };
          return model;
        },
      };
      await using stage = await world.open({ ...two, phases: 1 }, { engine, elsewhere: { actor } });
      await stage.upTo(1, "rollout");
      running = true;
      await rollOut(stage.context, 1);
      running = false;
      await stage.upTo(1, "actor");
      await trainActor(stage.context, 1);
      const directory = join(stage.run.directory, "checkpoints", "actor-01");
      const records = await stage.run.read(1, "trajectories.jsonl");
      const steps = records.flatMap(({ trajectory }) =>
        trajectory.steps.filter(({ response }) => response !== ""),
      );
      const reference = await stage.run.read(1, "reference.jsonl");
      return {
        during,
        steps: steps.length,
        reference: reference.length,
        directory: readFileSync(join(directory, "rows.json"), "utf8"),
      };
    };
    const early = await counted(true);
    const late = await counted(false);
    expect(late.during).toBe(0);
    expect(early.during).toBe(early.steps);
    expect(early.reference).toBe(early.steps);
    expect(early.directory).toBe(late.directory);
  });
});
