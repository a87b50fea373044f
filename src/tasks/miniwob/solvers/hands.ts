/**
 * @file What the solvers of MiniWoB++ tasks are written with: they read the observation's text and elements, and write
 * actions as a model writes them. They see nothing else of the page.
 */

import type { ObservedElement, Observation } from "../../../core/observation.ts";

/**
 * Solves one problem: yields the text of an action and is given the page after it. Ends when it does not know what to
 * do next.
 */
export type Solver = (instruction: string, first: Observation) => Steps;

export type Steps<Result = void> = Generator<string, Result, Observation>;

/** The page does not show what the solver needs. */
export class Stuck extends Error {
  override readonly name = "Stuck";
}

export interface Wanted {
  role?: string | RegExp;
  /** Counted from 1 among those that fit. */
  nth?: number;
}

const matches = (text: string, wanted: string | RegExp) =>
  typeof wanted === "string" ? text === wanted : wanted.test(text);

/** Elements with this label (exact text, or a pattern), in document order. */
export function all(o: Observation, label: string | RegExp, role: string | RegExp = /./): ObservedElement[] {
  return o.elements.filter((element) => matches(element.label, label) && matches(element.role, role));
}

export function maybe(o: Observation, label: string | RegExp, wanted: Wanted = {}): string | undefined {
  return all(o, label, wanted.role)[(wanted.nth ?? 1) - 1]?.name;
}

export function findName(o: Observation, label: string | RegExp, wanted: Wanted = {}): string {
  const name = maybe(o, label, wanted);
  if (name !== undefined) return name;
  throw new Stuck(
    `no ${String(wanted.role ?? "element")} ${String(label)}${wanted.nth ? ` (${wanted.nth})` : ""}`,
  );
}

/** Fields for text, in document order. */
export const fields = (o: Observation) => all(o, /^/, /^(textbox|textarea|searchbox|spinbutton)$/);

export function field(o: Observation, nth = 1): string {
  const found = fields(o)[nth - 1];
  if (found) return found.name;
  throw new Stuck(`no text field ${nth}`);
}

/** The page below the head, line by line. */
export function lines(o: Observation): string[] {
  const at = o.text.indexOf("---\n");
  return o.text.slice(at < 0 ? 0 : at + 4).split("\n");
}

export function capture(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined)
    throw new Stuck(`${String(pattern)} is not in ${JSON.stringify(text.slice(0, 200))}`);
  return found;
}

/** The texts in double quotes. */
export const readQuoted = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"/g)].map((found) => found[1]!);

const call = (action: string, element?: string, argument?: string) =>
  `do(action="${action}"${argument === undefined ? "" : `, argument=${JSON.stringify(argument)}`}${
    element === undefined ? "" : `, element=${JSON.stringify(element)}`
  })`;

export const click = (element: string) => call("Click", element);
export const hover = (element: string) => call("Hover", element);
export const type = (element: string, text: string) => call("Type", element, text);
export const select = (element: string, text: string) => call("Select Dropdown Option", element, text);
export const insert = (text: string) => call("Insert", undefined, text);
export const selectText = (text: string, element?: string) => call("Select Text", element, text);
export const press = (keys: string, element?: string) => call("Press", element, keys);
/** Drags an element onto another one, or by `dx, dy` pixels. */
export const drag = (element: string, to: string) => call("Drag", element, to);
/** Draws through points like `3,4 10,4`, counted from the element's top left corner; one point is a click there. */
export const draw = (element: string, points: string) => call("Draw", element, points);
export const scrollDown = (element?: string) => call("Scroll Down", element);
export const scrollUp = (element?: string) => call("Scroll Up", element);
export const wait = call("Wait");

export function* submit(o: Observation): Steps<Observation> {
  return yield* clickSoon(o, /^Submit$/i);
}

/** Waits, at most twice, until `find` finds something: menus, suggestions and pickers take their time. */
export function* patiently<Found>(
  first: Observation,
  find: (o: Observation) => Found | undefined,
): Steps<{ page: Observation; found: Found | undefined }> {
  let o = first;
  for (let tries = 0; tries < 2 && find(o) === undefined; tries++) o = yield wait;
  return { page: o, found: find(o) };
}

/** Clicks what is there, or what appears in a moment. */
export function* clickSoon(
  first: Observation,
  label: string | RegExp,
  wanted: Wanted = {},
): Steps<Observation> {
  const { page, found } = yield* patiently(first, (o) => maybe(o, label, wanted));
  return yield click(found ?? findName(page, label, wanted));
}

/**
 * Scrolls the pane that the last (scrolling up: the first) element is in, or else the page. `undefined`: neither moves.
 */
export function* scrollAny(
  o: Observation,
  direction: "up" | "down" = "down",
): Steps<Observation | undefined> {
  const scroll = direction === "down" ? scrollDown : scrollUp;
  const element = direction === "down" ? o.elements.at(-1) : o.elements[0];
  if (element) {
    const pane = yield scroll(element.name);
    if (!pane.error) return pane;
  }
  const page = yield scroll();
  return page.error ? undefined : page;
}

/** Scrolls down, from the top that the page shows first, until `find` finds something. */
export function* scrollTo<Found>(
  first: Observation,
  find: (o: Observation) => Found | undefined,
): Steps<{ page: Observation; found: Found }> {
  let o: Observation | undefined = first;
  for (let tries = 0; o && tries < 30; tries++) {
    const found = find(o);
    if (found !== undefined) return { page: o, found };
    o = yield* scrollAny(o);
  }
  throw new Stuck("not found by scrolling down");
}

/** Moves a slider by keys. */
export function* setSlider(element: string, from: number, to: number): Steps<Observation> {
  const key = to > from ? "ArrowRight" : "ArrowLeft";
  const presses = Math.abs(to - from);
  return yield press(Array.from({ length: presses }, () => key).join(" ") || "Tab", element);
}
