import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEpisodes } from "../../imitation/demonstrations.ts";
import { jsonOf, webrl } from "../testing/webrl.ts";

test("model demos collects an oracle's episodes, model rollouts a model's; what a file holds is kept", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-collect-"));
  try {
    const demos = join(directory, "demos.jsonl");
    const collect = (episodes: number) =>
      webrl(
        "model",
        "demos",
        "--out",
        demos,
        "--episodes",
        String(episodes),
        "--task-templates",
        "map.nearest",
        "--detour-rate",
        "0",
        "--parallel",
        "1",
        "--json",
      );
    expect(jsonOf(await collect(1))).toMatchObject({ made: 1, held: 0, successful: 1, faulted: 0 });
    expect(jsonOf(await collect(2))).toMatchObject({ made: 1, held: 1 });
    for (const { truth, trajectory } of await readEpisodes(demos))
      expect([truth?.success, trajectory.task.split]).toEqual([true, "train"]);

    const rollouts = join(directory, "rollouts.jsonl");
    const outcome = await webrl(
      "model",
      "rollouts",
      "--model",
      "models/base",
      "--out",
      rollouts,
      "--episodes",
      "1",
      "--site",
      "map",
      "--max-steps",
      "2",
      "--max-new-tokens",
      "16",
    );
    expect(outcome.status).toBe(0);
    const [record] = await readEpisodes(rollouts);
    expect(record!.trajectory.policy).toContain("models/base at 1");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
