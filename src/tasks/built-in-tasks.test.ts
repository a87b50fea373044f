import { describe, expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { normaliseInstruction } from "../curriculum/catalog.ts";
import type { WorldFinished } from "../sites/verify.ts";
import { createWorld, pristineState } from "../sites/world.ts";
import { loadSuite } from "./load-suite.ts";
import { builtInTasks } from "./built-in-tasks.ts";
import { splitOf } from "./template-tasks.ts";

const suite = builtInTasks();

describe("the built-in suite", () => {
  test("has at least 60 templates over five sites and thousands of tasks", () => {
    expect(suite.templates().length).toBeGreaterThanOrEqual(60);
    expect(suite.tasks().length).toBeGreaterThan(2000);
    expect(new Set(suite.templates().flatMap((template) => template.sites)).size).toBe(5);
  });

  test("ids are unique, instructions have no placeholder left and start pages are on the first site", () => {
    const ids = suite.tasks().map((task) => task.id);
    expect(new Set(ids).size).toBe(ids.length);
    const unfilled = suite
      .tasks()
      .filter((task) => /[{]\w+[}]|undefined|\[object/.test(task.instruction))
      .map((task) => task.instruction);
    expect(unfilled).toEqual([]);
  });

  test("every template has three phrasings that differ, an instance and a difficulty", () => {
    const wrong = suite
      .templates()
      .filter(
        ({ id, phrasings, difficulty }) =>
          new Set(phrasings).size < 3 ||
          suite.instances(id).length === 0 ||
          !(difficulty >= 1 && difficulty <= 12),
      );
    expect(wrong.map((template) => template.id)).toEqual([]);
  });

  test("every split has tasks of every site, and some templates are in the test split only", () => {
    for (const split of ["train", "validation", "test"] as const)
      expect(new Set(suite.tasks({ split }).flatMap((task) => task.sites)).size).toBe(5);
    const testOnly = suite.templates().filter((template) => template.testOnly);
    expect(testOnly.length / suite.templates().length).toBeGreaterThan(0.15);
    for (const { id } of testOnly) expect(suite.instances(id, "train")).toEqual([]);
  });

  test("the last phrasing of a template is never trained on", () => {
    for (const task of suite.tasks()) {
      if (task.split === "test") continue;
      const template = suite.template(task.templateId!);
      const last = suite.instantiate(template.id, task.params, template.phrasings.length - 1);
      expect(task.instruction).not.toBe(last.instruction);
    }
  });

  test("a template that is trained on has paraphrases; told again, a task is never in a held-out phrasing", () => {
    const first = (id: string) => suite.tasks({ template: id, limit: 1 })[0]!;
    for (const { id, phrasings, paraphrases = [], testOnly } of suite.templates()) {
      if (testOnly) {
        expect(paraphrases).toEqual([]);
        continue;
      }
      expect(paraphrases.length).toBeGreaterThanOrEqual(8);
      const told = suite.retellings(first(id));
      expect(new Set(told.map(normaliseInstruction)).size).toBe(phrasings.length - 1 + paraphrases.length);
      const last = suite.instantiate(id, first(id).params, phrasings.length - 1).instruction;
      expect(told.map(normaliseInstruction)).not.toContain(normaliseInstruction(last));
    }
    const foreign = { ...suite.tasks({ limit: 1 })[0]!, templateId: "elsewhere.task" };
    expect(suite.retellings(foreign)).toEqual([foreign.instruction]);
  });

  test("a test task says what is new in it", () => {
    const trained = new Set(suite.tasks({ split: "train" }).map((task) => task.templateId));
    for (const { split, templateId, params, instruction, novelty } of suite.tasks()) {
      const last = suite.template(templateId!).phrasings.length - 1;
      const isLast = suite.instantiate(templateId!, params, last).instruction === instruction;
      const expected = !trained.has(templateId) ? "new template" : isLast ? "new wording" : "new values";
      expect(novelty).toBe(split === "test" ? expected : undefined);
    }
  });

  test("a split is decided by what a task is: the order of parameters does not matter", () => {
    for (let i = 0; i < 40; i++)
      expect(splitOf("x", { a: i, b: ["c", { d: null, e: 1 }] })).toBe(
        splitOf("x", { b: ["c", { e: 1, d: null }], a: i }),
      );
    const splits = Array.from({ length: 2000 }, (_, i) => splitOf("x", { i }));
    expect(splits.filter((s) => s === "train").length / 2000).toBeCloseTo(0.7, 1);
    expect(splits.filter((s) => s === "validation").length / 2000).toBeCloseTo(0.1, 1);
  });

  test("filters compose, and a limit takes in turn from each template", () => {
    const tasks = suite.tasks({ site: "map", split: "train", limit: 10 });
    expect(tasks.length).toBe(10);
    expect(new Set(tasks.map((task) => task.templateId)).size).toBe(10);
    expect(tasks.every((task) => task.split === "train" && task.sites.includes("map"))).toBe(true);
    expect(suite.tasks({ site: "map", maxDifficulty: 3 }).every((task) => task.difficulty <= 3)).toBe(true);
  });

  test("what is unknown is named together with the nearest", () => {
    expect(() => suite.task("map.place-phon/0")).toThrow(/nearest is "map.place-phone\/0"/);
    expect(() => suite.tasks({ site: "mapp" })).toThrow(ConfigError);
    expect(() => suite.template("map.nearst")).toThrow(/map\.nearest/);
  });

  test("a generated task says where it comes from and belongs to the train split", () => {
    const [instance] = suite.instances("map.place-phone", "test");
    const lineage = { parentId: "map.place-phone/0", phase: 2, proposer: "evolve", value: 0.4 };
    const task = suite.instantiate("map.place-phone", instance!.params, 1, lineage);
    expect(task).toMatchObject({ split: "train", lineage, templateId: "map.place-phone" });
    const plain = suite.instantiate("map.place-phone", instance!.params, 1);
    expect(plain.split).toBe("test");
    expect(plain.id).not.toBe(task.id);
  });
});

describe("verifying", () => {
  const task = suite.task("map.save-place/0");
  const finished = (change: (state: WorldFinished["state"]) => void): WorldFinished => {
    const { state, volatile } = createWorld(["map"]);
    change(state);
    return { answer: "", url: task.startUrl, pageText: "", state, initial: pristineState(), volatile };
  };
  const save = (state: WorldFinished["state"]) => {
    const list = state.map.lists.find((candidate) => candidate.name === task.params["list"])!;
    list.places.push(state.map.places.find((place) => place.name === task.params["place"])!.slug);
  };

  test("the wanted change succeeds, no change fails, a side effect fails", () => {
    expect(suite.verify(task, finished(save))).toMatchObject({
      by: "verifier",
      success: true,
      probability: 1,
    });
    expect(
      suite.verify(
        task,
        finished(() => {}),
      )?.success,
    ).toBe(false);
    const both = suite.verify(
      task,
      finished((state) => {
        save(state);
        state.forum.posts.pop();
      }),
    );
    expect(both?.success).toBe(false);
    expect(both?.reasons.join()).toContain("forum.posts");
  });

  test("a task without a template has no verdict", () => {
    expect(suite.verify({ ...task, templateId: null }, finished(save))).toBeNull();
  });
});

describe("--suite and --file", () => {
  test("an unknown suite, a missing file and a file too many are the user's mistakes", async () => {
    await expect(loadSuite("built-inn")).rejects.toThrow(/nearest is "built-in"/);
    await expect(loadSuite("own")).rejects.toThrow(ConfigError);
    await expect(loadSuite("own", "/nowhere/site.ts")).rejects.toThrow(/does not exist/);
    await expect(loadSuite("built-in", "x.ts")).rejects.toThrow(ConfigError);
  });
});
