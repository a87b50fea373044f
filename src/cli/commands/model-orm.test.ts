import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEpisodes } from "../../imitation/demonstrations.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

test("model orm asks for rollouts that are there, a base and a share to hold out", async () => {
  const need = ["model", "orm", "--base", "models/base", "--out", "/nowhere/orm"];
  expect(mistakeOf(await webrl(...need))).toContain("--rollouts");
  expect(mistakeOf(await webrl(...need, "--rollouts", "none.jsonl"))).toContain(
    "there is no file of episodes",
  );
  expect(mistakeOf(await webrl(...need, "--rollouts", "none.jsonl", "--held-out", "1.5"))).toContain(
    "a fraction from 0 to 1",
  );
});

test(
  "model orm trains an adapter on a base, and says with --json what it took",
  { timeout: 120_000 },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "webrl-orm-"));
    try {
      const records = (await readEpisodes("models/base/demonstrations.jsonl.gz")).slice(0, 10);
      const failed = records.map((record) => ({
        ...record,
        id: `failed/${record.id}`,
        truth: { ...record.truth, success: false },
        trajectory: { ...record.trajectory, id: `failed/${record.trajectory.id}` },
      }));
      const file = join(directory, "rollouts.jsonl");
      await writeFile(file, [...records, ...failed].map((record) => `${JSON.stringify(record)}\n`).join(""));
      const out = join(directory, "orm");
      const fixed = "model orm --drills 0 --epochs 1 --batch-size 64 --held-out 0.5 --base models/base".split(
        " ",
      );
      const made = await webrl(...fixed, "--rollouts", file, "--out", out, "--lora-rank", "2", "--json");
      expect(made.stderr).not.toContain("    at ");
      const { estimate } = jsonOf<{ estimate: { parameters: number; trainedParameters: number } }>(made);
      expect(estimate.trainedParameters).toBeLessThan(estimate.parameters / 10);
      expect(JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8"))).toMatchObject({ r: 2 });
      expect(await readFile(join(out, "README.md"), "utf8")).toContain("| adapter's rank | 2 |");
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
