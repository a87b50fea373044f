/** Whatever an action sets going on a page is waited for, no matter what will call the page back. */

import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const GO = 'do(action="Click", element="button Go")';
const page = (script: string, markup = "") =>
  `<p id=out style="position:fixed;top:40px">-</p><button onclick="go()">Go</button>${markup}<script>
  const done = () => { out.textContent = "done" };
  ${script}</script>`;

/** Does the step twenty times, one after the other, like a page that reads one record to find the next. */
const often = (step: string) => `go = async () => { for (let i = 0; i < 20; i++) await ${step}; done() }`;

const OPEN_DB = `const request = (r) => new Promise((resolve) => { r.onsuccess = () => resolve(r.result) });
  const opened = new Promise((resolve) => {
    const r = indexedDB.open("shop"); r.onupgradeneeded = () => r.result.createObjectStore("cart"); r.onsuccess = () => resolve(r.result) });`;

describe("replies of the browser and of workers", () => {
  it.each([
    [
      "reads of IndexedDB",
      `${OPEN_DB} go = async () => { const db = await opened; for (let i = 0; i < 60; i++) await request(db.transaction("cart").objectStore("cart").get(i)); done() }`,
    ],
    [
      "databases that are opened and removed",
      often(
        `new Promise((resolve) => { const r = indexedDB.open("x" + i, 1); r.onsuccess = () => { r.result.close(); resolve() } })`,
      ),
    ],
    [
      "a worker that takes 150 ms",
      `const worker = new Worker(URL.createObjectURL(new Blob(["onmessage = () => { const end = Date.now() + 150; while (Date.now() < end); postMessage(1) }"])));
       worker.onmessage = done; go = () => worker.postMessage(1)`,
    ],
    [
      "a worker that is asked again and again",
      `const worker = new Worker(URL.createObjectURL(new Blob(["onmessage = () => { const end = Date.now() + 40; while (Date.now() < end); postMessage(1) }"])));
       let left = 6; worker.onmessage = () => --left ? worker.postMessage(1) : done(); go = () => worker.postMessage(1)`,
    ],
    [
      "a file that is read",
      often(
        `new Promise((resolve) => { const r = new FileReader(); r.onload = resolve; r.readAsDataURL(new Blob(["x".repeat(100000)])) })`,
      ),
    ],
    ["texts of blobs", often(`new Blob(["x".repeat(100000)]).text()`)],
    ["pictures that are decoded", often(`createImageBitmap(new ImageData(900, 900))`)],
  ])("%s", async (_name, script) => {
    await using test = await open(pool, page(script));
    expect(body(await test.act(GO))).toContain("done");
  });

  it("a worker that never answers is not waited for for ever", async () => {
    const worker = `const worker = new Worker(URL.createObjectURL(new Blob(["onmessage = () => {}"]))); let n = 0;
      go = () => { worker.postMessage(1); out.textContent = "clicked " + ++n }`;
    await using test = await open(pool, page(worker));
    expect(body(await test.act(GO))).toContain("clicked 1");
    expect(body(await test.act(GO))).toContain("clicked 2");
  });
});

describe("what begins with an action and changes nothing at once", () => {
  const next = (start: string) => `go = () => { ${start} }`;
  it.each<[name: string, script: string, markup?: string]>([
    ["a message to itself", `onmessage = done; ${next(`postMessage(1)`)}`],
    [
      "a message channel",
      `const c = new MessageChannel(); c.port1.onmessage = done; ${next(`c.port2.postMessage(1)`)}`,
    ],
    [
      "a broadcast",
      `const a = new BroadcastChannel("x"), b = new BroadcastChannel("x"); b.onmessage = done; ${next(`a.postMessage(1)`)}`,
    ],
    ["a task", next(`scheduler.postTask(done)`)],
    ["an idle moment", next(`requestIdleCallback(done)`)],
    ["a frame", next(`requestAnimationFrame(done)`)],
    ["a timer", next(`setTimeout(done, 30)`)],
    ["an answer", next(`fetch("/data").then(done)`)],
    [
      "an answer, the old way",
      next(`const x = new XMLHttpRequest(); x.onload = done; x.open("GET", "/data"); x.send()`),
    ],
    ["a picture that is loaded", next(`const i = new Image(); i.onload = i.onerror = done; i.src = "/data"`)],
    ["a module", next(`import("/module.js")`), `<script type=module>globalThis.done = done</script>`],
    ["a form that a script sends", next(`f.submit()`), `<form id=f action=/done></form>`],
    [
      "a link that a script clicks",
      next(`const a = document.createElement("a"); a.href = "/done"; a.click()`),
    ],
    ["another address", next(`location.href = "/done"`)],
    [
      "an address one step back",
      `history.pushState(null, "", "/two"); onpopstate = done; ${next(`history.back()`)}`,
    ],
    ["a window", next(`open("/done")`)],
    [
      "a layer that opens",
      `top_.addEventListener("toggle", done); ${next("")}`,
      `<button popovertarget=top_>Open</button><div id=top_ popover>Layer</div>`,
    ],
    [
      "a size that changes",
      `new ResizeObserver((all) => { if (all[0].contentRect.height > 10) done() }).observe(box); ${next(`sheet.sheet.insertRule("#box { height: 60px }")`)}`,
      `<style id=sheet></style><div id=box></div>`,
    ],
    [
      "something that comes into view",
      `new IntersectionObserver((all) => { if (all.some((one) => one.isIntersecting)) done() }).observe(box); ${next(`sheet.sheet.insertRule("#far { display: none }")`)}`,
      `<style id=sheet></style><div id=far style="height:3000px"></div><div id=box>x</div>`,
    ],
    [
      "a scroll",
      `addEventListener("scroll", done); ${next(`scrollTo(0, 500)`)}`,
      `<div style="height:3000px"></div>`,
    ],
    [
      "a scroll that takes time",
      `document.querySelector("#pane").onscrollend = done; ${next(`pane.scrollTo({ top: 900, behavior: "smooth" })`)}`,
      `<div id=pane style="height:50px;overflow:auto"><div style="height:3000px"></div></div>`,
    ],
    [
      "a smooth scroll to another part",
      `addEventListener("scrollend", done); const go = null`,
      `<style>html { scroll-behavior: smooth }</style><a href="#far">Far</a><div style="height:3000px"></div><p id=far>Far</p>`,
    ],
    ["a selection", `document.onselectionchange = done; ${next(`getSelection().selectAllChildren(out)`)}`],
    [
      "a transition",
      `box.ontransitionend = done; ${next(`sheet.sheet.insertRule("#box { opacity: .5 !important }")`)}`,
      `<style id=sheet></style><div id=box style="transition: opacity .1s">x</div>`,
    ],
    [
      "an element of its own with a shadow",
      `customElements.define("x-a", class extends HTMLElement { constructor() { super(); this.attachShadow({ mode: "closed" }).innerHTML = "<button>In</button>" } }); ${next(`Promise.resolve().then(() => new Promise((r) => setTimeout(r, 20))).then(done)`)}`,
      `<x-a></x-a>`,
    ],
  ])("%s", async (name, script, markup = "") => {
    const app = pages({
      "/": page(script, markup),
      "/data": () => Response.json({}),
      "/module.js": () => new Response("done()", { headers: { "content-type": "text/javascript" } }),
      "/done": () => html("done"),
    });
    await using test = await open(pool, app);
    expect(body(test.first)).not.toContain("done");
    const actions: Record<string, string> = {
      "a layer that opens": 'do(action="Click", element="button Open")',
      "a smooth scroll to another part": 'do(action="Click", element="link Far")',
    };
    const action = actions[name] ?? GO;
    expect(body(await test.act(action))).toContain("done");
  });
});
