import { expect, test } from "vitest";
import { Kept } from "./kept.ts";

test("a promise is made once, and again after it failed or was forgotten", async () => {
  const kept = new Kept<number>();
  let made = 0;
  const fail = async () => Promise.reject(new Error(`try ${++made}`));
  const first = kept.get(fail);
  await expect(kept.get(fail)).rejects.toThrow("try 1");
  await expect(first).rejects.toThrow("try 1");
  expect(kept.current).toBeUndefined();
  const count = async () => ++made;
  expect([await kept.get(count), await kept.get(count)]).toEqual([2, 2]);
  kept.forget();
  expect(await kept.get(count)).toBe(3);
});

test("one that fails late does not take away what was made after it was forgotten", async () => {
  const kept = new Kept<number>();
  let fail: (error: Error) => void = () => {};
  const late = kept.get(() => new Promise((_, reject) => (fail = reject)));
  kept.forget();
  const next = kept.get(async () => 2);
  fail(new Error("late"));
  await expect(late).rejects.toThrow("late");
  expect(kept.current).toBe(next);
});
