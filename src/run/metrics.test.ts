import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createMeter } from "../chat/meter.ts";
import { createContext } from "../train/context.ts";
import { readJsonLines } from "./json-lines.ts";
import { train } from "../train/loop.ts";
import { METRIC_NAMES } from "./metrics.ts";
import { createRun } from "./run-directory.ts";
import { runInfo } from "./run-info.ts";
import { fakeConfig, fakeEngine, fakeParts, makeFakeBase } from "../train/testing/fake-run.ts";

const documented = async () => {
  const text = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  return [...text.matchAll(/^\| `([a-z]+\/[a-z_A-Z]+)` +\|/gm)].map(([, name]) => name!);
};

it("documents exactly the metrics that there are", async () => {
  expect((await documented()).filter((name) => name !== "faults/CODE").sort()).toEqual(
    [...METRIC_NAMES].sort(),
  );
});

it("emits every metric in a run, and no other", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-metrics-"));
  try {
    const { base, demonstrations } = await makeFakeBase(directory);
    const broken = new Set<string>();
    const parts = fakeParts(demonstrations, {
      failStart: (task) => {
        if (broken.size > 2 || broken.has(task.id)) return null;
        broken.add(task.id);
        return "site_down";
      },
    });
    parts.engine = fakeEngine({ sampling: { by: "another program", staleness: () => 0 } });
    // A judge behind a server that is right now and then, so that precision and recall exist.
    parts.meter = createMeter();
    parts.judge = {
      name: "odd",
      judge: async (trajectories) => {
        parts.meter!.countReply({
          requests: 0,
          promptTokens: 100,
          cachedTokens: 50,
          completionTokens: 10,
          cost: 0.01,
        });
        return trajectories.map((_, i) => {
          parts.meter!.countRequest();
          if (i % 7 === 5) return { by: "odd", success: false, probability: 0, undecided: true, reasons: [] };
          const success = i % 2 === 0;
          return { by: "odd", success, probability: success ? 0.7 : 0.2, reasons: [] };
        });
      },
    };
    const config = fakeConfig(base, {
      // Only equation 6 has a target.
      actor: { objective: "paper" },
      rollout: { parallel: 2, maxSteps: 6, maxNewTokens: 24, faultRateLimit: 1 },
    });
    const { base: better } = await makeFakeBase(join(directory, "better"), 40);
    config.models.base = better;
    await using run = await createRun(join(directory, "run"), runInfo(config), () => {});
    await train(createContext(run, parts));
    const lines = await readJsonLines<Record<string, unknown>>(join(directory, "run", "metrics.jsonl"));
    const emitted = new Set(lines.flatMap((line) => Object.keys(line).filter((name) => name.includes("/"))));
    expect(emitted.has("faults/site_down")).toBe(true);
    emitted.delete("faults/site_down");
    expect([...emitted].sort()).toEqual([...METRIC_NAMES].sort());
    for (const line of lines)
      for (const [name, value] of Object.entries(line))
        if (name.includes("/")) expect([name, Number.isFinite(value)]).toEqual([name, true]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
