/**
 * What answers to something other than the left mouse button, or does not say so in attributes: keys, the right button,
 * internals of elements, files.
 */

import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, open } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const click = (name: string) => `do(action="Click", element="${name}")`;
const names = (page: { first: { elements: readonly { name: string }[] } }) =>
  page.first.elements.map(({ name }) => name);

it("what takes the focus and listens to keys is listed, and keys reach it", async () => {
  await using test = await open(
    pool,
    `<p id=out>-</p><div id=a tabindex=0>Board</div><div id=b tabindex=0 onkeyup="out.textContent = 'b ' + event.key">Grid</div>
    <div id=c tabindex=0>Reads aloud</div><div id=d>No focus</div><div id=e tabindex=-1>By script</div>
    <section id=f tabindex=0><button>Inner</button> with its text</section><ul id=g tabindex=0><li>One<li>Two</ul>
    <script>for (const it of [a, d, e, f, g]) it.addEventListener("keydown", (event) => { out.textContent = it.id + " " + event.key })</script>`,
  );
  expect(names(test)).toEqual(["clickable Board", "clickable Grid", "button Inner"]);
  const press = (key: string, name: string) =>
    test.act(`do(action="Press", argument="${key}", element="${name}")`);
  expect(body(await press("ArrowLeft", "clickable Board"))).toContain("a ArrowLeft");
  expect(body(await press("x", "clickable Grid"))).toContain("b x");
});

it("what answers to the right button is listed, however that is said", async () => {
  await using test = await open(
    pool,
    `<p id=out>-</p><div id=a>report.pdf</div><div id=b oncontextmenu="out.textContent = 'b'; return false">notes.txt</div>
    <section><span class=file>photo.jpg</span></section><p oncontextmenu="return false">Not to be copied</p><p>Text</p>
    <script>a.addEventListener("contextmenu", () => { out.textContent = "a" });
    document.addEventListener("contextmenu", (event) => { if (event.target.closest(".file")) out.textContent = "c" })</script>`,
  );
  expect(names(test)).toEqual(["clickable report.pdf", "clickable notes.txt", "clickable photo.jpg"]);
  const right = async (name: string) =>
    body(await test.act(`do(action="Right Click", element="clickable ${name}")`)).split("\n")[0];
  expect(await right("report.pdf")).toBe("a");
  expect(await right("notes.txt")).toBe("b");
  expect(await right("photo.jpg")).toBe("c");
});

describe("what elements say of themselves by ElementInternals", () => {
  const page = `<x-box>Milk</x-box> <x-box aria-label=Rye>Bread</x-box> <x-knob></x-knob> <x-plain>Text</x-plain><script>
    customElements.define("x-box", class extends HTMLElement {
      constructor() {
        super();
        const internals = this.attachInternals();
        internals.role = "checkbox"; internals.ariaChecked = "false"; internals.ariaLabel = "Eggs";
        this.addEventListener("click", () => { internals.ariaChecked = "true" });
      }
    });
    customElements.define("x-knob", class extends HTMLElement {
      constructor() {
        super();
        const internals = this.attachInternals();
        internals.role = "button"; internals.ariaLabel = "Loud"; internals.ariaDisabled = "true";
        this.style.cssText = "display:inline-block;width:20px;height:20px";
      }
    });
    customElements.define("x-plain", class extends HTMLElement { i = this.attachInternals() })
  </script>`;
  it("are their roles, names and states, after attributes", async () => {
    await using test = await open(pool, page);
    expect(body(test.first)).toBe("[checkbox Eggs] [checkbox Rye] [button Loud; disabled] Text");
    expect(body(await test.act(click("checkbox Eggs")))).toContain(
      "[checkbox Eggs = checked] [checkbox Rye]",
    );
    expect((await test.act(click("button Loud"))).error?.message).toBe(`"button Loud" is disabled`);
  });
  it("are in aria, too", async () => {
    await using test = await open(pool, page, { format: "aria" });
    expect(test.first.text).toMatch(
      /checkbox "Eggs"[^]*checkbox "Rye"[^]*button "Loud" \[ref=2\] \[disabled\]/,
    );
  });
});

it.each([
  [
    "a hidden one in the page",
    `<input id=file type=file hidden><button onclick="file.click()">Attach</button>`,
  ],
  [
    "one that is nowhere in the page",
    `<button onclick="const f = document.createElement('input'); f.type = 'file'; f.click()">Attach</button>`,
  ],
])("a picker of files that a script opens is told of: %s", async (_name, markup) => {
  await using test = await open(pool, markup);
  const asked = await test.act(click("button Attach"));
  expect(asked.text).toContain("note: the page asks for a file, and there are none to give");
  expect((await test.act('do(action="Wait")')).text).not.toContain("note:");
});

it("what a script moves by the mouse's wheel is scrolled", async () => {
  const items = Array.from({ length: 30 }, (_, i) => `<p><a href="#${i}">Item ${i}</a></p>`).join("");
  await using test = await open(
    pool,
    `<style>p { margin: 0; height: 20px }</style><div id=w style="height:150px;overflow:hidden;position:relative"><div id=all style="position:absolute;top:0">${items}</div></div><script>
    let y = 0;
    w.addEventListener("wheel", (event) => { y = Math.max(-240, Math.min(0, y - event.deltaY)); all.style.top = y + "px"; event.preventDefault() })</script>`,
  );
  const down = () => test.act('do(action="Scroll Down", element="link Item 6")');
  expect(body(await down())).toMatch(/^\[link Item 6\]/);
  const end = await test.act('do(action="Scroll Down", element="link Item 8")');
  expect(body(end)).toMatch(/^\[link Item 12\]/);
  expect((await test.act('do(action="Scroll Down", element="link Item 14")')).error?.message).toContain(
    "does not scroll further down",
  );
});

it("a view transition, whose pictures cover the page, is waited for", async () => {
  await using test = await open(
    pool,
    `<p id=p>before</p><button onclick="document.startViewTransition(() => { p.textContent = 'after' })">Swap</button>`,
  );
  expect(body(await test.act(click("button Swap")))).toBe("after\n[button Swap]");
});

it("a dialog that comes again and again is one note", async () => {
  await using test = await open(
    pool,
    `<button onclick="for (let i = 0; i < 5; i++) alert('No')">Go</button>`,
  );
  expect((await test.act(click("button Go"))).text).toContain(`note: dialog "No" was shown (5 times)\n---`);
});

it("a slider that answers only to the mouse stops at the value that was asked for, its thumb included", async () => {
  await using test = await open(
    pool,
    `<div id=track style="width:200px;height:20px;background:#ccc;position:relative"><div id=thumb role=slider tabindex=0 aria-label=Volume aria-valuenow=0 aria-valuemin=0 aria-valuemax=100 style="position:absolute;width:20px;height:20px;background:red"></div></div><script>
    thumb.onpointerdown = (down) => {
      thumb.setPointerCapture(down.pointerId);
      thumb.onpointermove = ({ clientX }) => {
        const value = Math.max(0, Math.min(100, Math.round((clientX - track.getBoundingClientRect().left - 10) / 1.8)));
        thumb.style.left = value * 1.8 + "px";
        thumb.setAttribute("aria-valuenow", value);
      };
    };
    thumb.onpointerup = () => { thumb.onpointermove = null }</script>`,
  );
  const set = await test.act('do(action="Type", argument="70", element="slider Volume")');
  expect(set.error).toBeNull();
  expect(body(set)).toContain("[slider Volume = 70]");
});
