import { expect, test } from "vitest";
import type { SiteFinished } from "../sites/define-site.ts";
import { differences, query, stateChecks } from "./state.ts";

const finished = {} as SiteFinished;

test("a difference is told with its place; white space at ends does not count", () => {
  expect(differences({ a: { b: "x \r\ny " } }, { a: { b: "x\ny" } })).toEqual([]);
  expect(differences({ a: { b: 1 }, c: [1] }, { a: { b: 2 }, c: [1], d: "new" })).toEqual([
    "a.b: expected 1, got 2",
    'd: expected null, got "new"',
  ]);
});

test("one of the changes must have been made, and nothing beside it", async () => {
  const initial = { stock: { pen: 3, ink: 1 } };
  const after = (state: typeof initial) =>
    stateChecks(
      async () => state,
      async () => initial,
    );
  const sold = (count: number) => (state: typeof initial) => void (state.stock.pen -= count);
  expect(await after({ stock: { pen: 2, ink: 1 } }).becomes(sold(1))(finished)).toEqual([]);
  expect(await after({ stock: { pen: 1, ink: 1 } }).becomes(sold(1), sold(2))(finished)).toEqual([]);
  expect(await after({ stock: { pen: 2, ink: 0 } }).becomes(sold(1))(finished)).toEqual([
    "stock.ink: expected 1, got 0",
  ]);
  expect(await after(initial).expectNoChange()(finished)).toEqual([]);
  expect(initial).toEqual({ stock: { pen: 3, ink: 1 } });
});

test("a database that does not answer is the world's fault", async () => {
  await expect(query("sh", ["-c", "echo locked >&2; exit 1"])).rejects.toMatchObject({ code: "site_down" });
  await expect(query("sh", ["-c", "echo no JSON"])).rejects.toMatchObject({ code: "site_down" });
  expect(await query("sh", ["-c", "echo '{\"a\":1}'"])).toEqual({ a: 1 });
});
