/**
 * @file Parses model text into an {@link Action} and prints an action as model text. The grammar is WebRL's: comment
 * lines, then one call in the look of Python. It is read by a tokenizer of its own and never evaluated.
 *
 * Deviations from the released parser:
 * 1. All listed actions exist; the released harness drops `Right Click`, `Switch Tab`, `Wait`, `go_backward()` and
 *    `go_forward()` without a word.
 * 2. `exit()`, `exit("x")`, `do("Click", …)` and `element=25` are accepted where the released code raises; the order of
 *    positional arguments is that of the prompt: `do(action, argument, element)`.
 * 3. A string may contain `do(` or `exit(`, and every character.
 * 4. Text that cannot be read tells the model why.
 */

import type { Action, ActionError, ParsedAction } from "../core/action.ts";

/** Names in `do(action="…")`. The first spelling of a kind is the one that is printed. */
const NAMES = {
  click: "Click",
  right_click: "Right Click",
  hover: "Hover",
  type: "Type",
  search: "Search",
  select: "Select Dropdown Option",
  scroll_up: "Scroll Up",
  scroll_down: "Scroll Down",
  press_enter: "Press Enter",
  wait: "Wait",
  go_backward: "Go Backward",
  go_forward: "Go Forward",
  switch_tab: "Switch Tab",
} as const;

const KINDS = new Map<string, keyof typeof NAMES>(
  Object.entries(NAMES).map(([kind, name]) => [name.toLowerCase(), kind as keyof typeof NAMES]),
);
// The paper's prompt calls it "Switch Page" in the documentation of its argument.
KINDS.set("switch page", "switch_tab");

const PARAMETERS = {
  do: ["action", "argument", "element"],
  exit: ["message"],
  go_backward: [],
  go_forward: [],
} as const satisfies Record<string, readonly string[]>;

type CallName = keyof typeof PARAMETERS;
type Literal = string | number | boolean | null;

/** Unwinds the parser; never leaves this file. */
class Unparsable extends Error {
  readonly error: ActionError;
  constructor(message: string, code: ActionError["code"] = "parse_error") {
    super(message);
    this.error = { code, message };
  }
}

/**
 * Reads one action from what a model wrote. Never throws. Lines before the call that are not comments are passed over;
 * after the call only comments and a closing code fence may follow.
 */
export function parseAction(text: string): ParsedAction {
  const comments: string[] = [];
  try {
    const start = findCall(text, comments);
    if (start === null)
      throw new Unparsable(
        'no action found; write one line such as do(action="Click", element="...") or exit(message="...")',
      );
    const { call, end } = readCall(text, start);
    for (const line of text.slice(end).split("\n")) {
      const rest = line.trim().replace(/^;+\s*/, "");
      if (rest === "" || /^`+$/.test(rest)) continue;
      if (!rest.startsWith("#"))
        throw new Unparsable(`one action a turn: found more text after it: ${brief(rest)}`);
      comments.push(rest.replace(/^#+/, "").trim());
    }
    return { ok: true, action: toAction(call), comments };
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
    return { ok: false, error: error.error, comments };
  }
}

/** Prints an action as the model should write it: comments as `# …` lines, then the call. */
export function printAction(action: Action, comments: readonly string[] = []): string {
  const lines = comments
    .flatMap((comment) => comment.split(/[\r\n]+/))
    .map((line) => line.replace(/^[#\s]+/, "").trim())
    .filter((line) => line !== "");
  return [...lines.map((line) => `# ${line}`), printCall(action)].join("\n");
}

function printCall(action: Action): string {
  switch (action.kind) {
    case "click":
    case "right_click":
    case "hover":
      return `do(action="${NAMES[action.kind]}", element=${quote(action.element)})`;
    case "type":
    case "search":
    case "select":
      return `do(action="${NAMES[action.kind]}", argument=${quote(action.text)}, element=${quote(action.element)})`;
    case "switch_tab":
      return `do(action="Switch Tab", argument="${action.tab}")`;
    case "exit":
      return `exit(message=${quote(action.message)})`;
    case "go_backward":
    case "go_forward":
      return `${action.kind}()`;
    case "scroll_up":
    case "scroll_down":
    case "press_enter":
    case "wait":
      return `do(action="${NAMES[action.kind]}")`;
  }
}

/** A double-quoted literal. Whatever would not survive a text file (control characters, lone surrogates) is escaped. */
function quote(text: string): string {
  const named: Record<string, string> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  const body = text.replace(
    // eslint-disable-next-line no-control-regex
    /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Surrogate}/gu,
    (char) => named[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${body}"`;
}

/** Offset of the call's name, or `null`; comment lines on the way are collected. */
function findCall(text: string, comments: string[]): number | null {
  let offset = 0;
  for (const line of text.split("\n")) {
    const body = line.trimStart().replace(/^`+(?:python)?\s*/, "");
    if (body.startsWith("#")) comments.push(body.replace(/^#+/, "").trim());
    else if (/^[A-Za-z_][A-Za-z0-9_]*\s*\(/.test(body)) return offset + line.length - body.length;
    offset += line.length + 1;
  }
  return null;
}

interface Call {
  name: CallName;
  values: Map<string, Literal>;
}

function readCall(text: string, start: number): { call: Call; end: number } {
  const reader = createReader(text, start);
  const name = reader.identifier();
  if (!Object.hasOwn(PARAMETERS, name))
    throw new Unparsable(
      `unknown call ${brief(name)}; there are do(...), exit(...), go_backward() and go_forward()`,
      "unknown_action",
    );
  const parameters: readonly string[] = PARAMETERS[name as CallName];
  const values = new Map<string, Literal>();
  reader.expect("(");
  while (!reader.accept(")")) {
    const keyword = reader.keyword() ?? parameters[values.size];
    if (keyword === undefined) throw new Unparsable(`too many arguments in ${name}(...)`);
    if (!parameters.includes(keyword)) throw new Unparsable(`${name}(...) has no argument ${brief(keyword)}`);
    if (values.has(keyword)) throw new Unparsable(`the argument ${keyword} is given twice`);
    values.set(keyword, reader.literal());
    if (reader.accept(")")) break;
    reader.expect(",");
  }
  return { call: { name: name as CallName, values }, end: reader.position() };
}

function toAction({ name, values }: Call): Action {
  const text = (key: string): string | undefined => {
    const value = values.get(key);
    return value === undefined || value === null ? undefined : String(value);
  };
  if (name === "exit") return { kind: "exit", message: text("message") ?? "" };
  if (name !== "do") return { kind: name };

  const wanted = text("action");
  if (wanted === undefined) throw new Unparsable('do(...) needs action="..."');
  const kind = KINDS.get(wanted.trim().replace(/\s+/g, " ").toLowerCase());
  if (kind === undefined)
    throw new Unparsable(
      `unknown action ${brief(wanted)}; the actions are ${Object.values(NAMES).join(", ")}`,
      "unknown_action",
    );
  const required = (key: string): string => {
    const value = text(key);
    if (value === undefined || (key === "element" && value.trim() === ""))
      throw new Unparsable(`the action ${NAMES[kind]} needs ${key}="..."`);
    return value;
  };
  switch (kind) {
    case "click":
    case "right_click":
    case "hover":
      return { kind, element: required("element") };
    case "type":
    case "search":
    case "select":
      return { kind, text: required("argument"), element: required("element") };
    case "switch_tab": {
      const tab = required("argument").trim();
      if (!/^\d{1,4}$/.test(tab))
        throw new Unparsable(`the action Switch Tab needs a tab number from 0, found ${brief(tab)}`);
      return { kind, tab: Number(tab) };
    }
    case "scroll_up":
    case "scroll_down":
    case "press_enter":
    case "wait":
    case "go_backward":
    case "go_forward":
      return { kind };
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
function createReader(text: string, start: number) {
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
  const found = () => (at >= text.length ? "the end of the text" : brief(text.slice(at, at + 20)));

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

  return {
    position: () => at,
    accept,
    expect(symbol: string): void {
      if (!accept(symbol)) throw new Unparsable(`expected ${symbol}, found ${found()}`);
    },
    identifier(): string {
      const name = match(/[A-Za-z_][A-Za-z0-9_]*/y);
      if (name === null) throw new Unparsable(`expected a name, found ${found()}`);
      return name;
    },
    /** `name=` if it is there. */
    keyword(): string | null {
      const keyword = match(/[A-Za-z_][A-Za-z0-9_]*\s*=(?!=)/y);
      return keyword === null ? null : keyword.slice(0, -1).trim();
    },
    literal(): Literal {
      skip();
      const next = text[at];
      if (next === '"' || next === "'") return string();
      const word = match(/[-+]?\d+(?:\.\d+)?|(?:None|True|False)\b/y);
      if (word === null) throw new Unparsable(`expected a quoted string or a number, found ${found()}`);
      if (word === "None") return null;
      if (word === "True" || word === "False") return word === "True";
      return Number(word);
    },
  };
}

/** A short quotation for messages. */
function brief(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 40)}…` : line);
}
