import { expect, it } from "vitest";
import { writeOrdinal } from "./numeral.ts";

it.each([
  [4, "decimal", "4"],
  [4, "decimal-leading-zero", "04"],
  [-4, "decimal-leading-zero", "-04"],
  [26, "lower-alpha", "z"],
  [27, "lower-alpha", "aa"],
  [703, "upper-latin", "AAA"],
  [1994, "lower-roman", "mcmxciv"],
  [48, "upper-roman", "XLVIII"],
  // Neither has a zero.
  [0, "lower-roman", "0"],
  [0, "lower-alpha", "0"],
])("%i in %s is %s", (value, kind, text) => {
  expect(writeOrdinal(value, kind)).toBe(text);
});
