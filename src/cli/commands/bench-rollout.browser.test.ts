import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { benchRollout } from "../../bench/rollout.ts";
import type { RolloutBench } from "../../bench/rollout.ts";
import { loadMiniwobSuite } from "../../tasks/miniwob/suite.ts";
import { writePages } from "../../tasks/miniwob/testing/pages.ts";
import { jsonOf, webrl } from "../testing/webrl.ts";

test("bench rollout measures episodes beside the bare browser, and leaves no context open", async () => {
  const outcome = await webrl(
    "bench",
    "rollout",
    "--parallel",
    "1",
    "--seconds",
    "2",
    "--agents",
    "oracle",
    "--json",
  );
  expect(outcome.status).toBe(0);
  const { runs, leakedContexts } = jsonOf<RolloutBench>(outcome);
  expect(leakedContexts).toBe(0);
  expect(runs).toMatchObject([{ agent: "oracle", parallel: 1 }]);
});

test("on MiniWoB++ the random agent and bare Playwright press the same buttons, and end with the page", async () => {
  const directory = await writePages();
  try {
    const suite = await loadMiniwobSuite(directory);
    const tasks: typeof suite.tasks = (filter) =>
      suite.tasks({ ...filter, template: "miniwob.click-button" });
    const { runs, bare } = await benchRollout(
      { ...suite, tasks },
      { parallel: [2], seconds: 3, agents: ["random"], seed: 1, file: directory },
    );
    // Every press of one of the page's buttons ends its episode; one that is under way at the end does not count.
    expect(bare).toEqual([expect.objectContaining({ parallel: 2 })]);
    for (const { stepsPerSecond, episodesPerHour } of [runs[0]!, bare[0]!]) {
      expect(episodesPerHour).toBeGreaterThan(0);
      expect(stepsPerSecond * 3600 - episodesPerHour).toBeLessThan((2.5 * 3600) / 3);
    }
    expect(runs[0]!.fractionOfBare).toBeCloseTo(runs[0]!.stepsPerSecond / bare[0]!.stepsPerSecond, 1);
  } finally {
    await rm(directory, { recursive: true });
  }
});
