/**
 * @file The page script: it runs in an isolated world of every document, where the page's own scripts cannot reach it
 * (see `../page-world.ts`, which bundles, injects and calls it).
 */

import { chooseOptions, drawnList, drawnOption } from "./choose.ts";
import { setClip } from "./clipboard.ts";
import { linksCalled, pageStatus, readValue, shownFrames } from "./declared-value.ts";
import { beginTyping, checkTyping, hasSelection, setValue } from "./fields.ts";
import {
  awaitPointed,
  boxOfElement,
  clickElement,
  focusElement,
  gripOf,
  locate,
  sliderState,
} from "./locate.ts";
import { hasWheelMoved, scroll } from "./scroll-pane.ts";
import { findPassage, placeOfText, selectPassage } from "./select-text.ts";
import { observeAria } from "./aria.ts";
import { accessKeyFacts, elementsWithAccessKey, facts, focusedFacts } from "./facts.ts";
import { observeCompact } from "./compact.ts";
import { forgetStyleSheets } from "./generated.ts";
import type { Edges } from "./geometry.ts";
import { forgetOpeners } from "./hover.ts";
import { learnListeners } from "./listeners.ts";
import type { PageSnapshot } from "./listing.ts";
import { markReading } from "./mark.ts";
import { memory, noteAct } from "./memory.ts";
import { innerTextOf, page } from "./native.ts";
import { readTree } from "./page-tree.ts";
import { readAtRest } from "./settle.ts";
import type { SettledSnapshot, SettleOptions } from "./settle.ts";
import { observeWebrl } from "./webrl.ts";
import type { ObservationFormat } from "../../core/observation.ts";
import { wholePage } from "./whole-page.ts";

const READERS: Record<ObservationFormat, (view: Edges, framed: boolean) => PageSnapshot> = {
  webrl: observeWebrl,
  aria: observeAria,
  compact: observeCompact,
};

function describeNothing(): PageSnapshot {
  const scroll = { top: 0, viewport: innerHeight, page: innerHeight };
  return {
    url: location.href,
    title: "",
    scroll,
    elements: [],
    focused: null,
    frames: [],
    scale: 1,
    lines: [],
  };
}

function readNothing(): PageSnapshot {
  memory.elements = [];
  memory.frames = [];
  return describeNothing();
}

/** What can be seen of a document. */
export interface Window {
  /** In pixels of the viewport around it, from the corner of its own viewport. */
  seen: Edges;
  /** Width of its frame in those pixels; `null` for the page itself. */
  frameWidth: number | null;
}

/** Waits until the document is quiet, then observes it; `null` if it is about to go away. */
async function observe(
  format: ObservationFormat,
  { seen, frameWidth }: Window,
  settle: SettleOptions,
): Promise<SettledSnapshot | null> {
  if (settle.forgetNavigation) memory.navigating = false;
  const read = () => {
    memory.shadows = false;
    learnListeners();
    forgetStyleSheets();
    forgetOpeners();
    if (page.empty) return readNothing();
    const scale = frameWidth === null || innerWidth === 0 ? 1 : frameWidth / innerWidth;
    const view = seen.map((edge) => edge / scale) as Edges;
    return { ...READERS[format](view, frameWidth !== null), scale };
  };
  // The marks of `webrl` outlive a reading: see its deviation 2.
  return readAtRest(settle, { read, mark: format === "webrl" ? null : markReading });
}

/** Waits, in an action, until the document is quiet; the elements of the last observation stay. */
async function rest(maxMs: number): Promise<void> {
  const settle = { quietMs: 25, maxMs, awaitActivityMs: 0, forgetNavigation: false, noise: [] };
  await readAtRest(settle, { read: describeNothing, mark: null });
}

/** Text of the whole page. */
const pageText = (): string => (page.empty ? "" : innerTextOf(page.body));

/** The whole document as data. */
function tree() {
  forgetStyleSheets();
  return readTree();
}

const viewport = () => ({ width: innerWidth, height: innerHeight, left: scrollX, top: scrollY });

const userAgent = () => navigator.userAgent;

const hasAccessKey = (key: string): boolean => elementsWithAccessKey(key).length > 0;

/** What can be called from outside. Arguments and results are plain JSON. */
const api = {
  observe,
  rest,
  pageText,
  readValue,
  linksCalled,
  pageStatus,
  shownFrames,
  userAgent,
  tree,
  viewport,
  wholePage,
  facts,
  focusedFacts,
  accessKeyFacts,
  hasAccessKey,
  // Actions
  locate,
  awaitPointed,
  boxOfElement,
  clickElement,
  focusElement,
  gripOf,
  sliderState,
  scroll,
  hasWheelMoved,
  hasSelection,
  beginTyping,
  checkTyping,
  setValue,
  findPassage,
  placeOfText,
  selectPassage,
  setClip,
  chooseOptions,
  drawnList,
  drawnOption,
};

export type PageApi = typeof api;

/** Calls that only look are not part of an action. */
const READERS_ONLY: ReadonlySet<keyof PageApi> = new Set([
  "observe",
  "rest",
  "pageText",
  "wholePage",
  "facts",
  "focusedFacts",
  "accessKeyFacts",
  "readValue",
  "linksCalled",
  "pageStatus",
  "shownFrames",
  "userAgent",
  "tree",
]);

/** Makes a call whose result is text: one string passes through the protocol faster than an object. */
export async function call(name: keyof PageApi, args: unknown[]): Promise<string> {
  // A list that was opened closes with the next action.
  if (!READERS_ONLY.has(name)) {
    memory.opened = null;
    noteAct();
  }
  const method = api[name] as (...args: unknown[]) => unknown;
  return JSON.stringify((await method(...args)) ?? null);
}

export { connectListeners } from "./listeners.ts";

/** The element of a frame of the last observation. */
export const frameElement = (index: number): Element | null => memory.frames[index] ?? null;

export { connectClipboard } from "./clipboard.ts";
