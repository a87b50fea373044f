import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("bench rollout refuses numbers and agents that are none", async () => {
  expect(mistakeOf(await webrl("bench", "rollout", "--parallel", "1,x"))).toContain("whole number");
  expect(mistakeOf(await webrl("bench", "rollout", "--agents", "chance"))).toContain("random");
  expect(mistakeOf(await webrl("bench", "rollout", "--suite", "builtin"))).toContain("built-in");
});
