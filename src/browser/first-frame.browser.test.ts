/** What the browser or a script does with the first frame of a document is in its first observation. */

import { afterAll, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const TALL = `<div style="height:3000px"></div>`;
const done = `out.textContent = "done"`;

it.each<[name: string, markup: string, seen: string]>([
  ["the focus that the markup gives", `<input aria-label=Name autofocus>`, "focus: textbox Name"],
  ["the place that the address names", `${TALL}<p id=far>Far away</p>`, "Far away"],
  [
    "a script that is told of a size",
    `<p id=out>-</p><script>new ResizeObserver(() => { ${done} }).observe(out)</script>`,
    "done",
  ],
  [
    "a script that is told of what is in view",
    `<p id=out>-</p><script>new IntersectionObserver(() => { ${done} }).observe(out)</script>`,
    "done",
  ],
  [
    "what is laid out once it is in view",
    `<style>section { content-visibility: auto }</style><section><p>Laid out</p></section>`,
    "Laid out",
  ],
  [
    "a script that asks for a frame",
    `<p id=out>-</p><script>requestAnimationFrame(() => { ${done} })</script>`,
    "done",
  ],
  [
    "an animation that tells of its beginning",
    `<style>@keyframes in { to { opacity: 1 } } p { animation: in .01s }</style><p id=out onanimationend='${done}'>-</p>`,
    "done",
  ],
  [
    "a layer that tells of its opening",
    `<details open ontoggle='${done}'><summary>More</summary></details><p id=out>-</p>`,
    "done",
  ],
  [
    "a picture that waits until it is in view",
    `<p id=out>-</p><img loading=lazy src="/picture" onerror='${done}'>`,
    "done",
  ],
])("%s", async (name, markup, seen) => {
  const app = pages({ "/": () => html(markup), "/picture": () => new Response("none", { status: 404 }) });
  const world = name.includes("address") ? { startUrl: "http://shop.test/#far" } : {};
  await using test = await open(pool, app, { world });
  const text = seen.startsWith("focus") ? test.first.text : body(test.first);
  expect(text).toContain(seen);
});
