import { expect, test } from "vitest";
import { DEFAULT_BROWSER } from "../core/trajectory.ts";
import type { EpisodeRecord } from "./episode.ts";
import { refuseOtherBrowser } from "./same-browser.ts";

const record = (browser?: typeof DEFAULT_BROWSER) =>
  ({ trajectory: { ...(browser && { browser }) } }) as EpisodeRecord;
const large = { ...DEFAULT_BROWSER, width: 1600 };

test("episodes of another window are not gone on with; those that say nothing are of the default one", () => {
  const refuse = (records: EpisodeRecord[], browser: typeof DEFAULT_BROWSER) => () =>
    refuseOtherBrowser(records, { browser }, "episodes.jsonl");
  expect(refuse([record(), record(DEFAULT_BROWSER)], DEFAULT_BROWSER)).not.toThrow();
  expect(refuse([record(large)], large)).not.toThrow();
  expect(refuse([record(large)], DEFAULT_BROWSER)).toThrow(
    "episodes.jsonl holds episodes whose pages were shown in 1600 × 720, en-US, UTC; now pages are shown in 1280 × 720, en-US, UTC",
  );
  expect(refuse([record()], { ...DEFAULT_BROWSER, locale: "de-DE" })).toThrow("1280 × 720, de-DE, UTC");
  expect(() => refuseOtherBrowser([record(large)], {}, "episodes.jsonl")).not.toThrow();
});
