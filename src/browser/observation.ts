/** @file Puts an observation together from what the page-side scripts report. */

import type { ActionError } from "../core/action.ts";
import type { ObservationFormat, ObservedElement, Observation } from "../core/observation.ts";
import type { PageElement, PageSnapshot } from "./page/listing.ts";

/** How many options of a drop-down are printed. */
const SHOWN_OPTIONS = 12;
/** The same for a drop-down that the agent has just clicked. */
const OPENED_OPTIONS = 300;

export interface ObservationParts {
  format: ObservationFormat;
  /** The document with the documents of its frames put in place, see {@link joinFrames}. */
  snapshot: PageSnapshot;
  tabs: Observation["tabs"];
  error: ActionError | null;
  notices: readonly string[];
}

export function buildObservation(parts: ObservationParts): Observation {
  const { snapshot, format, tabs, error } = parts;
  const names =
    format === "compact"
      ? compactNames(snapshot.elements)
      : snapshot.elements.map((_, index) => String(index));
  const elements = snapshot.elements.map((element, index): ObservedElement => ({
    name: names[index]!,
    role: element.role,
    label: element.label,
    ...(element.value !== undefined && { value: element.value }),
    ...(element.options && { options: element.options }),
    ...(element.disabled && { disabled: true }),
    box: element.box,
  }));
  const focused = snapshot.focused === null ? null : (names[snapshot.focused] ?? null);
  const observation: Observation = {
    format,
    url: snapshot.url,
    title: snapshot.title,
    tabs,
    scroll: snapshot.scroll,
    focused,
    error,
    text: "",
    elements,
  };
  // The released checkpoints know neither title nor address.
  const head = format === "webrl" ? [] : header(observation, parts.notices);
  const marks = (line: string) =>
    line.replace(/\uE000(\d+)\uE001/g, (_, index: string) => {
      const element = snapshot.elements[Number(index)]!;
      if (format !== "compact") return names[Number(index)]!;
      // If a field of one line has the same name, say which of the two takes several lines.
      const lines = element.lines && snapshot.elements.some((one) => !one.lines && isCalledAs(one, element));
      return `[${names[Number(index)]!}${suffix(element)}${lines ? "; several lines" : ""}]`;
    });
  observation.text = [...head, ...snapshot.lines.map(marks)].join("\n");
  return observation;
}

const isCalledAs = (one: PageElement, other: PageElement) =>
  one.role === other.role && one.label === other.label;

/** `role label`; where that repeats, `role label #2` and so on. */
export function compactNames(elements: readonly Pick<PageElement, "role" | "label">[]): string[] {
  const used = new Set<string>();
  const counts = new Map<string, number>();
  return elements.map(({ role, label }) => {
    const base = label === "" ? role : `${role} ${label}`;
    let count = (counts.get(base) ?? 0) + 1;
    let name = count === 1 ? base : `${base} #${count}`;
    // A label may itself end in `#2`.
    while (used.has(name)) name = `${base} #${++count}`;
    counts.set(base, count);
    used.add(name);
    return name;
  });
}

function suffix(element: PageElement): string {
  const parts: string[] = [];
  if (element.value !== undefined && element.value !== "" && element.value !== "unchecked")
    parts.push(` = ${element.shown ?? element.value}`);
  if (element.options && element.options.length > 0) {
    const most = element.opened ? OPENED_OPTIONS : SHOWN_OPTIONS;
    const shown = element.options.slice(0, most).join(", ");
    parts.push(`; options: ${shown}${element.options.length > most ? ", …" : ""}`);
  }
  if (element.more) parts.push(`; ${element.more}`);
  if (element.disabled) parts.push("; disabled");
  if (element.invalid) parts.push(`; invalid: ${element.invalid}`);
  return parts.join("");
}

function header(observation: Observation, notices: readonly string[]): string[] {
  const { scroll, tabs } = observation;
  const lines = [observation.title, shownUrl(observation.url)];
  const step = (scroll.viewport * 2) / 3;
  const screens = 1 + Math.ceil(Math.max(0, scroll.page - scroll.viewport - 1) / step);
  if (screens > 1) {
    const atEnd = scroll.top >= scroll.page - scroll.viewport - 1;
    const screen = atEnd ? screens : Math.min(screens - 1, 1 + Math.round(scroll.top / step));
    lines.push(`scroll ${screen} of ${screens}`);
  }
  if (tabs.length > 1) {
    const titles = tabs.map((tab, index) => `${index} ${tab.title}${tab.active ? " (active)" : ""}`);
    lines.push(`tabs: ${titles.join(", ")}`);
  }
  if (observation.focused !== null) lines.push(`focus: ${observation.focused}`);
  for (const notice of notices) lines.push(`note: ${notice}`);
  if (observation.error) lines.push(`error: ${observation.error.message}`);
  lines.push("---");
  return lines;
}

/** Host, path and query. */
function shownUrl(url: string): string {
  if (!/^https?:/.test(url)) return url;
  const { host, pathname, search } = new URL(url);
  return `${host}${pathname}${search}`;
}
