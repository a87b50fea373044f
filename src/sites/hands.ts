/** @file What oracles are written with: find an element in an observation, make an action of it. */

import type { Action, Offset } from "../core/action.ts";
import type { ObservedElement, Observation } from "../core/observation.ts";

/** The element with this role and label (exact text, or a pattern). Throws where it is missing: an oracle's bug. */
export function find(observation: Observation, role: string, label: string | RegExp): ObservedElement {
  const found = maybe(observation, role, label);
  if (found) return found;
  const there = observation.elements.map((e) => `${e.role} ${JSON.stringify(e.label)}`).join(", ");
  throw new Error(
    `oracle: no ${role} ${String(label)} on ${observation.url}; there are: ${there}\n${observation.text}`,
  );
}

export function maybe(
  observation: Observation,
  role: string,
  label: string | RegExp,
): ObservedElement | undefined {
  return observation.elements.find(
    (e) => e.role === role && (typeof label === "string" ? e.label === label : label.test(e.label)),
  );
}

export const click = (o: Observation, role: string, label: string | RegExp): Action => ({
  kind: "click",
  element: find(o, role, label).name,
});

export const type = (o: Observation, label: string | RegExp, text: string, role = "textbox"): Action => ({
  kind: "type",
  element: find(o, role, label).name,
  text,
});

export const search = (o: Observation, label: string | RegExp, text: string, role = "textbox"): Action => ({
  kind: "search",
  element: find(o, role, label).name,
  text,
});

/** At the end of a field, or over what is selected in it. */
export const insert = (o: Observation, label: string | RegExp, text: string, role = "textbox"): Action => ({
  kind: "insert",
  element: find(o, role, label).name,
  text,
});

export const press = (keys: string): Action => ({ kind: "press", keys });

export const drag = (o: Observation, role: string, label: string | RegExp, to: string | Offset): Action => ({
  kind: "drag",
  element: find(o, role, label).name,
  to,
});

export const select = (o: Observation, label: string | RegExp, text: string): Action => ({
  kind: "select",
  element: find(o, "combobox", label).name,
  text,
});

export const scrollDown: Action = { kind: "scroll_down" };

export const exit = (message = ""): Action => ({ kind: "exit", message });
