import { afterAll, beforeAll, expect, test } from "vitest";
import { BrowserPool } from "../../pool.ts";
import type { ComponentEpisode } from "./bundle.ts";
import { openComponents } from "./bundle.ts";

let pool: BrowserPool;
beforeAll(() => (pool = new BrowserPool()));
afterAll(() => pool[Symbol.asyncDispose]());

const on =
  (run: (page: ComponentEpisode) => Promise<void>, format?: "webrl" | "aria" | "compact") => async () => {
    await using page = await openComponents(pool, "bootstrap.js", format);
    await run(page);
  };

test.each(["compact", "aria"] as const)(
  "a panel from the side is not there before it is opened (%s)",
  (format) =>
    on(async (page) => {
      expect(page.page.text).not.toContain("Help centre");
      expect(page.page.text).toContain("Wash");
      await page.do("Click", "button Toggle navigation");
      await page.do("Click", "link Help centre");
      expect(await page.state()).toEqual({ help: true });
      await page.do("Click", "button Close");
      expect(page.page.text).toContain("Wash");
      expect(page.page.text).not.toContain("Help centre");
    }, format)(),
);

test(
  "a form in a modal is filled in and sent",
  on(async (page) => {
    await page.do("Click", "button New order");
    expect(page.page.text).not.toContain("Wash");
    await page.do("Select Dropdown Option", "combobox Product", "Chair");
    await page.do("Type", "textbox Amount", "3");
    await page.do("Click", "button Place order");
    expect(await page.state()).toEqual({ order: ["Chair", "3"] });
    expect(page.page.text).toContain("Wash");
  }),
);

test(
  "menu, switch, drawn radios, section, tab and message",
  on(async (page) => {
    await page.do("Click", "button Export");
    await page.do("Click", "link PDF");
    await page.do("Click", /Dark mode$/);
    await page.do("Click", "radio List");
    await page.do("Click", "button Shipping");
    expect(page.page.text).toContain("Free over $50.");
    await page.do("Click", "button Learn more");
    await page.do("Click", "tab Billing");
    expect(page.page.text).toContain("No invoices");
    await page.do("Click", "button Close message");
    expect(page.page.text).not.toContain("Saved");
    expect(await page.state()).toEqual({
      export: "PDF",
      dark: true,
      view: "list",
      more: true,
      tab: "Billing",
      toast: "closed",
    });
  }),
);

test(
  "flatpickr: a day, and a range of days",
  on(async (page) => {
    await page.do("Click", "textbox Trip");
    await page.do("Click", /March 16, 2026$/);
    expect(await page.state()).toEqual({ trip: "2026-03-16" });
    await page.do("Click", "textbox Stay");
    await page.do("Click", /March 20, 2026$/);
    await page.do("Click", /March 23, 2026$/);
    expect(await page.state()).toEqual({ trip: "2026-03-16", stay: "2026-03-20 to 2026-03-23" });
  }),
);

test(
  "SortableJS: the last becomes the first",
  on(async (page) => {
    await page.do("Drag", /Sleep$/, page.find(/Wash$/));
    expect(await page.state()).toEqual({ tasks: ["Sleep", "Wash", "Cook"] });
  }),
);
