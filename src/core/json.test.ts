import { expect, test } from "vitest";
import { parseJson } from "./json.ts";

test("a byte-order mark before JSON is skipped, but only there", () => {
  expect(parseJson('\uFEFF{"a":"\uFEFF"}')).toEqual({ a: "\uFEFF" });
  expect(() => parseJson('{\uFEFF"a":1}')).toThrow(SyntaxError);
});

test("what is nested more than 100 deep is refused", () => {
  const nested = (deep: number) => "[".repeat(deep) + "]".repeat(deep);
  expect(parseJson(nested(100))).toBeInstanceOf(Array);
  expect(() => parseJson(nested(101))).toThrow(/nested more than 100 deep/);
});
