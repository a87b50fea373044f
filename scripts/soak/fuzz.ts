/**
 * @file Hostile responses of a model through the parser: bits of the grammar in any order, damaged calls, deep
 * nesting, long runs, any Unicode. None may throw or take long, and what is printed is read back as it was.
 */

import { parseAction, printAction } from "../../src/text/action.ts";
import type { Rng } from "../../src/core/rng.ts";
import type { Part } from "./part.ts";

const A_ROUND = 100_000;
/** Milliseconds of processor time for one response; the longest has some 4,000 letters. */
const MOST_MS = 500;

const NAMES =
  "Click,Double Click,Right Click,Hover,Type,Search,Insert,Select,Select Options,Press,Press Enter,Drag,Draw,Upload,Scroll Down,Scroll Up,Scroll Left,Scroll Right,Wait,Go Backward,Go Forward,Switch Tab,Close Tab,Quote,__proto__,constructor,toString".split(
    ",",
  );
const PIECES = [
  ..."()[]{}\"'\\,=#`*->:;./_ \n\r\t\0".split(""),
  ..."do( exit( do(action= argument= element= message= go_backward( go_forward( quote( action=None True False None".split(
    " ",
  ),
  ..."''' \"\"\" ```python ``` <think> </think> <|eot_id|> \\x41 \\u0041 \\U0001F600 \\N{BELL} \\777 r' b' f' 0x1F 1_000 1e999 -0 .5 5. NaN Infinity 12345678901234567890 # // /* */ --> {{ }} ${x} %s".split(
    " ",
  ),
  "\u202e",
  "\u200b",
  "\ufeff",
  "\u2028",
  "\ud800",
  "\udfff",
  "😀",
  "é",
  "ｄｏ（",
  "“",
  "’",
];

const letters = (rng: Rng) => {
  let text = "";
  for (let n = rng.int(12); n > 0; n--)
    text += String.fromCharCode(rng.next() < 0.7 ? 32 + rng.int(95) : rng.int(0x10000));
  return text;
};
const soup = (rng: Rng) => {
  let text = "";
  for (let n = rng.int(30); n > 0; n--) text += rng.next() < 0.8 ? rng.pick(PIECES) : letters(rng);
  return text;
};
const value = (rng: Rng) => {
  const kind = rng.int(6);
  if (kind === 0) return rng.pick(PIECES);
  if (kind === 1) return `[${Array.from({ length: rng.int(5) }, () => JSON.stringify(letters(rng))).join()}]`;
  if (kind === 2) return `${rng.int(1e6)}${rng.pick(["", ".", "e9", "_0", "L", "j"])}`;
  return kind === 3 ? `'${letters(rng)}'` : JSON.stringify(rng.next() < 0.5 ? letters(rng) : soup(rng));
};
const call = (rng: Rng) => {
  const args = [`action=${JSON.stringify(rng.pick(NAMES))}`];
  for (let n = rng.int(4); n > 0; n--)
    args.push(`${rng.pick(["argument=", "element=", "message=", "action=", "x=", ""])}${value(rng)}`);
  return `${rng.pick(["do", "do", "do", "exit", "quote", "go_backward", "DO", "do "])}(${args.join(", ")})`;
};
/** Mostly as it should be, with hostile values. */
const proper = (rng: Rng) => {
  const text = () => JSON.stringify(rng.next() < 0.5 ? letters(rng) : soup(rng));
  const points = Array.from({ length: 2 + rng.int(3) }, () => `${rng.int(2000) - 500},${rng.next() * 1e4}`);
  const argument = rng.pick([
    text(),
    text(),
    JSON.stringify(points.join(" ")),
    String(rng.int(20)),
    '"Control+a"',
  ]);
  if (rng.next() < 0.1) return `exit(message=${rng.pick([text(), value(rng)])})`;
  return `do(action="${rng.pick(NAMES)}", argument=${argument}, element=${rng.pick([text(), String(rng.int(99))])})`;
};
/** Something cut out, put in or doubled. */
const damage = (text: string, rng: Rng) => {
  const at = rng.int(text.length + 1);
  const to = Math.min(text.length, at + rng.int(8));
  const middle = rng.pick(["", rng.pick(PIECES), text.slice(at, to).repeat(3)]);
  return text.slice(0, at) + middle + text.slice(to);
};
const long = (rng: Rng) =>
  rng.pick(["do(action=", "", 'do(action="Type", argument=', 'exit(message="']) +
  rng.pick(PIECES).repeat(rng.int(500)) +
  rng.pick(["", ")", '")', rng.pick(PIECES).repeat(rng.int(500))]);

function hostile(rng: Rng): string {
  const kind = rng.next();
  if (kind < 0.2) return soup(rng);
  if (kind < 0.4) return proper(rng);
  if (kind < 0.5) return call(rng);
  if (kind < 0.75) return damage(rng.next() < 0.5 ? call(rng) : proper(rng), rng);
  if (kind < 0.98) return `${soup(rng)}\n${damage(call(rng), rng)}\n${soup(rng)}`;
  return long(rng);
}

export const fuzz: Part = {
  name: "fuzz",
  title: "hostile actions through the parser",
  async round({ rng, signal, count, find }) {
    for (let i = 0; i < A_ROUND; i++) {
      if (i % 1000 === 0) {
        // The runner's signals come in between.
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
      const text = hostile(rng);
      const before = process.cpuUsage();
      try {
        const parsed = parseAction(text);
        count(parsed.ok ? "parsed" : "refused with a sentence");
        if (!parsed.ok && parsed.error.message === "")
          find(`refused without a word: ${JSON.stringify(text)}`);
        if (parsed.ok) {
          const again = parseAction(printAction(parsed.action));
          if (!again.ok || JSON.stringify(again.action) !== JSON.stringify(parsed.action))
            find(`is read otherwise when it is printed: ${JSON.stringify(text)}`);
        }
      } catch (error) {
        find(`${(error as Error).stack} for ${JSON.stringify(text)}`);
      }
      if (process.cpuUsage(before).user / 1000 > MOST_MS) find(`takes long: ${JSON.stringify(text)}`);
    }
    count("actions", A_ROUND);
  },
};
