import { afterAll, beforeAll, expect, test } from "vitest";
import { BrowserPool } from "../../pool.ts";
import { openComponents } from "./bundle.ts";

let pool: BrowserPool;
beforeAll(() => (pool = new BrowserPool()));
afterAll(() => pool[Symbol.asyncDispose]());

const COUNTRY = /^(combobox|textbox) Country/;
const VISITED = /^(combobox|textbox) Visited/;

test.each(["compact", "webrl", "aria"] as const)(
  "react-select: opened and chosen from (%s)",
  async (format) => {
    await using page = await openComponents(pool, "react-lists.jsx", format);
    await page.do("Click", COUNTRY);
    await page.do("Click", /Canada$/);
    expect(await page.state()).toEqual({ country: "Ca" });
    expect(page.page.text).toContain("Canada");
  },
);

test("react-select: typed into, chosen by Enter", async () => {
  await using page = await openComponents(pool, "react-lists.jsx");
  const typed = await page.do("Type", COUNTRY, "Den");
  expect(typed.text).toContain("Denmark");
  expect(typed.text).not.toContain("Egypt");
  await page.do("Press", null, "Enter");
  expect(await page.state()).toEqual({ country: "De" });
});

test("react-select: one action chooses", async () => {
  await using page = await openComponents(pool, "react-lists.jsx");
  await page.do("Select Dropdown Option", COUNTRY, "Brazil");
  expect(await page.state()).toEqual({ country: "Br" });
});

test("react-select: several chosen, one taken back by its x", async () => {
  await using page = await openComponents(pool, "react-lists.jsx");
  for (const country of ["Brazil", "Egypt"]) {
    await page.do("Click", VISITED);
    await page.do("Click", new RegExp(`^option ${country}`));
  }
  expect(await page.state()).toMatchObject({ visited: ["Br", "Eg"] });
  await page.do("Click", /Remove Brazil/);
  expect(await page.state()).toMatchObject({ visited: ["Eg"] });
});

test.each(["compact", "webrl", "aria"] as const)(
  "react-window: scrolled to the 300th row and clicked (%s)",
  async (format) => {
    await using page = await openComponents(pool, "react-lists.jsx", format);
    for (let tries = 0; tries < 60 && !page.page.elements.some(({ label }) => label === "Item 300"); tries++)
      await page.do("Scroll Down", /Item \d+$/);
    await page.do("Click", /Item 300$/);
    expect(await page.state()).toEqual({ clicked: 300 });
  },
);
