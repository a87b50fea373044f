import { describe, expect, test } from "vitest";
import { Fault } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { createFakeEngine } from "../testing/fake-engine.ts";
import { createStartValue } from "./start-value.ts";
import { failed } from "./testing/shop-catalog.ts";

describe("V(s₀)", () => {
  test("is the critic's share of YES on the start page; null where the page could not be seen", async () => {
    const model = await createFakeEngine({ contextTokens: 800 }).open({ path: "fake" });
    const value = createStartValue(model, {
      observe: async (task) => (task === failed[1] ? null : `page of ${task.instruction}`),
      maxNewTokens: 32,
    });
    const values = await value(failed);
    expect(values[1]).toBeNull();
    // An untrained table gives YES and NO the same probability.
    expect(values.filter((v) => v !== null)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
  });
});

describe("V(s₀) in trouble", () => {
  const valueWith = async (observe: (task: Task) => Promise<string>) => {
    const model = await createFakeEngine({ contextTokens: 400 }).open({ path: "fake" });
    return createStartValue(model, { observe, maxNewTokens: 32 });
  };

  test("a fault or an instruction that does not fit costs its task, not the phase", async () => {
    const value = await valueWith(async (task) => {
      if (task === failed[2]) throw new Fault("page_crashed", "gone", { retryable: true });
      return "page";
    });
    const long = { ...failed[1]!, instruction: "word ".repeat(200) };
    const values = await value([failed[0]!, long, failed[2]!, failed[3]!]);
    expect(values).toEqual([0.5, null, null, 0.5]);
  });

  test("a bug is not swallowed, nor an abort", async () => {
    const bug = await valueWith(() => Promise.reject(new TypeError("bug")));
    await expect(bug(failed)).rejects.toThrow("bug");
    const controller = new AbortController();
    const aborted = await valueWith(() => {
      controller.abort(new Error("left"));
      return Promise.reject(new Fault("page_crashed", "gone", { retryable: true }));
    });
    await expect(aborted(failed, controller.signal)).rejects.toThrow("left");
  });
});
