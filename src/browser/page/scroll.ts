/** @file The layer that stands above the rest of the page, and what scrolls. */

import {
  boxOf,
  clientHeightOf,
  clientWidthOf,
  findAllIn,
  isRendered,
  page,
  scrollHeightOf,
  scrollTopOf,
} from "./native.ts";

/** The element that stands above the rest of the page: an open modal dialog. */
export function modal(): Element | null {
  const found = [...page.findAll('dialog:modal, [aria-modal="true"]')].filter((element) => {
    const box = boxOf(element);
    return isRendered(element) && box.width > 1 && box.height > 1;
  });
  return found.at(-1) ?? null;
}

const scrolls = (element: Element) =>
  scrollHeightOf(element) > clientHeightOf(element) + 4 &&
  /auto|scroll/.test(getComputedStyle(element).overflowY);

/** What `Scroll Down` moves: an open dialog's content, else the document, else the largest pane that scrolls. */
export function scroller(): Element {
  const root = page.scroller;
  const over = modal();
  if (over) return [over, ...findAllIn(over, "*")].find(scrolls) ?? over;
  if (scrollHeightOf(root) > clientHeightOf(root) + 4) return root;
  let best: Element = root;
  let area = innerWidth * innerHeight * 0.2;
  for (const element of page.findAll("div,main,section,ul,article,aside,nav,body")) {
    const size = clientHeightOf(element) * clientWidthOf(element);
    if (clientHeightOf(element) > 100 && size > area && scrolls(element)) {
      best = element;
      area = size;
    }
  }
  return best;
}

export function scrollState(): { top: number; viewport: number; page: number } {
  const element = scroller();
  const viewport = element === page.scroller ? innerHeight : clientHeightOf(element);
  return {
    top: Math.round(scrollTopOf(element)),
    viewport,
    page: Math.max(scrollHeightOf(element), viewport),
  };
}
