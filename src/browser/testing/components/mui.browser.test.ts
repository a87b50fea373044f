import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BrowserPool } from "../../pool.ts";
import type { ComponentEpisode } from "./bundle.ts";
import { openComponents } from "./bundle.ts";

let pool: BrowserPool;
beforeAll(() => (pool = new BrowserPool()));
afterAll(() => pool[Symbol.asyncDispose]());

const using = async (run: (mui: ComponentEpisode) => Promise<void>, format?: "webrl" | "aria") => {
  await using mui = await openComponents(pool, "mui.jsx", format);
  await run(mui);
};

describe.each(["compact", "webrl", "aria"] as const)("in %s", (format) => {
  const on = (run: (mui: ComponentEpisode) => Promise<void>) => async () => {
    await using mui = await openComponents(pool, "mui.jsx", format);
    await run(mui);
  };

  test(
    "a select opens its list beside the page, and the choice shows",
    on(async (mui) => {
      await mui.do("Click", "combobox Fruit");
      const chosen = await mui.do("Click", "option Banana");
      expect(await mui.state()).toEqual({ fruit: "Banana" });
      expect(chosen.text).toContain("Banana");
    }),
  );

  test(
    "a select in a dialog opens its list, which is beside the dialog",
    on(async (mui) => {
      const opened = await mui.do("Click", "button Open settings");
      // The simplified HTML has the whole document.
      if (format !== "webrl") expect(opened.text).not.toContain("Delivery");
      await mui.do("Click", "combobox Theme");
      await mui.do("Click", "option Dark");
      await mui.do("Click", "button Save");
      expect(await mui.state()).toEqual({ theme: "Dark" });
      expect(mui.page.text).toContain("Delivery");
    }),
  );

  test(
    "a row and the buttons in it are elements of their own",
    on(async (mui) => {
      await mui.do("Scroll Down").catch(() => {});
      await mui.act(`do(action="Click", element=${JSON.stringify(mui.after(/Bob/, /button Edit/))})`);
      expect(await mui.state()).toEqual({ edited: "Bob" });
      await mui.do("Click", /Cid/);
      expect(await mui.state()).toEqual({ edited: "Bob", opened: "Cid" });
    }),
  );
});

test.each(["compact", "aria"] as const)(
  "a slider that is drawn over its field takes a value (%s)",
  async (format) => {
    await using mui = await openComponents(pool, "mui.jsx", format);
    await mui.do("Type", "slider Volume", "70");
    expect(await mui.state()).toEqual({ volume: 70 });
    expect(mui.page.text).toMatch(/slider "?Volume/);
  },
);

test.each(["compact", "webrl", "aria"] as const)("a tab is closed by the x in it (%s)", async (format) => {
  await using mui = await openComponents(pool, "mui.jsx", format);
  await mui.do("Click", /^button Close Drafts$/);
  expect(await mui.state()).toEqual({ tabs: ["Inbox", "Sent"] });
  await mui.do("Click", /^tab (?:Close )?Sent/);
  expect(await mui.state()).toEqual({ tabs: ["Inbox", "Sent"], tab: "Sent" });
});

test("a list that takes several keeps what was chosen before", () =>
  using(async (mui) => {
    await mui.do("Click", "combobox Sizes");
    await mui.do("Click", "option Small");
    await mui.do("Click", "option Large");
    await mui.do("Press", null, "Escape");
    expect(await mui.state()).toEqual({ sizes: ["Small", "Large"] });
    expect(mui.page.text).toContain("Small, Large");
  }));

test("one action chooses from a drawn drop-down", () =>
  using(async (mui) => {
    await mui.do("Select Dropdown Option", "combobox Fruit", "Cherry");
    expect(await mui.state()).toEqual({ fruit: "Cherry" });
    await mui.do("Select Dropdown Option", /^(textbox|textarea|combobox) City$/, "Vienna");
    expect(await mui.state()).toEqual({ fruit: "Cherry", city: "Vienna" });
  }));

test("boxes, switches and radios are set; the link in a label is not followed", () =>
  using(async (mui) => {
    await mui.do("Click", "checkbox Gift wrap");
    await mui.do("Click", "switch Notifications");
    await mui.do("Click", /^checkbox I accept the terms/);
    await mui.do("Click", "radio Invoice");
    await mui.do("Click", "button Align right");
    await mui.do("Click", "radio 4 Stars");
    expect(await mui.state()).toEqual({
      gift: true,
      notify: true,
      terms: true,
      pay: "invoice",
      align: "right",
      stars: 4,
    });
    expect(mui.page.url).not.toContain("#terms");
  }));

test("typing brings suggestions, one of which is chosen", () =>
  using(async (mui) => {
    const typed = await mui.do("Type", /^(textbox|textarea|combobox) City$/, "Lis");
    expect(typed.text).not.toContain("Berlin");
    await mui.do("Click", "option Lisbon");
    expect(await mui.state()).toEqual({ city: "Lisbon" });
  }));

test("chips are made by Enter and deleted by their x", () =>
  using(async (mui) => {
    await mui.do("Type", /^(textbox|textarea|combobox) Tags$/, "new");
    await mui.do("Press", null, "Enter");
    await mui.do("Type", /^(textbox|textarea|combobox) Tags$/, "sale");
    await mui.do("Press", null, "Enter");
    expect(await mui.state()).toEqual({ tags: ["new", "sale"] });
    await mui.act(
      `do(action="Click", element=${JSON.stringify(mui.after("button green", /delete|cancel|icon/i))})`,
    );
    expect(await mui.state()).toEqual({ tags: ["new", "sale"], chips: ["red", "blue"] });
  }));

test("a search that listens to keys hears them", () =>
  using(async (mui) => {
    await mui.do("Type", /^(textbox|textarea|combobox) Search$/, "lamp");
    expect(await mui.state()).toEqual({ searched: "lamp" });
  }));

test("a text of several lines is shown in lines and appended to", () =>
  using(async (mui) => {
    await mui.do("Type", /^(textbox|textarea|combobox) Notes$/, "Milk\nBread");
    await mui.do("Insert", /^(textbox|textarea|combobox) Notes$/, "\nEggs");
    expect(await mui.state()).toEqual({ notes: "Milk\nBread\nEggs" });
    expect(mui.page.text).not.toContain("Milk Bread");
  }));

test("a toast is read and dismissed; a menu opens; an accordion opens; a stepper counts", () =>
  using(async (mui) => {
    const told = await mui.do("Click", "button Notify me");
    expect(told.text).toContain("You will be notified");
    await mui.do("Click", "button Dismiss");
    expect(await mui.state()).toEqual({ toast: "dismissed" });
    await mui.do("Click", "button Account");
    await mui.do("Click", "menuitem Log out");
    expect(await mui.state()).toEqual({ toast: "dismissed", menu: "Log out" });
    expect(mui.page.text).not.toContain("Arrives on Monday");
    await mui.do("Click", "button Delivery");
    expect(mui.page.text).toContain("Arrives on Monday");
    await mui.do("Click", "button Track parcel");
    await mui.do("Scroll Down").catch(() => {});
    await mui.do("Click", "button More");
    await mui.do("Click", "button More");
    expect(await mui.state()).toMatchObject({ tracked: true });
    expect(mui.page.text).toContain("[button Less] 3 [button More]");
  }));
