/** When a page counts as at rest: after what it still has to do, and in spite of what it does for ever. */

import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";
import type { HostFetch } from "./world.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const WAIT = 'do(action="Wait")';
const click = (name: string) => `do(action="Click", element="${name}")`;
/** `done()` says so on the page; `busy(ms)` lets nothing else run. */
const page = (script: string, markup = "") =>
  `<p id=out>-</p><button onclick="go()">Go</button>${markup}<script>
  const done = () => { out.textContent = "done" };
  const busy = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
  function go() {}
  ${script}</script>`;

describe("a page is not quiet before it has had a turn", () => {
  it.each([
    ["a timer of no delay after load", `addEventListener("load", () => setTimeout(done, 0))`],
    [
      "a timer behind a long task",
      `addEventListener("load", () => setTimeout(() => { busy(120); setTimeout(done, 0) }, 0))`,
    ],
    [
      "a frame behind a long task",
      `addEventListener("load", () => requestAnimationFrame(() => { busy(120); requestAnimationFrame(() => setTimeout(done, 0)) }))`,
    ],
    [
      "several long tasks in a row",
      `let left = 4; const next = () => { busy(60); --left ? setTimeout(next, 0) : done() }; addEventListener("load", () => setTimeout(next, 0))`,
    ],
    [
      "an answer that takes long to be drawn",
      `addEventListener("load", () => fetch("/data").then((r) => r.json()).then(() => { busy(80); setTimeout(done, 0) }))`,
    ],
  ])("at the start: %s", async (_name, script) => {
    const app = pages({ "/": page(script), "/data": () => Response.json({}) });
    await using test = await open(pool, app);
    expect(body(test.first)).toContain("done");
  });

  it.each([
    ["a long task", `go = () => setTimeout(() => { busy(120); setTimeout(done, 0) }, 0)`],
    ["a timer behind a frame", `go = () => requestAnimationFrame(() => setTimeout(done, 0))`],
  ])("after an action: %s", async (_name, script) => {
    await using test = await open(pool, page(script));
    expect(body(await test.act(click("button Go")))).toContain("done");
  });
});

describe("what comes to an end is waited for", () => {
  const STYLE = `<style>.moving { animation: move .6s } @keyframes move { to { margin-left: 50px } }
    #pane { height: 40px; width: 40px; overflow: hidden } #pane p { height: 400px }
    #box { width: 9px; height: 9px; transition: height .6s } #box.tall { height: 50px }
    .spinner { animation: move 1s infinite }</style><div id=box class=spinner></div><svg height=20><circle id=dot r=5 cy=9 /></svg><div id=pane><p></div>`;
  it.each([
    ["an animation of CSS", `go = () => { out.className = "moving"; out.onanimationend = done }`],
    ["a transition", `box.className = ""; go = () => { box.className = "tall"; box.ontransitionend = done }`],
    [
      "an animation of a script",
      `go = () => out.animate({ opacity: [0, 1] }, { duration: 600 }).finished.then(done)`,
    ],
    [
      "one after the other",
      `go = () => out.animate({ opacity: [0, 1] }, 300).finished.then(() => out.animate({ opacity: [0, 1] }, 300).finished).then(done)`,
    ],
    [
      "steps of a style",
      `go = () => { let step = 0; const next = () => { out.style.marginLeft = step + "px"; ++step < 30 ? requestAnimationFrame(next) : done() }; next() }`,
    ],
    [
      "an answer that is written bit by bit",
      `go = () => { let words = 0; const next = () => { out.append("word " + words + " "); ++words < 60 ? setTimeout(next, 20) : done() }; next() }`,
    ],
    ...[16, 60, 150, 300].map((ms) => [
      `steps of a style every ${ms} ms`,
      `go = () => { let step = 0; const timer = setInterval(() => { out.style.marginLeft = step + "px"; if (++step === 5) { clearInterval(timer); done() } }, ${ms}) }`,
    ]),
    [
      "steps of a style, each of which asks for the next",
      `go = () => { let step = 0; const next = () => { out.style.opacity = step / 10; ++step < 10 ? setTimeout(next, 70) : done() }; setTimeout(next, 70) }`,
    ],
    [
      "steps of a style in every fourth frame",
      `go = () => { let frame = 0; const next = () => { if (frame % 4 === 3) out.style.marginLeft = frame + "px"; ++frame < 40 ? requestAnimationFrame(next) : done() }; requestAnimationFrame(next) }`,
    ],
    [
      "steps of a style over two seconds",
      `go = () => { const from = performance.now(); const next = () => { const share = (performance.now() - from) / 2000; out.style.marginLeft = share * 90 + "px"; share < 1 ? requestAnimationFrame(next) : done() }; next() }`,
    ],
    [
      "steps of a drawing",
      `go = () => { let step = 0; const timer = setInterval(() => { dot.setAttribute("cx", step); if (++step === 10) { clearInterval(timer); done() } }, 60) }`,
    ],
    [
      "steps of scrolling",
      `go = () => { let step = 0; const timer = setInterval(() => { pane.scrollTop = step * 9; if (++step === 10) { clearInterval(timer); done() } }, 60) }`,
    ],
    ["a menu that comes 300 ms after a click", `go = () => setTimeout(done, 300)`],
    ["a chain of timers", `go = () => setTimeout(() => setTimeout(() => setTimeout(done, 80), 80), 80)`],
  ])("%s", async (_name, script) => {
    await using test = await open(pool, page(script!, STYLE), { limits: { settleMs: 6000 } });
    expect(body(await test.act(click("button Go")))).toContain("done");
  });

  it.each([
    [
      "typing",
      'do(action="Type", argument="lamp", element="textbox Search")',
      `<input aria-label=Search>`,
      `let timer; document.querySelector("input").oninput = () => { clearTimeout(timer); timer = setTimeout(done, 300) }`,
    ],
    [
      "hovering",
      'do(action="Hover", element="button Menu")',
      `<button>Menu</button>`,
      `document.addEventListener("mouseover", (e) => { if (e.target.textContent === "Menu") setTimeout(done, 300) })`,
    ],
    [
      "hovering, by CSS alone",
      'do(action="Hover", element="button Menu")',
      `<style>#menu { visibility: hidden; transition: visibility .1s .3s } button:hover + #menu { visibility: visible }</style><button>Menu</button><div id=menu>done</div>`,
      ``,
    ],
  ])("what comes 300 ms after %s", async (_name, action, markup, script) => {
    await using test = await open(pool, page(script, markup));
    expect(body(test.first)).not.toContain("done");
    expect(body(await test.act(action))).toContain("done");
  });
});

it.each([0, 4, 8, 12, 20])("a picture that comes after %s ms, and nothing tells of, is seen", async (ms) => {
  const icon = `<svg xmlns="http://www.w3.org/2000/svg" width="14" height="14"><rect width="14" height="14"/></svg>`;
  const app = pages({
    "/": page(
      `go = () => { box.innerHTML = "<b title=Star onclick=done()></b>" }`,
      `<style>b { content: url(/star.svg); position: absolute }</style><p id=box style="position: relative">`,
    ),
    "/star.svg": async () => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return new Response(icon, { headers: { "content-type": "image/svg+xml" } });
    },
  });
  await using test = await open(pool, app);
  expect(body(await test.act(click("button Go")))).toContain("[clickable Star]");
});

describe("what goes on for ever is not waited for, once it is known", () => {
  /** Hundredths of a second that the page has counted up to an observation. */
  const clock = `<p id=clock>0</p><script>const from = performance.now(); setInterval(() => { clock.textContent = Math.round((performance.now() - from) / 10) + " hundredths" }, 10)</script>`;
  const time = (text: string) => Number(/(\d+) hundredths/.exec(text)![1]);
  const never = () => new Promise<Response>(() => {});
  const stream = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  const routes: Parameters<typeof pages>[0] = {
    "/never": never,
    "/stream": stream,
    "/poll": async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      return Response.json({});
    },
  };
  const endless: Record<string, string> = {
    "a ticker": `<p id=t>0</p><script>let n = 0; setInterval(() => { t.textContent = "price " + n++ }, 15)</script>`,
    "a ticker that is drawn anew": `<div id=t></div><script>let n = 0; setInterval(() => { t.innerHTML = "<b>price</b> <i>" + n++ + "</i>" }, 15)</script>`,
    "a carousel": `<div id=t>x</div><script>let n = 0; const step = () => { t.style.transform = "translateX(" + (n++ % 100) + "px)"; requestAnimationFrame(step) }; step()</script>`,
    "a width that grows and shrinks": `<div id=t>x</div><script>let n = 0; setInterval(() => { t.style.width = (n++ % 100) + "px" }, 40)</script>`,
    "a pane that scrolls": `<div id=t style="height:30px;overflow:hidden"><p style="height:900px">x</div><script>let n = 0; setInterval(() => { t.scrollTop = n++ % 800 }, 30)</script>`,
    "a clock that asks for the time": `<script>setInterval(() => {}, 100)</script>`,
    "a chain of timers that does nothing": `<script>const again = () => setTimeout(again, 90); again()</script>`,
    "frames that draw nothing": `<script>const again = () => requestAnimationFrame(again); again()</script>`,
    "a chain of timers that a click begins": `<script>const again = () => setTimeout(again, 90); addEventListener("click", again)</script>`,
    "a spinner": `<style>@keyframes s { to { rotate: 1turn } } #t { animation: s 1s infinite }</style><div id=t>x</div>`,
    "animations without end, each with one": `<div id=t>x</div><script>const again = () => t.animate({ opacity: [0, 1] }, 400).finished.then(again); again()</script>`,
    "a log that grows": `<pre id=t></pre><script>let n = 0; setInterval(() => t.append("line " + n++ + " of the log\\n"), 15)</script>`,
    "long polling": `<script>const poll = () => fetch("/never?since=" + Date.now()).then(poll); poll()</script>`,
    "short polling in a row": `<script>const poll = () => fetch("/poll?since=" + Date.now()).then(poll); poll()</script>`,
    "a stream of fetch": `<script>fetch("/stream").then((r) => r.text())</script>`,
    "an EventSource": `<script>new EventSource("/stream")</script>`,
    "an image that hangs": `<img src=/never>`,
    "a document that is never closed": `<script>addEventListener("load", () => { const all = document.documentElement.outerHTML.replace(/<script>addEventListener.*/s, ""); document.open(); document.write(all) }, { once: true })</script>`,
  };
  it.each(Object.keys(endless))("%s", async (name) => {
    const app: HostFetch = pages({
      ...routes,
      "/": `<h1>Shop</h1><button>Go</button>${clock}${endless[name]}<a href=/two>Two</a>`,
      "/two": () => html(`<h1>Two</h1><button>Go</button>${clock}${endless[name]}`),
    });
    await using test = await open(pool, app);
    // Learns, in at most one wait.
    const learnt = await test.act(WAIT);
    const clicked = await test.act(click("button Go"));
    const waited = await test.act(WAIT);
    // A wait lasts for one second if nothing happens; a click takes hardly any time. The limit is four seconds.
    expect(time(clicked.text) - time(learnt.text)).toBeLessThan(300);
    expect(time(waited.text) - time(clicked.text)).toBeLessThan(300);
  });

  it.each(["a ticker", "long polling"])("%s is known on the next page of the site, too", async (name) => {
    const app: HostFetch = pages({
      ...routes,
      "/": `<h1>Shop</h1>${clock}${endless[name]}<a href=/two>Two</a>`,
      "/two": () => html(`<h1>Two</h1>${clock}${endless[name]}`),
    });
    await using test = await open(pool, app);
    await test.act(WAIT);
    expect(time((await test.act(click("link Two"))).text)).toBeLessThan(300);
  });

  it("a slow answer is waited for again after a quick one came", async () => {
    let delayMs = 2500;
    const app = pages({
      "/": page(
        `go = () => { out.textContent = "-"; fetch("/search?n=" + Math.random()).then((r) => r.text()).then((text) => { out.textContent = text }) }`,
      ),
      "/search": async () => {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        return new Response(`after ${delayMs}`);
      },
    });
    await using test = await open(pool, app, { limits: { settleMs: 1500 } });
    expect(body(await test.act(click("button Go")))).toContain("-");
    await test.act(WAIT);
    await test.act(WAIT);
    delayMs = 5;
    await test.act(click("button Go"));
    delayMs = 700;
    expect(body(await test.act(click("button Go")))).toContain("after 700");
  });
});
