import { describe, expect, it } from "vitest";
import { parseConfig } from "../run/parse-config.ts";
import { trainConfigSchema } from "../run/config.ts";
import type { RunEvent } from "../run/events.ts";
import { createRunView } from "./run-view.ts";

const config = parseConfig(trainConfigSchema, { phases: 2, evaluation: { tasks: 10 } });

function shown(isTTY: boolean, ...events: RunEvent[]): string {
  let text = "";
  const stream = { isTTY, columns: 200, write: (part: string) => ((text += part), true) };
  const { observer } = createRunView(config, stream as unknown as NodeJS.WriteStream);
  for (const event of events) observer(event);
  return text;
}

const at = { phase: 1, stage: "rollout" } as const;
const scored = (phase: number, rate: number): RunEvent => ({
  kind: "stage_finished",
  phase,
  stage: "evaluate",
  seconds: 30,
  metrics: {
    "evaluation/success_rate": rate,
    "evaluation/standard_error": 0.1,
    "evaluation/episodes": 10,
  },
});

describe("a run on the terminal", () => {
  it("shows phase, stage, bar, success rate and time left on one line that changes", () => {
    const text = shown(
      true,
      { kind: "stage_started", ...at },
      { kind: "progress", ...at, done: 5, total: 10, success: 2 },
    );
    expect(text.split("\r\u001b[K").at(-1)).toMatch(
      /^phase 1\/2, rollout █{10}░{10} 5\/10 episodes, 40\.0% successful; about .* left in the run$/,
    );
    expect(text).not.toContain("\n");
  });

  it("writes plain lines where there is no terminal, not one for every episode", () => {
    const steps = [0, 1, 2, 3].map((done): RunEvent => ({ kind: "progress", ...at, done, total: 10 }));
    const text = shown(false, { kind: "stage_started", ...at }, ...steps);
    expect(text).toMatch(/^phase 1\/2, rollout ░{20} 0\/10 episodes; about .* left in the run\n$/);
  });

  it("shows what comes before the updates, and does not take its time for theirs", () => {
    const actor = { phase: 1, stage: "actor" } as const;
    const text = shown(
      true,
      { kind: "stage_started", ...actor },
      { kind: "progress", ...actor, part: "reference", done: 2, total: 8 },
    );
    expect(text.split("\r\u001b[K").at(-1)).toBe(
      "phase 1/2, actor █████░░░░░░░░░░░░░░░ 2/8 steps, log-probabilities before the update",
    );
  });

  it("compares each score with the one before training", () => {
    const text = shown(false, scored(0, 0.2), scored(1, 0.5));
    expect(text).toMatch(
      /before training, evaluation +30 s +20\.0% ± 10\.0% successful on 10 held-out tasks\n/,
    );
    expect(text).toMatch(/phase 1\/2, evaluation .*50\.0% ± 10\.0% .*, 20\.0% before training\n/);
  });

  it("says what broke and what has collapsed", () => {
    const text = shown(
      false,
      { kind: "fault", ...at, id: "phase-01/0003", code: "page_crashed", message: "the page crashed" },
      { kind: "warning", phase: 1, stage: "critic", message: "the critic has collapsed: it always says NO" },
    );
    expect(text).toContain("the world broke phase-01/0003 (page_crashed: the page crashed)\n");
    expect(text).toContain("phase 1/2, critic: warning: the critic has collapsed");
  });
});
