/** @file Reads the literals of a call that looks like Python, at a moving position. Nothing is evaluated. */

import type { ActionError } from "../core/action.ts";

/** What stands for an argument; `null` is `None`. */
export type Literal = string | string[] | null;

/** Unwinds the parser; `text/action.ts` catches it. */
export class Unparsable extends Error {
  readonly error: ActionError;
  constructor(message: string, code: ActionError["code"] = "parse_error") {
    super(message);
    this.error = { code, message };
  }
}

const SIMPLE_ESCAPES: Record<string, string> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\n": "",
};

/** Reads Python's literals from `text` at a moving position; every method skips white space first. */
export function createReader(text: string, start: number) {
  let at = start;
  const skip = () => {
    while (at < text.length && /\s/.test(text[at]!)) at++;
  };
  const match = (pattern: RegExp): string | null => {
    skip();
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return null;
    at += found[0].length;
    return found[0];
  };
  const quoteRest = () => (at >= text.length ? "the end of the text" : brief(text.slice(at, at + 20)));

  const accept = (symbol: string): boolean => {
    skip();
    if (!text.startsWith(symbol, at)) return false;
    at += symbol.length;
    return true;
  };
  const string = (): string => {
    const mark = /"""|'''|["']/y;
    const open = match(mark)!;
    let value = "";
    for (;;) {
      if (at >= text.length) throw new Unparsable(`a string that begins with ${open} never ends`);
      if (text.startsWith(open, at)) {
        at += open.length;
        return value;
      }
      const char = text[at++]!;
      value += char === "\\" ? escape() : char;
    }
  };
  /** After a backslash. An escape that Python does not know stays as it is, as in Python. */
  const escape = (): string => {
    const code = /x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}/y;
    code.lastIndex = at;
    const numeric = code.exec(text)?.[0];
    if (numeric !== undefined) {
      at += numeric.length;
      const value = /^[xuU]/.test(numeric) ? parseInt(numeric.slice(1), 16) : parseInt(numeric, 8);
      if (value > 0x10ffff) throw new Unparsable(`\\${numeric} is not a character`);
      return String.fromCodePoint(value);
    }
    if (at >= text.length) return "\\";
    const char = text[at++]!;
    return SIMPLE_ESCAPES[char] ?? `\\${char}`;
  };

  const list = (): string[] => {
    const texts: string[] = [];
    while (!accept("]")) {
      skip();
      // Not a list in a list: that could go on for ever.
      const text = scalar();
      if (text !== null) texts.push(text);
      if (accept("]")) break;
      expect(",");
    }
    return texts;
  };
  const expect = (symbol: string): void => {
    if (!accept(symbol)) throw new Unparsable(`expected ${symbol}, found ${quoteRest()}`);
  };
  /** Numbers and truth values as they were written. */
  const scalar = (): string | null => {
    skip();
    const next = text[at];
    if (next === '"' || next === "'") return string();
    const word = match(/[-+]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?|(?:None|True|False)\b/y);
    if (word === null) throw new Unparsable(`expected a quoted string or a number, found ${quoteRest()}`);
    return word === "None" ? null : word;
  };
  return {
    position: () => at,
    accept,
    expect,
    identifier(): string {
      const name = match(/[A-Za-z_][A-Za-z0-9_]*/y);
      if (name === null) throw new Unparsable(`expected a name, found ${quoteRest()}`);
      return name;
    },
    /** `name=` if it is there. */
    keyword(): string | null {
      const keyword = match(/[A-Za-z_][A-Za-z0-9_]*\s*=(?!=)/y);
      return keyword === null ? null : keyword.slice(0, -1).trim();
    },
    literal: (): Literal => (accept("[") ? list() : scalar()),
  };
}

/** A short quotation for messages. */
export function brief(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 40)}…` : line);
}
