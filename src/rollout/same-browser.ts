/**
 * @file Makes sure that all episodes in one file or run had the same browser settings: with others, pages look
 * different.
 */

import type { BrowserSettings } from "../core/trajectory.ts";
import { DEFAULT_BROWSER } from "../core/trajectory.ts";
import { ConfigError } from "../core/errors.ts";
import type { EpisodeRecord } from "./episode.ts";

export const browserOf = ({ trajectory }: Pick<EpisodeRecord, "trajectory">): BrowserSettings =>
  trajectory?.browser ?? DEFAULT_BROWSER;

export const isSameBrowser = (a: BrowserSettings, b: BrowserSettings): boolean =>
  describeBrowser(a) === describeBrowser(b);

export const describeBrowser = ({ width, height, locale, timezone }: BrowserSettings): string =>
  `${width} × ${height}, ${locale}, ${timezone}`;

/**
 * Throws a `ConfigError` if `file` holds episodes with other browser settings than the site's (which has none in
 * tests).
 */
export function refuseOtherBrowser(
  records: readonly Pick<EpisodeRecord, "trajectory">[],
  { browser }: { readonly browser?: BrowserSettings },
  file: string,
): void {
  const other = browser && records.find((record) => !isSameBrowser(browserOf(record), browser));
  if (other)
    throw new ConfigError(
      `${file} holds episodes whose pages were shown in ${describeBrowser(browserOf(other))}; now pages are shown in ${describeBrowser(browser)}`,
      "Name another file, or give --browser the settings of this file.",
    );
}
