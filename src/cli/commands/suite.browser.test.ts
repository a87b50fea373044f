import { expect, test } from "vitest";
import type { SuiteCheck } from "../../tasks/check.ts";
import { jsonOf, webrl } from "../testing/webrl.ts";

test("suite check runs oracles in the browser", async () => {
  const outcome = await webrl(
    "suite",
    "check",
    "--template",
    "map.nearest",
    "--instances",
    "1",
    "--parallel",
    "1",
    "--json",
  );
  expect(outcome.status).toBe(0);
  const { ok, templates, episodes } = jsonOf<SuiteCheck>(outcome);
  expect([ok, templates.map(({ id }) => id), episodes]).toEqual([true, ["map.nearest"], 2]);
});
