import { describe, expect, it } from "vitest";
import { takeBeginning } from "./text.ts";

describe("the beginning of a text ends between two characters", () => {
  it.each([
    ["abcdef", 4, "abcd"],
    ["ab\r\ncd", 3, "ab"],
    ["ab\n\ncd", 3, "ab\n"],
    ["abe\u0301cd", 3, "ab"],
    ["abe\u0301cd", 4, "abe\u0301"],
    ["ab👩‍👩‍👧cd", 5, "ab"],
    ["ab👩‍👩‍👧cd", 10, "ab👩‍👩‍👧"],
    ["abc", 3, "abc"],
    ["abc", 0, ""],
    ["👩‍👩‍👧", 2, ""],
  ])("%j within %i", (text, limit, expected) => {
    expect(takeBeginning(text, limit)).toBe(expected);
  });
});
