import { expect, test } from "vitest";
import { createRng } from "../core/rng.ts";
import { createEvolveProposer } from "../curriculum/evolve.ts";
import { builtInSuite } from "../tasks/built-in-suite.ts";
import { onSites } from "./open-parts.ts";

const suite = builtInSuite();

test("a suite on some sites has their tasks only, those over several sites only where all are chosen", () => {
  const map = onSites(suite, ["map"]);
  expect(map.tasks().length).toBeGreaterThan(100);
  expect(map.tasks().every((task) => task.sites.join() === "map")).toBe(true);
  expect(map.tasks({ split: "test", limit: 3 })).toHaveLength(3);
  expect(onSites(suite, [])).toBe(suite);
  expect(() => onSites(suite, ["mapp"])).toThrow('the nearest is "map"');
  const spread = suite.tasks().find((task) => task.sites.length > 1);
  if (spread) expect(onSites(suite, spread.sites).tasks()).toContainEqual(spread);
});

test("new tasks are evolved on these sites only", async () => {
  const map = onSites(suite, ["map"]);
  const proposed = await createEvolveProposer(map.catalog!).propose(map.tasks({ split: "train", limit: 8 }), {
    count: 12,
    phase: 1,
    rng: createRng(1),
  });
  expect(proposed.length).toBeGreaterThan(0);
  for (const task of proposed) expect(task.sites).toEqual(["map"]);
});
