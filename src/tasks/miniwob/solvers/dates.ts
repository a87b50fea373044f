/** @file Tasks with jQuery UI's date picker (choosing a date, booking a flight) and with a day's calendar. */

import type { Observation } from "../../../core/observation.ts";
import type { Solver, Steps } from "./hands.ts";
import {
  all,
  capture,
  click,
  drag,
  field,
  fields,
  lines,
  maybe,
  findName,
  patiently,
  press,
  scrollTo,
  Stuck,
  submit,
  type,
  scrollAny,
} from "./hands.ts";

const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);

/** Months since year 0 that the open picker shows. */
function shownMonth(o: Observation): number {
  const [, month, year] = new RegExp(`(${MONTHS.join("|")}) (\\d{4})`).exec(lines(o).join(" ")) ?? [];
  if (!month) throw new Stuck("the date picker does not open");
  return Number(year) * 12 + MONTHS.indexOf(month);
}

/** Opens the picker of a field, goes to the month and clicks the day. */
function* pickDate(first: Observation, name: string, date: string): Steps<Observation> {
  const [month, day, year] = date.split("/").map(Number) as [number, number, number];
  let o = yield click(name);
  const wanted = year * 12 + month - 1;
  const back = shownMonth(o) - wanted;
  if (back !== 0) {
    const key = back > 0 ? "PageUp" : "PageDown";
    o = yield press(Array.from({ length: Math.abs(back) }, () => key).join(" "), name);
  }
  for (let tries = 0; tries < 14 && shownMonth(o) !== wanted; tries++)
    o = yield click(findName(o, shownMonth(o) > wanted ? /^Prev/ : /^Next/));
  o = yield click(findName(o, String(day)));
  // While it fades away, it covers what is below it.
  return (yield* patiently(o, (page) => (/\bSu \|/.test(page.text) ? undefined : true))).page;
}

export const chooseDate: Solver = function* (instruction, first) {
  const o = yield* pickDate(first, field(first), capture(instruction, /^Select (\S+) as/));
  yield* submit(o);
};

export const bookFlight: Solver = function* (instruction, first) {
  const [, what, from, to, date] =
    /^Book the (\w+) one-way flight from: (.+) to: (.+) on (\S+)\.$/.exec(instruction) ?? [];
  if (!what || !from || !to || !date) throw new Stuck(instruction);
  let o = yield* enterCity(first, "From:", from);
  o = yield* enterCity(o, "To:", to);
  o = yield* pickDate(o, fields(o)[2]!.name, date);
  o = yield click(findName(o, "Search"));
  const { found } = yield* readFlights(o, what);
  yield click(found);
};

function* enterCity(first: Observation, label: string, city: string): Steps<Observation> {
  const o = yield type(findName(first, label), city);
  // The suggestions have city and code; the field may have got a value that is not one of them.
  const isSuggestion = (text: string) => text.includes(city) && /\(\w{3}\)/.test(text);
  const { found } = yield* patiently(o, (page) =>
    all(page, /./, /^(?!textbox)/).find((element) => isSuggestion(element.label)),
  );
  if (!found) throw new Stuck(`no suggestion for ${city}`);
  return yield click(found.name);
}

/** Reads all offers, scrolling, then scrolls back to the best. */
function* readFlights(first: Observation, what: string): Steps<{ found: string }> {
  const offers = new Map<string, number>();
  let o = first;
  for (let tries = 0; tries < 15; tries++) {
    for (const [label, value] of offersIn(o, what)) offers.set(label, value);
    const next: Observation | undefined = yield* scrollAny(o);
    if (!next) break;
    o = next;
  }
  const best = [...offers].sort((a, b) => a[1] - b[1])[0]?.[0];
  if (best === undefined) throw new Stuck("no flights");
  for (let tries = 0; tries < 15; tries++) {
    const name = maybe(o, best);
    if (name) return { found: name };
    o = (yield* scrollAny(o, "up")) ?? o;
  }
  return yield* scrollTo(o, (page) => maybe(page, best));
}

/** Price, or minutes, of each offer by the label of its button; those whose duration is out of view are left out. */
function offersIn(o: Observation, what: string): Map<string, number> {
  const offers = new Map<string, number>();
  let minutes: number | undefined;
  for (const line of lines(o)) {
    const [, hours, rest] = /^(\d+)h (\d+)m/.exec(line) ?? [];
    if (hours) minutes = Number(hours) * 60 + Number(rest);
    const label = /\[button (Book flight for \$\d+)/.exec(line)?.[1];
    if (!label) continue;
    const value = what === "cheapest" ? Number(label.replace(/\D/g, "")) : minutes;
    if (value !== undefined) offers.set(label, value);
    minutes = undefined;
  }
  return offers;
}

/** Half hours of the calendar in view that nothing covers, by how many of them the day has had before. */
function freeSlots(o: Observation): Map<number, string> {
  const slots = new Map<number, string>();
  let hour = -1;
  for (const line of lines(o)) {
    const [, clock] = /^(\d+[ap]m)\b/.exec(line) ?? [];
    if (clock) hour = hourOf(clock);
    const name = /\[(clickable \(half hour\)(?: #\d+)?)\]/.exec(line)?.[1];
    // The second half is on a line of its own.
    if (name && hour >= 0) slots.set(2 * hour + (clock ? 0 : 1), name);
  }
  return slots;
}

const hourOf = (clock: string) => (parseInt(clock, 10) % 12) + (/p/i.test(clock) ? 12 : 0);

const SLOT_PX = 20;

export const dailyCalendar: Solver = function* (instruction, first) {
  const wish = /^Create a ([\d.]+) (hours?|mins) event named "(.+)", between (\w+) and (\w+)\.$/.exec(
    instruction,
  );
  if (!wish) throw new Stuck(instruction);
  const [, amount, unit, title, from, to] = wish as unknown as string[];
  const length = unit === "mins" ? Number(amount) / 30 : Number(amount) * 2;
  const [begin, end] = [2 * hourOf(from!), 2 * hourOf(to!)];
  const { found } = yield* scrollTo(first, (o) => {
    const slots = freeSlots(o);
    for (let at = begin; at + length <= end; at++)
      if (Array.from({ length }, (_, i) => slots.has(at + i)).every(Boolean)) return slots.get(at);
    return undefined;
  });
  let o = yield drag(found, `0, ${SLOT_PX * (length - 1) + 2}`);
  o = yield type(field(o), title!);
  const create = yield* scrollTo(o, (page) => maybe(page, "Create"));
  yield click(create.found);
};
