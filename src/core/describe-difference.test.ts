import { expect, test } from "vitest";
import { describeDifference } from "./describe-difference.ts";

test.each([
  [{ a: 1, b: { c: [1, 2], d: null } }, { b: { d: null, c: [1, 2] }, a: 1 }, null],
  [{ a: 1, b: { c: 2 } }, { a: 1, b: { c: 3 } }, "b.c was 2, now it is 3"],
  [{ a: 1, b: 2 }, { a: 3, b: 4 }, "a was 1, now it is 3"],
  [{ a: null }, { a: { b: 1 } }, 'a was null, now it is {"b":1}'],
  [{ a: "x" }, {}, 'a was "x", now it is absent'],
  [{}, { a: [1] }, "a was absent, now it is [1]"],
])("the first difference of %j and %j: %j", (before, now, said) => {
  expect(describeDifference(before, now)).toBe(said);
});
