/** @file Actions on pages of real component libraries. What is seen of them has its own tests. */

import { afterAll, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { openComponents } from "./testing/components/bundle.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

it("Material UI: chooses, ticks a box whose label has a link, and types", async () => {
  await using page = await openComponents(pool, "mui.jsx");
  await page.do("Select Dropdown Option", /^combobox Fruit/, "Banana");
  // Waits until the list has faded away.
  await page.do("Wait");
  await page.do("Click", /^checkbox I accept/);
  await page.do("Select Dropdown Option", /^textbox City/, "Oslo");
  await page.do("Type", /^textbox Tags/, "one");
  await page.do("Press", null, "Enter");
  await page.do("Type", /^textbox Notes/, "a\nb");
  await page.do("Type", /^textbox Search/, "lamp");
  expect(await page.state()).toMatchObject({
    fruit: "Banana",
    terms: true,
    city: "Oslo",
    tags: ["one"],
    notes: "a\nb",
    searched: "lamp",
  });
});

it("jQuery UI: chooses in lists that say nothing of themselves, and sorts by dragging", async () => {
  await using page = await openComponents(pool, "jquery-ui.js");
  await page.do("Type", /Language/, "Java");
  await page.do("Select Dropdown Option", /Language/, "TypeScript");
  await page.do("Type", /Guests/, "5");
  await page.do("Press", /Guests/, "ArrowUp");
  // What cannot be clicked may not be listed as an element, so it is dragged by its text.
  await page.act('do(action="Drag", argument="Quince", element="Pear")');
  expect(await page.state()).toMatchObject({
    lang: "TypeScript",
    guests: 6,
    order: ["Apple", "Quince", "Pear"],
  });
  await page.act('do(action="Drag", argument="Apple", element="Pear")');
  expect(await page.state()).toMatchObject({ order: ["Pear", "Apple", "Quince"] });
});

it("SortableJS: sorts by dragging as HTML has it", async () => {
  await using page = await openComponents(pool, "bootstrap.js");
  await page.act('do(action="Drag", argument="Sleep", element="Wash")');
  expect(await page.state()).toMatchObject({ tasks: ["Cook", "Sleep", "Wash"] });
  await page.act('do(action="Drag", argument="Cook", element="Wash")');
  expect(await page.state()).toMatchObject({ tasks: ["Wash", "Cook", "Sleep"] });
});

it("ProseMirror and Quill: edits in place, adds at the end, replaces, formats", async () => {
  await using page = await openComponents(pool, "editors.js");
  await page.do("Select Text", "textbox Letter", "arrived");
  await page.do("Insert", null, "been lost");
  await page.do("Insert", "textbox Letter", "\nBest, Bob");
  await page.do("Select Text", "textbox Letter", "Ann");
  await page.do("Click", "button Bold");
  expect(await page.state()).toMatchObject({
    letter: "<p>Dear <strong>Ann</strong>,</p><p>The parcel has been lost.<br>Best, Bob</p>",
  });
  const comment = page.after("button clean", /^textbox/);
  await page.act(`do(action="Type", argument="First\\nSecond", element="${comment}")`);
  await page.act(`do(action="Insert", argument=" line", element="${comment}")`);
  await page.do("Type", "textbox Letter", "All new");
  await page.do("Press", null, "Control+A Control+C ArrowRight Enter Control+V");
  expect(await page.state()).toMatchObject({
    letter: "<p>All new</p><p>All new</p>",
    comment: "<p>First</p><p>Second&nbsp;line</p>",
  });
});

it("Element Plus and react-select: dates, numbers, lists of several", async () => {
  await using page = await openComponents(pool, "element-plus.js");
  await page.do("Type", "textbox Day", "2026-03-12");
  await page.do("Press", null, "Enter");
  await page.do("Type", "textbox Count", "4");
  await page.do("Press", null, "Tab");
  expect(await page.state()).toMatchObject({ date: "2026-03-12", count: 4 });
  await using lists = await openComponents(pool, "react-lists.jsx");
  await lists.do("Select Dropdown Option", /Country/, "Denmark");
  await lists.act(
    'do(action="Select Options", argument=["Canada", "Brazil"], element="' + lists.find(/Visited/) + '")',
  );
  expect(await lists.state()).toMatchObject({ country: "De", visited: ["Ca", "Br"] });
  expect((await lists.do("Scroll Down", /Item 3$/)).text).not.toContain("Item 3]");
});
