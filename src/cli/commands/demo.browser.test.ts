import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createOnnxEngine } from "../../engine/onnx/engine.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

const short = [
  "phases=1",
  'suite.sites=["map"]',
  "tasks.initial=2",
  "tasks.perPhase=2",
  "evaluation.tasks=2",
  "rollout.parallel=2",
  "rollout.maxSteps=2",
  "rollout.maxNewTokens=16",
].flatMap((setting) => ["--set", setting]);

test("demo --base starts from another model, an adapter here, and goes on with it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-demo-base-"));
  try {
    const [base, run] = [join(directory, "adapter"), join(directory, "run")];
    {
      await using engine = createOnnxEngine({ threads: 1 });
      await using model = await engine.open({
        path: "models/base",
        lora: { rank: 2, alpha: 4, layers: 2, seed: 0 },
      });
      await model.save(base);
    }
    const made = await webrl("demo", "--base", base, "--run", run, ...short);
    expect(made.status).toBe(0);
    expect(made.stderr).toContain(`starting from ${base}`);
    for (const role of ["actor", "critic"]) {
      const config = await readFile(join(run, `checkpoints/${role}-01/adapter_config.json`), "utf8");
      expect(JSON.parse(config)).toMatchObject({ r: 2, layers_to_transform: [2, 3] });
    }
    const evaluation = ["--tasks", "1", "--max-steps", "1", "--json"];
    const scored = await webrl("eval", "--run", run, ...evaluation);
    expect(jsonOf(scored)).toMatchObject({ model: join(run, "checkpoints/actor-01"), tasks: 1 });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("demo trains, shows before and after, writes the report and says what next; a demo that is there goes on", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-demo-"));
  try {
    const run = join(directory, "run");
    const first = await webrl("demo", "--run", run, ...short);
    expect(first.status).toBe(0);
    expect(first.stdout).toContain("Success on held-out test tasks (2 tasks");
    expect(first.stdout).toContain(`webrl resume ${run} --phases 4`);
    expect(existsSync(join(run, "report.html"))).toBe(true);
    // Pictures for the report's pairs of episodes.
    expect(existsSync(join(run, "phases", "00", "screenshots"))).toBe(true);

    const again = await webrl("demo", "--run", run, "--json");
    expect(again.status).toBe(0);
    expect(mistakeOf(await webrl("demo", "--run", run, "--set", "phases=2"))).toContain(
      "already holds a run",
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
