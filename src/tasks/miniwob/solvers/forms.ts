/** @file Tasks of filling in fields and forms. */

import type { Observation } from "../../../core/observation.ts";
import type { Solver, Steps } from "./hands.ts";
import {
  all,
  capture,
  click,
  field,
  fields,
  insert,
  lines,
  maybe,
  findName,
  patiently,
  press,
  readQuoted,
  scrollDown,
  scrollUp,
  select,
  setSlider,
  Stuck,
  submit,
  type,
} from "./hands.ts";

/** Types into the first field and submits. */
function* answer(o: Observation, text: string, nth = 1): Steps {
  const next = yield type(field(o, nth), text);
  yield* submit(next);
}

export const enterText: Solver = function* (instruction, o) {
  yield* answer(o, readQuoted(instruction)[0]!);
};

export const enterTextCase: Solver = function* (instruction, o) {
  const text = readQuoted(instruction)[0]!;
  yield* answer(o, /upper case/.test(instruction) ? text.toUpperCase() : text.toLowerCase());
};

/** Writes it as the instruction does; if the field does not understand that, as fields of this kind hold it. */
export const enterDateOrTime: Solver = function* (instruction, first) {
  const text = capture(instruction, /^Enter (.+) as the/);
  let o = yield type(field(first), text);
  if (o.error) o = yield type(field(o), text.includes("/") ? isoDate(text) : time24(text));
  yield* submit(o);
};

const isoDate = (text: string) => text.replace(/^(\d+)\/(\d+)\/(\d+)$/, "$3-$1-$2");

function time24(text: string): string {
  const [, hour, minute, half] = /^(\d+):(\d+) (AM|PM)$/.exec(text) ?? [];
  const hours = (Number(hour) % 12) + (half === "PM" ? 12 : 0);
  return `${String(hours).padStart(2, "0")}:${minute}`;
}

export const enterPassword: Solver = function* (instruction, first) {
  const o = yield type(field(first, 1), readQuoted(instruction)[0]!);
  yield* answer(o, readQuoted(instruction)[0]!, 2);
};

export const logIn: Solver = function* (instruction, first) {
  const [user, password] = readQuoted(instruction);
  let o = first;
  for (const [nth, text] of [
    [1, user!],
    [2, password!],
  ] as const) {
    o = yield type(field(o, nth), text);
    // A popup may have come in between: close it and type once more.
    if (!maybe(o, "Cancel")) continue;
    o = yield click(findName(o, "Cancel"));
    o = yield type(field(o, nth), text);
  }
  yield click(findName(o, /^(Login|OK)$/));
};

export const focusText: Solver = function* (instruction, o) {
  yield click(field(o, Number(/(\d)(?:st|nd|rd|th)/.exec(instruction)?.[1] ?? 1)));
};

export const findWord: Solver = function* (instruction, o) {
  const nth = Number(capture(instruction, /(\d+)(?:st|nd|rd|th) word/));
  const words = lines(o)
    .filter((line) => !line.startsWith("["))
    .join(" ")
    .split(/\s+/);
  yield* answer(o, words[nth - 1]!.replace(/[^a-zA-Z]/g, ""));
};

export const readTable: Solver = function* (instruction, o) {
  yield* answer(o, cell(o, capture(instruction, /value of (.+) into/)));
};

function cell(o: Observation, label: string): string {
  const row = lines(o).find((line) => line.startsWith(`${label} | `));
  if (!row) throw new Stuck(`no row ${label}`);
  return row.split(" | ")[1]!.trim();
}

export const readTableForm: Solver = function* (_, first) {
  let o = first;
  const labels = lines(first).flatMap(
    (line) => /^([^:[|]+): ?\[/.exec(line)?.[1] ?? /^\[textbox ([^\]:]+):?\]/.exec(line)?.[1] ?? [],
  );
  for (const [index, label] of labels.entries()) o = yield type(field(o, index + 1), cell(first, label));
  yield* submit(o);
};

export const simpleAlgebra: Solver = function* (_, o) {
  const text = lines(o).find((line) => line.includes("x") && /=\s*-?\d+\s*$/.test(line)) ?? "";
  const [, left, sign, right, result] = /(\w+) ([-+]) (\w+) = (-?\d+)/.exec(text) ?? [];
  if (!left || !right) throw new Stuck("no equation");
  const known = Number(left === "x" ? right : left);
  const sum = Number(result);
  const x = sign === "+" ? sum - known : left === "x" ? sum + known : known - sum;
  yield* answer(o, String(x));
};

export const simpleArithmetic: Solver = function* (_, o) {
  const [, left, sign, right] = /(-?\d+) ([-+x*×]) (-?\d+)/.exec(lines(o).join(" ")) ?? [];
  if (!left) throw new Stuck("no problem");
  const [a, b] = [Number(left), Number(right)];
  yield* answer(o, String(sign === "+" ? a + b : sign === "-" ? a - b : a * b));
};

export const textTransform: Solver = function* (_, o) {
  const text = lines(o).find((line) => line.trim() !== "" && !line.startsWith("["));
  yield* answer(o, (text ?? "").split(" [")[0]!.replace(/\s/g, ""));
};

export const guessNumber: Solver = function* (_, first) {
  let o = first;
  let [low, high] = [0, 9];
  while (low <= high) {
    const guess = Math.floor((low + high) / 2);
    o = yield type(field(o), String(guess));
    o = yield* submit(o);
    const told = lines(o).join(" ");
    if (/lower|less|smaller/.test(told)) high = guess - 1;
    else if (/higher|greater|larger|bigger/.test(told)) low = guess + 1;
    else throw new Stuck(told);
  }
};

export const copyPaste: Solver = function* (instruction, o) {
  const nth = Number(/(\d)(?:st|nd|rd|th) text area/.exec(instruction)?.[1] ?? 1);
  const full = fields(o).filter(({ value }) => value);
  const source = full[nth - 1];
  const target = fields(o).find(({ value }) => !value);
  if (!source || !target) throw new Stuck("no text to copy, or no field to paste it into");
  yield press("Control+A Control+C", source.name);
  const pasted = yield press("Control+V", target.name);
  yield* submit(pasted);
};

/** Reads the area to its end: what is in view, scroll, and so on. */
export const lastWord: Solver = function* (_, first) {
  let o = first;
  for (let tries = 0; tries < 40; tries++) {
    const next: Observation = yield scrollDown(field(o, 1));
    if (next.error) break;
    o = next;
  }
  const text = (fields(o)[0]?.value ?? "").trim();
  if (text.endsWith("…")) throw new Stuck("the end of the text is not shown");
  yield* answer(
    o,
    text
      .split(/\s+/)
      .at(-1)!
      .replace(/[^a-zA-Z]/g, ""),
    2,
  );
};

export const scrollText: Solver = function* (instruction, first) {
  let o = first;
  const scroll = /to the bottom/.test(instruction) ? scrollDown : scrollUp;
  for (let tries = 0; tries < 40; tries++) {
    o = yield scroll(field(o, 1));
    if (o.error) break;
  }
  yield* submit(o);
};

export const signAgreement: Solver = function* (instruction, first) {
  const name = readQuoted(instruction)[0];
  if (instruction.startsWith("Click the cancel")) {
    yield click(findName(first, "Cancel"));
    return;
  }
  let o = first;
  for (let tries = 0; tries < 40; tries++) {
    o = yield scrollDown(fields(o)[0]?.name ?? "textbox");
    if (o.error || o.elements.some((element) => element.label === "Agree" && !element.disabled)) break;
  }
  o = yield type(findName(o, "Name"), name!);
  yield click(findName(o, readQuoted(instruction)[1]!));
};

export const multiForm: Solver = function* (instruction, first) {
  const [, genre, director, year] =
    /^Search for (.+) movies directed by (.+) from year (\d+)/.exec(instruction) ?? [];
  let o = first;
  const order = labelsOfFields(first);
  for (const [index, label] of order.entries()) {
    const text = /genre/i.test(label) ? genre! : /director/i.test(label) ? director! : year!;
    o = yield type(field(o, index + 1), text);
  }
  yield click(findName(o, /^(Submit|Search|Go!?|Find.*)$/i));
};

/** The label that comes before each field, or that a field has by itself. */
function labelsOfFields(o: Observation): string[] {
  const labels: string[] = [];
  let before = "";
  for (const line of lines(o)) {
    if (/\[(textbox|searchbox|textarea)/.test(line))
      labels.push(line.startsWith("[") ? `${before} ${line}` : line);
    before = line;
  }
  return labels;
}

export const searchEngine: Solver = function* (instruction, first) {
  const nth = Number(capture(instruction, /(\d+)(?:st|nd|rd|th) search result/));
  let o = yield type(field(first), readQuoted(instruction)[0]!);
  o = yield click(findName(o, "Search"));
  const page = Math.ceil(nth / 3);
  if (page > 1) o = yield click(findName(o, String(page)));
  const results = all(o, /^[^\d<>]/, "link").filter(
    ({ label }) => !/^(Search|First|Last|Prev|Next)$/.test(label),
  );
  const result = results[(nth - 1) % 3];
  if (!result) throw new Stuck("no results");
  yield click(result.name);
};

export const useAutocomplete: Solver = function* (instruction, first) {
  const [start, end] = readQuoted(instruction);
  const o = yield type(field(first), start!);
  const { found } = yield* patiently(o, (page) =>
    all(page, /./, /^(?!textbox|combobox|button)/).find(
      ({ label }) => label.startsWith(start!) && label.endsWith(end ?? ""),
    ),
  );
  if (!found) throw new Stuck("no suggestion");
  yield* submit(yield click(found.name));
};

export const useSpinner: Solver = function* (instruction, first) {
  const value = Number(capture(instruction, /^Select (-?\d+)/));
  const key = value < 0 ? "ArrowDown" : "ArrowUp";
  let o = yield press(Array.from({ length: Math.abs(value) }, () => key).join(" ") || "Tab", field(first));
  if (o.error) o = yield type(field(first), String(value));
  yield* submit(o);
};

/** The page's sliders, or what has to be taken for one: something without words that answers to the mouse. */
const slider = (o: Observation, nth: number) =>
  maybe(o, /^/, { role: "slider", nth }) ??
  findName(o, /^(|.*handle.*|.*slider.*)$/, { role: /^(clickable|link)$/, nth });

const shownNumbers = (o: Observation) =>
  lines(o).flatMap((line) => /^(?:\[[^\]]*\] ?)?(-?\d+)$/.exec(line.trim())?.[1] ?? []);

/** Moves the slider by keys until the number beside it is the wanted one. */
function* slideTo(first: Observation, nth: number, value: number): Steps<Observation> {
  let o = first;
  for (let tries = 0; tries < 4; tries++) {
    const shown = Number(shownNumbers(o)[nth - 1]);
    if (shown === value) return o;
    const handle = slider(o, nth);
    o = yield type(handle, String(value));
    if (o.error) o = yield* setSlider(handle, shown, value);
    if (o.error) throw new Stuck(o.error.message);
  }
  throw new Stuck(`the slider stays at ${shownNumbers(o)[nth - 1]}`);
}

export const useSlider: Solver = function* (instruction, first) {
  const values = capture(instruction, /(?:Select|combination) \[?([-\d,]+)/)
    .split(",")
    .map(Number);
  let o = first;
  for (const [index, value] of values.entries()) o = yield* slideTo(o, index + 1, value);
  yield* submit(o);
};

export const formSequence: Solver = function* (instruction, first) {
  const value = Number(capture(instruction, /^Select (-?\d+)/));
  let o = yield* slideTo(first, 1, value);
  o = yield click(findName(o, /^/, { role: "checkbox", nth: Number(capture(instruction, /the (\d)/)) }));
  yield* submit(o);
};

export const formSequence2: Solver = function* (instruction, first) {
  const radio = Number(capture(instruction, /the (\d)\w\w radio/));
  let o = yield click(findName(first, /^/, { role: "radio", nth: radio }));
  o = yield type(field(o, Number(capture(instruction, /the (\d)\w\w textbox/))), readQuoted(instruction)[0]!);
  yield* submit(o);
};

export const formSequence3: Solver = function* (instruction, first) {
  const option = capture(instruction, /^Choose (.+) from the dropdown/);
  const native = maybe(first, /^/, { role: "combobox" });
  let o = first;
  if (native && o.elements.find(({ name }) => name === native)?.options) o = yield select(native, option);
  else {
    o = yield click(native ?? findName(first, /^/));
    o = yield click(findName(o, option));
  }
  yield click(findName(o, readQuoted(instruction)[0]!));
};

const HEX: Record<string, string> = {
  black: "000000",
  blue: "0000FF",
  cyan: "00FFFF",
  aqua: "00FFFF",
  gray: "808080",
  grey: "808080",
  green: "008000",
  lime: "00FF00",
  magenta: "FF00FF",
  maroon: "800000",
  navy: "000080",
  olive: "808000",
  orange: "FFA500",
  pink: "FFC0CB",
  purple: "800080",
  red: "FF0000",
  white: "FFFFFF",
  yellow: "FFFF00",
};

/** The second page names no colour; its reward is one minus the distance of the colours. */
export const useColorwheel: Solver = function* (instruction, first) {
  const name = /^Select (\w+) with/.exec(instruction)?.[1];
  let o = yield type(field(first), (name && HEX[name]) || "808080");
  if (maybe(o, "Submit")) yield* submit(o);
  else {
    // The picker covers the button, but the keyboard reaches it.
    o = yield press("Tab", field(o));
    yield o.error ? 'do(action="Press Enter")' : press("Enter");
  }
};

export const terminal: Solver = function* (instruction, first) {
  const extension = /extension \.?(\S+)$/.exec(instruction)?.[1];
  let o = yield click(maybe(first, /user\$/) ?? maybe(first, /terminal/i) ?? findName(first, /^/));
  o = yield insert("ls");
  o = yield press("Enter");
  const output = lines(o).map((line) => line.replace(/^\[clickable |\]$/g, "").trim());
  const at = output.findLastIndex((line) => /^user\$ ls$/.test(line));
  const files = (output[at + 1] ?? "").split(/\s+/);
  const file = files.find((name) => (extension ? name.endsWith(`.${extension}`) : !name.includes(".")));
  if (at < 0 || !file) throw new Stuck("ls lists no such file");
  o = yield insert(`rm ${file}`);
  yield press("Enter");
};
