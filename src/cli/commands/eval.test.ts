import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("eval refuses what it cannot score: no model, no run, no such site, no such split", async () => {
  expect(mistakeOf(await webrl("eval", "--model", "models/nowhere"))).toContain(
    '--model names no model: "models/nowhere"',
  );
  expect(mistakeOf(await webrl("eval", "--run", "runs/nowhere"))).toContain("is not a run");
  expect(mistakeOf(await webrl("eval", "--site", "mapp"))).toContain('the nearest is "map"');
  expect(mistakeOf(await webrl("eval", "--split", "tests"))).toContain(
    "Choose one of train, validation, test",
  );
});
