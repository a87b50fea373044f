import { afterAll, describe, expect, it } from "vitest";
import { printAction } from "../text/action.ts";
import type { Offset } from "../core/action.ts";
import { BrowserPool } from "./pool.ts";
import { body, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const click = (element: string) => printAction({ kind: "click", element });
const drag = (element: string, to: string | Offset) => printAction({ kind: "drag", element, to });
const select = (element: string, text: string) => printAction({ kind: "select", element, text });
const selectOptions = (element: string, texts: string[]) =>
  printAction({ kind: "select_options", element, texts });

describe("clicks", () => {
  it("check a box and a radio whose label contains a link, and do not follow it", async () => {
    const app = pages({
      "/": `<style>.drawn input { position: absolute; opacity: 0; width: 0; height: 0 }</style>
        <label><input type=checkbox onchange="out.textContent += ' plain'"> I accept the <a href=/terms>terms and conditions</a></label><br>
        <label class=drawn><input type=checkbox onchange="out.textContent += ' drawn'"><a href=/terms>Terms, all of them,</a> are read</label><br>
        <label class=drawn><input type=radio onchange="out.textContent += ' radio'"><a href=/terms>Nothing but a link</a></label>
        <p id=out>-</p>`,
      "/terms": "<p>Terms",
    });
    await using page = await open(pool, app);
    for (const element of page.first.elements.filter(({ role }) => role === "checkbox" || role === "radio"))
      await page.act(click(element.name));
    const after = await page.act('do(action="Wait")');
    expect(body(after)).toContain("- plain drawn radio");
  });

  it("hit a card beside the button in its middle", async () => {
    await using page = await open(
      pool,
      `<div onclick="out.textContent = event.target.id || 'card'" style="cursor:pointer;width:400px;height:60px;text-align:center">Card <button id=inner onclick="event.stopPropagation(); out.textContent = 'button'">Buy</button></div><p id=out>-</p>`,
    );
    const card = page.first.elements.find(({ role }) => role === "clickable");
    // If the format lists only the button, there is no card to click.
    if (card) expect(body(await page.act(click(card.name)))).toContain("card");
    expect(body(await page.act(click("button Buy")))).toContain("button");
  });

  it("a double click is one", async () => {
    await using page = await open(
      pool,
      `<button ondblclick="out.textContent = 'twice'">Open</button><p id=out>-</p>`,
    );
    expect(body(await page.act('do(action="Double Click", element="button Open")'))).toContain("twice");
  });

  it("reach a menu that opens on hover", async () => {
    await using page = await open(
      pool,
      `<style>.sub { display: none } .menu:hover .sub { display: block }</style><div class=menu style="width:200px"><button>File</button><div class=sub><button onclick="out.textContent='saved'">Save</button></div></div><p id=out>-</p>`,
    );
    await page.act('do(action="Hover", element="button File")');
    expect(body(await page.act(click("button Save")))).toContain("saved");
  });
});

describe("frames", () => {
  const grid = `<body style="margin:0"><style>button { position: absolute; width: 40px; height: 24px; padding: 0 }</style>
    <script>for (const x of [0, 150, 260]) for (const y of [0, 90, 170]) {
      const b = document.createElement("button"); b.textContent = x + "/" + y; b.style.left = x + "px"; b.style.top = y + "px";
      b.onclick = () => { b.textContent = "hit" }; document.body.append(b);
    }</script>`;
  const frame = (style: string, src = "/grid") =>
    `<iframe src="${src}" width=300 height=200 style="${style}"></iframe>`;
  it.each([
    ["padding and a border", frame("padding: 20px 35px; border: 9px solid red")],
    ["a scale", `<div style="transform: scale(0.5); transform-origin: 0 0">${frame("")}</div>`],
    [
      "a transform of its own",
      frame("transform: translate(120px, 40px) scale(1.5); transform-origin: 0 0; border: 4px solid"),
    ],
    ["zoom", `<div style="zoom: 1.4">${frame("padding: 5px")}</div>`],
    ["a rotation", `<div style="padding: 100px">${frame("transform: rotate(20deg)")}</div>`],
    [
      "another frame around it",
      frame("border: 7px solid; padding: 3px", "/outer").replace(
        "width=300 height=200",
        "width=500 height=400",
      ),
    ],
    ["another site", frame("border: 7px solid; padding: 13px", "http://other.test/grid")],
    [
      "another site, and a scale",
      `<div style="transform: scale(1.3); transform-origin: 0 0">${frame("border: 7px solid", "http://other.test/grid")}</div>`,
    ],
    ["a place below the window", `<div style="height: 1500px"></div>${frame("")}`],
  ])("with %s are hit where the element is", async (where, around) => {
    const app = pages({
      "/": `<p>Above</p>${around}`,
      "/grid": grid,
      "/outer": `<div style="transform: scale(0.9); transform-origin: 0 0; padding: 21px">${frame("padding: 11px")}</div>`,
    });
    await using page = await open(pool, app, {
      world: {
        hosts: new Map([
          ["shop.test", app],
          ["other.test", app],
        ]),
      },
    });
    let seen = page.first;
    if (where.includes("below"))
      for (let i = 0; i < 3; i++) seen = await page.act('do(action="Scroll Down")');
    const names = seen.elements.map(({ name }) => name).filter((name) => /\d+\/\d+/.test(name));
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) {
      const after = await page.act(click(name));
      expect([after.error, after.elements.some((element) => element.name === name)]).toEqual([null, false]);
    }
  });

  it("that something covers are not clicked through", async () => {
    const app = pages({
      "/": `<button onclick="over.style.display = 'block'">Cover</button>${frame("")}<div id=over style="display:none;position:fixed;inset:40px 0 0 0;background:white;opacity:0.99"></div>`,
      "/grid": grid,
    });
    await using page = await open(pool, app);
    const name = page.first.elements.find((element) => element.label === "150/90")!.name;
    const covered = await page.act(click("button Cover"));
    const { error } = await page.act(click(name));
    // Covered frames need not be listed at all.
    expect(error?.message).toMatch(covered.elements.some((e) => e.name === name) ? /covered/ : /no element/);
  });
});

describe("Drag and Draw", () => {
  it("drags with the mouse, onto an element and by pixels", async () => {
    await using page = await open(
      pool,
      `<style>button { position: absolute; width: 60px; height: 30px }</style><button id=a style="left:20px;top:40px">A</button><button id=b style="left:300px;top:200px">B</button><p id=out>-</p>
       <script>let grip = null;
        a.onmousedown = (e) => { grip = [e.clientX - a.offsetLeft, e.clientY - a.offsetTop]; e.preventDefault() };
        onmousemove = (e) => { if (grip) { a.style.left = e.clientX - grip[0] + "px"; a.style.top = e.clientY - grip[1] + "px" } };
        onmouseup = () => { grip = null; out.textContent = "at " + a.offsetLeft + " " + a.offsetTop };
       </script>`,
    );
    expect(body(await page.act(drag("button A", [100, 25])))).toContain("at 120 65");
    expect((await page.act(drag("button A", [5000, 0]))).error?.message).toContain("would leave the window");
    expect(body(await page.act(drag("button A", "button B")))).toContain("at 300 200");
    expect((await page.act(drag("button A", "button C"))).error?.code).toBe("unknown_element");
  });

  it("drags and drops as HTML has it", async () => {
    await using page = await open(
      pool,
      `<style>[role=button] { width: 120px; height: 30px; border: 1px solid }</style>
       <div role=button draggable=true ondragstart="event.dataTransfer.setData('text/plain', 'the lamp')">Lamp</div><br>
       <div role=button ondragover="event.preventDefault()" ondrop="event.preventDefault(); out.textContent = 'got ' + event.dataTransfer.getData('text/plain')">Basket</div><p id=out>-</p>`,
    );
    expect(body(await page.act(drag("button Lamp", "button Basket")))).toContain("got the lamp");
  });

  it("draws through points, and clicks at one", async () => {
    await using page = await open(
      pool,
      `<canvas id=c role=button aria-label=Paper width=300 height=150 style="border:5px solid"></canvas><p id=out>-</p>
       <script>let on = false, path = []; const at = (e) => Math.round(e.offsetX + 5) + "," + Math.round(e.offsetY + 5);
        c.onmousedown = (e) => { on = true; path = [at(e)] }; c.onmousemove = (e) => { if (on) path.push(at(e)) };
        c.onmouseup = (e) => { on = false; out.textContent = path[0] + " to " + at(e) + " in " + (path.length > 1) }; c.onclick = (e) => { out.textContent += " click" }</script>`,
    );
    const draw = (points: Offset[]) =>
      page.act(printAction({ kind: "draw", element: "button Paper", points }));
    expect(
      body(
        await draw([
          [10, 20],
          [200, 100],
        ]),
      ),
    ).toContain("10,20 to 200,100 in true");
    expect(body(await draw([[50, 60]]))).toContain("50,60 to 50,60 in false click");
    expect(
      (
        await draw([
          [10, 20],
          [900, 20],
        ])
      ).error?.message,
    ).toContain("900,20 is outside");
  });
});

describe("Select", () => {
  it("keeps earlier choices of a list that takes several, and sets them exactly", async () => {
    await using page = await open(
      pool,
      `<select multiple aria-label=Colours onchange="out.textContent = [...this.selectedOptions].map((o) => o.text).join('+')"><option selected>Red<option>Green<option disabled>Blue<optgroup disabled label=Gone><option>Grey</optgroup><option>Green, light</select><p id=out>-</p>`,
    );
    const name = page.first.elements.find(({ label }) => label === "Colours")!.name;
    expect(body(await page.act(select(name, "Green")))).toContain("Red+Green");
    expect(body(await page.act(selectOptions(name, ["Green, light", "Red"])))).toContain("Red+Green, light");
    expect(body(await page.act(selectOptions(name, [])))).not.toContain("Red+");
    expect((await page.act(select(name, "Blue"))).error?.message).toContain(
      'has the option "Blue", but it is disabled',
    );
    expect((await page.act(select(name, "Grey"))).error?.message).toContain("but it is disabled");
  });

  it("refuses a disabled list and one that puts the choice back", async () => {
    await using page = await open(
      pool,
      `<select disabled aria-label=Off><option>A<option>B</select><select aria-label=Stuck onchange="this.selectedIndex = 0"><option>A<option>B</select>`,
    );
    expect((await page.act(select("combobox Off", "B"))).error?.message).toBe('"combobox Off" is disabled');
    expect((await page.act(select("combobox Stuck", "B"))).error?.message).toContain(
      'did not keep the choice: it now reads "A"',
    );
    expect((await page.act(selectOptions("combobox Stuck", ["A", "B"]))).error?.message).toContain(
      "takes one option",
    );
  });

  it("opens a drawn list and chooses in it, by typing where that finds more", async () => {
    await using page = await open(
      pool,
      `<div role=combobox tabindex=0 aria-label=Size aria-expanded=false aria-controls=sizes style="width:100px;height:20px;border:1px solid" onclick="setTimeout(() => { sizes.hidden = false }, 150)">Pick</div>
       <ul id=sizes role=listbox hidden><li role=option onclick="out.textContent = 'size ' + this.textContent; sizes.hidden = true">Small<li role=option onclick="out.textContent = 'size ' + this.textContent; sizes.hidden = true">Large<li role=option aria-disabled=true>Huge</ul>
       <input role=combobox aria-label=City aria-controls=cities oninput="const v = this.value; setTimeout(() => { cities.innerHTML = ['Lisbon', 'Lima', 'Oslo'].filter((c) => c.startsWith(v)).map((c) => '<li role=option onclick=\\'out.textContent = &quot;city &quot; + this.textContent\\'>' + c).join('') }, 200)"><ul id=cities role=listbox></ul>
       <input list=fruit aria-label=Fruit oninput="out.textContent = 'fruit ' + this.value"><datalist id=fruit><option value=apple><option value=pear></datalist><p id=out>-</p>`,
    );
    const find = (label: string) => page.first.elements.find((element) => element.label === label)!.name;
    expect(body(await page.act(select(find("Size"), "large")))).toContain("size Large");
    expect((await page.act(select(find("Size"), "Huge"))).error?.message).toContain("disabled");
    expect((await page.act(select(find("Size"), "Tiny"))).error?.message).toContain(
      "it shows: Small, Large, Huge",
    );
    expect(body(await page.act(select(find("City"), "Lisbon")))).toContain("city Lisbon");
    expect(body(await page.act(select(find("Fruit"), "pear")))).toContain("fruit pear");
  });
});

describe("Select in a list that is slow to open", () => {
  const LIST = `<div role=combobox tabindex=0 aria-label=Size aria-controls=sizes style="width:100px;height:20px" onclick="unfold()">Pick</div>
    <ul id=sizes role=listbox></ul><p id=out>-</p>`;
  const FILL = `const fill = () => { sizes.innerHTML = '<li role=option onclick="out.textContent = this.textContent">Large' };`;
  it.each([
    ["asks its server", `fetch("/sizes").then(fill)`],
    [
      "goes from timer to timer",
      `setTimeout(() => { out.textContent = 1; setTimeout(() => { out.textContent = 2; setTimeout(fill, 300) }, 300) }, 300)`,
    ],
  ])("waits while the page %s", async (_, unfold) => {
    const late = () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("-")), 1500));
    const script = `<script>${FILL} const unfold = () => { ${unfold} };</script>`;
    await using page = await open(pool, pages({ "/": LIST + script, "/sizes": late }));
    expect(body(await page.act(select("combobox Size", "Large")))).toContain("Large");
  });
});

describe("Click on what has a link inside", () => {
  it("is a click on the link where that is only how the element is drawn", async () => {
    await using page = await open(
      pool,
      `<ul role=tablist><li role=tab style="display:inline-block;padding:2px"><a href="#news" role=presentation onclick="out.textContent='opened'" style="padding:6px">News</a></li></ul><p id=out>-</p>`,
    );
    expect(body(await page.act('do(action="Click", element="tab News")'))).toContain("opened");
  });

  it("is a click on the button where that is all that the element consists of", async () => {
    await using page = await open(
      pool,
      `<p role=tab tabindex=0 style="padding:30px"><button onclick="out.textContent='sent'">Submit</button></p><p id=out>-</p>`,
    );
    expect(body(await page.act('do(action="Click", element="tab Submit")'))).toContain("sent");
  });
});

describe("Scroll", () => {
  const lines = (n: number) => Array.from({ length: n }, (_, i) => `<button>Line ${i}</button><br>`).join("");
  it("moves the pane that an element is, contains or is in, small ones too", async () => {
    await using page = await open(
      pool,
      `<div style="width:160px;height:150px;overflow:auto">${lines(60)}</div>
       <textarea aria-label=Text rows=3>${"word\n".repeat(80)}</textarea>
       <select multiple size=4 aria-label=List>${Array.from({ length: 40 }, (_, i) => `<option>Option ${i}`).join("")}</select>
       <div style="width:200px;overflow:auto;white-space:nowrap"><button>First</button>${"wide ".repeat(200)}</div>
       <p id=out>-</p><script>document.addEventListener("scroll", (e) => { out.textContent = (e.target.getAttribute?.("aria-label") ?? e.target.localName) + " " + Math.round(e.target.scrollTop) + " " + Math.round(e.target.scrollLeft) }, true)</script>`,
    );
    const scroll = (way: string, element: string) =>
      page.act(`do(action="Scroll ${way}", element=${JSON.stringify(element)})`);
    expect(body(await scroll("Down", "button Line 1"))).toContain("div 100 0");
    expect(body(await scroll("Up", "button Line 6"))).toContain("div 0 0");
    expect(body(await scroll("Down", "textbox Text"))).toMatch(/Text \d\d+ 0/);
    const list = page.first.elements.find(({ label }) => label === "List");
    if (list) expect(body(await scroll("Down", list.name))).toMatch(/List \d\d+ 0/);
    expect(body(await scroll("Right", "button First"))).toContain("div 0 133");
    expect((await page.act('do(action="Scroll Right")')).error).toBeNull();
  });

  it("moves a disabled text area: it can be read", async () => {
    await using page = await open(
      pool,
      `<textarea aria-label=Terms rows=3 disabled>${"word\n".repeat(80)}</textarea>
       <p id=out>-</p><script>document.addEventListener("scroll", (e) => { out.textContent = "at " + Math.round(e.target.scrollTop) }, true)</script>`,
    );
    expect(body(await page.act('do(action="Scroll Down", element="textbox Terms")'))).toMatch(/at \d\d+/);
  });

  it("says that a pane is at its end", async () => {
    await using page = await open(
      pool,
      `<div style="width:160px;height:100px;overflow:auto">${lines(8)}</div>`,
    );
    let message: string | undefined;
    for (let i = 0; i < 6 && !message; i++) {
      const name = (await page.act('do(action="Wait")')).elements[0]!.name;
      message = (await page.act(`do(action="Scroll Down", element="${name}")`)).error?.message;
    }
    expect(message).toContain("does not scroll further down");
  });

  it("moves a frame by what is in it", async () => {
    const app = pages({ "/": `<iframe src=/inner width=300 height=120></iframe>`, "/inner": lines(50) });
    await using page = await open(pool, app);
    const after = await page.act(`do(action="Scroll Down", element="button Line 0")`);
    expect(after.error).toBeNull();
    expect(body(after)).not.toContain("Line 0]");
  });

  it("moves a pane and a frame of nothing but text, by their text", async () => {
    const text = (name: string) => Array.from({ length: 60 }, (_, i) => `<p>${name} ${i}.</p>`).join("");
    const app = pages({
      "/": `<div style="width:300px;height:200px;overflow:auto">${text("Clause")}</div><iframe src=/inner width=300 height=200></iframe><iframe src="http://other.test/inner" width=300 height=200></iframe>`,
      "/inner": text("Line"),
    });
    await using page = await open(pool, app, {
      world: {
        hosts: new Map([
          ["shop.test", app],
          ["other.test", pages({ "/inner": text("Remote") })],
        ]),
      },
    });
    const scroll = (text_: string) => page.act(`do(action="Scroll Down", element="${text_}")`);
    expect(body(await scroll("Clause 1."))).not.toContain("Clause 1.");
    expect(body(await scroll("Line 1."))).not.toContain("Line 1.");
    expect(body(await scroll("Remote 1."))).not.toContain("Remote 1.");
    expect((await scroll("No such words.")).error?.code).toBe("unknown_element");
  });

  it("moves what a frame shows where the page itself does not move", async () => {
    const app = pages({
      "/": `<h1>App</h1><iframe src=/inner width=600 height=400></iframe>`,
      "/inner": Array.from({ length: 60 }, (_, i) => `<p>Line ${i}.</p>`).join(""),
    });
    await using page = await open(pool, app);
    expect(body(await page.act('do(action="Scroll Down")'))).not.toContain("Line 1.");
  });
});

it("clicks what changes its picture under the pointer once that has been loaded", async () => {
  const icon = `<svg xmlns="http://www.w3.org/2000/svg" width="14" height="14"><rect width="14" height="14"/></svg>`;
  const image = () => new Response(icon, { headers: { "content-type": "image/svg+xml" } });
  const app = pages({
    "/": `<style>.more { content: url(/more.svg) } .more:hover { content: url(/hover.svg) }</style><p id=out>-</p><p><span class=more title=More onclick="out.textContent = 'opened'"></span></p>`,
    "/more.svg": image,
    "/hover.svg": async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return image();
    },
  });
  await using test = await open(pool, app);
  expect(body(await test.act('do(action="Click", element="clickable More")'))).toContain("opened");
});
