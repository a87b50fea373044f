/** @file Layers above the rest of the page, and what scrolls. */

import { edges, intersect } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import {
  boxOf,
  clientHeightOf,
  clientWidthOf,
  findAllIn,
  isRendered,
  matchesOf,
  page,
  scrollHeightOf,
  scrollTopOf,
} from "./native.ts";
import { elementAt, parentOf, styleOf, within } from "./tree.ts";

const MODAL = 'dialog:modal, [aria-modal="true"]';

/** Points of a box: its middle, and the middles of its quarters. */
const POINTS = [
  [0.5, 0.5],
  [0.25, 0.25],
  [0.75, 0.25],
  [0.25, 0.75],
  [0.75, 0.75],
] as const;

export interface Layers {
  /** The topmost open modal layer, judged by what is visible; `null` if there is none or all are covered. */
  top: Element | null;
  /** There is one: everything else is there only as far as a click reaches it. */
  any: boolean;
}

/** Modal layers that can be seen: an off-canvas or transparent one covers nothing. */
export function layers(): Layers {
  const view: Edges = [0, 0, innerWidth, innerHeight];
  const candidates = new Set<Element>(page.findAll(MODAL));
  // Layers in shadow roots are found from what is on top.
  for (const [x, y] of POINTS)
    for (let at: Node | null = elementAt(x * innerWidth, y * innerHeight); at; at = parentOf(at))
      if (at instanceof Element && matchesOf(at, MODAL)) candidates.add(at);
  const found: Layers = { top: null, any: false };
  let most = 0;
  for (const element of candidates) {
    const [left, top, right, bottom] = intersect(edges(boxOf(element)), view);
    if (right - left < 2 || bottom - top < 2 || !isRendered(element)) continue;
    found.any = true;
    const reached = POINTS.filter(([x, y]) =>
      within(elementAt(left + x * (right - left), top + y * (bottom - top)), element),
    ).length;
    // If two are equally easy to reach, the later one in the document is on top.
    if (reached === 0 || reached < most) continue;
    found.top = element;
    most = reached;
  }
  return found;
}

/** A pane whose content can be scrolled up and down. */
export const isPane = (element: Element): boolean =>
  scrollHeightOf(element) > clientHeightOf(element) + 4 &&
  clientHeightOf(element) >= 16 &&
  /auto|scroll/.test(styleOf(element).overflowY);

/** What `Scroll Down` moves: an open dialog's content, or else the document, or else the largest pane that scrolls. */
export function scroller(over: Element | null = layers().top): Element {
  const root = page.scroller;
  if (over) return [over, ...findAllIn(over, "*")].find(isPane) ?? over;
  if (scrollHeightOf(root) > clientHeightOf(root) + 4) return root;
  let best: Element = root;
  let area = innerWidth * innerHeight * 0.2;
  for (const element of page.findAll("div,main,section,ul,article,aside,nav,body")) {
    const size = clientHeightOf(element) * clientWidthOf(element);
    if (clientHeightOf(element) > 100 && size > area && isPane(element)) {
      best = element;
      area = size;
    }
  }
  return best;
}

export function scrollState(element = scroller()): { top: number; viewport: number; page: number } {
  const viewport = element === page.scroller ? innerHeight : clientHeightOf(element);
  return {
    top: Math.round(scrollTopOf(element)),
    viewport,
    page: Math.max(scrollHeightOf(element), viewport),
  };
}

/** The document of a frame that is cut off: its `more` is printed where the frame is. */
export const rootScrolls = (): boolean =>
  scrollHeightOf(page.scroller) > clientHeightOf(page.scroller) + 4 &&
  ![page.root, page.body].some((element) => /hidden|clip/.test(styleOf(element).overflowY));
