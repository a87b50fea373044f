/** @file Turns the page-side functions into expressions that a page can evaluate. */

import {
  chooseOption,
  focusElement,
  locate,
  scrollPage,
  selectAll,
  setValue,
  settleDocument,
} from "./act.ts";
import type { Located } from "./act.ts";
import { observeAria } from "./aria.ts";
import { LABEL_LIMIT, observeCompact } from "./compact.ts";
import type { PageSnapshot } from "./compact.ts";
import { observeWebrl } from "./webrl.ts";
import { pageDom } from "./dom.ts";
import { randomBytes } from "node:crypto";
import type { ObservationFormat } from "../../core/observation.ts";
import type { Edges } from "./dom.ts";

/** A property of `window`; not enumerable, and not to be guessed by a page. */
const KEY = `__webrl_${randomBytes(8).toString("hex")}`;

/** Development builds wrap named functions in a helper that a page does not have. */
const PRELUDE = `const __name = (f) => f; const pageDom = ${pageDom.toString()};`;

/** An expression whose value is a `T` (its promise, if it is asynchronous). */
export type PageExpression<T> = string & { readonly result?: T };

export interface SettleOptions {
  quietMs: number;
  maxMs: number;
  /** Wait up to this long for anything to happen. */
  awaitActivityMs: number;
  /** Forget a navigation that was asked for: it came to nothing. */
  forgetNavigation: boolean;
}

export interface SettledSnapshot extends PageSnapshot {
  /** Milliseconds until the document was quiet. */
  settledMs: number;
}

const OBSERVERS: Record<ObservationFormat, string> = {
  webrl: `(${observeWebrl.toString()})(dom)`,
  aria: `(${observeAria.toString()})(dom, { label: ${LABEL_LIMIT}, value: 200 })`,
  compact: `(${observeCompact.toString()})(dom, { label: ${LABEL_LIMIT}, value: 200 })`,
};

/** Waits until the document is quiet, then observes it; `null` if it is about to go away. */
export function observeExpression(
  format: ObservationFormat,
  view: Edges,
  settle: SettleOptions,
): PageExpression<SettledSnapshot | null> {
  return `(async () => {
    ${PRELUDE}
    const { memory } = pageDom(${JSON.stringify(KEY)}, ${JSON.stringify(view)});
    if (${settle.forgetNavigation}) memory.navigating = false;
    const from = performance.now();
    await (${settleDocument.toString()})(memory, ${JSON.stringify(settle)});
    const settledMs = performance.now() - from;
    if (memory.navigating) return null;
    const dom = pageDom(${JSON.stringify(KEY)}, ${JSON.stringify(view)});
    return { ...${OBSERVERS[format]}, settledMs };
  })()`;
}

const call = (fn: (...args: never[]) => unknown, ...args: unknown[]): string => `(() => {
    ${PRELUDE}
    const dom = pageDom(${JSON.stringify(KEY)}, [0, 0, innerWidth, innerHeight]);
    return (${fn.toString()})(dom, ...${JSON.stringify(args)});
  })()`;

export const pageCalls = {
  locate: (index: number, editing: boolean): PageExpression<Located> => call(locate, index, editing),
  selectAll: (index: number): PageExpression<string | null> => call(selectAll, index),
  setValue: (index: number, text: string): PageExpression<string | null> => call(setValue, index, text),
  chooseOption: (index: number, text: string): PageExpression<string | null> =>
    call(chooseOption, index, text),
  focus: (index: number): PageExpression<null> => call(focusElement, index),
  scroll: (direction: 1 | -1): PageExpression<boolean> => call(scrollPage, direction),
  /** The element of frame `index` of the last observation, to find the frame that belongs to it. */
  frameElement: (index: number): PageExpression<Element | null> =>
    `window[${JSON.stringify(KEY)}]?.frames[${index}] ?? null`,
  text: (): PageExpression<string> => `document.body ? document.body.innerText : ""`,
};
