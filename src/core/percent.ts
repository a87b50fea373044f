/** @file Shares as people read them. */

type Share = number | null | undefined;

/** `12.3`, where the sign stands elsewhere; `–` where there is no share. */
export const inPercent = (share: Share, digits = 1): string =>
  share === null || share === undefined ? "–" : (100 * share).toFixed(digits);

/** `12.3%`. */
export const percent = (share: Share, digits = 1): string =>
  share === null || share === undefined ? "–" : `${inPercent(share, digits)}%`;
