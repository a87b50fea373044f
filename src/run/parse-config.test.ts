import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { trainConfigSchema } from "./config.ts";
import { describeSettings } from "./describe-settings.ts";
import { loadConfig } from "./parse-config.ts";

describe("configuration", () => {
  it("runs the main job with nothing set", async () => {
    expect(await loadConfig()).toEqual(trainConfigSchema.parse({}));
    expect((await loadConfig()).method).toBe("webrl");
  });

  it("puts settings over the file over the defaults", async () => {
    const directory = await mkdtemp(join(tmpdir(), "webrl-config-"));
    try {
      const file = join(directory, "config.json");
      await writeFile(
        file,
        JSON.stringify({ seed: 7, actor: { objective: "paper", beta: 2, lambda: 0.25 } }),
      );
      const config = await loadConfig({
        file,
        set: ["actor.beta=3", 'without=["replay"]', 'suite.sites=["map"]'],
      });
      expect(config.seed).toBe(7);
      expect(config.actor).toMatchObject({ beta: 3, lambda: 0.25, epochs: 2 });
      expect(config.without).toEqual(["replay"]);
      expect(config.suite.sites).toEqual(["map"]);
      await writeFile(file, "{ seed: 7 }");
      await expect(loadConfig({ file })).rejects.toThrow(/is not JSON/);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it("names the nearest key of one that does not exist", async () => {
    await expect(loadConfig({ set: ["actor.betta=1"] })).rejects.toThrow(
      "there is no setting actor.betta; the nearest is actor.beta",
    );
    await expect(loadConfig({ set: ["phasess=1"] })).rejects.toThrow("the nearest is phases");
    await expect(loadConfig({ set: ["rollout.paralel=1"] })).rejects.toThrow(
      "the nearest is rollout.parallel",
    );
    await expect(loadConfig({ set: ["novalue"] })).rejects.toThrow("expected key=value");
  });

  it("says which value is wrong and what the setting means", async () => {
    const wrong = loadConfig({ set: ["actor.beta=-1"] });
    await expect(wrong).rejects.toThrow(/actor\.beta: .* found -1/);
    await expect(wrong).rejects.toMatchObject({ hint: expect.stringContaining("equation 6") });
  });

  it.each([
    [["phases=abc"], 'phases: must be a number, found "abc"'],
    [["tasks.perPhase=0"], "tasks.perPhase: must be at least 1, found 0"],
    [["tasks.perPhase=1.5"], "tasks.perPhase: must be an integer, found 1.5"],
    [["models.threshold=2"], "models.threshold: must be at most 1, found 2"],
    [["method=ppo"], 'method: must be one of "webrl"'],
    [["suite.sites=shop"], 'suite.sites: must be an array, found "shop"'],
  ])("says what a value must be: %j", async (set, message) => {
    await expect(loadConfig({ set })).rejects.toThrow(message);
  });

  it.each([
    [["method=awr", 'without=["replay"]'], "leaves out parts of WebRL"],
    [["method=digirl", "actor.objective=official"], "is about WebRL's loss"],
    [["actor.beta=1"], "actor.beta is about equation 6"],
    [['without=["kl"]', "actor.objective=official"], "cannot be combined"],
    [["actor.objective=paper", "actor.untilReached=0.5", "actor.epochs=1"], "actor.epochs is 1"],
    [["actor.untilReached=0.5"], "actor.untilReached is about equation 6"],
    [["actor.untilReached=0.5", "actor.epochs=2", "method=sft"], "actor.untilReached is about equation 6"],
    [
      ["actor.untilReached=0.5", "actor.epochs=2", 'without=["kl"]'],
      "actor.untilReached is about equation 6",
    ],
    [["actor.objective=paper", "actor.baseline=template", "actor.lambda=1"], "leaves outcomes out"],
    [["actor.lambda=0.3"], "actor.lambda is about the advantages of equation 9 and of DigiRL"],
    [["actor.lambda=0.3", "method=awr"], "actor.lambda is about the advantages of equation 9 and of DigiRL"],
    [["method=digirl", "actor.objective=paper"], "is about WebRL's loss"],
    [["method=filtered-bc", "critic.epochs=2"], "critic.epochs is about the critic"],
    [["method=digirl", "replay.maxPerplexity=3"], "replay by perplexity"],
    [["method=digirl", "curriculum.proposer=llm"], "about tasks that evolve"],
    [["method=sft", "replay.capacity=5"], "replay.capacity is about replay"],
    [["actor.awrTemperature=2"], "about AWR's weights"],
    [["actor.discount=0.5"], "the returns of AWR"],
    [["phases=0", 'experience=["runs/agent"]'], "phases is 0"],
    [["curriculum.minValue=0.8"], "no task can have"],
    [["replay.minPerplexity=3"], "no action can have"],
    [["models.judge=verifier", "curriculum.proposer=llm"], "have no verifier"],
    [["tasks.given=100"], "tasks.initial 240 cannot be drawn from tasks.given 100"],
    [["tasks.given=100", "tasks.initial=100", "method=digirl"], "tasks.perPhase 240 cannot be drawn"],
    [["evaluation.split=train"], "scores the tasks that training uses"],
  ])("refuses %j", async (set, message) => {
    const contradictory = loadConfig({ set });
    await expect(contradictory).rejects.toThrow(ConfigError);
    await expect(contradictory).rejects.toThrow(message);
  });

  it("describes every setting", () => {
    const settings = describeSettings();
    expect(settings.length).toBeGreaterThan(40);
    expect(settings.filter(({ description }) => description === "")).toEqual([]);
    expect(settings.find(({ key }) => key === "actor.lambda")?.default).toBe(0.5);
  });
});
