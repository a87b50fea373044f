/**
 * @file Parses model text into an {@link Action} and prints an action as model text. The grammar is WebRL's: comment
 * lines, then one call in the look of Python. It is parsed by a tokenizer of our own and never evaluated.
 *
 * Deviations from the released parser:
 * 1. All listed actions exist; the released harness drops `Right Click`, `Switch Tab`, `Wait`, `go_backward()` and
 *    `go_forward()` without a word.
 * 2. `exit()`, `exit("x")`, `do("Click", …)` and `element=25` are accepted where the released code raises; the order of
 *    positional arguments is that of the prompt: `do(action, argument, element)`.
 * 3. A string may contain `do(` or `exit(`, and every character.
 * 4. Text that cannot be read tells the model why.
 * 5. A number is what was written: `exit(message=007)` answers 007.
 * 6. There are more actions: what WebRL's prompt lists, and what else a person does (`Press`, `Drag`, `Insert`, …). The
 *    trained prompts (`paper`, `compact`) list none of them; a model learns them from demonstrations.
 */

import type { Action, Offset, ParsedAction } from "../core/action.ts";
import { withoutThoughts } from "./thoughts.ts";
import { KEY_EXAMPLES, readKeys } from "./keys.ts";
import { brief, createReader, Unparsable } from "./python-call.ts";
import type { Literal } from "./python-call.ts";

/** Names in `do(action="…")`; the first group is WebRL's. */
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

  double_click: "Double Click",
  insert: "Insert",
  select_text: "Select Text",
  select_options: "Select Options",
  press: "Press",
  drag: "Drag",
  draw: "Draw",
  scroll_left: "Scroll Left",
  scroll_right: "Scroll Right",
} as const satisfies Record<Exclude<Action["kind"], "exit">, string>;

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

/** Of a drawing. */
const MAX_POINTS = 500;

/**
 * Reads one action from what a model wrote. Never throws. Lines before the call are skipped, except that comments are
 * kept; after the call, only comments and a closing code fence may follow.
 */
export function parseAction(text: string): ParsedAction {
  const said = withoutThoughts(text);
  // A call within thoughts is not carried out.
  if (said === null) return { ok: false, error: new Unparsable(UNFINISHED).error, comments: [] };
  const parsed = parseCall(said);
  if (parsed.ok) return parsed;
  const thought = [...said.matchAll(/<\/(?:think|thinking|thought|reasoning)>/gi)].at(-1);
  if (thought === undefined) return parsed;
  const after = parseCall(said.slice(thought.index + thought[0].length));
  return after.ok || after.error.message !== NO_ACTION ? after : parsed;
}

const UNFINISHED = "no action found: the reply ends within its thoughts; think less";

const NO_ACTION =
  'no action found; write one line such as do(action="Click", element="...") or exit(message="...")';

function parseCall(text: string): ParsedAction {
  const comments: string[] = [];
  try {
    const start = findCall(text);
    for (const line of text.slice(0, start ?? text.length).split("\n")) {
      const body = stripFence(line);
      if (body.startsWith("#")) comments.push(body.replace(/^#+/, "").trim());
    }
    if (start === null) throw new Unparsable(NO_ACTION);
    const { call, end } = readCall(text, start);
    for (const line of text.slice(end).split("\n")) {
      const rest = line.trim().replace(/^;+\s*/, "");
      if (rest === "" || /^[`*]+$/.test(rest)) continue;
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
    case "exit":
      return `exit(message=${quote(action.message)})`;
    case "go_backward":
    case "go_forward":
      return `${action.kind}()`;
    default: {
      const argument = argumentOf(action);
      const element = "element" in action ? action.element : undefined;
      return `do(action="${NAMES[action.kind]}"${argument === null ? "" : `, argument=${argument}`}${
        element === undefined ? "" : `, element=${quote(element)}`
      })`;
    }
  }
}

function argumentOf(action: Action): string | null {
  switch (action.kind) {
    case "type":
    case "search":
    case "select":
    case "insert":
    case "select_text":
      return quote(action.text);
    case "select_options":
      return `[${action.texts.map(quote).join(", ")}]`;
    case "press":
      return quote(action.keys);
    case "drag":
      return quote(typeof action.to === "string" ? action.to : action.to.join(", "));
    case "draw":
      return quote(action.points.map((point) => point.join(",")).join(" "));
    case "switch_tab":
      return `"${action.tab}"`;
    default:
      return null;
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

/**
 * Offset of the call's name, or `null`. The first line that is a proper call, or else one after a label (`Action:
 * do(…)`), or else one that is meant as a call, to say what is wrong with it. `Note (x): …` is none of these.
 */
function findCall(text: string): number | null {
  const found: (number | undefined)[] = [];
  let offset = 0;
  for (const line of text.split("\n")) {
    const body = stripFence(line);
    const at = offset + line.length - body.length;
    if (isCall(text, at)) return at;
    if (!body.startsWith("#")) {
      const label = /^(?:[-*>]+ ?|\d+[.)] )?(?:\**(?:next )?(?:action|call|answer)\**:\**)?\s*[`*]*/i.exec(
        body,
      )![0].length;
      if (label > 0 && isCall(text, at + label)) found[0] ??= at + label;
      if (/^(?:do|exit|go_backward|go_forward)\s*\(/.test(body)) found[1] ??= at;
      if (/^[A-Za-z_][A-Za-z0-9_]*\(/.test(body)) found[2] ??= at;
    }
    offset += line.length + 1;
  }
  return found.find((at) => at !== undefined) ?? null;
}

const stripFence = (line: string) => line.trimStart().replace(/^`+(?:python)?\s*/, "");

function isCall(text: string, at: number): boolean {
  const call =
    /(?:do|exit)\s*\(\s*(?:\)|["'[]|[-+]?[.\d]|(?:None|True|False)\b|[A-Za-z_]\w*\s*=)|go_(?:back|for)ward\s*\(\s*\)/y;
  call.lastIndex = at;
  return call.test(text);
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
  if (name === "exit") return { kind: "exit", message: textOf(values, "message") ?? "" };
  if (name !== "do") return { kind: name };

  const wanted = textOf(values, "action");
  if (wanted === undefined) throw new Unparsable('do(...) needs action="..."');
  const spelled = wanted.trim().replace(/\s+/g, " ");
  const kind = KINDS.get(spelled.toLowerCase());
  if (kind !== undefined) return actionOf(kind, values);
  // `Press Escape`, as in `Press Enter`.
  const keys = /^press .+/i.test(spelled) ? readKeys(spelled.slice(6)) : null;
  if (keys !== null) return { kind: "press", keys, ...inElement(values) };
  throw new Unparsable(
    `unknown action ${brief(wanted)}; the actions are ${Object.values(NAMES).join(", ")}`,
    "unknown_action",
  );
}

function actionOf(kind: keyof typeof NAMES, values: Call["values"]): Action {
  const requireValue = (key: string): string => {
    const value = textOf(values, key);
    if (value === undefined || (key === "element" && value.trim() === ""))
      throw new Unparsable(`the action ${NAMES[kind]} needs ${key}="..."`);
    return value;
  };
  const wrong = (needs: string) =>
    new Unparsable(`the action ${NAMES[kind]} needs ${needs}, found ${brief(requireValue("argument"))}`);
  switch (kind) {
    case "click":
    case "double_click":
    case "right_click":
    case "hover":
      return { kind, element: requireValue("element") };
    case "select":
      if (Array.isArray(values.get("argument"))) return actionOf("select_options", values);
      return { kind, text: requireValue("argument"), element: requireValue("element") };
    case "type":
    case "search":
      return { kind, text: requireValue("argument"), element: requireValue("element") };
    case "insert":
    case "select_text":
      return { kind, text: requireValue("argument"), ...inElement(values) };
    case "select_options": {
      const given = values.get("argument");
      const texts = Array.isArray(given) ? given : [requireValue("argument")];
      return { kind, texts, element: requireValue("element") };
    }
    case "press": {
      const keys = readKeys(requireValue("argument"));
      if (keys === null) throw wrong(`keys such as ${KEY_EXAMPLES}`);
      return { kind, keys, ...inElement(values) };
    }
    case "drag": {
      const to = requireValue("argument");
      if (to.trim() === "") throw wrong('an element or "right, down" in pixels');
      const [by, ...more] = readPoints(to) ?? [];
      return { kind, to: by && more.length === 0 ? by : to, element: requireValue("element") };
    }
    case "draw": {
      const points = readPoints(requireValue("argument"));
      if (!points) throw wrong(`points such as "10,20 80,20", at most ${MAX_POINTS}`);
      return { kind, points, element: requireValue("element") };
    }
    case "switch_tab": {
      const tab = requireValue("argument").trim();
      if (!/^\d{1,4}$/.test(tab)) throw wrong("a tab number from 0");
      return { kind, tab: Number(tab) };
    }
    case "scroll_up":
    case "scroll_down":
    case "scroll_left":
    case "scroll_right":
      return { kind, ...inElement(values) };
    case "press_enter":
    case "wait":
    case "go_backward":
    case "go_forward":
      return { kind };
  }
}

function textOf(values: Call["values"], key: string): string | undefined {
  const value = values.get(key);
  if (Array.isArray(value)) throw new Unparsable(`${key} is one text here, not a list`);
  return value ?? undefined;
}

function inElement(values: Call["values"]): { element?: string } {
  const element = textOf(values, "element");
  return element === undefined || element.trim() === "" ? {} : { element };
}

/** `10,20 80,20`, also with brackets, arrows or units; `null` if it is anything else. */
function readPoints(text: string): Offset[] | null {
  const plain = text.replace(/->|→|px|\bto\b/g, " ");
  if (!/^[\s\d.,;()[\]+-]*$/.test(plain)) return null;
  const numbers = [...plain.matchAll(/[-+]?\d+(?:\.\d+)?/g)].map(([number]) => Number(number));
  const odd = numbers.length === 0 || numbers.length % 2 === 1;
  if (odd || numbers.length > 2 * MAX_POINTS || numbers.some((number) => Math.abs(number) > 99_999))
    return null;
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!]);
}
