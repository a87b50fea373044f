import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { launchBrowser } from "../browser/launch.ts";
import { createRng } from "../core/rng.ts";
import { loadMiniwobSuite } from "../tasks/miniwob/suite.ts";
import { writePages } from "../tasks/miniwob/testing/pages.ts";
import { BARE_CONTEXT, miniwobPages } from "./bare-loop.ts";

test("the bare loop opens the problems of the suite's tasks, and a press of a page's button ends it", async () => {
  const directory = await writePages();
  const suite = await loadMiniwobSuite(directory);
  const [task] = suite.tasks({ template: "miniwob.click-button" });
  await using pages = await miniwobPages(directory, [task!]);
  await using site = await suite.createSite();
  await using episode = await site.start(task!, { seed: 1 });
  const browser = await launchBrowser();
  try {
    const page = await (await browser.newContext(BARE_CONTEXT)).newPage();
    const rng = createRng(1);
    await page.goto(pages.begin(rng).url);
    const query = await page.locator("#query").evaluate((element) => element.textContent);
    expect(query?.replace(/\s+/g, " ")).toBe(episode.task.instruction);
    expect(await page.evaluate(pages.ended)).toBe(false);
    await pages.click(page, rng);
    expect(await page.evaluate(pages.ended)).toBe(true);
  } finally {
    await browser.close();
    await rm(directory, { recursive: true });
  }
});
