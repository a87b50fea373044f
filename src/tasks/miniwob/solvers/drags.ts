/** @file Tasks of dragging, selecting text, drawing and editing, and games. */

import type { Observation } from "../../../core/observation.ts";
import type { Solver } from "./hands.ts";
import {
  all,
  capture,
  click,
  drag,
  draw,
  field,
  hover,
  lines,
  findName,
  press,
  selectText,
  Stuck,
  submit,
} from "./hands.ts";

export const dragBox: Solver = function* (_, first) {
  const o = yield drag(findName(first, "s"), findName(first, "L"));
  yield* submit(o);
};

const DIRECTIONS: Record<string, string> = { left: "-15, 0", right: "15, 0", up: "0, -15", down: "0, 15" };

/** The shape is the only thing beside the button that answers to the mouse. */
export const dragShape: Solver = function* (instruction, first) {
  const shape = all(first, /^(?!Submit)/, /^(?!pane)/)[0];
  if (!shape) throw new Stuck("the shape is not shown");
  const o = yield drag(shape.name, DIRECTIONS[capture(instruction, /(left|right|up|down)/)]!);
  yield* submit(o);
};

function items(o: Observation, names: RegExp = /./): string[] {
  return all(o, names)
    .filter(({ label }) => label !== "Submit")
    .map(({ name }) => name);
}

export const dragItem: Solver = function* (instruction, o) {
  const list = items(o);
  const [, name, where] = /^Drag (\S+) (.+)\.$/.exec(instruction) ?? [];
  const from = list.findIndex((item) => item.endsWith(name!));
  if (from < 0) throw new Stuck(`${name} is not an element`);
  const to = /top/.test(where!)
    ? 0
    : /bottom/.test(where!)
      ? list.length - 1
      : /down/.test(where!)
        ? from + 1
        : /up/.test(where!)
          ? from - 1
          : Number(capture(where!, /(\d)/)) - 1;
  yield drag(list[from]!, list[to]!);
};

export const dragItemGrid: Solver = function* (instruction, o) {
  const list = items(o);
  const [, name, where] = /^Drag (\S+) (.+)\.$/.exec(instruction) ?? [];
  const from = list.findIndex((item) => item.endsWith(name!));
  if (from < 0) throw new Stuck(`${name} is not an element`);
  const step = { "up by one": -3, "down by one": 3, "left by one": -1, "right by one": 1 }[where!];
  const row = /top/.test(where!) ? 0 : /bottom/.test(where!) ? 2 : 1;
  const column = /left/.test(where!) ? 0 : /right/.test(where!) ? 2 : 1;
  yield drag(list[from]!, list[step === undefined ? row * 3 + column : from + step]!);
};

/** Selection sort by dragging: the smallest of the rest goes to the first free place. */
export const dragSort: Solver = function* (_, first) {
  let o = first;
  for (let place = 0, tries = 0; place < 4 && tries < 12; tries++) {
    const numbers = all(o, /^-?\d+$/);
    if (numbers.length < 4) throw new Stuck("the numbers are not elements");
    const rest = numbers.slice(place);
    const least = rest.reduce((a, b) => (Number(b.label) < Number(a.label) ? b : a));
    if (least === rest[0]) place++;
    else o = yield drag(least.name, rest[0]!.name);
  }
  yield* submit(o);
};

export const highlightText: Solver = function* (instruction, first) {
  const nth = Number(/(\d)\w\w paragraph/.exec(instruction)?.[1] ?? 1);
  const paragraphs = lines(first).filter((line) => line.trim() !== "" && !line.startsWith("["));
  const o = yield selectText(paragraphs[nth - 1] ?? "");
  if (o.error) throw new Stuck(o.error.message);
  yield* submit(o);
};

export const textEditor: Solver = function* (instruction, first) {
  const all_ = /everything/.test(instruction);
  const style = /style (\w+)/.exec(instruction)?.[1];
  const color = /color (\w+)/.exec(instruction)?.[1];
  const editor = field(first);
  const text = all_ ? null : capture(instruction, /give the text (\S+) /);
  let o: Observation = yield text === null ? press("Control+A", editor) : selectText(text, editor);
  if (o.error) throw new Stuck(o.error.message);
  if (style)
    o = yield click(
      findName(o, new RegExp({ italics: "italic", underlined: "underline" }[style] ?? style, "i")),
    );
  else {
    o = yield click(findName(o, /color/i));
    o = yield click(findName(o, new RegExp(color!, "i")));
  }
  yield* submit(o);
};

export const ascendingNumbers: Solver = function* (_, first) {
  const o = yield click(findName(first, "1"));
  let page = o;
  // The numbers are covered now; the covers are in the order of the numbers.
  for (let rest = 0; rest < 4; rest++) page = yield click(findName(page, /^(?!.*\d)/, { nth: 1 }));
};

export const gridCoordinate: Solver = function* (instruction, o) {
  const [, x, y] = /\((-?\d),(-?\d)\)/.exec(instruction) ?? [];
  const points = all(o, /^(?!Submit)/);
  if (points.length !== 25) throw new Stuck(`${points.length} points instead of 25`);
  yield click(points[(Number(x) + 2) * 5 + (2 - Number(y))]!.name);
};

/** Clicks the middle of the drawing; near enough on many problems. */
export const clickMiddle: Solver = function* (_, first) {
  const drawing = all(first, /^(?!Submit)/, /^(?!pane)/)[0];
  if (!drawing) throw new Stuck("the drawing is not shown");
  const o = yield draw(drawing.name, "75,65");
  yield* submit(o);
};

/** Anywhere: the direction counts most. */
export const drawLine: Solver = function* (instruction, first) {
  const drawing = all(first, /^(?!Submit)/, /^(?!pane)/)[0];
  if (!drawing) throw new Stuck("the drawing is not shown");
  const along = [10, 30, 50, 70, 90, 110];
  const points = along.map((at) => (/vertical/.test(instruction) ? `76,${at}` : `${at},60`));
  const o = yield draw(drawing.name, points.join(" "));
  if (o.error) throw new Stuck(o.error.message);
  yield* submit(o);
};

/** Middle of the display below the area of 156 × 127 pixels, counted from the area's corner. */
const DISPLAY = [80, 140] as const;

/**
 * Feels its way by dragging the display over the area, whose words tell how warm it is there; then clicks where it is
 * at least not ice cold.
 */
export const hotCold: Solver = function* (_, first) {
  let o = first;
  const probes = [38, 114].flatMap((x) => [30, 95].map((y) => [x, y] as const)).concat([[76, 62]]);
  for (const [x, y] of probes) {
    const [area, display] = all(o, /./, "clickable");
    if (!area || !display) throw new Stuck("the area is not shown");
    o = yield drag(display.name, `${x - DISPLAY[0]}, ${y - DISPLAY[1]}`);
    if (o.error) throw new Stuck(o.error.message);
    if (/ICE COLD/.test(o.text) || !/HOT|WARM|COLD/.test(o.text)) continue;
    yield draw(area.name, `${x},${y}`);
    return;
  }
  throw new Stuck("it is ice cold everywhere");
};

export const findGreatest: Solver = function* (_, first) {
  const cards = all(first, /^\d+$/);
  const best = [...cards].sort((a, b) => Number(b.label) - Number(a.label))[0];
  const o = yield click((best ?? first.elements[0])!.name);
  yield* submit(o);
};

export const stockMarket: Solver = function* (instruction, first) {
  const limit = Number(capture(instruction, /less than \$([\d.]+?)\.?$/));
  let o = first;
  for (let tries = 0; tries < 60; tries++) {
    const price = Number(/\$([\d.]+)/.exec(lines(o).join(" "))?.[1] ?? Infinity);
    if (price < limit) {
      o = yield click(findName(o, "Buy"));
      return;
    }
    // Quicker than waiting.
    o = yield hover(findName(o, "Buy"));
  }
  throw new Stuck("the price never falls so low");
};

const WINS = ["012", "345", "678", "036", "147", "258", "048", "246"].map((line) =>
  line.split("").map(Number),
);

/** Remembers which marks it has set, because the pictures of both marks have the same name. */
export const ticTacToe: Solver = function* (_, first) {
  const own = new Set<number>();
  let o = first;
  for (let turn = 0; turn < 5; turn++) {
    const cells = o.elements;
    if (cells.length !== 9) throw new Stuck(`${cells.length} cells instead of 9`);
    const marks = cells.map(({ label }, cell) => (own.has(cell) ? "x" : /mark/.test(label) ? "o" : ""));
    const choice =
      finish(marks, "x") ?? finish(marks, "o") ?? [4, 0, 2, 6, 8, 1, 3, 5, 7].find((c) => !marks[c]);
    if (choice === undefined) throw new Stuck("drawn");
    own.add(choice);
    o = yield click(cells[choice]!.name);
  }
};

/** The free cell of a line whose others have this mark. */
const finish = (marks: readonly string[], mark: string): number | undefined =>
  WINS.flatMap((line) => line.filter((c) => !marks[c] && line.every((d) => d === c || marks[d] === mark)))[0];

interface Description {
  color: string | undefined;
  /** `item` is any shape, letter or digit. */
  kind: string;
}

const KINDS: Record<string, RegExp> = {
  item: /./,
  shape: /^\(/,
  circle: /^\(circle/,
  rectangle: /^\(rect/,
  triangle: /^\(polygon/,
  letter: /^[a-z]$/i,
  digit: /^\d$/,
};

/** `large red circle`, `small digit`, `green item`, `A`, `blue 7`. */
function describe(text: string): Description {
  const words = text.trim().split(" ");
  const last = words.at(-1)!;
  const rest = words.slice(0, -1);
  const kind = last.length > 2 ? last.replace(/s$/, "") : last.charAt(0);
  return {
    kind,
    color: rest.find((word) => !/^(small|large)$/.test(word)),
  };
}

/** Shapes that may be meant. Colours of letters and digits are not in the text, nor are sizes. */
function candidates(o: Observation, { color, kind }: Description): string[] {
  const isKind = KINDS[kind] ?? new RegExp(`^${kind}$`);
  return o.elements
    .filter(({ role, label }) => role !== "button" && isKind.test(label))
    .filter(({ label }) => color === undefined || !label.startsWith("(") || label.includes(` ${color}`))
    .map(({ name }) => name);
}

export const countShape: Solver = function* (instruction, o) {
  const wanted = describe(capture(instruction, /^How many (.+) are there/));
  yield click(findName(o, String(candidates(o, wanted).length), { role: "button" }));
};

export const clickShape: Solver = function* (instruction, o) {
  const found = candidates(o, describe(capture(instruction, /^Click on an? (.+)$/)))[0];
  if (!found) throw new Stuck("no such shape in the text");
  yield click(found);
};

export const identifyShape: Solver = function* (_, o) {
  const label = o.elements.find(({ role }) => role !== "button")?.label ?? "";
  const names = {
    circle: "Circle",
    rectangle: "Rectangle",
    triangle: "Triangle",
    letter: "Letter",
    digit: "Number",
  };
  const kind = Object.entries(names).find(([key]) => KINDS[key]!.test(label));
  if (!kind) throw new Stuck("the shape has no name in the text");
  yield click(findName(o, kind[1], { role: "button" }));
};

export const clickColor: Solver = function* (instruction, o) {
  yield click(findName(o, new RegExp(capture(instruction, /the (\w+) colored/), "i")));
};

export const dragToResize: Solver = function* (instruction, first) {
  const larger = /larger/.test(instruction);
  const by = larger ? 12 : -12;
  const handle = findName(first, /resiz|handle/i, { nth: /width/.test(instruction) ? 1 : 2 });
  const o = yield drag(handle, /width/.test(instruction) ? `${by}, 0` : `0, ${by}`);
  if (o.error) throw new Stuck(o.error.message);
  yield* submit(o);
};
