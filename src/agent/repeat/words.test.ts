import { describe, expect, test } from "vitest";
import { placeOf, replaceIn, replaceInPlace, replaceInUrl, replacementsOf } from "./words.ts";

const values = replacementsOf(
  { two: "three", "dark roast": "light roast" },
  "Order two bags of the dark roast",
);

describe("values", () => {
  test("take the place of the old ones, in words and in digits, and nowhere else", () => {
    expect(replaceIn("2 × Dark roast, 12 left, twofold", values)).toBe("3 × light roast, 12 left, twofold");
    expect(
      replaceIn(
        "a b",
        new Map([
          ["a", "b"],
          ["b", "a"],
        ]),
      ),
    ).toBe("b a");
  });

  test("are found in addresses as they are written there", () => {
    expect(replaceInPlace("shop.test/coffee/dark-roast", values)).toBe("shop.test/coffee/light-roast");
    expect(replaceInUrl("http://shop.test/s?q=dark+roast&page=2", values)).toBe(
      "http://shop.test/s?q=light+roast&page=2",
    );
    expect(replaceInUrl("http://shop.test/s?q=dark%20roast", values)).toBe(
      "http://shop.test/s?q=light%20roast",
    );
  });

  test.each([
    [{ three: "four" }, "is not in the instruction"],
    [{ "": "four" }, "is empty"],
    [{ dark: "light", "dark roast": "green tea" }, "overlap"],
  ])("are refused where nobody knows what they mean: %j", (given, message) => {
    expect(() => replacementsOf(given, "Order two bags of the dark roast")).toThrow(message);
  });
});

test("places are the same whatever the ids in them", () => {
  expect(placeOf("http://shop.test/orders/1041/?tab=2")).toBe(placeOf("http://shop.test/orders/7"));
  expect(placeOf("http://shop.test/o/9f86d081-884c")).toBe(placeOf("http://shop.test/o/1b4f0e98-51ab"));
  expect(placeOf("http://shop.test/orders/new")).not.toBe(placeOf("http://shop.test/orders/7"));
});
