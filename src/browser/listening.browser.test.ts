/**
 * What answers to the mouse without saying so: because of listeners elsewhere, style sheets, or a control that nobody
 * sees.
 */

import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, open } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const click = (name: string) => `do(action="Click", element="${name}")`;
const OUT = `<p id=out>-</p>`;
const tell = `(e) => { document.getElementById("out").textContent = "clicked " + e.textContent }`;

describe("what others listen for is listed", () => {
  const rows = `<section><span class=row data-id=1>Ann</span> <span class=row data-id=2>Bob</span></section><p>Nothing here</p>`;
  it.each([
    [
      "by a selector in the document's listener",
      `document.addEventListener("click", (event) => { const row = event.target.closest(".row"); if (row) tell(row) })`,
    ],
    [
      "by a selector in the listener of something around it",
      `document.body.addEventListener("mousedown", function (event) { if (event.target.matches('[data-id]')) tell(event.target) })`,
    ],
    [
      "by React's root",
      `for (const row of document.querySelectorAll(".row")) row["__reactProps$x1y2"] = { onClick: () => tell(row) };
       document.addEventListener("click", ({ target }) => { for (const key in target) if (key.startsWith("__reactProps")) target[key].onClick() })`,
    ],
    [
      "by Svelte's root",
      `for (const row of document.querySelectorAll(".row")) row.__click = () => tell(row);
       document.addEventListener("click", ({ target }) => target.__click?.())`,
    ],
    [
      "by Svelte's root, newer",
      `const events = Symbol("events"); for (const row of document.querySelectorAll(".row")) row[events] = { click: () => tell(row) };
       document.addEventListener("click", ({ target }) => target[events]?.click())`,
    ],
    [
      "by Solid's document",
      `for (const row of document.querySelectorAll(".row")) row.$$click = () => tell(row);
       document.addEventListener("click", ({ target }) => target.$$click?.())`,
    ],
  ])("%s", async (_name, script) => {
    const page = `${OUT}${rows}<script>const tell = ${tell}; ${script}</script>`;
    await using test = await open(pool, page);
    expect(test.first.elements.map(({ name }) => name)).toEqual(["clickable Ann", "clickable Bob"]);
    expect(body(await test.act(click("clickable Bob")))).toContain("clicked Bob");
  });

  it("not what is only excepted, nor what was listened for before", async () => {
    const page = `${OUT}<div class=menu>Menu of the day</div><span class=row>Ann</span><button onclick="delete document.querySelector('.row').__click">Stop</button>
      <script>document.querySelector(".row").__click = () => {};
      document.addEventListener("click", (event) => { if (!event.target.closest(".menu")) out.textContent = "closed" })</script>`;
    await using test = await open(pool, page);
    expect(body(test.first)).toContain("clickable Ann");
    expect(body(test.first)).not.toContain("clickable Menu");
    expect(body(await test.act(click("button Stop")))).not.toContain("clickable");
  });

  it("a page whose objects throw is read all the same", async () => {
    const page = `<span class=row>Ann</span><script>const row = document.querySelector(".row");
      Object.defineProperty(row, "__click", { get() { throw new Error("no") } });
      document.addEventListener("click", () => {})</script>`;
    await using test = await open(pool, page);
    expect(body(test.first)).toBe("Ann");
  });
});

describe("a menu that style sheets open under the pointer is reached by hovering", () => {
  const item = (style: string) =>
    `<style>${style}</style><ul id=bar><li>Products<ul class=sub><li><a href="#lamps">Lamps</a></li></ul></li><li>About us</li></ul>`;
  it.each([
    ["display", `.sub { display: none } li:hover > .sub { display: block }`],
    ["visibility", `.sub { visibility: hidden } #bar > li:hover .sub { visibility: visible }`],
    [
      "opacity",
      `.sub { opacity: 0; pointer-events: none } li:is(:hover) .sub, li:hover .sub { opacity: 1; pointer-events: auto }`,
    ],
    [
      "height",
      `.sub { max-height: 0; overflow: hidden; transition: max-height .2s } li:hover .sub { max-height: 300px }`,
    ],
    [
      "in a media rule",
      `.sub { display: none } @media (min-width: 300px) { li:hover > .sub { display: block } }`,
    ],
    ["nested", `.sub { display: none } #bar > li { &:hover > .sub { display: block } }`],
  ])("by %s", async (_name, style) => {
    await using test = await open(pool, item(style));
    expect(test.first.elements.map(({ name }) => name)).toEqual(["clickable Products"]);
    const over = await test.act('do(action="Hover", element="clickable Products")');
    expect(body(over)).toContain("[link Lamps]");
    expect((await test.act(click("link Lamps"))).url).toContain("#lamps");
  });

  it("what is beside it, too", async () => {
    await using test = await open(
      pool,
      `<style>#menu { display: none } .open:hover + #menu, #menu:hover { display: block }</style><div class=open>More</div><div id=menu><a href="#x">Export</a></div>`,
    );
    expect(body(await test.act('do(action="Hover", element="clickable More")'))).toContain("[link Export]");
  });

  it("where a link or button in it can be hovered, that is enough", async () => {
    await using test = await open(
      pool,
      `<style>.sub { display: none } li:hover > .sub { display: block }</style><ul><li><a href="#p">Products</a><ul class=sub><li><a href="#lamps">Lamps</a></li></ul></li></ul>`,
    );
    expect(test.first.elements.map(({ name }) => name)).toEqual(["link Products"]);
    expect(body(await test.act('do(action="Hover", element="link Products")'))).toContain("[link Lamps]");
  });
});

describe("controls that nobody sees are where they are drawn", () => {
  it("a slider in its thumb", async () => {
    const page = `<p id=out>-</p><span style="position:relative;display:block;width:200px;height:6px;background:#ccc">
      <span style="position:absolute;left:90px;top:-7px;width:20px;height:20px;background:#07c">
      <input type=range aria-label=Volume value=30 oninput="out.textContent = value" style="border:0;clip:rect(0 0 0 0);height:100%;margin:-1px;overflow:hidden;padding:0;position:absolute;width:100%"></span></span>`;
    for (const format of ["compact", "aria"] as const) {
      await using test = await open(pool, page, { format });
      const { name } = test.first.elements.find(({ role }) => role === "slider")!;
      expect((await test.act(`do(action="Type", argument="70", element="${name}")`)).text).toContain("70");
    }
  });
});

describe("names", () => {
  it("of what surrounds a field are the field's", async () => {
    const page = `<div role=combobox aria-haspopup=listbox style="width:200px"><input placeholder=City style="width:180px"></div>`;
    await using test = await open(pool, page);
    expect(body(test.first)).toContain("[combobox City]");
    expect(body(await test.act('do(action="Type", argument="Lyon", element="combobox City")'))).toContain(
      "[combobox City = Lyon]",
    );
  });

  it("of pictures do not come from their strokes", async () => {
    const icon = `<svg width=18 height=18 viewBox="0 0 18 18"><path class="ql-stroke" d="M3,3H9V15"/><polyline class="ql-even ql-fill" points="1 1 9 9"/></svg>`;
    await using test = await open(
      pool,
      `<button class=ql-bold>${icon}</button><button class=ql-list value=ordered>${icon}</button><button class=ql-list value=bullet>${icon}</button><button>${icon}</button>`,
    );
    expect(test.first.elements.map(({ label }) => label)).toEqual([
      "(bold)",
      "(list ordered)",
      "(list bullet)",
      "(polyline)",
    ]);
  });

  it("of fields that are called the same tell which takes several lines", async () => {
    await using test = await open(
      pool,
      `<input aria-label=Note><textarea aria-label=Note></textarea><textarea aria-label=Memo></textarea>`,
    );
    expect(body(test.first)).toBe("[textbox Note] [textbox Note #2; several lines] [textbox Memo]");
  });
});

it("a tab and the x in it are two elements in webrl, too", async () => {
  const page = `<p id=out>-</p><button role=tab onclick="out.textContent += 'Inbox'">Inbox</button><div role=tab style="cursor:pointer" onclick="out.textContent += 'Drafts'">Drafts <span onclick="event.stopPropagation(); out.textContent += 'x'">×</span></div>`;
  await using test = await open(pool, page, { format: "webrl" });
  expect(test.first.elements.map(({ label }) => label)).toEqual(["Inbox", "Drafts ×", "×"]);
  await test.act(click("1"));
  expect((await test.act(click("2"))).text).toContain("-Draftsx");
});
