import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tellWait } from "./tell-wait.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a wait is reported every 15 s until it ends, however it ends", async () => {
  const told: string[] = [];
  const wait = { what: "the start of desk", limitMs: 60_000, tell: (message: string) => told.push(message) };
  const failed = tellWait(
    wait,
    async () => new Promise((_, reject) => setTimeout(() => reject(new Error("no")), 40_000)),
  );
  const ended = failed.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(await ended).toMatchObject({ message: "no" });
  expect(told).toEqual([
    "waiting for the start of desk: 15 s so far, at most 60 s",
    "waiting for the start of desk: 30 s so far, at most 60 s",
  ]);
  const short = tellWait(
    { ...wait, limitMs: null },
    async () => new Promise((end) => setTimeout(end, 20_000)),
  );
  await vi.advanceTimersByTimeAsync(20_000);
  await short;
  expect(told[2]).toBe("waiting for the start of desk: 15 s so far");
});
