/**
 * @file The page-side functions as one script, which every document has from its creation on (`context.addInitScript`),
 * and calls of them from outside. Being there already, it is neither sent nor compiled again with every call.
 */

import { chooseOption, focusElement, locate, scrollPage, selectAll, setValue } from "./act.ts";
import type { Located } from "./act.ts";
import { observeAria } from "./aria.ts";
import { LABEL_LIMIT, observeCompact } from "./compact.ts";
import { observeWebrl } from "./webrl.ts";
import { pageDom, pageMemory } from "./dom.ts";
import { readAtRest } from "./settle.ts";
import type { SettledSnapshot, SettleOptions } from "./settle.ts";
import { randomBytes } from "node:crypto";
import type { Frame } from "playwright-core";
import type { ObservationFormat } from "../../core/observation.ts";
import type { Edges } from "./dom.ts";

export type { SettledSnapshot, SettleOptions } from "./settle.ts";

/** A property of `window`; not enumerable, and not to be guessed by a page. */
const KEY = `__webrl_${randomBytes(8).toString("hex")}`;

const READERS: Record<ObservationFormat, string> = {
  // Its marks outlive a reading: see deviation 2 there.
  webrl: `(dom) => ({ read: () => (${observeWebrl.toString()})(dom()), mark: null })`,
  aria: reader(observeAria.toString()),
  compact: reader(observeCompact.toString()),
};

function reader(observe: string): string {
  return `(dom) => {
    let last;
    const limits = { label: ${LABEL_LIMIT}, value: 200 };
    return { read: () => (${observe})((last = dom()), limits), mark: () => last.mark() };
  }`;
}

const ACTIONS = { locate, selectAll, setValue, chooseOption, focusElement, scrollPage };

/** Run it in a document before anything is called there. */
export const pageScript = `(() => {
  // Development builds wrap named functions in a helper that a page does not have.
  const __name = (f) => f;
  const pageDom = ${pageDom.toString()};
  const memory = (${pageMemory.toString()})();
  const actions = { ${Object.entries(ACTIONS)
    .map(([name, action]) => `${name}: ${action.toString()}`)
    .join(", ")} };
  const readers = { ${Object.entries(READERS)
    .map(([format, text]) => `${format}: ${text}`)
    .join(", ")} };
  const readAtRest = ${readAtRest.toString()};
  const { stringify } = JSON;
  // As text, because Playwright takes apart and rebuilds every object; unless a library has changed how text is made.
  const packed = (value) =>
    [Object, Array, String, Number].some((type) => "toJSON" in type.prototype) ? { value } : stringify(value);
  Object.defineProperty(window, ${JSON.stringify(KEY)}, {
    // A window may outlive its first, empty document.
    configurable: true,
    value: {
      memory,
      act: (name, args) => packed(actions[name](pageDom(memory, [0, 0, innerWidth, innerHeight]), ...args)),
      observe: async (format, view, settle) => {
        if (settle.forgetNavigation) memory.navigating = false;
        return packed(await readAtRest(memory, settle, readers[format](() => pageDom(memory, view))));
      },
    },
  });
})()`;

/** An expression whose value is a `T`, packed (its promise, if it is asynchronous); undefined without the script. */
export type PageCall<T> = string & { readonly result?: T };

const call = (method: "act" | "observe", ...args: unknown[]): string =>
  `window[${JSON.stringify(KEY)}]?.${method}(...${JSON.stringify(args)})`;
const act = (name: keyof typeof ACTIONS, ...args: unknown[]): string => call("act", name, args);

export const pageCalls = {
  /** Waits until the document is quiet, then observes it; `null` if it is about to go away. */
  observe: (
    format: ObservationFormat,
    view: Edges,
    settle: SettleOptions,
  ): PageCall<SettledSnapshot | null> => call("observe", format, view, settle),
  locate: (index: number, editing: boolean): PageCall<Located> => act("locate", index, editing),
  selectAll: (index: number): PageCall<string | null> => act("selectAll", index),
  setValue: (index: number, text: string): PageCall<string | null> => act("setValue", index, text),
  chooseOption: (index: number, text: string): PageCall<string | null> => act("chooseOption", index, text),
  focus: (index: number): PageCall<null> => act("focusElement", index),
  scroll: (direction: 1 | -1): PageCall<boolean> => act("scrollPage", direction),
};

/** Makes a call in a document; gives it the script first where it has been kept out. */
export async function callPage<T>(frame: Frame, expression: PageCall<T>): Promise<T> {
  for (let tried = false; ; tried = true) {
    const packed = await frame.evaluate<unknown>(expression);
    if (typeof packed === "string") return JSON.parse(packed) as T;
    if (packed !== undefined) return (packed as { value: T }).value;
    if (tried) throw new Error("the page does not keep the page script");
    await frame.evaluate(pageScript);
  }
}

/** The element of frame `index` of the last observation, to find the frame that belongs to it. */
export const frameElement = (index: number): string =>
  `window[${JSON.stringify(KEY)}]?.memory.frames[${index}] ?? null`;

/** Text of the whole page. */
export const PAGE_TEXT = `document.body ? document.body.innerText : ""`;
