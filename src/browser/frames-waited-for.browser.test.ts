/**
 * After an action, we wait for a frame only if something on the page may come with it, because drawing one is
 * expensive.
 */

import { afterAll, expect, it } from "vitest";
import type { BrowserEpisode } from "./episode.ts";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

/** Counts the frames that the page script asks for from now on; returns how many there were. */
async function countFrames(episode: BrowserEpisode): Promise<() => Promise<number>> {
  const page = episode.context.pages()[0]!;
  const session = await episode.context.newCDPSession(page);
  let world: string | undefined;
  session.on("Runtime.executionContextCreated", ({ context }) => {
    if (context.name.startsWith("__playwright_utility_world")) world = context.uniqueId;
  });
  await session.send("Runtime.enable");
  const read = async (expression: string) => {
    const told = await session.send("Runtime.evaluate", {
      expression,
      uniqueContextId: world!,
      returnByValue: true,
    });
    return told.result.value as number;
  };
  await read(
    "{ const native = requestAnimationFrame; var asked = 0; requestAnimationFrame = (call) => (asked++, native(call)) }",
  );
  return () => read("asked");
}

async function framesOfClick(markup: string, address = "/"): Promise<number> {
  const app = pages({
    "/": () => html(`<button onclick="out.textContent = 'done'">Go</button><p id=out>-</p>${markup}`),
    "/picture": () => new Response("none", { status: 404 }),
  });
  await using test = await open(pool, app, { world: { startUrl: `http://shop.test${address}` } });
  const asked = await countFrames(test.episode as BrowserEpisode);
  expect(body(await test.act('do(action="Click", element="button Go")'))).toContain("done");
  const frames = await asked();
  return frames;
}

it.each([
  [
    "a script that hears nothing late",
    `<script>let clicks = 0; addEventListener("click", () => clicks++)</script>`,
  ],
  [
    "styles, pictures and links",
    `<style>p { color: red }</style><img src=/picture><a href="/other">Other</a>`,
  ],
])("none for %s", async (_name, markup) => {
  expect(await framesOfClick(markup)).toBe(0);
});

it.each<[name: string, markup: string, address?: string]>([
  ["observers of sizes", `<script>new ResizeObserver(() => {}).observe(out)</script>`],
  ["observers of what is in view", `<script>new IntersectionObserver(() => {}).observe(out)</script>`],
  ["listeners to scrolls", `<script>addEventListener("scroll", () => {})</script>`],
  ["listeners to the end of transitions", `<script>out.addEventListener("transitionend", () => {})</script>`],
  ["handlers in the markup", `<details ontoggle="0"><summary>More</summary></details>`],
  ["modules", `<script type=module>export {}</script>`],
  ["frames", `<iframe srcdoc="<p>In it</p>"></iframe>`],
  ["a focus that the markup gives", `<div hidden><input autofocus></div>`],
  ["pictures that wait until they are in view", `<img loading=lazy src=/picture>`],
  [
    "parts that are laid out in view",
    `<style>section { content-visibility: auto }</style><section>Part</section>`,
  ],
  ["animations", `<style>@keyframes in { to { opacity: 1 } } #out { animation: in 1s infinite }</style>`],
  ["shadow roots", `<div><template shadowrootmode=open><p>Inside</p></template></div>`],
  ["a place that the address names", ``, "/#out"],
])("one for %s", async (_name, markup, address) => {
  expect(await framesOfClick(markup, address)).toBeGreaterThan(0);
});
