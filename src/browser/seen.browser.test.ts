import { afterAll, describe, expect, it } from "vitest";
import type { ObservationFormat } from "../core/observation.ts";
import { BrowserPool } from "./pool.ts";
import { body, open } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

/** What a page looks like in `compact`, without the header. */
async function read(page: string, format: ObservationFormat = "compact"): Promise<string> {
  await using opened = await open(pool, page, { format });
  return body(opened.first);
}

const DIALOG = `position:fixed;left:300px;top:100px;width:400px;height:300px;background:#fff`;
const OUT = `<p id=out>-</p>`;
const said = (what: string) => `document.getElementById('out').textContent='${what}'`;

describe("what can be seen and hit counts, not what the markup says", () => {
  it.each([
    [
      "a modal layer beside the window hides nothing",
      `<p>Page</p><div role=dialog aria-modal=true style="position:fixed;right:0;top:0;width:300px;height:100%;transform:translateX(100%)">Drawer<button>Apply</button></div><button>Here</button>`,
      "Page\n[button Here]",
    ],
    [
      "nor does a transparent one, or one that is covered",
      `<p>Page</p><div role=dialog aria-modal=true style="${DIALOG};opacity:0;pointer-events:none">Faded</div><button>Here</button>
       <div role=dialog aria-modal=true style="${DIALOG};z-index:-1">Under</div><div style="${DIALOG};z-index:3">Over</div>`,
      "Page\n[button Here]\nOver",
    ],
    [
      "of two dialogs the one on top is shown, wherever it stands",
      `<div style="position:fixed;inset:0;background:#0008;z-index:9"><div role=dialog aria-modal=true style="${DIALOG}">First<button>Yes</button></div></div>
       <div role=dialog aria-modal=true style="${DIALOG};z-index:5">Second<button>No</button></div><p>Page</p>`,
      "First [button Yes]",
    ],
    [
      "a list beside the dialog that it belongs to is shown",
      `<p>Page</p><div style="position:fixed;inset:0;background:#0008"></div><div role=dialog aria-modal=true style="${DIALOG}">Size<div role=combobox tabindex=0 aria-label=Size>Any</div></div>
       <div role=presentation style="position:fixed;inset:0;z-index:20"><ul role=listbox style="position:absolute;left:320px;top:160px;background:#fff;margin:0"><li role=option>Small<li role=option>Large</ul></div>`,
      "[option Small]\n[option Large]",
    ],
    [
      "a dialog that leaves the page to be used hides nothing of it",
      `<p>Page</p><button>Buy</button><div role=dialog aria-modal=true style="position:fixed;left:0;right:0;bottom:0;height:60px;background:#eee">Cookies<button>Accept</button></div>`,
      "Page\n[button Buy]\nCookies [button Accept]",
    ],
    [
      "a dialog in a shadow root",
      `<p>Page</p><x-d></x-d><script>customElements.define("x-d", class extends HTMLElement { constructor() { super(); this.attachShadow({mode:"open"}).innerHTML = '<div style="position:fixed;inset:0;background:#0008"></div><div role=dialog aria-modal=true style="${DIALOG}">Inside<button>OK</button></div>' } })</script>`,
      "Inside [button OK]",
    ],
    [
      "a check box that is only its label",
      `<label><input type=checkbox style="display:none"> Gift wrap</label><input type=radio id=r name=r style="display:none"><label for=r>Card</label><label><input type=file hidden> Upload</label>`,
      "[checkbox Gift wrap] [radio Card] [button Upload]",
    ],
    [
      "a switch that is drawn beside an input without a size",
      `<div class=switch style="display:inline-block" onclick="x()"><input type=checkbox role=switch checked style="opacity:0;width:0;height:0;position:absolute;margin:0"><span style="cursor:pointer;display:inline-block;width:30px;height:16px"></span><span style="cursor:pointer">Newsletter</span></div>`,
      "[switch Newsletter = checked]",
    ],
    [
      "a field whose input is clipped and whose label is drawn in blocks",
      `<style>.sr{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip:rect(0,0,0,0)}</style><label><input class=sr type=checkbox><span style="display:block;width:100px;height:20px;background:#ddd">Remember</span></label>`,
      "[checkbox Remember]",
    ],
    [
      "a field whose label is clipped",
      `<style>.sr{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip:rect(0,0,0,0)}</style><label class=sr for=q>Search</label><input id=q><label><span class=sr>Amount</span><input></label>`,
      "[textbox Search] [textbox Amount]",
    ],
    [
      "a drop-down that is drawn over a hidden select, and a select that is transparent over its drawing",
      `<select style="display:none"><option>A<option>B</select><div class=select onclick="x()"><span>Choose a size</span></div>
       <div style="position:relative;width:200px;height:30px"><span>Colour: red</span><select aria-label=Colour style="position:absolute;inset:0;opacity:0;width:100%;height:100%"><option>red<option>blue</select></div>`,
      "[clickable Choose a size]\nColour: red\n[combobox Colour = red; options: red, blue]",
    ],
    [
      "a price that stands twice is printed once",
      `<style>.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0)}</style><p>Pan <span class=sr>$12.99</span><span aria-hidden=true>$12<sup>99</sup></span></p><p><span aria-hidden=true>Only drawn</span></p>`,
      "Pan $12.99\nOnly drawn",
    ],
    [
      "display: contents",
      `<div style="display:flex"><a href=/ style="display:contents"><span style="display:contents"><b>Orders</b></span></a></div><p style="display:contents">Text</p>`,
      "[link Orders]\nText",
    ],
    [
      "a menu that is transparent until the pointer is on it",
      `<nav>Shop<ul style="opacity:0;margin:0"><li><a href=/>Lamps</a><li><button>Pans</button></ul></nav>`,
      "Shop\n[link Lamps]\n[button Pans]",
    ],
    [
      "a drop-down menu that its card does not clip",
      `<div style="position:relative"><div style="overflow:hidden;height:30px">Card<div style="position:absolute;top:40px;background:#eee">Menu <a href=/>Edit</a></div></div></div>`,
      "Card\nMenu [link Edit]",
    ],
    [
      "an application that has hidden itself from screen readers by mistake",
      `<div aria-hidden=true><h1>Shop</h1><button>Buy</button></div>`,
      "Shop\n[button Buy]",
    ],
    [
      "what is partly covered",
      `<button style="position:absolute;left:0;top:0;width:200px;height:40px">Wide</button><div style="position:absolute;left:60px;top:0;width:140px;height:60px;background:#eee;z-index:1"></div>`,
      "[button Wide]",
    ],
  ])("%s", async (_, page, seen) => {
    expect(await read(page)).toBe(seen);
  });

  it("a list beside its dialog is shown by `aria`, too, and a click chooses from it", async () => {
    const page = `<p>Page</p><div style="position:fixed;inset:0;background:#0008"></div><div role=dialog aria-modal=true style="${DIALOG}">Size ${OUT}</div>
      <ul role=listbox style="position:fixed;left:320px;top:260px;z-index:9;background:#fff;margin:0"><li role=option onclick="${said("large")}">Large</ul>`;
    await using opened = await open(pool, page, { format: "aria" });
    expect(body(opened.first)).toContain('- option "Large" [ref=0]');
    expect(body(opened.first)).not.toContain("Page");
    expect(body(await opened.act('do(action="Click", element="0")'))).toContain("large");
  });

  it("what is drawn by its label is checked by a click", async () => {
    await using page = await open(
      pool,
      `<label><input type=checkbox style="display:none"> Gift wrap</label>`,
    );
    const checked = await page.act('do(action="Click", element="checkbox Gift wrap")');
    expect(body(checked)).toBe("[checkbox Gift wrap = checked]");
  });
});

describe("outer and inner elements are listed with their own texts", () => {
  it.each([
    [
      "a tree",
      `<ul role=tree style="margin:0;padding:0"><li role=treeitem tabindex=0>A<ul role=group><li role=treeitem>B<li role=treeitem>C<ul role=group><li role=treeitem>D</ul></ul><li role=treeitem>E</ul>`,
      "[treeitem A]\n[treeitem B]\n[treeitem C]\n[treeitem D]\n[treeitem E]",
    ],
    [
      "a tab with a button to close it",
      `<div role=tablist><div role=tab aria-selected=true tabindex=0>Report <button aria-label="Close report">x</button></div></div>`,
      "[tab Report = selected] [button Close report]",
    ],
    [
      "a card with a button",
      `<div style="cursor:pointer;width:300px" onclick="${said("card")}"><h3>Lamp</h3><p>$12</p><button style="float:right">Buy</button></div>${OUT}`,
      "[clickable Lamp $12]\n[button Buy]\n-",
    ],
    [
      "a row with a check box and a button",
      `<table><tr onclick="x()"><td><input type=checkbox aria-label=Pick><td>Ann<td>Open<td><button>Edit</button></table>`,
      "[clickable Ann Open]\n[checkbox Pick] [button Edit]",
    ],
    [
      "one thing that is two elements",
      `<ul role=tablist style="list-style:none"><li role=tab aria-selected=true><a href="#a">Details</a></ul><a href=/><button>In</button></a><div onclick="x()"><input aria-label=Name></div>`,
      "[tab Details = selected]\n[link In]\n[textbox Name]",
    ],
  ])("%s", async (_, page, seen) => {
    expect(await read(page)).toBe(seen);
  });

  it("a click on the outer one misses the inner ones", async () => {
    const leaf = (name: string, inner = "") =>
      `<li role=treeitem onclick="event.stopPropagation();${said(name)}">${name}${inner}`;
    await using page = await open(
      pool,
      `<ul role=tree>${leaf("A", `<ul role=group>${leaf("B")}${leaf("C")}${leaf("D")}</ul>`)}</ul>
       <div style="width:300px;height:60px;position:relative" onclick="${said("card")}">Card<button style="position:absolute;inset:22px 100px" onclick="event.stopPropagation();${said("button")}">Go</button></div>${OUT}`,
    );
    expect(body(await page.act('do(action="Click", element="treeitem A")'))).toContain("\nA");
    expect(body(await page.act('do(action="Click", element="treeitem C")'))).toContain("\nC");
    expect(body(await page.act('do(action="Click", element="clickable Card")'))).toContain("\ncard");
    expect(body(await page.act('do(action="Click", element="button Go")'))).toContain("\nbutton");
  });

  it("text that a name has to cut stays readable", async () => {
    const text = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
    const seen = await read(`<a href=/>${text}</a><div onclick="x()">${text}</div>`);
    for (const line of seen.split("\n")) {
      expect(line).toMatch(/^\[(link|clickable) word0 .{60,100}…\] …/);
      for (let i = 0; i < 40; i++)
        expect(line).toMatch(new RegExp(`word${i}\\b|ord${i}\\b|rd${i}\\b|d${i}\\b|${i}\\b`));
    }
    expect(await read(`<a href=/>${text}</a>`, "aria")).toContain("word39");
  });
});

const listen = (id: string, what = id) =>
  `document.getElementById("${id}").addEventListener("click", (e) => { e.stopPropagation(); document.getElementById("out").textContent = "${what}" });`;

describe("what answers by a listener is listed", () => {
  it.each([
    [
      "a block, and one that gets its handler as a property",
      `<div id=a>Like</div><div id=b>Share</div>${OUT}<script>${listen("a")} b.onclick = () => {}</script>`,
      "[clickable Like]\n[clickable Share]\n-",
    ],
    [
      "by attributes other than onclick",
      `<div onmousedown="x()">Press</div><div onpointerup="x()">Lift</div>`,
      "[clickable Press]\n[clickable Lift]",
    ],
    [
      "not what has stopped listening",
      `<div id=a>Once</div><div id=b>Removed</div><div id=c>Aborted</div><div id=d>Still</div><script>
        const f = () => {}, stop = new AbortController();
        b.addEventListener("click", f); b.removeEventListener("click", f); c.addEventListener("click", f, { signal: stop.signal }); stop.abort();
        d.addEventListener("click", f); d.addEventListener("click", f, true); d.removeEventListener("click", f, true);
        a.addEventListener("click", f, { once: true }); a.click()</script>`,
      "Once\nRemoved\nAborted\n[clickable Still]",
    ],
    [
      "in a shadow root and in an svg",
      `<x-b></x-b><svg width=100 height=40><circle id=c cx=20 cy=20 r=15 fill=red></circle></svg><script>
        customElements.define("x-b", class extends HTMLElement { constructor() { super(); const root = this.attachShadow({ mode: "open" }); root.innerHTML = "<div>Inside</div>"; root.firstChild.addEventListener("click", () => {}) } });
        c.addEventListener("click", () => {})</script>`,
      "[clickable Inside]\n[clickable (circle red)]",
    ],
    [
      "cells and entries of what listens for them, not the whole",
      `<table id=t><tr><td>1<td>2<tr><td>3<td>4</table><ul id=u style="margin:0;padding:0;list-style:none"><li>Red<li>Blue</ul><script>t.addEventListener("click", () => {}); u.addEventListener("click", () => {})</script>`,
      "[clickable 1] | [clickable 2]\n[clickable 3] | [clickable 4]\n[clickable Red]\n[clickable Blue]",
    ],
    [
      "not the root of an application that listens to everything",
      `<div id=root><h1>App</h1><div id=a>Add</div><p>Text</p></div><script>for (const type in HTMLElement.prototype) if (type.startsWith("on")) root.addEventListener(type.slice(2), () => {});
        a.onclick = () => {}</script>`,
      "App\n[clickable Add]\nText",
    ],
    [
      "threads that listen as a whole and hold icons that listen, too",
      `${["Ann", "Bob"].map((name) => `<div class=thread><span>${name}</span> <span>Hello</span> <span class="icon-star" style="display:inline-block;width:16px;height:16px"></span><i class="trash" style="display:inline-block;width:16px;height:16px"></i></div>`).join("")}
       <script>for (const e of document.querySelectorAll(".thread, .thread [class]")) e.addEventListener("click", () => {})</script>`,
      "[clickable Ann Hello] [clickable (star)] [clickable (trash)]\n[clickable Bob Hello] [clickable (star) #2] [clickable (trash) #2]",
    ],
    [
      "a dialog that keeps clicks to itself is not one element",
      `<div id=d style="width:600px;height:300px;border:1px solid"><h2>Delete?</h2><p>It cannot be undone.</p><button>Yes</button><button>No</button></div><script>d.addEventListener("click", (e) => e.stopPropagation())</script>`,
      "Delete?\nIt cannot be undone.\n[button Yes] [button No]",
    ],
  ])("%s", async (_, page, seen) => {
    expect(await read(page)).toBe(seen);
  });

  it("in all formats, and a click reaches it", async () => {
    for (const format of ["compact", "aria", "webrl"] as const) {
      await using page = await open(
        pool,
        `<div id=a>Like</div>${OUT}<script>${listen("a", "liked")}</script>`,
        { format },
      );
      expect(page.first.elements).toHaveLength(1);
      const after = await page.act(`do(action="Click", element="${page.first.elements[0]!.name}")`);
      expect(after.text).toContain("liked");
    }
  });

  it("names pictures by title, alt, file, symbol or class, and says (icon) at least", async () => {
    const box = `style="display:inline-block;width:20px;height:20px"`;
    expect(
      await read(
        `<button title=Undo><svg width=16 height=16></svg></button><button><img alt="" src="/img/shopping-cart.png" width=16 height=16></button>
         <button><svg width=16 height=16><use href="#icon-trash"></use></svg></button><button class="btn btn-primary"><i class="fa fa-pencil" ${box}></i></button>
         <a href=/><span class="icon search-icon" ${box}></span></a><button><svg data-testid="DeleteIcon" width=16 height=16></svg></button><button><svg width=16 height=16><title>Sort</title></svg></button>
         <button><span aria-hidden=true>×</span></button><button class="css-1x2y3z"><i ${box}></i></button>`,
      ),
    ).toBe(
      "[button Undo] [button (shopping cart)] [button (trash)] [button (pencil)] [link (search)] [button (delete)] [button Sort] [button ×] [button (icon)]",
    );
  });

  it("the page cannot tell that its listeners are recorded, and still listens when it has broken everything", async () => {
    await using page = await open(
      pool,
      `<div id=a>Like</div>${OUT}<script>
        const native = /\\[native code\\]/.test(EventTarget.prototype.addEventListener) && EventTarget.prototype.addEventListener.name === "addEventListener" && EventTarget.prototype.addEventListener.length === 2;
        const add = EventTarget.prototype.addEventListener, target = a, say = (text) => { out.textContent = text };
        for (const type of [Array, Map, Set, WeakMap, WeakRef, String, Function]) for (const name of Object.getOwnPropertyNames(type.prototype)) if (name !== "constructor" && name !== "prototype") try { Object.defineProperty(type.prototype, name, { get() { throw new Error("broken") }, configurable: true }) } catch (error) { void error }
        target.addEventListener("click", () => say(native + " clicked"));
      </script>`,
    );
    expect(page.first.elements.map(({ name }) => name)).toEqual(["clickable Like"]);
    expect(body(await page.act('do(action="Click", element="clickable Like")'))).toContain("true clicked");
  });
});

describe("a page says where there is more", () => {
  const lines = (count: number, what = "Row") =>
    Array.from({ length: count }, (_, i) => `<div style="height:20px">${what} ${i}</div>`).join("");

  it("of a small pane, a list box and a frame, in compact and aria", async () => {
    const page = `<div aria-label=Log style="width:160px;height:150px;overflow:auto">${lines(40)}</div>
      <ul role=listbox style="height:100px;overflow-y:scroll;padding:0;margin:0">${Array.from({ length: 40 }, (_, i) => `<li role=option style="height:20px">City ${i}`).join("")}</ul>
      <iframe width=300 height=100 srcdoc='<title>Terms</title><body style="margin:0">${lines(30, "Term")}'></iframe>`;
    const seen = await read(page);
    expect(seen).toContain("[pane Log; more below]\nRow 0\n");
    expect(seen).toContain("Row 7");
    expect(seen).not.toContain("Row 9");
    expect(seen).toContain("[pane; more below]\n[option City 0]");
    expect(seen).not.toContain("City 6");
    expect(seen).toMatch(/\[pane( #2)?; more below\]\nTerm 0/);
    const aria = await read(page, "aria");
    expect(aria).toContain('- pane "Log" [ref=0] [more below]');
    expect(aria).toMatch(/ {2}- pane \[ref=\d+\] \[more below\]\n {2}- text: Term 0/);
  });

  it("the page's own scrolling stays in the head", async () => {
    await using page = await open(pool, `<main>${lines(100)}</main>`);
    expect(page.first.text).toContain("scroll 1 of");
    expect(body(page.first)).not.toContain("pane");
  });

  it("shows of a text taller than the window what is in view", async () => {
    const text = Array.from({ length: 3000 }, (_, i) => `line ${i}`).join("\n");
    await using page = await open(pool, `<pre style="margin:0;font:16px/20px monospace">${text}</pre>`);
    expect(body(page.first)).toContain("line 35");
    expect(body(page.first)).not.toContain("line 37\n");
    expect(body(page.first).length).toBeLessThan(1000);
    const down = await page.act('do(action="Scroll Down")');
    expect(body(down)).toContain("line 30\n");
    expect(body(down)).toContain("line 58");
    expect(body(down)).not.toContain("line 10\n");
  });

  it("shows of a long text area what is in view, and all of a field of one line", async () => {
    const text = Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n");
    const long = Array.from({ length: 80 }, (_, i) => `w${i}`).join(" ");
    await using page = await open(
      pool,
      `<textarea aria-label=Text style="font:16px/20px monospace;height:200px;width:400px">${text}</textarea><input aria-label=Long value="${long}">`,
    );
    expect(body(page.first)).toMatch(/\[textbox Text = "line 0\\nline 1\\n.*line 9.*…"; more below\]/);
    expect(body(page.first)).not.toContain("line 12");
    expect(body(page.first)).toContain("w79]");
    await page.episode.screenshot();
    expect(page.first.elements[0]!.value).toBe(text);
  });
});

describe("values and texts are as they are", () => {
  it.each([
    [
      "line breaks, tabs and blanks of fields",
      `<textarea aria-label=Note>one\n\n two</textarea><input aria-label=Code value=" A  1 "><input><textarea></textarea>`,
      `[textbox Note = "one\\n\\n two"] [textbox Code = " A  1 "] [textbox] [textbox (text area)]`,
    ],
    [
      "blocks of rich text apart",
      `<div contenteditable aria-label=Body><p>First</p><p>Second<br>line</p><ul><li>Item</ul></div>`,
      `[textbox Body = "First\\n\\nSecond\\nline\\n\\nItem"]`,
    ],
    [
      "the value of a drawn drop-down",
      `<span id=l>Size</span><div role=combobox aria-labelledby=l tabindex=0>Large</div>`,
      "Size\n[combobox Size = Large]",
    ],
    [
      "suggestions of the browser, and text of the style sheet",
      `<style>.req::after{content:" *"} .p::before{content:"$" / "dollars"} .i::before{content:"\\f101"}</style><input aria-label=City list=c><datalist id=c><option>Lisbon<option value=Oporto></datalist>
       <p><span class=req>Name</span> <span class=p>12</span><span class=i></span></p><button class=req>Send</button>`,
      "[textbox City; options: Lisbon, Oporto]\nName * $12\n[button Send *]",
    ],
    [
      "no invisible characters, whole emoji",
      `<a href=/>Soft\u00adware\u200b</a><a href=/>${"x".repeat(98)}👩‍👩‍👧‍👦 family</a>`,
      `[link Software] [link ${"x".repeat(98)}…] …👩‍👩‍👧‍👦 family`,
    ],
    [
      "states of tree items and mixed check boxes",
      `<input type=checkbox aria-label=All id=m><div role=slider aria-label=Volume aria-valuenow=30 tabindex=0>.</div><script>m.indeterminate = true</script>`,
      "[checkbox All = mixed]\n[slider Volume = 30]",
    ],
  ])("%s", async (_, page, seen) => {
    expect(await read(page)).toBe(seen);
  });

  it("a click on a drop-down shows all of its options, until the next action", async () => {
    const options = Array.from({ length: 40 }, (_, i) => `<option>City ${i}`).join("");
    await using page = await open(pool, `<select aria-label=City>${options}</select><button>Other</button>`);
    expect(body(page.first)).toContain("City 11, …]");
    const opened = await page.act('do(action="Click", element="combobox City")');
    expect(body(opened)).toContain("City 38, City 39]");
    expect(body(await page.act('do(action="Click", element="button Other")'))).toContain("City 11, …]");
  });

  it("aria keeps empty cells and tells text areas", async () => {
    const seen = await read(
      `<table><tr><td>A<td><td>C</table><textarea aria-label=Note></textarea><input aria-label=Name>`,
      "aria",
    );
    expect(seen).toContain("  - row\n    - cell: A\n    - cell\n    - cell: C");
    expect(seen).toContain('- textbox "Note" [ref=0] [multiline]');
    expect(seen).toContain('- textbox "Name" [ref=1]\n'.trim());
  });

  it("a frame that never comes spoils no other one", async () => {
    const app: (request: Request) => Response | Promise<Response> = (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/")
        return new Response(
          `<!doctype html><iframe id=a src=/a width=300 height=60></iframe><iframe id=b src=/b width=300 height=60></iframe><script>setInterval(() => { b.contentWindow.location.reload() }, 15)</script>`,
          { headers: { "content-type": "text/html" } },
        );
      return new Response(`<button>${pathname}</button>`, { headers: { "content-type": "text/html" } });
    };
    await using page = await open(pool, app, { limits: { settleMs: 300 } });
    expect(body(page.first)).toContain("[button /a]");
  });

  it.each([
    "padding:20px 30px;border:5px solid",
    "transform:scale(.5);transform-origin:0 0;padding:8px",
    "zoom:1.5;border:3px solid",
  ])(
    "a frame drawn with %s is read as far as it is seen, and its elements are where they are drawn",
    async (style) => {
      const inner = `<body style='margin:0'><button style='position:absolute;left:150px;top:60px;width:40px;height:20px'>B</button><p style='position:absolute;top:700px'>Below</p>`;
      await using page = await open(
        pool,
        `<iframe style="display:block;${style}" width=300 height=120 srcdoc="${inner}"></iframe>`,
      );
      expect(body(page.first)).toBe("[pane; more below]\n[button B]");
      const [, button] = page.first.elements;
      const [left, top, width, height] = button!.box;
      const scale = style.includes("scale") ? 0.5 : style.includes("zoom") ? 1.5 : 1;
      expect([width, height]).toEqual([40 * scale, 20 * scale]);
      expect(left).toBeGreaterThan(150 * scale);
      expect(top).toBeGreaterThan(60 * scale);
    },
  );
});
