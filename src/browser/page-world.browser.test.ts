import { afterAll, describe, expect, it } from "vitest";
import type { ObservationFormat } from "../core/observation.ts";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const FORMATS: ObservationFormat[] = ["compact", "aria", "webrl"];
const PAGE = `<h1>Orders</h1><form><label>Name <input value=Ann></label><button type=button onclick="out.textContent = 'saved'">Save</button></form><p id=out></p>`;

/** Names that a page can give to what it defines. */
const globals = `const keep = new Set(["window", "self", "globalThis", "document", "location", "top", "parent", "frames", "customElements", "undefined", "NaN", "Infinity"]);
  for (const name of Object.getOwnPropertyNames(window)) if (!keep.has(name)) try { window[name] = {} } catch (error) { void error }`;
const prototypes = `for (const { prototype } of [Node, Element, HTMLElement, Document, EventTarget, Array, String, Map, Set, Promise, RegExp, JSON.constructor, Object.getPrototypeOf(document.body.children).constructor])
  for (const name of Object.getOwnPropertyNames(prototype ?? {})) if (name !== "constructor") try { Object.defineProperty(prototype, name, { get() { throw new Error("ours") }, configurable: true }) } catch (error) { void error }`;

describe.each(FORMATS)("a page's own names and scripts reach no reading of it (%s)", (format) => {
  it.each([
    ["class Node", `<script>class Node {}; class Element {}; class Text {}</script>`],
    [
      "function Map",
      `<script>function Map() {} function Set() {} var scheduler = {}; var performance = null</script>`,
    ],
    ["every global replaced", `<script>${globals}</script>`],
    ["every prototype broken", `<script>${prototypes}</script>`],
    ["toJSON", `<script>Object.prototype.toJSON = Array.prototype.toJSON = () => "changed"</script>`],
    [
      "timers stopped",
      `<script>setTimeout = setInterval = requestAnimationFrame = queueMicrotask = () => 0</script>`,
    ],
    [
      "a policy that forbids all scripts",
      `<meta http-equiv=content-security-policy content="script-src 'none'">`,
    ],
  ])("%s", async (_, script) => {
    await using plain = await open(pool, PAGE, { format });
    await using changed = await open(pool, PAGE + script, { format });
    expect(changed.first.elements).toEqual(plain.first.elements);
    if (format !== "webrl") expect(body(changed.first)).toBe(body(plain.first));
    const typed = await changed.act(
      `do(action="Type", argument="Bea", element="${changed.first.elements[0]!.name}")`,
    );
    expect(typed.elements[0]!.value).toBe("Bea");
  });
});

describe.each(FORMATS)("names of fields and pictures shadow nothing (%s)", (format) => {
  // Each name that a form, or the document, has from its prototypes.
  const page = (take: string) => `${PAGE}<script>
    const names = (object) => { const all = new Set(); for (let at = object; at; at = Object.getPrototypeOf(at)) for (const name of Object.getOwnPropertyNames(at)) all.add(name); return [...all] };
    ${take}</script>`;
  it.each([
    [
      "of a form",
      `const form = document.querySelector("form"), parts = names(form);
      for (const name of parts) { const input = document.createElement("input"); input.type = "hidden"; input.name = name; HTMLElement.prototype.append.call(form, input) }`,
    ],
    [
      "of the document",
      `const { createElement } = document, { body } = document;
      for (const name of names(document)) { const image = createElement.call(document, "form"); image.setAttribute("name", name); body.append(image) }`,
    ],
  ])("%s", async (_, take) => {
    await using plain = await open(pool, PAGE, { format });
    await using named = await open(pool, page(take), { format });
    expect(named.first.elements).toEqual(plain.first.elements);
    expect(named.first.title).toBe("Test");
    if (format !== "webrl") expect(body(named.first)).toBe(body(plain.first));
    const typed = await named.act(
      `do(action="Type", argument="Bea", element="${named.first.elements[0]!.name}")`,
    );
    expect(typed.elements[0]!.value).toBe("Bea");
  });
});

it("a library that tracks a field's value by its setter sees the value that is set", async () => {
  // What React does: it overrides `value` on the element, and ignores events for a value that it has set itself.
  await using page = await open(
    pool,
    `<label>Day <input type=date id=f></label><p id=out></p><script>
      const native = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
      let known = "";
      Object.defineProperty(f, "value", { get() { return native.get.call(this) }, set(v) { known = v; native.set.call(this, v) } });
      f.addEventListener("input", () => { if (f.value !== known) { known = f.value; out.textContent = "state " + known } });
    </script>`,
  );
  const typed = await page.act('do(action="Type", argument="2026-03-16", element="textbox Day")');
  expect(body(typed)).toContain("state 2026-03-16");
});

describe("the page script is in every document", () => {
  it("of popups, blank frames, srcdoc frames and sandboxed ones", async () => {
    const app = pages({
      "/": `<button onclick="window.open('/two')">Open</button><iframe id=f width=300 height=60></iframe>
        <iframe srcdoc="<button onclick=&quot;this.textContent='Pressed'&quot;>Srcdoc</button>" width=300 height=60></iframe>
        <iframe sandbox srcdoc="<p>No scripts</p><button>Sandboxed</button>" width=300 height=120></iframe>
        <script>f.contentDocument.body.innerHTML = "<button>Blank</button>"</script>`,
      "/two": `<script>function Map() {}</script><button>Two</button>`,
    });
    await using page = await open(pool, app);
    expect(page.first.elements.map(({ name }) => name)).toEqual([
      "button Open",
      "button Blank",
      "button Srcdoc",
      "button Sandboxed",
    ]);
    const pressed = await page.act('do(action="Click", element="button Srcdoc")');
    expect(body(pressed)).toContain("[button Pressed]");
    expect(body(await page.act('do(action="Click", element="button Open")'))).toBe("[button Two]");
  });

  it("of one that is written anew with document.open", async () => {
    await using page = await open(
      pool,
      `<button onclick="document.open(); document.write('<p>Written</p><button>Next</button>'); document.close()">Go</button>`,
    );
    const written = await page.act('do(action="Click", element="button Go")');
    expect(body(written)).toBe("Written\n[button Next]");
  });

  it("of one that document.open has emptied, in every format", async () => {
    for (const format of FORMATS) {
      await using page = await open(pool, `<button onclick="document.open()">Empty</button>`, {
        format,
        limits: { settleMs: 300 },
      });
      const empty = await page.act(`do(action="Click", element="${page.first.elements[0]!.name}")`);
      expect(empty.elements).toEqual([]);
      expect((await page.act('do(action="Scroll Down")')).error?.code).toBe("not_actionable");
    }
  });

  it("of a frame of another site that has a frame itself", async () => {
    const other = pages({
      "/": () => html(`<p>Outer</p><iframe src="/inner" width=300 height=80></iframe>`),
      "/inner": () => html(`<button onclick="this.textContent='Pressed'">Inner</button>`),
    });
    const app = pages({ "/": `<p>Top</p><iframe src="http://other.test/" width=400 height=200></iframe>` });
    await using page = await open(pool, app, {
      world: {
        hosts: new Map([
          ["shop.test", app],
          ["other.test", other],
        ]),
      },
    });
    expect(body(page.first)).toBe("Top\nOuter\n[button Inner]");
    expect(body(await page.act('do(action="Click", element="button Inner")'))).toContain("[button Pressed]");
  });
});
