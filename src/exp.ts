import { BrowserPool } from "./browser/pool.ts";
import { open } from "./browser/test-support.ts";
import type { StepTimes } from "./browser/episode.ts";
const pool = new BrowserPool();
const html = `<form onsubmit="return false"><input aria-label=F><button>Go</button><textarea aria-label=T></textarea><p id=o></p></form>`;
const times: StepTimes[] = [];
const e = await open(pool, html, { onStepTimes: (t) => void times.push(t) });
const med = (a: number[]) => [...a].sort((x, y) => x - y)[Math.floor(a.length / 2)]!.toFixed(1);
const measure = async (name: string, text: string) => {
  times.length = 0; const all: number[] = [];
  for (let i = 0; i < 15; i++) { const t = performance.now(); await e.act(text); all.push(performance.now() - t); }
  console.log(name.padEnd(26), "act", med(times.map((t) => t.actMs)), "wait", med(times.map((t) => t.waitMs)), "observe", med(times.map((t) => t.observeMs)), "step", med(all));
};
for (let r = 0; r < 2; r++) {
await measure("click", 'do(action="Click", element="button Go")');
await measure("type 10", 'do(action="Type", argument="abcdefghij", element="textbox F")');
await measure("type 50", `do(action="Type", argument="${"abcdefghij".repeat(5)}", element="textbox F")`);
await measure("type 200", `do(action="Type", argument="${"abcdefghij".repeat(20)}", element="textbox T")`);
await measure("type 5000", `do(action="Type", argument="${"abcdefghij".repeat(500)}", element="textbox T")`);
await measure("press Escape", 'do(action="Press", argument="Escape")');
const b = await pool.browser(); const ctx = await b.newContext(); const page = await ctx.newPage(); await page.setContent(html);
const bare = async (name: string, f: () => Promise<unknown>) => { const all: number[] = []; for (let i = 0; i < 15; i++) { const t = performance.now(); await f(); all.push(performance.now() - t); } console.log("bare", name.padEnd(20), med(all)); };
await bare("click", () => page.getByRole("button").click());
await bare("mouse.click", () => page.mouse.click(200, 20));
await bare("pressSequentially 10", async () => { await page.locator("input").fill(""); await page.locator("input").pressSequentially("abcdefghij"); });
await bare("pressSequentially 50", async () => { await page.locator("input").fill(""); await page.locator("input").pressSequentially("abcdefghij".repeat(5)); });
await bare("fill 10", async () => { await page.locator("input").fill("abcdefghij"); });
await ctx.close();
}
await pool[Symbol.asyncDispose](); process.exit(0);
