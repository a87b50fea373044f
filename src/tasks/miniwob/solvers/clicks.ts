/** @file Tasks of clicking what the instruction names: buttons, boxes, links, tabs, dialogs, menus. */

import type { Observation } from "../../../core/observation.ts";
import type { Solver, Steps } from "./hands.ts";
import {
  all,
  capture,
  click,
  clickSoon,
  hover,
  lines,
  maybe,
  findName,
  patiently,
  readQuoted,
  select,
  Stuck,
  submit,
  wait,
  scrollAny,
  scrollTo,
} from "./hands.ts";
import { meanTheSame } from "./synonyms.ts";

export const clickButton: Solver = function* (instruction, o) {
  yield click(findName(o, readQuoted(instruction)[0]!, { role: "button" }));
};

export const clickTest: Solver = function* (instruction, o) {
  yield click(findName(o, /button (\w+)\./.exec(instruction)?.[1] ?? "Click Me!"));
};

export const clickButtonSequence: Solver = function* (_, o) {
  const next = yield click(findName(o, "ONE"));
  yield click(findName(next, "TWO"));
};

function readListed(instruction: string): string[] {
  const list = capture(instruction, /^Select (?:words similar to )?(.+) and click Submit/);
  return list === "nothing" ? [] : list.split(", ");
}

export const clickCheckboxes: Solver = function* (instruction, first) {
  let o = first;
  for (const label of readListed(instruction)) o = yield click(findName(o, label, { role: "checkbox" }));
  yield* submit(o);
};

export const clickCheckboxesSoft: Solver = function* (instruction, first) {
  const wanted = readListed(instruction);
  let o = first;
  for (const { name, label } of all(first, /./, "checkbox"))
    if (wanted.some((word) => meanTheSame(word, label))) o = yield click(name);
  yield* submit(o);
};

export const clickOption: Solver = function* (instruction, first) {
  const o = yield click(findName(first, readListed(instruction)[0]!, { role: "radio" }));
  yield* submit(o);
};

export const chooseFromList: Solver = function* (instruction, first) {
  let o = first;
  for (const text of capture(instruction, /^Select (.+) from the/).split(", "))
    o = yield select(findName(o, /^/, { role: /combobox|listbox/ }), text);
  yield* submit(o);
};

export const clickWidget: Solver = function* (instruction, o) {
  const wanted = readQuoted(instruction)[0]!;
  if (!wanted.startsWith("text")) yield click(findName(o, /^/, { role: wanted }));
  else yield click(findName(o, wanted === "text" ? /^(?!.*text area)/ : /text area/, { role: "textbox" }));
};

export const clickDialog: Solver = function* (instruction, o) {
  const label = readQuoted(instruction)[0]!;
  yield click(findName(o, label === "x" ? "Close" : label, { role: "button" }));
};

export const clickLink: Solver = function* (instruction, o) {
  yield click(findName(o, readQuoted(instruction)[0]!));
};

export const clickTab: Solver = function* (instruction, o) {
  yield click(findName(o, capture(instruction, /(Tab #\d)/), { role: "tab" }));
};

/** Opens one tab or section after the other until the link is there. */
export const findLinkInTabs: Solver = function* (instruction, first) {
  const link = readQuoted(instruction)[0]!;
  let o = first;
  const isLink = { role: /^(?!tab)/ };
  for (const { label } of all(first, /./, "tab")) {
    if (maybe(o, link, isLink)) break;
    o = yield click(findName(o, label, { role: "tab" }));
    // An opening section shows its first line early and its links late.
    if (!maybe(o, link, isLink) && /Expand/.test(instruction)) o = yield wait;
  }
  yield click(findName(o, link, isLink));
};

export const expandAndSubmit: Solver = function* (_, first) {
  const o = yield click(findName(first, /^Section/));
  // While the section grows, the button moves.
  yield* submit(yield* submit(o));
};

/** The labels of menus open on hovering. */
export const clickMenu: Solver = function* (instruction, first) {
  const path = capture(instruction, /^Select (.+)$/).split(">");
  let o = first;
  for (const [index, label] of path.slice(0, -1).entries()) {
    o = yield hover(findName(o, label));
    o = (yield* patiently(o, (page) => maybe(page, path[index + 1]!))).page;
  }
  yield click(findName(o, path.at(-1)!));
};

/** What icons of media players and editors stand for. */
const ICONS: Record<string, string> = {
  disk: "Save",
  "seek-start": "Prev",
  stop: "Stop",
  play: "Play",
  "seek-end": "Next",
  zoomin: "Zoom In",
  zoomout: "Zoom Out",
};

export const clickMenuItem: Solver = function* (instruction, first) {
  const wanted = readQuoted(instruction)[1]!;
  const label = ICONS[wanted.replace("ui-icon-", "")] ?? wanted;
  let o = yield click(findName(first, "Menu"));
  const menus = o.elements.filter((element) => element.label !== "Menu" && !element.disabled);
  for (const { name } of menus) {
    if (maybe(o, label)) break;
    o = yield hover(name);
    o = (yield* patiently(o, (page) => maybe(page, label))).page;
  }
  yield click(findName(o, label));
};

export const clickPie: Solver = function* (instruction, first) {
  const o = yield click(findName(first, "+"));
  yield* clickSoon(o, readQuoted(instruction)[0]!);
};

export const buyTicket: Solver = function* (instruction, o) {
  const durations = lines(o).flatMap((line) => {
    const found = /^(\d+)h (\d+)m$/.exec(line.trim());
    return found ? [Number(found[1]) * 60 + Number(found[2])] : [];
  });
  const prices = all(o, /^Book for \$/).map(({ label }) => Number(label.replace(/\D/g, "")));
  const values = /duration/.test(instruction) ? durations : prices;
  const best = /cheapest|shortest/.test(instruction) ? Math.min(...values) : Math.max(...values);
  yield click(findName(o, /^Book for/, { nth: values.indexOf(best) + 1 }));
};

export const oddOrEven: Solver = function* (_, first) {
  const numbers = lines(first).flatMap((line) => /\]\s*(-?\d+)\s*\[/.exec(line)?.[1] ?? []);
  let o = first;
  for (const [index, number] of numbers.entries())
    o = yield click(findName(o, Number(number) % 2 === 0 ? "Even" : "Odd", { nth: index + 1 }));
  yield* submit(o);
};

export const generateNumber: Solver = function* (instruction, first) {
  const fits = numberRule(instruction);
  let o = first;
  for (let tries = 0; tries < 60; tries++) {
    o = yield click(findName(o, "Generate"));
    const shown = lines(o).find((line) => /^-?\d+$/.test(line.trim()));
    if (shown !== undefined && fits(Number(shown))) {
      yield* submit(o);
      return;
    }
  }
  throw new Stuck("no number fits");
};

function numberRule(instruction: string): (n: number) => boolean {
  const bound = Number(/-?\d+/.exec(instruction)?.[0]);
  if (/less than/.test(instruction)) return (n) => n < bound;
  if (/greater than/.test(instruction)) return (n) => n > bound;
  return /even/.test(instruction) ? (n) => n % 2 === 0 : (n) => n % 2 !== 0;
}

export const phoneBook: Solver = function* (instruction, first) {
  const [, name, what] = /^Find (.+) in the contact book and click on their (.+)\.$/.exec(instruction) ?? [];
  if (!name || !what) throw new Stuck(instruction);
  const key = what.replace(" number", "");
  let o = first;
  for (let page = 0; page < 20 && lines(o)[0]?.trim() !== name; page++) o = yield click(findName(o, ">"));
  const line = lines(o).find((text) => text.toLowerCase().startsWith(`${key}:`));
  yield click(findName(o, capture(line ?? "", /\[\w+ ([^\]]+)\]/)));
};

export const navigateTree: Solver = function* (instruction, first) {
  const wanted = readQuoted(instruction)[0]!;
  const opened = new Set<string>();
  let o: Observation = first;
  for (let tries = 0; tries < 25; tries++) {
    const target = maybe(o, wanted);
    if (target) {
      o = yield click(target);
      // Names repeat: a folder of this name may not be the one.
      return;
    }
    const next = o.elements.find(({ label }) => label !== "" && !label.startsWith("(") && !opened.has(label));
    if (!next) break;
    opened.add(next.label);
    o = yield click(next.name);
  }
  throw new Stuck(`${wanted} is not in the tree`);
};

export const orderFood: Solver = function* (instruction, first) {
  const names = /^Order one of each item: (.+)$/.exec(instruction)?.[1]?.split(", ");
  const [, amount, kind] = /^Order (\d+) items that are (.+)$/.exec(instruction) ?? [];
  const taken: string[] = [];
  const wants = (dish: Dish) =>
    names ? names.includes(dish.name) && !taken.includes(dish.name) : dish.tags.split(" ").includes(kind!);
  let o: Observation | undefined = first;
  for (let tries = 0; tries < 40 && taken.length < (names?.length ?? Number(amount)); tries++) {
    const dish: Dish | undefined = dishes(o).find(wants);
    if (dish) taken.push(dish.name);
    o = dish ? yield click(dish.plus) : yield* scrollAny(o);
    if (!o) throw new Stuck("dishes are missing");
  }
  yield* toSubmit(o);
};

interface Dish {
  name: string;
  tags: string;
  plus: string;
}

const TAGS = /^(?:(?:vegan|vegetarian|gluten-free|meat|dairy|peanuts)\b ?)+$/;

/** Dishes whose name and `+` are both in view. */
function dishes(o: Observation): Dish[] {
  const found: Dish[] = [];
  const pluses = all(o, "+");
  let before: string[] = [];
  let nth = 0;
  for (const line of lines(o)) {
    const text = line.replace(/\[.*/, "").trim();
    if (text !== "") before.push(text);
    if (!line.includes("+]") && !line.includes("+ #")) continue;
    const plus = pluses[nth++]?.name;
    const tags = TAGS.test(before.at(-1) ?? "") ? before.pop()! : "";
    const name = before.at(-1);
    if (name && plus) found.push({ name, tags, plus });
    before = [];
  }
  return found;
}

function* toSubmit(first: Observation): Steps {
  yield click((yield* scrollTo(first, (o) => maybe(o, /submit|^order!$/i))).found);
}
