/**
 * Kinds of pages that were tried after the first ones: what is drawn without a box or an element of its own, what is
 * closed.
 */

import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const click = (element: string) => `do(action="Click", element="${element}")`;
const PICTURE = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='200' height='100'/%3E`;

describe("parts of an image map", () => {
  const app = pages({
    "/": `<img src="${PICTURE}" width=200 height=100 usemap="#m" alt="Floor plan"><map name=m>
      <area shape=rect coords="0,0,100,100" href="/left" alt="Left room"><area shape=circle coords="150,50,40" href="/right" alt="Right room">
      <area shape=poly coords="100,0,110,0,105,20" href="/door" alt="Door"></map>`,
    "/left": () => html("<p>left"),
    "/right": () => html("<p>right"),
    "/door": () => html("<p>door"),
  });
  it.each([
    ["Left room", "left"],
    ["Right room", "right"],
    ["Door", "door"],
  ])("%s is a link in compact", async (name, text) => {
    await using test = await open(pool, app);
    expect(body(await test.act(click(`link ${name}`)))).toBe(text);
  });
  it.each(["aria", "webrl"] as const)("they are there in %s", async (format) => {
    await using test = await open(pool, app, { format });
    const { name } = test.first.elements.find(({ label }) => label === "Right room")!;
    expect(test.first.text).toContain("Right room");
    expect((await test.act(click(name))).text).toContain("right");
  });
});

describe("what can be seen and takes no mouse", () => {
  it.each([
    ["an inert part", `<div inert><button>Pay</button> <a href=/x>Terms</a> <input aria-label=Name></div>`],
    [
      "no pointer events",
      `<button style="pointer-events:none">Pay</button> <a href=/x style="pointer-events:none">Terms</a> <input disabled aria-label=Name>`,
    ],
  ])("%s: is listed as disabled", async (_name, markup) => {
    await using test = await open(pool, `${markup}<button>Live</button>`);
    for (const name of ["button Pay", "link Terms", "textbox Name"])
      expect(body(test.first)).toContain(`[${name}; disabled]`);
    expect((await test.act(click("button Pay"))).error?.message).toBe(`"button Pay" is disabled`);
  });

  it("what is covered, transparent or a part of another control is not", async () => {
    await using test = await open(
      pool,
      `<div style="position:relative"><button style="pointer-events:none">Under</button><div style="position:absolute;inset:0;background:red">Over</div></div>
      <button style="pointer-events:none;opacity:0">Clear</button>
      <button>Whole <span role=link style="pointer-events:none">part</span></button>
      <div onclick="" role=combobox tabindex=0>Apple <input style="pointer-events:none;width:9px" aria-hidden=true></div>`,
    );
    expect(body(test.first)).not.toContain("disabled");
    expect(body(test.first)).not.toContain("Under");
  });
});

describe("bars say how full they are", () => {
  const markup = `<p>Disk <meter value=.6></meter></p><p>Upload <progress value=3 max=10></progress></p><p>Waiting <progress></progress></p>
    <p>Sync <span role=progressbar aria-valuenow=45 style="display:inline-block;width:50px;height:9px"></span></p>
    <p>Level <span role=meter aria-valuenow=2 aria-valuetext="2 of 5 stars" style="display:inline-block;width:50px;height:9px"></span></p>
    <p>Told <span role=progressbar aria-valuenow=70>70 percent</span></p>`;
  it("in compact", async () => {
    await using test = await open(pool, markup);
    expect(body(test.first).split("\n")).toEqual([
      "Disk 60%",
      "Upload 30%",
      "Waiting",
      "Sync 45%",
      "Level 2 of 5 stars",
      "Told 70 percent",
    ]);
  });
  it("in aria", async () => {
    await using test = await open(pool, markup, { format: "aria" });
    expect(body(test.first)).toContain("meter: 60%");
    expect(body(test.first)).toContain("progressbar: 45%");
  });
});

it.each(["compact", "aria"] as const)(
  "a text that the style sheet leaves undrawn is not read in %s",
  async (format) => {
    await using test = await open(
      pool,
      `<div style="content-visibility:hidden">Cached <b>twice</b> <button>Inside</button></div><p>Seen`,
      { format },
    );
    expect(body(test.first)).toContain("Seen");
    expect(body(test.first)).not.toMatch(/Cached|twice|Inside/);
  },
);

describe("closed shadow roots", () => {
  const markup = `<x-a></x-a><p id=out>-</p><script>
    customElements.define("x-a", class extends HTMLElement { constructor() { super();
      const root = this.attachShadow({ mode: "closed" });
      root.innerHTML = "<input aria-label=Coupon><button>Apply</button>";
      root.querySelector("button").onclick = (event) => {
        document.querySelector("#out").textContent = [root.querySelector("input").value, String(this.shadowRoot), root.mode, event.composedPath()[0].localName].join(" ") } } });
    let path; addEventListener("click", (event) => { path = event.composedPath()[0].localName; document.querySelector("#out").append(" " + path) });
  </script>`;
  it.each(["compact", "aria"] as const)(
    "are seen and operated in %s, and stay closed to the page",
    async (format) => {
      await using test = await open(pool, markup, { format });
      const name = (label: string) => test.first.elements.find((one) => one.label === label)!.name;
      await test.act(`do(action="Type", argument="X1", element="${name("Coupon")}")`);
      expect(body(await test.act(click(name("Apply"))))).toContain("X1 null closed button x-a");
    },
  );
});

describe("keys of access", () => {
  const markup = `<input aria-label=Name><button accesskey="s" onclick="out.textContent = 'saved'">Save</button><p id=out>-`;
  it("press what they stand for", async () => {
    await using test = await open(pool, markup);
    expect(body(await test.act('do(action="Press", argument="Alt+s")'))).toContain("saved");
  });
  it("write nothing where they stand for nothing", async () => {
    await using test = await open(pool, markup);
    await test.act('do(action="Type", argument="Ann", element="textbox Name")');
    expect(body(await test.act('do(action="Press", argument="Alt+x")'))).toContain("[textbox Name = Ann]");
  });
});

describe("in webrl", () => {
  it("what is called something without a word in it says so", async () => {
    await using test = await open(
      pool,
      `<input aria-label=Card><button aria-label="Choose date" style="cursor:pointer"><svg width=9 height=9><path d="M0 0h9v9z"/></svg></button>
      <canvas role=button aria-label=Play width=50 height=20></canvas><button>Plain</button><label>City <input></label><textarea aria-label=Note>text</textarea>`,
      { format: "webrl" },
    );
    const named = [...test.first.text.matchAll(/ aria-label="([^"]*)"/g)].map(([, name]) => name);
    expect(named).toEqual(["Card", "Choose date", "Play", "Note"]);
  });
  it("passwords are not told", async () => {
    await using test = await open(pool, `<label>Key <input type=password value=hunter2></label>`, {
      format: "webrl",
    });
    expect(test.first.text).toContain("••••");
    expect(test.first.text).not.toContain("hunter2");
  });
  it("options in groups are there", async () => {
    await using test = await open(
      pool,
      `<select><optgroup label=A><option>Volvo<option>Saab</optgroup><option>None</select>`,
      { format: "webrl" },
    );
    expect(test.first.text).toMatch(/Volvo.*Saab.*None/);
  });
});

it("a swatch is called by its colour, a picker of colours by what is around it", async () => {
  await using test = await open(
    pool,
    `<style>.swatch { width: 20px; height: 20px; display: inline-block }</style>
    <button class=swatch style="background:#f00"></button><button class=swatch style="background:navy"></button>
    <span class="ql-color ql-picker"><span class="ql-picker-label" style="cursor:pointer"><svg width=9 height=9></svg></span></span>`,
  );
  expect(body(test.first)).toBe(
    "[button (swatch red)] [button (swatch blue)] [clickable (color picker label)]",
  );
});

describe("numbers of ordered lists", () => {
  const LISTS = `<ol><li>Mix<li value=5><p>Bake</p><li><a href=/x>Serve</a><ol type=a><li>Hot<li>Cold</ol></ol>
    <ol start=3 reversed><li>Three<li>Two</ol><ol type=I><li><li>Second</ol><p>After</p>
    <ol style="list-style:none"><li>Plain</ol><ul><li>Dot</ul>`;
  it("are read in compact as they are drawn", async () => {
    await using test = await open(pool, LISTS);
    expect(body(test.first).split("\n")).toEqual([
      "1. Mix",
      "5. Bake",
      "6. [link Serve]",
      "a. Hot",
      "b. Cold",
      "3. Three",
      "2. Two",
      "II. Second",
      "After",
      "Plain",
      "Dot",
    ]);
  });
  it("are read in aria", async () => {
    await using test = await open(pool, LISTS, { format: "aria" });
    expect(test.first.text).toContain("- listitem: 1. Mix");
    expect(test.first.text).toContain("- listitem: b. Cold");
    expect(test.first.text).toContain("- listitem: Dot");
  });
});

it("documents in <object> and <embed> are read and operated as frames are", async () => {
  const button = (text: string) => html(`<button onclick="this.textContent='pressed'">${text}</button>`);
  const app = pages({
    "/": `<object data="/one" type="text/html" width=300 height=60></object><embed src="/two" type="text/html" width=300 height=60>`,
    "/one": () => button("In object"),
    "/two": () => button("In embed"),
  });
  await using test = await open(pool, app);
  expect(body(test.first)).toBe("[button In object]\n[button In embed]");
  await test.act(click("button In object"));
  expect(body(await test.act(click("button In embed")))).toBe("[button pressed]\n[button pressed #2]");
});

it("what can be dragged is listed", async () => {
  await using test = await open(
    pool,
    `<div draggable=true ondragstart="event.dataTransfer.setData('text', 'an apple')">Apple</div>
     <div ondragover="event.preventDefault()" ondrop="event.preventDefault(); this.textContent = event.dataTransfer.getData('text')">Basket</div>`,
  );
  expect(body(test.first)).toBe("[clickable Apple]\nBasket");
  const dropped = await test.act('do(action="Drag", argument="Basket", element="clickable Apple")');
  expect(body(dropped)).toBe("[clickable Apple]\nan apple");
});

describe("what a narrow pane shows when it is scrolled sideways is listed, and scrolled to", () => {
  const cell = (i: number) => `<button style="width:120px" onclick="out.textContent=${i}">B${i}</button>`;
  const row = [1, 2, 3, 4, 5].map(cell).join("");
  it.each(["ltr", "rtl"])("%s", async (direction) => {
    await using test = await open(
      pool,
      `<p id=out>-</p><div dir=${direction} style="width:200px;overflow-x:auto;white-space:nowrap;font-size:0">${row}</div>`,
    );
    expect(body(test.first)).toContain("[button B5]");
    expect(body(await test.act(click("button B5")))).toContain("5");
  });
  it("not behind a modal layer", async () => {
    await using test = await open(
      pool,
      `<div style="width:200px;overflow-x:auto;white-space:nowrap">${row}</div><dialog id=d>Sure?</dialog><script>d.showModal()</script>`,
    );
    expect(body(test.first)).toBe("Sure?");
  });
});

it("annotations of ruby text are part of its line", async () => {
  await using test = await open(pool, `<p>Read <ruby>漢<rt>kan</rt></ruby> so</p>`);
  expect(body(test.first)).toBe("Read 漢 kan so");
});

it("an option that is covered while its list unfolds is waited for", async () => {
  const option = (name: string) => `<li role=option onclick="out.textContent='chosen ${name}'">${name}`;
  await using test = await open(
    pool,
    `<button aria-haspopup=listbox aria-controls=l onclick="l.hidden=c.hidden=false;setTimeout(() => (c.hidden=true), 250)">Fruit</button>
    <ul id=l role=listbox hidden style="width:100px">${option("Apple")}${option("Banana")}</ul>
    <p id=out>-</p><div id=c hidden style="position:fixed;inset:0"></div>`,
  );
  const chosen = await test.act(
    'do(action="Select Dropdown Option", argument="Banana", element="button Fruit")',
  );
  expect(body(chosen)).toContain("chosen Banana");
});

it.each(["open", "closed"])(
  "a button whose text comes through a slot is there (%s shadow root)",
  async (mode) => {
    await using test = await open(
      pool,
      `<p id=out>-</p><x-b onclick="out.textContent = 'saved'">Save it</x-b><x-b disabled>Not now</x-b>
    <script>customElements.define("x-b", class extends HTMLElement { constructor() { super();
      this.attachShadow({ mode: "${mode}" }).innerHTML = "<style>:host { display: inline-block; padding: 4px }</style><button><slot></slot></button>"
    } })</script>`,
    );
    expect(test.first.elements.map(({ name }) => name)).toEqual(["button Save it", "button Not now"]);
    expect(body(await test.act(click("button Save it")))).toContain("saved");
  },
);

it.each([
  ["in a component of components", "<x-b><slot></slot></x-b>"],
  ["with an icon beside it", "<b></b><button><slot name=icon></slot><span><slot></slot></span></button>"],
  ["with a role", "<div role=button tabindex=0><slot></slot></div>"],
])("a button whose text comes through a slot, %s", async (_, shadow) => {
  await using test = await open(
    pool,
    `<p id=out>-</p><x-o onclick="out.textContent = 'sent'">Send</x-o><script>for (const [name, inner] of [["x-b", "<button><slot></slot></button>"], ["x-o", "${shadow}"]])
      customElements.define(name, class extends HTMLElement { constructor() { super(); this.attachShadow({ mode: "open" }).innerHTML = inner } })</script>`,
  );
  expect(test.first.elements.map(({ name }) => name)).toEqual(["button Send"]);
  expect(body(await test.act(click("button Send")))).toContain("sent");
});
