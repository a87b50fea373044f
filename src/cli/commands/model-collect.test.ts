import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("model demos and rollouts ask for what they need and refuse shares that are none", async () => {
  expect(mistakeOf(await webrl("model", "demos"))).toContain("--out");
  expect(mistakeOf(await webrl("model", "rollouts", "--out", "x.jsonl"))).toContain("--model");
  expect(mistakeOf(await webrl("model", "demos", "--out", "x.jsonl", "--detour-rate", "2"))).toContain(
    "a fraction from 0 to 1",
  );
  expect(
    mistakeOf(await webrl("model", "demos", "--out", "x.jsonl", "--task-templates", "map.nearst")),
  ).toContain("map.nearest");
});
