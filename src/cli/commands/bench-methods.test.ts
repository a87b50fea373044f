import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("bench methods refuses methods and settings that there are not, before anything runs", async () => {
  expect(mistakeOf(await webrl("bench", "methods", "--method", "webr"))).toContain('the nearest is "webrl"');
  expect(mistakeOf(await webrl("bench", "methods", "--method", "awr", "--set", "phasses=1"))).toContain(
    "phases",
  );
  expect(mistakeOf(await webrl("bench", "methods", "--seeds", "0"))).toContain("at least 1");
});
