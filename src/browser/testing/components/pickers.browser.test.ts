import { afterAll, beforeAll, expect, test } from "vitest";
import { BrowserPool } from "../../pool.ts";
import type { ComponentEpisode } from "./bundle.ts";
import { openComponents } from "./bundle.ts";

let pool: BrowserPool;
beforeAll(() => (pool = new BrowserPool()));
afterAll(() => pool[Symbol.asyncDispose]());

const on =
  (run: (page: ComponentEpisode) => Promise<void>, format?: "webrl" | "aria" | "compact") => async () => {
    await using page = await openComponents(pool, "pickers.jsx", format);
    await run(page);
  };

// In the simplified HTML, buttons that are only a picture have no words.
test.each(["compact", "aria"] as const)("a day is picked in the next month (%s)", (format) =>
  on(async (page) => {
    expect(page.page.text).toContain("05");
    await page.do("Click", /Choose date/);
    expect(page.page.text).toContain("March 2026");
    await page.do("Click", /Next month$/);
    expect(page.page.text).toContain("April 2026");
    await page.do("Click", /^(?:button|gridcell) 20$/);
    expect(await page.state()).toMatchObject({ arrival: "2026-04-20" });
    expect(page.page.text).not.toContain("April 2026");
  }, format)(),
);

test.each(["compact", "webrl", "aria"] as const)(
  "what only React knows to be clicked is clicked (%s)",
  (format) =>
    on(async (page) => {
      await page.do("Click", /Green$/);
      expect(await page.state()).toMatchObject({ tag: "Green" });
    }, format)(),
);

test(
  "a date and a time are typed part by part",
  on(async (page) => {
    await page.do("Type", "textbox Day", "21");
    expect(await page.state()).toMatchObject({ arrival: "2026-03-21" });
    await page.do("Type", "textbox Hours", "14");
    await page.do("Type", "textbox Minutes", "30");
    expect(await page.state()).toMatchObject({ time: "14:30" });
    expect(page.page.text).toMatch(/Minutes = 30/);
  }),
);

test.each(["compact", "aria"] as const)("Lexical: replaced, appended to, formatted (%s)", (format) =>
  on(async (page) => {
    expect(page.page.text).not.toContain("Ann,The");
    await page.do("Insert", "textbox Letter", " It is broken.");
    expect(await page.state()).toMatchObject({
      letter: "Dear Ann,\n\nThe parcel has arrived. It is broken.",
    });
    await page.do("Select Text", "textbox Letter", "broken");
    await page.do("Click", "button Bold");
    expect(await page.state()).toMatchObject({ bold: ["broken"] });
    await page.do("Type", "textbox Letter", "Thank you.");
    expect(await page.state()).toMatchObject({ letter: "Thank you." });
  }, format)(),
);
