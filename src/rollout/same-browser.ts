/** @file Episodes in one file, or one run, were shown in the same browser: in another one pages are other pages. */

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

/** Throws a `ConfigError` where `file` holds episodes of another browser than the site's, which has none in tests. */
export function refuseOtherBrowser(
  records: readonly Pick<EpisodeRecord, "trajectory">[],
  { browser }: { readonly browser?: BrowserSettings },
  file: string,
): void {
  const other = browser && records.find((record) => !isSameBrowser(browserOf(record), browser));
  if (other)
    throw new ConfigError(
      `${file} holds episodes of pages in ${describeBrowser(browserOf(other))}; now they are shown in ${describeBrowser(browser)}`,
      "Name another file, or give --browser the settings of this one.",
    );
}
