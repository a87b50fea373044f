import { expect, it } from "vitest";
import { benchExtract } from "./agent-extract.ts";

it("rules read every layout and the built-in store without a mistake, from records that somebody has read rightly", async () => {
  const scores = await benchExtract({ pages: 20, perLayout: 2, seed: 11 });
  for (const { name, rows, found, extra, fields } of scores) {
    expect([name, found, extra]).toEqual([name, rows, 0]);
    expect(fields.filter(({ precision, recall }) => precision < 1 || recall < 1)).toEqual([]);
  }
  const [shop] = scores;
  expect(shop).toMatchObject({ layouts: 10 });
  expect(shop!.modelCalls).toBeLessThanOrEqual(30);
});
