import { expect, test } from "vitest";
import { judgeRules } from "../testing/judge-kit.ts";
import { loadConfig } from "../run/parse-config.ts";
import { openParts, resolveModels } from "./open-parts.ts";

test("the default judge keeps the contract of judges, with its threshold in every verdict", async () => {
  await using parts = await openParts(resolveModels(await loadConfig()));
  const judge = parts.judge!;
  const [success] = parts.demonstrations.map((record) => record.trajectory);
  // The same pages, but an answer that nobody asked for.
  const failure = structuredClone(success!);
  failure.steps.at(-1)!.response = 'exit(message="nothing of the kind")';
  const trajectories = [success!, failure];
  for (const rule of judgeRules(() => Promise.resolve(judge), trajectories)) await rule.run();
  const verdicts = await judge.judge(trajectories);
  expect(verdicts.map(({ threshold }) => threshold)).toEqual([0.85, 0.85]);
  expect(verdicts[0]!.probability).toBeGreaterThan(verdicts[1]!.probability);
});
