import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readEpisodes } from "../../imitation/demonstrations.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let directory: string;
let demos: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-imitate-"));
  demos = join(directory, "demos.jsonl");
  const records = (await readEpisodes("models/base/demonstrations.jsonl.gz")).slice(0, 8);
  await writeFile(demos, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test(
  "model pretrain makes a model from nothing, model sft goes on from it",
  { timeout: 120_000 },
  async () => {
    const pretrained = join(directory, "pretrained");
    const made = await webrl(
      "model",
      "pretrain",
      "--demos",
      demos,
      "--out",
      pretrained,
      "--steps",
      "1",
      "--batch-size",
      "2",
      "--hidden",
      "16",
      "--layers",
      "1",
      "--heads",
      "1",
      "--vocab",
      "320",
      "--copy-warmup",
      "1",
      "--drills",
      "1",
      "--questions",
      "0",
      "--episodes",
      "0",
      "--held-out-actions",
      "0",
      "--json",
    );
    expect(made.stderr).not.toContain("    at ");
    expect(made.status).toBe(0);
    expect(jsonOf(made)).toMatchObject({ directory: pretrained, steps: 1 });

    const tuned = join(directory, "tuned");
    const outcome = await webrl(
      "model",
      "sft",
      "--demos",
      demos,
      "--base",
      pretrained,
      "--out",
      tuned,
      "--steps",
      "1",
      "--batch-size",
      "2",
      "--held-out-actions",
      "0",
      "--keep",
      "2",
    );
    expect(outcome.status).toBe(0);
    expect(outcome.stdout).toContain(`${tuned}: 1 steps on`);
    const info = jsonOf<{ card: string }>(await webrl("model", "info", tuned, "--json"));
    expect(info.card).toContain("Made by webrl");
    expect(await readEpisodes(join(tuned, "demonstrations.jsonl.gz"))).toHaveLength(2);
  },
);

test(
  "model sft makes an adapter and goes on with one; what contradicts it is refused",
  { timeout: 120_000 },
  async () => {
    const sft = (base: string, out: string, ...more: string[]) => {
      const fixed = "model sft --steps 1 --batch-size 2 --held-out-actions 0 --keep 0".split(" ");
      return webrl(...fixed, "--demos", demos, "--base", base, "--out", join(directory, out), ...more);
    };
    const made = await sft("models/base", "adapter", "--lora-rank", "2", "--lora-layers", "2", "--json");
    expect(made.stderr).not.toContain("    at ");
    expect(made.status).toBe(0);
    const adapter = join(directory, "adapter");
    expect(JSON.parse(await readFile(join(adapter, "adapter_config.json"), "utf8"))).toMatchObject({
      r: 2,
      lora_alpha: 32,
      layers_to_transform: [2, 3],
    });
    const info = jsonOf<{ card: string; adapter: object; parameters: number }>(
      await webrl("model", "info", adapter, "--json"),
    );
    expect(info.adapter).toMatchObject({
      rank: 2,
      layers: [2, 3],
      base: expect.stringMatching(/models\/base$/) as string,
    });
    expect(info.parameters).toBeGreaterThan(1e6);
    expect(info.card).toContain("A LoRA adapter in PEFT's format");
    expect((await webrl("model", "info", adapter)).stdout).toContain("layers (2, 3)");

    expect((await sft(adapter, "further")).status).toBe(0);
    const further = jsonOf<{ adapter: object }>(
      await webrl("model", "info", join(directory, "further"), "--json"),
    );
    expect(further.adapter).toEqual(info.adapter);

    const refused = async (...more: string[]) => mistakeOf(await sft(adapter, "refused", ...more));
    expect(await refused("--lora-rank", "4")).toContain("an adapter with rank 2, but 4 is asked for");
    expect(await refused("--lora-alpha", "4")).toContain("Give --lora-rank as well");
    expect(await refused("--lora-rank", "2", "--lora-layers", "x")).toContain(
      "a comma-separated list of layers",
    );
  },
);

test("model pretrain and sft ask for demonstrations that are there", async () => {
  const missing = join(directory, "none.jsonl");
  const out = join(directory, "out");
  expect(mistakeOf(await webrl("model", "pretrain", "--out", out))).toContain("--demos");
  expect(mistakeOf(await webrl("model", "pretrain", "--demos", missing, "--out", out))).toContain(
    "there is no file of episodes",
  );
  expect(mistakeOf(await webrl("model", "sft", "--demos", demos, "--out", out))).toContain("--base");
  expect(
    mistakeOf(
      await webrl("model", "sft", "--demos", demos, "--base", "models/base", "--out", out, "--covered", "2"),
    ),
  ).toContain("a fraction from 0 to 1");
});
