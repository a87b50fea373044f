import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng } from "../core/rng.ts";
import { trainConfigSchema } from "../run/config.ts";
import { createEvolveProposer } from "../curriculum/evolve.ts";
import { builtInSuite } from "../tasks/built-in-suite.ts";
import { onSites, replayedAtFirst } from "./open-parts.ts";

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

test("demonstrations of another browser are refused, and the shipped ones left out", async () => {
  const [task] = suite.tasks({ split: "train", limit: 1 });
  const file = join(await mkdtemp(join(tmpdir(), "webrl-parts-")), "shown.jsonl");
  const step = { observation: { format: "compact" } };
  await writeFile(file, JSON.stringify({ id: "a", trajectory: { task, steps: [step] } }) + "\n");
  const config = (browser: object, demonstrations: string) =>
    trainConfigSchema.parse({ browser, models: { template: "compact", demonstrations } });
  const shipped = trainConfigSchema.parse({}).models.demonstrations!;
  expect(await replayedAtFirst(config({}, file), suite)).toHaveLength(1);
  await expect(replayedAtFirst(config({ height: 900 }, file), suite)).rejects.toThrow(
    "are of pages in 1280 × 720, en-US, UTC, the run's pages are shown in 1280 × 900, en-US, UTC (browser)",
  );
  expect((await replayedAtFirst(config({}, shipped), suite)).length).toBeGreaterThan(10);
  expect(await replayedAtFirst(config({ height: 900 }, shipped), suite)).toEqual([]);
});
