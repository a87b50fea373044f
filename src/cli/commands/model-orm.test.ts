import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("model orm asks for rollouts that are there, a base and a share to hold out", async () => {
  const need = ["model", "orm", "--base", "models/base", "--out", "/nowhere/orm"];
  expect(mistakeOf(await webrl(...need))).toContain("--rollouts");
  expect(mistakeOf(await webrl(...need, "--rollouts", "none.jsonl"))).toContain(
    "there is no file of episodes",
  );
  expect(mistakeOf(await webrl(...need, "--rollouts", "none.jsonl", "--held-out", "1.5"))).toContain(
    "a share from 0 to 1",
  );
});
