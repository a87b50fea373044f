import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BrowserPool } from "../../pool.ts";
import type { ComponentEpisode } from "./bundle.ts";
import { openComponents } from "./bundle.ts";

let pool: BrowserPool;
beforeAll(() => (pool = new BrowserPool()));
afterAll(() => pool[Symbol.asyncDispose]());

const on =
  (run: (page: ComponentEpisode) => Promise<void>, format?: "webrl" | "aria" | "compact") => async () => {
    await using page = await openComponents(pool, "element-plus.js", format);
    await run(page);
  };

describe.each(["compact", "aria"] as const)("in %s", (format) => {
  test(
    "a select is opened, chosen from, and shows the choice",
    on(async (page) => {
      await page.do("Click", /Fruit$/);
      await page.do("Click", /^option Cherry/);
      expect(await page.state()).toMatchObject({ fruit: "Cherry" });
      expect(page.page.text).toContain("Cherry");
    }, format),
  );

  test(
    "a tree is expanded level by level",
    on(async (page) => {
      await page.do("Click", /^treeitem Animals/);
      expect(page.page.text).toContain("Dogs");
      await page.do("Click", /^treeitem Dogs/);
      await page.do("Click", /^treeitem Poodle/);
      expect(await page.state()).toMatchObject({ node: "Poodle" });
    }, format),
  );

  test(
    "a menu opens on hovering",
    on(async (page) => {
      await page.do("Hover", /More$/);
      await page.do("Click", /^menuitem Move/);
      expect(await page.state()).toMatchObject({ menu: "move" });
    }, format),
  );
});

test(
  "one action chooses from a drawn drop-down",
  on(async (page) => {
    await page.do("Select Dropdown Option", /Fruit$/, "Banana");
    expect(await page.state()).toMatchObject({ fruit: "Banana" });
  }),
);

test(
  "several are chosen, and shown",
  on(async (page) => {
    await page.do("Click", /Sizes$/);
    await page.do("Click", /^option S$/);
    await page.do("Click", /^option L$/);
    expect(await page.state()).toMatchObject({ many: ["S", "L"] });
  }),
);

test(
  "a day is picked in the calendar, in another month",
  on(async (page) => {
    await page.do("Click", /Day$/);
    expect(page.page.text).toContain("March");
    await page.do("Click", /Next Month/i);
    expect(page.page.text).toContain("April");
    await page.do("Click", /^\w+ 16$/);
    expect(await page.state()).toMatchObject({ date: "2026-04-16" });
  }),
);

test(
  "switch, boxes, radio buttons and steppers",
  on(async (page) => {
    await page.do("Click", /Newsletter$|^switch/);
    await page.do("Click", "checkbox Olives");
    await page.do("Click", "radio Week");
    await page.do("Click", "button increase number");
    await page.do("Click", "button increase number");
    expect(await page.state()).toMatchObject({ switched: true, checks: ["Olives"], radio: "week", count: 3 });
  }),
);

test(
  "a slider of ARIA takes a value, and keys",
  on(async (page) => {
    await page.do("Press", /^slider Volume/, "ArrowRight ArrowRight");
    expect(await page.state()).toMatchObject({ volume: 12 });
    await page.do("Type", /^slider Volume/, "40");
    expect(await page.state()).toMatchObject({ volume: 40 });
  }),
);

test.each(["compact", "aria"] as const)("suggestions are asked for by the field's own name (%s)", (format) =>
  on(async (page) => {
    await page.do("Type", /^(?:combobox|textbox) City$/, "Lis");
    await page.do("Click", /Lisbon$/);
    expect(await page.state()).toMatchObject({ city: "Lisbon" });
  }, format)(),
);

test(
  "a cascader goes from country to city",
  on(async (page) => {
    await page.do("Click", /Place$/);
    await page.do("Click", /France$/);
    await page.do("Click", /Lyon$/);
    expect(await page.state()).toMatchObject({ place: ["fr", "lyon"] });
  }),
);

test(
  "a tab is closed by the x in it",
  on(async (page) => {
    // The x is there while the mouse is over the tab.
    await page.do("Hover", /^tab Beta/);
    await page.act(`do(action="Click", element=${JSON.stringify(page.after(/^tab Beta/, /close|icon/i))})`);
    expect(await page.state()).toMatchObject({ tabs: ["Alpha", "Gamma"] });
  }),
);

test(
  "a section opens; a row's button knows its row",
  on(async (page) => {
    expect(page.page.text).not.toContain("Returned within");
    await page.do("Click", /^button Terms/);
    expect(page.page.text).toContain("Returned within");
    await page.act(`do(action="Click", element=${JSON.stringify(page.find("button Edit", 2))})`);
    expect(await page.state()).toMatchObject({ edited: "Bob" });
  }),
);

test(
  "a select in a dialog",
  on(async (page) => {
    await page.do("Click", "button Settings");
    expect(page.page.text).not.toContain("treeitem");
    await page.do("Click", /Theme$/);
    await page.do("Click", /^option Dark/);
    await page.do("Click", "button Save");
    expect(await page.state()).toMatchObject({ saved: "dark" });
    expect(page.page.text).toContain("treeitem");
  }),
);

test(
  "a question in a bubble is answered; a message is closed",
  on(async (page) => {
    await page.do("Click", "button Delete");
    expect(page.page.text).toContain("Really delete?");
    await page.do("Click", "button Yes");
    expect(await page.state()).toMatchObject({ confirmed: true });
    await page.do("Click", "button Notify");
    expect(page.page.text).toContain("Sent to all");
    await page.do("Click", /close|icon/i);
    expect(await page.state()).toMatchObject({ toast: true });
  }),
);
