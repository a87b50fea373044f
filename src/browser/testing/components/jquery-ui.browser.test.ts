import { afterAll, beforeAll, expect, test } from "vitest";
import { BrowserPool } from "../../pool.ts";
import type { ComponentEpisode } from "./bundle.ts";
import { openComponents } from "./bundle.ts";

let pool: BrowserPool;
beforeAll(() => (pool = new BrowserPool()));
afterAll(() => pool[Symbol.asyncDispose]());

const on =
  (run: (page: ComponentEpisode) => Promise<void>, format?: "webrl" | "aria" | "compact") => async () => {
    await using page = await openComponents(pool, "jquery-ui.js", format);
    await run(page);
  };

test.each(["compact", "webrl", "aria"] as const)("a day is picked in the next month (%s)", (format) =>
  on(async (page) => {
    await page.do("Click", "textbox Arrival");
    expect(page.page.text).toContain("March");
    await page.do("Click", /Next$/);
    await page.do("Click", "link 20");
    expect(await page.state()).toEqual({ arrival: "2026-04-20" });
  }, format)(),
);

test.each(["compact", "webrl", "aria"] as const)(
  "what the document listens for by a selector is clicked (%s)",
  (format) =>
    on(async (page) => {
      await page.do("Click", /Green$/);
      expect(await page.state()).toEqual({ tag: "Green" });
    }, format)(),
);

test(
  "a suggestion is chosen",
  on(async (page) => {
    await page.do("Type", /Language$/, "Java");
    await page.do("Click", /JavaScript$/);
    expect(await page.state()).toEqual({ lang: "JavaScript" });
  }),
);

test(
  "a drawn drop-down is opened and chosen from",
  on(async (page) => {
    await page.do("Click", /^combobox/);
    await page.do("Click", /Fast$/);
    expect(await page.state()).toEqual({ speed: "Fast" });
    expect(page.page.text).toContain("Fast");
  }),
);

test(
  "one action chooses from a drawn drop-down",
  on(async (page) => {
    await page.do("Select Dropdown Option", /^combobox/, "Medium");
    expect(await page.state()).toEqual({ speed: "Medium" });
  }),
);

test(
  "a slider's handle is moved by keys",
  on(async (page) => {
    await page.do(
      "Press",
      page.page.elements.some(({ role }) => role === "slider") ? /^slider/ : /^clickable (?!Red|Green)/,
      "ArrowRight ArrowRight",
    );
    expect(await page.state()).toEqual({ slider: 7 });
  }),
);

test(
  "a spinner goes up",
  on(async (page) => {
    await page.do("Press", /Guests$/, "ArrowUp ArrowUp");
    expect(await page.state()).toEqual({ guests: 4 });
  }),
);

test.each(["compact", "aria"] as const)("a menu's sub-menus open on hovering, item by item (%s)", (format) =>
  on(async (page) => {
    await page.do("Hover", /File$/);
    await page.do("Hover", /Export$/);
    await page.do("Click", /As table$/);
    expect(await page.state()).toEqual({ menu: "As table" });
  }, format)(),
);

test(
  "a section opens, and its link answers; a tab opens, and its button answers",
  on(async (page) => {
    await page.do("Click", "tab Second");
    await page.do("Click", "link Read two");
    await page.do("Click", "tab Sport");
    await page.do("Click", "button Show goals");
    expect(await page.state()).toEqual({ read: "two", goals: true });
  }),
);

test(
  "a list is sorted by dragging",
  on(async (page) => {
    await page.do("Drag", /Quince$/, page.find(/Pear$/));
    expect(await page.state()).toEqual({ order: ["Quince", "Pear", "Apple"] });
  }),
);

test(
  "a modal question hides the page and is answered",
  on(async (page) => {
    await page.do("Click", "button Remove account");
    expect(page.page.text).toContain("This cannot be undone.");
    expect(page.page.text).not.toContain("Sport");
    await page.do("Click", "button Remove");
    expect(await page.state()).toEqual({ removed: true });
  }),
);

test(
  "drawn radio buttons are chosen",
  on(async (page) => {
    await page.do("Click", "radio Business");
    expect(await page.state()).toEqual({ class: "r2" });
    expect(page.page.text).toContain("radio Business = checked");
  }),
);
