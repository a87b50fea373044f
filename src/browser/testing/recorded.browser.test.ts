import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { BrowserPool } from "../pool.ts";
import { openRecorded, readRecord } from "./record-pages.ts";
import { recordedFonts } from "./recorded-fonts.ts";

const pool = new BrowserPool();
let fonts: string | null = null;
beforeAll(async () => {
  fonts = await recordedFonts();
  if (fonts) vi.stubEnv("FONTCONFIG_FILE", fonts);
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
  if (fonts) await rm(dirname(fonts), { recursive: true, force: true });
});

// The shipped models were trained on these texts: whoever changes a text has to make the models again.
it.each(["compact", "webrl", "aria"] as const)(
  "recorded pages of the built-in sites are observed as ever in %s",
  async (format) => {
    // Every second page: neighbours differ in little, and with all of them the test takes minutes.
    const pages = (await readRecord()).filter(({ seen }, i) => seen[format] && i % 2 === 0);
    expect(pages.length).toBeGreaterThan(20);
    await using recorded = await openRecorded(pool, pages);
    const now: Record<string, string[]> = {};
    const then: Record<string, string[]> = {};
    for (const [index, page] of pages.entries()) {
      now[`${index} ${page.url}`] = await recorded.observe(page, format);
      then[`${index} ${page.url}`] = page.seen[format]!;
    }
    expect(now).toEqual(then);
  },
  300_000,
);
