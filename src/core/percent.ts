/** @file Prints fractions as percentages. */

type Share = number | null | undefined;

/** `12.3`, for use where the sign is elsewhere; `–` if there is no value. */
export const inPercent = (share: Share, digits = 1): string =>
  share === null || share === undefined ? "–" : (100 * share).toFixed(digits);

/** `12.3%`. */
export const percent = (share: Share, digits = 1): string =>
  share === null || share === undefined ? "–" : `${inPercent(share, digits)}%`;
