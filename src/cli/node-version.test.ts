import { expect, test } from "vitest";
import { nodeTooOld } from "./node-version.ts";

test.each([
  ["18.20.8", ">=20.19", "webrl needs Node 20.19 or newer, and this is 18.20.8"],
  ["20.18.3", ">=20.19", "webrl needs Node 20.19 or newer, and this is 20.18.3"],
  ["20.19.0", ">=20.19", null],
  ["22.1.0", ">=20.19", null],
])("Node %s where %s is needed", (version, needed, problem) => {
  expect(nodeTooOld(version, needed)).toBe(problem);
});

test("this Node is new enough for package.json", () => {
  expect(nodeTooOld()).toBeNull();
});
