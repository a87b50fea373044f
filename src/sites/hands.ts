/** @file Helpers for oracles: find an element in an observation, and make an action of it. */

import type { Action, Offset } from "../core/action.ts";
import type { ObservedElement, Observation } from "../core/observation.ts";

/**
 * The element with this role and label (exact text, or a pattern); the `nth` of those, from 1. Throws if it is missing:
 * an oracle's bug.
 */
export function find(
  observation: Observation,
  role: string,
  label: string | RegExp,
  nth = 1,
): ObservedElement {
  const found = maybe(observation, role, label, nth);
  if (found) return found;
  const there = observation.elements.map((e) => `${e.role} ${JSON.stringify(e.label)}`).join(", ");
  throw new Error(
    `oracle: no ${role} ${String(label)}${nth > 1 ? ` (number ${nth})` : ""} on ${observation.url}${observation.format === "webrl" ? " (the format webrl shows no frames)" : ""}; there are: ${there}\n${observation.text}`,
  );
}

/** The element that `find` would return, or `undefined` if it is missing. */
export function maybe(
  observation: Observation,
  role: string,
  label: string | RegExp,
  nth = 1,
): ObservedElement | undefined {
  const called = observation.elements.filter((e) =>
    typeof label === "string" ? e.label === label : label.test(e.label),
  );
  const found = called.filter((e) => e.role === role)[nth - 1];
  // In that format, a button is represented by what is in it.
  const mayStandFor = typeof label === "string" || role === "link" || role === "button";
  return found ?? (observation.format === "webrl" && mayStandFor ? called[nth - 1] : undefined);
}

/**
 * The text of a page, white space collapsed, without brackets, roles, tags and references: the same in every
 * observation format, except for the values of fields.
 */
export function wordsOf({ format, text }: Observation): string {
  const plain =
    format === "webrl"
      ? text
          .replace(BROKEN_TEXT, wholeText)
          .replace(/<[^>]*>/g, " ")
          .replace(/&(lt|gt|quot|amp);/g, (_, name: string) => ENTITIES[name]!)
      : format === "aria"
        ? text
            .replace(/^.*?^---$/ms, "")
            .replace(/^ *- (?!text:)[a-z]+(?: "(.*?)")?(?: \[[^\]\n]*\])*(?::|$)/gm, "$1 ")
            .replace(/^ *- (?:text: ?)?/gm, "")
        : text.replace(/^.*?^---$/ms, "").replace(/\[[a-z]+ ?((?:[^[\]=;]|[=;](?! ))*)[^\]]*\]/g, " $1 ");
  return plain.replace(/\s+/g, " ").trim();
}

/** An element in the format webrl: its own texts in `data-text`, separated by commas, and then the first of them. */
const BROKEN_TEXT = /<[^<>]* data-text="(.*?)" data-(?:testid|label|bbox)[^<>]*>([^<]*)/g;

/** Text after a break or a link is only in `data-text`, which contains angle brackets as they are. */
const wholeText = (_all: string, whole: string, first: string): string =>
  first.trim() !== "" && whole.startsWith(first.trim())
    ? ` ${whole.replaceAll("<", "&lt;").replaceAll(">", "&gt;")} `
    : ` ${first}`;

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&" };

/** Clicks the element with this role and label. */
export const click = (o: Observation, role: string, label: string | RegExp, nth = 1): Action => ({
  kind: "click",
  element: find(o, role, label, nth).name,
});

/** Moves the pointer over the element. */
export const hover = (o: Observation, role: string, label: string | RegExp, nth = 1): Action => ({
  kind: "hover",
  element: find(o, role, label, nth).name,
});

/** Does nothing, so that the page can change. */
export const wait: Action = { kind: "wait" };

/** A passage, in an element or anywhere on the page: `insert` types over it. */
export const selectText = (text: string, element?: ObservedElement): Action => ({
  kind: "select_text",
  text,
  ...(element && { element: element.name }),
});

/** Empties the field and types the text. */
export const type = (o: Observation, label: string | RegExp, text: string, role = "textbox"): Action => ({
  kind: "type",
  element: find(o, role, label).name,
  text,
});

/** Types the text into the field and presses Enter. */
export const search = (o: Observation, label: string | RegExp, text: string, role = "textbox"): Action => ({
  kind: "search",
  element: find(o, role, label).name,
  text,
});

/** Inserts at the end of a field, or over the selection in it. */
export const insert = (o: Observation, label: string | RegExp, text: string, role = "textbox"): Action => ({
  kind: "insert",
  element: find(o, role, label).name,
  text,
});

/** Presses keys, such as `Control+A` or `Tab Enter`. */
export const press = (keys: string): Action => ({ kind: "press", keys });

/** Drags the element onto another, or by an offset. */
export const drag = (o: Observation, role: string, label: string | RegExp, to: string | Offset): Action => ({
  kind: "drag",
  element: find(o, role, label).name,
  to,
});

/** Chooses the option with this text. */
export const select = (o: Observation, label: string | RegExp, text: string): Action => ({
  kind: "select",
  element: find(o, "combobox", label).name,
  text,
});

/** Scrolls the page down by a window. */
export const scrollDown: Action = { kind: "scroll_down" };

/** Ends the episode, with the answer if the task asks for one. */
export const exit = (message = ""): Action => ({ kind: "exit", message });
