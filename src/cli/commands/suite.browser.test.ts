import { expect, test } from "vitest";
import type { SuiteCheck } from "../../tasks/check.ts";
import { jsonOf, webrl } from "../testing/webrl.ts";

test.each(["compact", "aria"])("suite check runs oracles in the browser, on pages as %s", async (format) => {
  const outcome = await webrl(
    "suite",
    "check",
    "--template",
    "map.nearest",
    "--instances",
    "1",
    "--parallel",
    "1",
    "--format",
    format,
    "--json",
  );
  expect(outcome.status).toBe(0);
  const { ok, templates, episodes } = jsonOf<SuiteCheck>(outcome);
  expect([ok, templates.map(({ id }) => id), episodes]).toEqual([true, ["map.nearest"], 2]);
});
