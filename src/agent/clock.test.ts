import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startClock } from "./clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a run's time is over after its limit, and what a person takes to answer is not in it", () => {
  let asked = 20_000;
  using clock = startClock(10_000, () => asked);
  vi.advanceTimersByTime(9000);
  // A person took 5 of these 9 seconds.
  asked += 5000;
  vi.advanceTimersByTime(5999);
  expect(clock.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(clock.signal.aborted).toBe(true);
});

test("a question that is still open when the limit comes keeps the run alive", () => {
  let since: number | null = null;
  using clock = startClock(1000, () => (since === null ? 0 : performance.now() - since));
  vi.advanceTimersByTime(400);
  since = performance.now();
  vi.advanceTimersByTime(60_000);
  expect(clock.signal.aborted).toBe(false);
});

test("limits longer than a timer can be do not end at once", () => {
  using clock = startClock(1000 * 86_400 * 100, () => 0);
  vi.advanceTimersByTime(1000);
  expect(clock.signal.aborted).toBe(false);
});
