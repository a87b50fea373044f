/** Libraries that listen in one place for all: what their own components say is listed and answers. */

import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "../../pool.ts";
import { openComponents } from "./bundle.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

describe.each([
  ["Svelte", "svelte.js"],
  ["Solid", "solid.js"],
])("%s", (_name, file) => {
  it.each(["compact", "aria", "webrl"] as const)("in %s", async (format) => {
    await using test = await openComponents(pool, file, format);
    await test.do("Type", "What to buy", "Salt");
    await test.do("Click", "Add");
    await test.do("Type", "What to buy", "Oil");
    await test.do("Press", null, "Enter");
    await test.do("Click", "Remove Bread");
    await test.do("Click", "Salt");
    const after = await test.do("Click", "More");
    expect(await test.state()).toEqual({ items: ["Milk", "Salt", "Oil"], chosen: "Salt" });
    expect(after.text).toContain("3 things");
  });
  it("lists what is meant to be clicked and nothing around it", async () => {
    await using test = await openComponents(pool, file);
    expect(test.page.elements.map(({ name }) => name)).toEqual([
      "textbox What to buy",
      "clickable Add",
      "clickable Milk",
      "clickable Remove Milk",
      "clickable Bread",
      "clickable Remove Bread",
      "clickable More",
    ]);
  });
});
