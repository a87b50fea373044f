import { expect, test } from "vitest";
import type { RolloutBench } from "../../bench/rollout.ts";
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
