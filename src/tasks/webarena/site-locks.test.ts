import { expect, test } from "vitest";
import { createSiteLocks } from "./site-locks.ts";

test("who changes a site has it alone, and nobody passes one who waits", async () => {
  const locks = createSiteLocks();
  const order: string[] = [];
  const enter = async (name: string, sites: string[], alone: boolean) => {
    const leave = await locks.enter(sites, alone);
    order.push(name);
    return leave;
  };
  const readers = await Promise.all([enter("a", ["shop"], false), enter("b", ["shop"], false)]);
  const writer = enter("writer", ["shop"], true);
  const late = enter("late", ["shop", "map"], false);
  const elsewhere = await enter("elsewhere", ["forum"], true);
  for (const leave of readers) leave();
  const leave = await writer;
  elsewhere();
  expect(order).toEqual(["a", "b", "elsewhere", "writer"]);
  leave();
  await late;
  expect(order.at(-1)).toBe("late");
});

test("who has all sites alone waits for everybody, and everybody for it", async () => {
  const locks = createSiteLocks();
  const order: string[] = [];
  const enter = async (name: string, sites: readonly string[] | "all", alone: boolean) => {
    const leave = await locks.enter(sites, alone);
    order.push(name);
    return leave;
  };
  const reader = await enter("reader", ["shop"], false);
  const resetter = enter("resetter", "all", true);
  const late = enter("late", ["forum"], false);
  await Promise.resolve();
  expect(order).toEqual(["reader"]);
  reader();
  const leave = await resetter;
  expect(order).toEqual(["reader", "resetter"]);
  leave();
  (await late)();
  expect(order.at(-1)).toBe("late");
});
