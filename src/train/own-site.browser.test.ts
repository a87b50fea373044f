import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadConfig } from "../run/parse-config.ts";
import { createRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { createContext } from "./context.ts";
import { train } from "./loop.ts";
import { openParts, resolveModels } from "./open-parts.ts";

const FILE = fileURLToPath(new URL("../../examples/own-site/site.ts", import.meta.url));

test("an own site with templates has an evolving curriculum without a chat model: one tiny phase in the browser", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-own-run-"));
  try {
    const config = await loadConfig({
      defaults: {
        phases: 1,
        suite: { name: "own", file: FILE },
        models: { base: "models/base", judge: "verifier" },
        tasks: { initial: 2, perPhase: 3 },
        // A critic of two attempts, both failures, calls everything hopeless.
        curriculum: { minValue: 0, maxValue: 1 },
        rollout: { parallel: 2, maxSteps: 2, maxNewTokens: 32 },
        evaluation: { tasks: 2 },
      },
    });
    await using run = await createRun(join(directory, "run"), runInfo(await resolveModels(config)), () => {});
    await using parts = await openParts(run.info.config);
    const context = createContext(run, parts);
    await using _models = context.models;
    const { evaluations } = await train(context);
    expect(evaluations.map(({ phase }) => phase)).toEqual([0, 1]);

    const tried = await run.read(0, "tasks.jsonl");
    const candidates = await run.read(1, "curriculum.jsonl");
    const tasks = await run.read(1, "tasks.jsonl");
    expect(candidates.filter((candidate) => candidate.kept)).toHaveLength(3);
    expect(tasks).toHaveLength(3);
    for (const { instruction, templateId, lineage, split } of tasks) {
      expect(tried.map((task) => task.instruction)).not.toContain(instruction);
      expect(templateId).toMatch(/^desk\.(requester|close)$/);
      expect(lineage).toMatchObject({ proposer: "evolve", phase: 1 });
      expect(split).toBe("train");
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
