import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

/** What a page looks like in `compact`, without the header. */
async function compact(page: string): Promise<string> {
  await using opened = await open(pool, page);
  return body(opened.first);
}

describe("compact", () => {
  it("prints the page of docs/observation-compact.md", async () => {
    const app = pages({
      "/orders": () =>
        html(`<title>Orders - Store admin</title><style>nav { display: flex; gap: 1em } body { min-height: 1000px }</style>
        <nav><a href=/>Dashboard</a><a href=/orders>Orders</a><a href=/p>Products</a></nav>
        <h1>Orders</h1>
        <form><input type=search name=q value=lee placeholder="Search orders">
          <label for=s>Status</label> <select id=s><option>Any<option selected>Pending<option>Shipped</select> <button>Apply</button></form>
        <table><thead><tr><th>Order<th>Customer<th>Total<th>Status<th></tr></thead>
          <tr><td><a href=/1041>Order 1041</a><td>Ann Lee<td>$24.00<td>Pending<td><button aria-label="Ship order 1041">Ship</button></table>
        <p>Showing 1 to 8 of 21</p><a href="?page=2">Next page</a>`),
    });
    await using page = await open(pool, app, {
      world: { startUrl: "http://shop.test/orders?status=pending" },
    });
    expect(page.first.text).toBe(`Orders - Store admin
shop.test/orders?status=pending
scroll 1 of 2
---
[link Dashboard] [link Orders] [link Products]
Orders
[textbox Search orders = lee] [combobox Status = Pending; options: Any, Pending, Shipped] [button Apply]
Order | Customer | Total | Status
[link Order 1041] | Ann Lee | $24.00 | Pending | [button Ship order 1041]
Showing 1 to 8 of 21
[link Next page]`);
    expect(page.first.elements[3]).toMatchObject({
      name: "textbox Search orders",
      role: "textbox",
      value: "lee",
    });
    expect(page.first.elements[4]).toMatchObject({
      options: ["Any", "Pending", "Shipped"],
      value: "Pending",
    });
  });

  it("keeps links inside their sentence, and blocks apart", async () => {
    expect(
      await compact(
        `<p>Read the <a href=/terms>terms</a>, then <b>agree</b>.</p><div>One</div><div>Two<br>Three</div>`,
      ),
    ).toBe("Read the [link terms], then agree.\nOne\nTwo\nThree");
  });

  it("numbers what repeats, in document order", async () => {
    await using page = await open(
      pool,
      `<button onclick="out.textContent='first'">Buy</button><button onclick="out.textContent='second'">Buy</button><a href=/>Buy</a><p id=out>`,
    );
    expect(page.first.elements.map((e) => e.name)).toEqual(["button Buy", "button Buy #2", "link Buy"]);
    expect(body(await page.act('do(action="Click", element="button Buy #2")'))).toContain("second");
  });

  it("takes names from labels, references, titles, alternative texts and placeholders", async () => {
    expect(
      await compact(
        `<label>First <input></label><label for=b>Second</label><input id=b><span id=c>Third</span><input aria-labelledby=c><input aria-label=Fourth><input title=Fifth><input placeholder=Sixth>
         <a href=/><img src=/x alt="Seventh" width=20 height=20></a><input type=submit value=Eighth><button><svg aria-hidden=true><title>no</title></svg><span aria-label=Ninth></span></button><button title=Tenth>×</button>`,
      ),
    ).toBe(
      "[textbox First] [textbox Second] Third [textbox Third] [textbox Fourth] [textbox Fifth] [textbox Sixth] [link Seventh] [button Eighth] [button Ninth] [button ×]",
    );
  });

  it("prints states: checked, chosen, disabled, pressed, password", async () => {
    expect(
      await compact(
        `<label><input type=checkbox checked> Gift</label><label><input type=checkbox> Fast</label><label><input type=radio checked> Card</label>
         <button disabled>Send</button><button aria-pressed=true>Bold</button><div role=tab aria-selected=true tabindex=0>Details</div><input type=password aria-label=Password value=secret>`,
      ),
    ).toBe(
      "[checkbox Gift = checked] [checkbox Fast] [radio Card = checked] [button Send; disabled] [button Bold = pressed]\n[tab Details = selected]\n[textbox Password = ••••]",
    );
  });

  it("shows twelve options at most but keeps all of them in elements", async () => {
    const options = Array.from({ length: 15 }, (_, i) => `<option>City ${i}`).join("");
    await using page = await open(pool, `<select aria-label=City>${options}</select>`);
    expect(body(page.first)).toMatch(/City 11, …\]$/);
    expect(page.first.elements[0]!.options).toHaveLength(15);
  });

  it("leaves out what cannot be seen or reached", async () => {
    expect(
      await compact(
        `<p hidden>a</p><p style="visibility:hidden">b <span style="visibility:visible">shown</span></p><p style="opacity:0">c</p>
         <p style="position:absolute;left:-9999px">e</p><p style="position:absolute;width:1px;height:1px;overflow:hidden">f</p>
         <details><summary>More</summary>g</details><div style="height:20px;overflow:hidden"><p style="margin:0;line-height:20px">top</p><p>h</p></div>
         <button style="position:absolute;top:300px">Under</button><div style="position:absolute;top:290px;height:60px;width:300px;background:#fff;z-index:2">over</div>`,
      ),
    ).toBe("shown\n[button More]\ntop\nover");
  });

  it("shows only the dialog while a modal one is open", async () => {
    await using page = await open(
      pool,
      `<a href=/>Behind</a><button onclick="d.showModal()">Open</button><dialog id=d><h2>Delete?</h2><button onclick="d.close()">Cancel</button></dialog>`,
    );
    expect(body(page.first)).toBe("[link Behind] [button Open]");
    const opened = await page.act('do(action="Click", element="button Open")');
    expect(body(opened)).toBe("Delete?\n[button Cancel]");
    expect((await page.act('do(action="Click", element="link Behind")')).error?.code).toBe("unknown_element");
    expect(body(await page.act('do(action="Click", element="button Cancel")'))).toContain("Behind");
  });

  it("treats aria-modal layers like dialogs", async () => {
    expect(
      await compact(
        `<a href=/>Behind</a><div role=dialog aria-modal=true style="position:fixed;inset:0;background:#fff"><button>Close</button></div>`,
      ),
    ).toBe("[button Close]");
  });

  it("joins definition lists, and lays side by side what stands side by side", async () => {
    expect(
      await compact(
        `<dl><dt>Status</dt><dd>Open</dd><dt>Total</dt><dd><a href=/>$5</a></dd></dl>
         <div style="display:flex;gap:20px"><div>Left</div><div>Right</div></div>
         <div style="display:grid;grid-template-columns:200px 1fr"><div>Menu<br>Items</div><div>Content<br>Text</div></div>`,
      ),
    ).toBe("Status | Open\nTotal | [link $5]\nLeft Right\nMenu\nItems\nContent\nText");
  });

  it("lists cells of a wide table beyond the window, and reaches them", async () => {
    const cells = Array.from({ length: 12 }, (_, i) => `<td style="min-width:200px">Cell ${i}`).join("");
    await using page = await open(
      pool,
      `<div style="overflow-x:auto"><table><tr>${cells}<td><button onclick="out.textContent='pressed'">Last</button></table></div><p id=out>`,
    );
    expect(body(page.first)).toContain("Cell 11 | [button Last]");
    expect(body(await page.act('do(action="Click", element="button Last")'))).toContain("pressed");
  });

  it("enters open shadow roots and slots", async () => {
    await using page = await open(
      pool,
      `<x-card><span slot=title>Slotted</span></x-card><p id=out></p><script>
        customElements.define("x-card", class extends HTMLElement { constructor() { super(); this.attachShadow({ mode: "open" }).innerHTML = '<h2><slot name=title></slot></h2><button>Inside</button><input aria-label=Field>'; this.shadowRoot.querySelector("button").onclick = () => { out.textContent = "clicked" } } });</script>`,
    );
    expect(body(page.first)).toBe("Slotted\n[button Inside] [textbox Field]");
    expect(body(await page.act('do(action="Click", element="button Inside")'))).toContain("clicked");
    expect(body(await page.act('do(action="Type", argument="x", element="textbox Field")'))).toContain(
      "[textbox Field = x]",
    );
  });

  it("clicks check boxes that only their label shows", async () => {
    await using page = await open(
      pool,
      `<style>input { position: absolute; opacity: 0; width: 0; height: 0 }</style><input type=checkbox id=a><label for=a>Remember me</label>`,
    );
    expect(body(page.first)).toBe("[checkbox Remember me]");
    expect(body(await page.act('do(action="Click", element="checkbox Remember me")'))).toBe(
      "[checkbox Remember me = checked]",
    );
  });

  it("lists things without a role that answer to the mouse", async () => {
    expect(
      await compact(
        `<div onclick="x()">Card</div><span style="cursor:pointer">Star <i>3</i></span><div style="cursor:pointer"><a href=/>Link</a> in a card</div><div contenteditable aria-label=Note>text</div>`,
      ),
    ).toBe("[clickable Card]\n[clickable Star 3]\n[link Link] in a card\n[textbox Note = text]");
  });

  it("shows every part of a long page on the way down, and clicks what is only half in sight", async () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) => `<p style="height:40px;margin:0">Row ${i} <a href="#${i}">Open ${i}</a></p>`,
    );
    await using page = await open(pool, rows.join(""));
    let seen = page.first.text;
    let last = page.first;
    for (let i = 0; i < 10 && last.error === null; i++) {
      last = await page.act('do(action="Scroll Down")');
      seen += last.text;
    }
    for (let i = 0; i < 60; i++) expect(seen).toContain(`Row ${i} [link Open ${i}]`);
    expect(last.scroll.top + last.scroll.viewport).toBe(last.scroll.page);
    expect(last.text).toMatch(/scroll (\d+) of \1\n/);
    expect((await page.act('do(action="Scroll Up")')).scroll.top).toBeLessThan(last.scroll.top);
  });

  it("scrolls the pane of an application whose document does not scroll", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `<p>Row ${i}</p>`).join("");
    await using page = await open(
      pool,
      `<style>body{margin:0}</style><main style="height:720px;overflow-y:auto">${rows}</main>`,
    );
    expect(page.first.text).toContain("scroll 1 of");
    expect(page.first.text).not.toContain("Row 30");
    expect(body(await page.act('do(action="Scroll Down")'))).toContain("Row 25");
  });

  it("cannot be led astray by a page that prints the marks of elements itself", async () => {
    expect(await compact(`<p>\uE0000\uE001 and \uE0025\uE001 \uE0020\uE001</p><button>Real</button>`)).toBe(
      "0 and 5 0\n[button Real]",
    );
  });
});

describe("aria", () => {
  it("prints the tree with references, states and text", async () => {
    await using page = await open(
      pool,
      `<nav aria-label=Main><a href=/>Home</a></nav><main><h2>Orders</h2><ul><li>One <a href=/1>Order 1</a></li><li>Two</li></ul>
       <form><label>Size <select><option>S<option selected>M</select></label><input type=checkbox checked aria-label=Gift><input aria-label=Name value=Ann><button disabled>Buy</button></form></main>`,
      { format: "aria" },
    );
    expect(body(page.first)).toBe(`- navigation "Main"
  - link "Home" [ref=0]
- main
  - heading [level=2]: Orders
  - list
    - listitem
      - text: One
      - link "Order 1" [ref=1]
    - listitem: Two
  - form
    - text: Size
    - combobox "Size" [ref=2]: M
      - option "S"
      - option "M" [selected]
    - checkbox "Gift" [ref=3] [checked]
    - textbox "Name" [ref=4]: Ann
    - button "Buy" [ref=5] [disabled]`);
    const typed = await page.act('do(action="Type", argument="Bea", element=4)');
    expect(body(typed)).toContain('- textbox "Name" [ref=4] [focused]: Bea');
  });

  it("enters frames", async () => {
    const app = pages({
      "/": `<button>Out</button><iframe src=/in></iframe>`,
      "/in": `<button onclick="this.textContent='Pressed'">In</button>`,
    });
    await using page = await open(pool, app, { format: "aria" });
    expect(body(page.first)).toContain('- button "In" [ref=1]');
    expect(body(await page.act('do(action="Click", element="1")'))).toContain("Pressed");
  });
});

describe("webrl", () => {
  /** The sample of the reference, as a page with the same boxes. */
  const SAMPLE = `<!doctype html><html><head><title>Tool Shed</title></head><body style="margin:0;height:720px;position:relative;overflow:hidden">
    <style>body * { position: absolute; box-sizing: border-box; margin: 0; padding: 0; overflow: hidden; font-size: 14px } br, option { position: static }</style>
    <div style="left:0;top:0;width:1280px;height:60px"><a href="/" title="Start page" style="left:16px;top:18px;width:92px;height:24px">Tool Shed</a>
    <input type=search placeholder="Find a tool" style="left:400px;top:16px;width:320px;height:28px">
    <button style="left:728px;top:16px;width:48px;height:28px">Go</button></div>
    <select style="left:1100px;top:80px;width:150px;height:26px"><option value=name>Name</option><option value=price selected>Price</option></select>
    <p style="left:16px;top:80px;width:300px;height:20px">12 items<br>in stock</p><script>document.querySelector("input").value = "saw"</script></body></html>`;

  it("is the reference's sample, character by character", async () => {
    await using page = await open(
      pool,
      pages({ "/": () => new Response(SAMPLE, { headers: { "content-type": "text/html" } }) }),
      {
        format: "webrl",
      },
    );
    expect(page.first.text).toBe(
      [
        '<html data-bbox="0,0,1280,720"> <body data-bbox="0,0,1280,720"> <div data-bbox="0,0,1280,60">',
        '<a id="0" title="Start page" data-text="Tool Shed" data-bbox="16,18,92,24"> Tool Shed </a>',
        '<input id="1" type="search" placeholder="Find a tool" data-value="saw" data-bbox="400,16,320,28"> </input>',
        '<button id="2" data-text="Go" data-bbox="728,16,48,28"> Go </button> </div>',
        '<select id="3" data-value="price" data-text="Price" data-bbox="1100,80,150,26"> <option value="name" data-text="Name"> Name </option>',
        '<option value="price" data-text="Price" data-status="selected"> Price </option> </select>',
        '<p data-text="12 items,in stock" data-bbox="16,80,300,20"> 12 items </p> </body> </html>',
      ].join(" "),
    );
    expect(page.first.elements.map((e) => e.name)).toEqual(["0", "1", "2", "3"]);
  });

  it("labels the innermost clickable elements that their centre hits, restarting at 0", async () => {
    await using page = await open(
      pool,
      `<a href=/><button>In</button></a><div class="my-Button">Class</div><div tabindex=0>Tab</div><div tabindex=-1>No</div><label><input type=checkbox>Both</label>
       <button style="position:absolute;top:400px;left:0">Covered</button><div style="position:absolute;top:390px;left:0;width:200px;height:60px;background:#fff">over</div>`,
      { format: "webrl" },
    );
    const labels = [...page.first.text.matchAll(/<(\w+) id="(\d+)"/g)].map(
      (match) => `${match[1]} ${match[2]}`,
    );
    expect(labels).toEqual(["button 0", "div 1", "div 2", "input 3"]);
    expect(page.first.text).toContain('data-status="not-checked"');
    const checked = await page.act('do(action="Click", element="3")');
    expect(checked.text).toContain('data-status="checked"');
    expect((await page.act('do(action="Click", element="9")')).error?.code).toBe("unknown_element");
  });

  it("a drawing in a button has the button's name, in the page and among the elements", async () => {
    await using page = await open(
      pool,
      `<button title="Delete this note" style="cursor:pointer"><svg width=20 height=20><path d="M0 0h20v20H0z"/></svg></button>`,
      { format: "webrl" },
    );
    expect(page.first.text).toMatch(/<path id="0" [^>]*aria-label="Delete this note">/);
    expect(page.first.elements).toMatchObject([{ role: "path", label: "Delete this note", name: "0" }]);
  });

  it("drops equal values, hidden types and long tails; an unseen parent is spliced out", async () => {
    await using page = await open(
      pool,
      `<form><input type=hidden value=token><input value=same aria-label=x><p title="${"x".repeat(600)}">long</p></form><div><div><span>deep</span></div></div>`,
      { format: "webrl" },
    );
    expect(page.first.text).not.toContain('type="hidden"');
    expect(page.first.text).toContain('<input id="0" value="same" data-bbox=');
    expect(page.first.text).toMatch(/title="x{500}"/);
    expect(page.first.text).toMatch(/<\/form> <span [^>]*data-text="deep"[^>]*> deep <\/span>/);
  });
});
