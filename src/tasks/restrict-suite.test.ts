import { expect, test } from "vitest";
import { createRng } from "../core/rng.ts";
import { createEvolveProposer } from "../curriculum/evolve.ts";
import { builtInSuite } from "./built-in-suite.ts";
import { restrictSuite } from "./restrict-suite.ts";

const suite = builtInSuite();
const [first, second] = suite.catalog!.templates();

test("a suite on some sites has their tasks only, those over several sites only where all are chosen", () => {
  const map = restrictSuite(suite, { sites: ["map"], templates: [] });
  expect(map.tasks().length).toBeGreaterThan(100);
  expect(map.tasks().every((task) => task.sites.join() === "map")).toBe(true);
  expect(map.tasks({ split: "test", limit: 3 })).toHaveLength(3);
  expect(restrictSuite(suite, { sites: [], templates: [] })).toBe(suite);
  expect(() => restrictSuite(suite, { sites: ["mapp"], templates: [] })).toThrow('the nearest is "map"');
  const spread = suite.tasks().find((task) => task.sites.length > 1);
  if (spread)
    expect(restrictSuite(suite, { sites: spread.sites, templates: [] }).tasks()).toContainEqual(spread);
});

test("a suite of some templates has their tasks only, in every split", () => {
  const two = restrictSuite(suite, { sites: [], templates: [first!.id, second!.id] });
  expect(new Set(two.tasks().map((task) => task.templateId))).toEqual(new Set([first!.id, second!.id]));
  expect(two.tasks({ split: "train" })).toEqual(
    suite
      .tasks({ split: "train" })
      .filter(({ templateId }) => [first!.id, second!.id].includes(templateId ?? "")),
  );
  expect(() => restrictSuite(suite, { sites: [], templates: [`${first!.id}x`] })).toThrow(
    `the nearest is "${first!.id}"`,
  );
});

test("new tasks are evolved on the chosen sites and templates only", async () => {
  for (const part of [
    { sites: ["map"], templates: [] },
    { sites: [], templates: [first!.id] },
  ]) {
    const chosen = restrictSuite(suite, part);
    const tasks = chosen.tasks({ split: "train", limit: 8 });
    const proposed = await createEvolveProposer(chosen.catalog!).propose(tasks, {
      count: 12,
      phase: 1,
      rng: createRng(1),
    });
    expect(proposed.length).toBeGreaterThan(0);
    for (const task of proposed)
      expect(restrictSuite(suite, part).catalog!.templates()).toContainEqual(
        expect.objectContaining({ id: task.templateId }),
      );
  }
});
