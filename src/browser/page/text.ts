/** @file Text as an observation prints it. */

/** Without the marks by which observations refer to elements: a page cannot print them itself. */
const unmark = (text: string): string => text.replace(/[\uE000-\uE00F]/g, "");

/** White space collapsed; blanks at the ends stay. */
export const clean = (text: string): string => unmark(text).replace(/\s+/g, " ");

export const squash = (text: string): string => clean(text).trim();
