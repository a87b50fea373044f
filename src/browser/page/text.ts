/** @file Text as an observation prints it. */

/**
 * Characters that nobody sees and that an agent would have to copy all the same: soft hyphens, zero-width and direction
 * marks; and the private use area, where icon fonts have their pictures and observations their marks. The joiners of
 * emoji and of Indic and Persian scripts stay.
 */
const UNSEEN = /[\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF\uE000-\uF8FF]/g;

export const unmark = (text: string): string => text.replace(UNSEEN, "");

/** White space collapsed; blanks at the ends stay. */
export const clean = (text: string): string => unmark(text).replace(/\s+/g, " ");

export const squash = (text: string): string => clean(text).trim();

/** Making one takes some 10 ms in every new process of the browser. */
let segmenter: Intl.Segmenter | undefined;

/**
 * Between characters below the combining marks there is always a boundary, except within a line break of two
 * characters.
 */
const isPlain = (text: string, at: number): boolean => text.charCodeAt(at) < 0x300 && text[at] !== "\n";

/** The beginning of a text, `limit` UTF-16 units at most, that ends between two characters as a reader sees them. */
export function takeBeginning(text: string, limit: number): string {
  if (text.length <= limit) return text;
  if (limit <= 0) return "";
  if (isPlain(text, limit - 1) && isPlain(text, limit)) return text.slice(0, limit);
  segmenter ??= new Intl.Segmenter();
  let end = 0;
  for (const { index, segment } of segmenter.segment(text.slice(0, limit + 40))) {
    if (index + segment.length > limit) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** At most `limit` units, of which the last one shows that there is more. */
export const cut = (text: string, limit: number): string =>
  text.length > limit ? `${takeBeginning(text, limit - 1).trimEnd()}…` : text;
