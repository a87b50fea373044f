/** @file What an agent sees of a page. */

import type { ActionError, ElementName } from "./action.ts";

/**
 * - `webrl`: the simplified HTML that the released WebRL checkpoints were trained on;
 * - `compact`: the same information in few tokens, elements named by their own words;
 * - `aria`: accessibility tree with references.
 */
export type ObservationFormat = "webrl" | "compact" | "aria";

/** An element of a page that an action can name. */
export interface ObservedElement {
  /** What an action writes to refer to it. Unique within the observation. */
  name: ElementName;
  /** ARIA role: `link`, `button`, `textbox`, `combobox`, `checkbox`, `radio`, `tab`, … */
  role: string;
  /** Accessible name, white space collapsed. */
  label: string;
  /** Current value of a field, chosen option of a drop-down, `"checked"`/`"unchecked"` of a check box or radio. */
  value?: string;
  /** Texts of a drop-down's options. */
  options?: string[];
  disabled?: boolean;
  /** Its box in viewport pixels: left, top, width, height. */
  box: [number, number, number, number];
}

/** What the agent sees of a page, as text, with the elements that it can act on. */
export interface Observation {
  format: ObservationFormat;
  url: string;
  title: string;
  tabs: { title: string; url: string; active: boolean }[];
  /** Pixels: offset of the viewport, its height, and the height of the page. */
  scroll: { top: number; viewport: number; page: number };
  /** The focused element, if it is in the viewport. */
  focused: ElementName | null;
  /** What was wrong with the last action; `null` if it was carried out. */
  error: ActionError | null;
  /** The page as the model reads it, with all of the above that the format prints. */
  text: string;
  /** Elements that can be acted on, in document order. Not part of what the model reads. */
  elements: ObservedElement[];
}
