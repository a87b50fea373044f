import { expect, test } from "vitest";
import { measureRepeat } from "./measure.ts";

test(
  "repetitions on pages that have changed are right, or say that they are not",
  { timeout: 240_000 },
  async () => {
    const { tasks, variations } = await measureRepeat({
      tasks: 2,
      seed: 2,
      variations: ["unchanged", "an extra row in each table", "buttons with other names"],
    });
    const [unchanged, ...others] = variations;
    expect(unchanged).toMatchObject({ right: tasks, wrongSilently: 0 });
    for (const { wrongSilently, right, handedOver, saidOtherwise } of others) {
      expect(wrongSilently).toBe(0);
      expect(right + handedOver + saidOtherwise).toBe(tasks);
    }
  },
);
