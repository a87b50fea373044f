import { setTimeout as sleep } from "node:timers/promises";
import { appendFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../browser/launch.ts";
import type { DashboardServer } from "./serve.ts";
import { serveDashboard } from "./serve.ts";
import { writeReport } from "./report.ts";
import { makeRun } from "./testing/made-run.ts";

const HOSTILE = ` <script>window.hacked=1</script><img src="x" onerror="window.hacked=2"><svg onload="window.hacked=3"> javascript:window.hacked=4 </pre></textarea><style>body{display:none}</style>`;

let world: string;
let browser: Browser;
let server: DashboardServer;
let page: Page;
/** What the page asked of other hosts, and what it complained about. */
let foreign: string[];
let complaints: string[];

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-dashboard-browser-"));
  await makeRun(join(world, "good"), { screenshots: true, episodes: 48 });
  await makeRun(join(world, "bad"), { hostile: HOSTILE, seed: 3, method: "awr", screenshots: true });
  await makeRun(join(world, "half"), { unfinished: true, seed: 4, screenshots: true });
  browser = await launchBrowser();
  server = await serveDashboard({
    runs: [world],
    port: 0,
    tokenizer: async () => ({ decode: (tokens) => tokens.map((token) => `t${token} `).join("") + HOSTILE }),
  });
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await browser?.close();
  await rm(world, { recursive: true, force: true });
});
afterEach(() => page?.context().close());

async function open(
  hash: string,
  options: { scheme?: "light" | "dark"; width?: number; height?: number } = {},
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
    colorScheme: options.scheme ?? "light",
    acceptDownloads: true,
    proxy: { server: "http://127.0.0.1:9", bypass: "127.0.0.1" },
  });
  page = await context.newPage();
  foreign = [];
  complaints = [];
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.url))
      foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${server.url}${hash}`);
  await page.locator("main h1, main .notice").first().waitFor();
  return page;
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Violations of WCAG A and AA that axe finds. */
async function violations(): Promise<string[]> {
  // Through the debugger: the page's policy forbids foreign script, which is as it should be.
  await page.evaluate(await axeSource);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations: found } = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
    return found.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
    );
  });
}

const VIEWS = {
  runs: "#/",
  overview: "#/run/good?paper=1",
  damaged: "#/run/half",
  curriculum: "#/run/good/curriculum",
  episodes: "#/run/good/episodes",
  viewer: "#/run/good/episode/rollout/1/phase-01%2F0001?step=2",
  "two attempts":
    "#/run/good/episode/evaluation/3/evaluation-03%2F0001?beside=evaluation%3A0%3Aevaluation-00%2F0001",
  replay: "#/run/good/replay",
  compare: "#/compare",
};

describe("the dashboard in a browser", () => {
  for (const [name, hash] of Object.entries(VIEWS))
    for (const [scheme, width] of [
      ["light", 1280],
      ["dark", 390],
    ] as const)
      it(`is accessible and in shape: ${name}, ${scheme}, ${width} px`, async () => {
        await open(hash, { scheme, width });
        await page.waitForTimeout(300);
        expect(await violations()).toEqual([]);
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
        ).toBeLessThanOrEqual(0);
        expect(foreign).toEqual([]);
        expect(complaints).toEqual([]);
      });

  it("shows captured text as text in every view, and runs none of it", async () => {
    for (const hash of [
      "#/run/bad",
      "#/run/bad/curriculum",
      "#/run/bad/episodes",
      "#/run/bad/episode/rollout/1/phase-01%2F0001",
      "#/run/bad/episode/evaluation/0/evaluation-00%2F0001?beside=evaluation%3A3%3Aevaluation-03%2F0001",
      "#/run/bad/replay",
      "#/compare",
      `#/run/${encodeURIComponent(HOSTILE)}`,
      `#/run/bad/episodes?text=${encodeURIComponent(HOSTILE)}`,
    ]) {
      await open(hash);
      await page.evaluate(() => {
        for (const element of document.querySelectorAll("details")) element.open = true;
      });
      await page.waitForTimeout(150);
      expect([hash, await page.evaluate(() => (window as { hacked?: number }).hacked)]).toEqual([
        hash,
        undefined,
      ]);
      expect(await page.locator("main script, main img[src='x'], main style").count()).toBe(0);
      expect([hash, complaints]).toEqual([hash, []]);
      await page.context().close();
    }
    await open("#/run/bad/episode/rollout/1/phase-01%2F0001");
    await page.getByText("Observation as the model saw it").click();
    const shown = await page.locator("pre").first().textContent();
    expect(shown).toContain(HOSTILE);
  });

  it("says so where an address is wrong, in its own words", async () => {
    await open("#/");
    for (const hash of [
      "#/nonsense",
      "#/run",
      "#/run/good/nonsense",
      "#/run/good/episode",
      "#/run/good/episode/rollout/x/y",
      "#/run/good/curriculum/more",
      "#/compare/more",
      "#/run/%E0%A4%A",
      "#/run/good/episode/rollout/1/nobody",
    ]) {
      await page.goto(`${server.url}${hash}`);
      const notice = await page.locator("main .notice").textContent();
      expect([hash, notice]).toEqual([
        hash,
        expect.stringMatching(/^(Nothing is shown at|There is no run|There is no episode nobody)/),
      ]);
      expect([hash, notice]).toEqual([hash, expect.not.stringMatching(/undefined|NaN|null/)]);
    }
    for (const step of ["abc", "0", "-3", "1.5"]) {
      await page.goto(`${server.url}#/run/good/episode/rollout/1/phase-01%2F0001?step=${step}`);
      await page.locator("main .steps [aria-current=step]", { hasText: /^1 / }).waitFor();
    }
    expect(complaints.filter((each) => !each.includes("404"))).toEqual([]);
  });

  it("draws no frame around the whole page after a click", async () => {
    await open("#/run/good/episode/rollout/1/phase-01%2F0001");
    await page.keyboard.press("ArrowRight");
    await page.locator("main h1").click();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("main").evaluate((main) => getComputedStyle(main).outlineStyle)).toBe("none");
  });

  it("refuses script of a page that got in anyway", async () => {
    await open("#/run/good");
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.hacked = 1";
      document.body.append(script);
    });
    expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
  });

  it("goes through episodes and steps by keyboard, and every view has its address", async () => {
    await open("#/run/good/episodes");
    await page.getByLabel("Site").selectOption("map");
    const answer = await fetch(`${server.url}api/runs/good/episodes?site=map&limit=1`);
    const { total } = (await answer.json()) as { total: number };
    await page.getByText(`${total} of 272 episodes`).waitFor();
    expect(page.url()).toContain("site=map");
    await page.locator(".virtual li > a").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByText(`2 of ${total}`).waitFor();
    const current = () => page.locator("[aria-current=step]").textContent();
    expect(await current()).toMatch(/^1 /);
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => location.hash.includes("step=2"));
    expect(await current()).toMatch(/^2 /);
    const address = page.url();
    await page.keyboard.press("]");
    await page.getByText(`3 of ${total}`).waitFor();
    await page.goto(address);
    await page.getByText(`2 of ${total}`).waitFor();
    expect(await current()).toMatch(/^2 /);
  });

  it("outlines the acted element where it is in the picture", async () => {
    await open("#/run/good/episode/rollout/1/phase-01%2F0001");
    const box = await page.locator(".screen .outline").evaluate((rect) => ({
      x: Number(rect.getAttribute("x")),
      y: Number(rect.getAttribute("y")),
      width: Number(rect.getAttribute("width")),
    }));
    // Pictures are 180 high for a viewport of 720: a quarter of the page's pixels, and 3 around.
    expect(box.width).toBe(220 / 4 + 6);
    expect([0, 1, 2, 3].map((i) => (80 + 300 * i) / 4 - 3)).toContain(box.x);
    expect([0, 1, 2].map((i) => (120 + 160 * i) / 4 - 3)).toContain(box.y);
  });

  it("exports a plot as SVG, PNG and CSV", async () => {
    await open("#/run/good");
    const download = async (label: string) => {
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByLabel(label).click()]);
      return readFile((await file.path())!);
    };
    const svg = (await download("Learning curve as SVG")).toString();
    expect(svg).toMatch(/^<svg[^>]* width="560"/);
    expect(svg).toContain("Learning curve");
    expect(svg).not.toContain("class=");
    expect((await download("Learning curve as PNG")).subarray(1, 4).toString()).toBe("PNG");
    const csv = (await download("Learning curve as CSV")).toString().trim().split("\n");
    expect(csv[0]).toBe("series,phase,value,standard_error");
    expect(csv.length).toBe(5);
    expect(complaints).toEqual([]);
  });

  it("follows a run while it goes on, with the latest page of each open episode", async () => {
    const directory = join(world, "half");
    await open("#/run/half");
    await page.getByText("interrupted", { exact: true }).waitFor();
    await page.getByText("13 of 24").waitFor();
    await writeFile(join(directory, "lock-1.json"), JSON.stringify({ pid: process.pid, host: "elsewhere" }));
    await mkdir(join(directory, "live"));
    await writeFile(
      join(directory, "live/phase-03-0020.2.png"),
      await readFile(join(directory, "phases/03/screenshots/phase-03-0000/0.png")),
    );
    const event = {
      phase: 3,
      stage: "rollout",
      taskId: "t",
      instruction: "i",
      steps: 2,
      ending: "terminated",
    };
    await appendFile(
      join(directory, "events.jsonl"),
      `${JSON.stringify({ time: "2026-03-01T12:00:00Z", ...event, kind: "episode_started", id: "phase-03/0020" })}\n`,
    );
    await appendFile(
      join(directory, "events.jsonl"),
      `${JSON.stringify({ time: "2026-03-01T12:00:00Z", kind: "episode", id: "phase-03/0013", success: true, ...event })}\n`,
    );
    await page.getByText("14 of 24").waitFor();
    await page.getByText("running", { exact: true }).waitFor();
    await page.getByText("In flight").waitFor();
    await expect
      .poll(() =>
        page
          .locator(".thumbs img")
          .first()
          .evaluate((img: HTMLImageElement) => img.naturalWidth),
      )
      .toBe(320);
    await page.locator(".thumbs").getByText("step 3", { exact: true }).waitFor();
  });

  it("shows a run that changes faster than it can be read", async () => {
    let stop = false;
    const changing = (async () => {
      for (let i = 0; !stop; i++) {
        const touched = new Date(1e12 + i);
        await utimes(join(world, "good", "events.jsonl"), touched, touched);
        await sleep(50);
      }
    })();
    try {
      await open("#/");
      let answers = 0;
      await page.route("**/api/runs/good", async (route) => {
        await sleep(600);
        answers++;
        await route.continue();
      });
      await page.goto(`${server.url}#/run/good`);
      await page.getByText("Learning curve").first().waitFor();
      // And it is read again.
      await expect.poll(() => answers, { timeout: 30_000 }).toBeGreaterThan(2);
    } finally {
      stop = true;
      await changing;
    }
  });

  it("keeps the step in sight and says what the verdicts are about", async () => {
    await open("#/run/good/episode/rollout/1/phase-01%2F0001", { width: 390 });
    const steps = page.locator(".steps button");
    for (let i = 1; i < (await steps.count()); i++) await page.keyboard.press("ArrowRight");
    await expect.poll(() => steps.last().getAttribute("aria-current")).toBe("step");
    const inSight = await steps.last().evaluate((step) => {
      const [own, bar] = [step, step.parentElement!].map((each) => each.getBoundingClientRect());
      return own!.left >= bar!.left - 1 && own!.right <= bar!.right + 1;
    });
    expect(inSight).toBe(true);
    await page.getByText("Last page, which the verdicts are about").click();
  });

  it("keeps the chosen colours", async () => {
    await open("#/", { scheme: "light" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole("button", { name: "Change to dark colours" }).click();
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await page.reload();
    await page.locator("h1").waitFor();
    expect(await ground()).toBe(dark);
  });

  it("writes a report that is accessible, asks for nothing and runs nothing", async () => {
    const path = await writeReport(join(world, "bad"));
    for (const scheme of ["light", "dark"] as const) {
      await open("#/", { scheme });
      await page.goto(`file://${path}`);
      expect(await page.locator("h1").textContent()).toBe("WebRL run bad");
      expect(await violations()).toEqual([]);
      expect(foreign.filter((url) => !url.startsWith("file:"))).toEqual([]);
      expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
      await page.context().close();
    }
  });
});
