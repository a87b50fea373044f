import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test("the nearest name by edits, none where all are far", () => {
  expect(nearest("sweet", ["suite", "sheet"])).toBe("sheet");
  expect(nearest("Suite", ["suite", "demo"])).toBe("suite");
  expect(nearest("xyzzy", ["suite", "demo"])).toBeUndefined();
  expect(nearest("anything", [])).toBeUndefined();
});
