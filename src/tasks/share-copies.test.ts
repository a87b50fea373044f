import { expect, test } from "vitest";
import { shareCopies } from "./share-copies.ts";

test("makes a copy when it is needed, no more than there may be, and gives each to one at a time", async () => {
  let made = 0;
  const copies = shareCopies(2, async () => ({ id: made++ }));
  const [one, two] = [await copies.take(undefined), await copies.take(undefined)];
  expect([one.id, two.id, made]).toEqual([0, 1, 2]);
  const third = copies.take(undefined);
  copies.give(one);
  expect(await third).toBe(one);
  copies.give(two);
  expect(await copies.take(undefined)).toBe(two);
  expect(copies.made.size).toBe(2);
});

test("where one cannot be made, who waits tries in its place", async () => {
  let tries = 0;
  const copies = shareCopies(1, async () => {
    await Promise.resolve();
    if (tries++ === 0) throw new Error("no port");
    return tries;
  });
  const [first, second] = [copies.take(undefined), copies.take(undefined)];
  await expect(first).rejects.toThrow("no port");
  expect(await second).toBe(2);
});

test("who waits may leave", async () => {
  const copies = shareCopies(1, async () => "copy");
  const copy = await copies.take(undefined);
  const leaving = new AbortController();
  const left = copies.take(leaving.signal);
  const stays = copies.take(undefined);
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  copies.give(copy);
  expect(await stays).toBe("copy");
});
