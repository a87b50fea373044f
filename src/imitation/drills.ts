/**
 * @file Drills: one-page exercises for pre-training a small model on recorded pages. Each asks for one thing that the
 * page itself determines (follow this link, fill this field, read this cell), so that the right action is known without
 * a browser or an oracle. They teach the model to copy an element's own words and to read a row; it learns tasks from
 * demonstrations and by reinforcement. Made from pages of the training split only.
 */

import type { Action } from "../core/action.ts";
import type { Observation, ObservedElement } from "../core/observation.ts";
import type { Rng } from "../core/rng.ts";
import { parseAction, printAction } from "../text/action.ts";

export interface Drill {
  instruction: string;
  /** Raw texts of earlier turns. */
  history: string[];
  observation: string;
  response: string;
}

const FIELD_ROLES = new Set(["textbox", "searchbox", "spinbutton"]);

const CLICK = [
  "Click {x}.",
  "Open {x}.",
  "Go to {x}.",
  "Press {x}.",
  "Choose {x}.",
  "I want {x}.",
  "Please use {x}.",
];
const FILL = [
  'Enter "{v}" as {x}.',
  "Set {x} to {v}.",
  "Fill in {x} with {v}.",
  "{x}: {v}.",
  'Write "{v}" into {x}.',
];
const SELECT = ["Choose {v} for {x}.", "Set {x} to {v}.", "Pick {v} under {x}.", "{x} should be {v}."];
const READ = [
  "What is the {c} of {k}?",
  "Tell me the {c} of {k}.",
  "Find the {c} for {k}.",
  "{k}: which {c}?",
  "Report the {c} of {k}.",
];
const READ_KEY = ["What is the {k}?", "Tell me the {k}.", "Find the {k}.", "Which {k} is shown?"];

const write = (phrasing: string, words: Record<string, string>) =>
  phrasing.replace(/\{(\w)\}/g, (_, key: string) => words[key] ?? "");

const act = (action: Action) => printAction(action);

/**
 * Varies a label: lower-cases its first letter, or drops its role word, because instructions rarely quote a page
 * exactly.
 */
function loosely(label: string, rng: Rng): string {
  const words = label.split(" ");
  if (words.length >= 4 && rng.next() < 0.2) words.splice(1 + rng.int(words.length - 2), 1);
  const text = words.join(" ");
  return rng.next() < 0.1 ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

const text = (cell: string) =>
  cell
    .replace(/\[(\w+) ([^\]]*?)( #\d+)?( = [^\]]*)?\]/g, "$2")
    .replace(/\s+/g, " ")
    .trim();

/** Rows of tables and lists: lines with ` | `, split into their cells' texts. */
function rows(observation: Observation): string[][] {
  const body = observation.text.split("\n---\n").slice(1).join("\n---\n");
  return body
    .split("\n")
    .filter((line) => line.includes(" | "))
    .map((line) => line.split(" | ").map(text));
}

/**
 * Up to `count` drills of one page. `phrase` makes a text to type, from so many that copying is easier than
 * remembering; `elsewhere` has elements of other pages, for earlier turns.
 */
export function makeDrills(
  observation: Observation,
  options: { count: number; phrase: () => string; elsewhere: readonly ObservedElement[]; rng: Rng },
): Drill[] {
  const { count, phrase, elsewhere, rng } = options;
  const table = rows(observation);
  const drills: Drill[] = [];
  for (let i = 0; i < count * 3 && drills.length < count; i++) {
    const drill =
      rng.next() < 0.35 ? makeReadingDrill(table, rng) : makeActionDrill(observation, phrase, rng);
    if (drill === null) continue;
    const two = rng.next() < 0.3 && elsewhere.length > 0 ? rng.pick(elsewhere) : null;
    drills.push({
      instruction: two
        ? `${write(rng.pick(CLICK), { x: loosely(two.label, rng) })} Then: ${drill.instruction}`
        : drill.instruction,
      history: two ? [act({ kind: "click", element: two.name })] : [],
      observation: observation.text,
      response: drill.response,
    });
  }
  return drills;
}

/** One more question about a page that a model has just read. */
export interface PageQuestion {
  instruction: string;
  response: string;
  /** Whether the response does what the instruction asks. Correct responses are imitated, and all are judged. */
  fits: boolean;
}

/** The fraction of the questions with a wrong response. */
const UNFIT = 0.35;

/** Drills without history, some with the response to another of them or with other words in it. */
export function pageQuestions(
  observation: Observation,
  { count, phrase, rng }: { count: number; phrase: () => string; rng: Rng },
): PageQuestion[] {
  const drills = makeDrills(observation, { count, phrase, elsewhere: [], rng });
  return drills.map(({ instruction, response }) => {
    const unfit = rng.next() < UNFIT ? spoil(response, drills, phrase, rng) : null;
    return { instruction, response: unfit ?? response, fits: unfit === null };
  });
}

/** A wrong response, or `null` if none was found. */
function spoil(response: string, drills: readonly Drill[], phrase: () => string, rng: Rng): string | null {
  const parsed = parseAction(response);
  if (!parsed.ok) return null;
  const { action } = parsed;
  const others = drills.map((drill) => drill.response).filter((other) => other !== response);
  if ((action.kind === "type" || action.kind === "search" || action.kind === "insert") && rng.next() < 0.7)
    return act({ ...action, text: otherWord(action.text, phrase, rng) });
  return others.length === 0 ? null : rng.pick(others);
}

/** One word exchanged, added or left out: the mistakes of a small model when it copies. */
function otherWord(text: string, phrase: () => string, rng: Rng): string {
  const words = text.split(" ");
  const at = rng.int(words.length);
  const other = rng.pick(phrase().split(" "));
  const kind = rng.int(words.length > 1 ? 3 : 2);
  words.splice(at, kind === 1 ? 0 : 1, ...(kind === 2 ? [] : [other]));
  const made = words.join(" ");
  return made.toLowerCase() === text.toLowerCase() ? `${text} ${other}` : made;
}

type Exercise = { instruction: string; response: string } | null;

function makeActionDrill(observation: Observation, phrase: () => string, rng: Rng): Exercise {
  const usable = observation.elements.filter((e) => e.label !== "" && !e.disabled);
  if (usable.length === 0) return null;
  const element = rng.pick(usable);
  const x = loosely(element.label, rng);
  if (FIELD_ROLES.has(element.role)) {
    const v = phrase();
    if (/search/i.test(element.label) || element.role === "searchbox")
      return {
        instruction: write(rng.pick(["Search for {v}.", "Look up {v}.", "Find {v}."]), { v }),
        response: act({ kind: "search", element: element.name, text: v }),
      };
    return {
      instruction: write(rng.pick(FILL), { x, v }),
      response: act({ kind: "type", element: element.name, text: v }),
    };
  }
  if (element.role === "combobox") {
    const options = (element.options ?? []).filter((option) => option !== "" && option !== element.value);
    if (options.length === 0) return null;
    const v = rng.pick(options);
    return {
      instruction: write(rng.pick(SELECT), { x, v }),
      response: act({ kind: "select", element: element.name, text: v }),
    };
  }
  return {
    instruction: write(rng.pick(CLICK), { x }),
    response: act({ kind: "click", element: element.name }),
  };
}

/** Questions about a cell, by its row's first cell and its column's head, or about the value beside a key. */
function makeReadingDrill(table: readonly string[][], rng: Rng): Exercise {
  if (table.length === 0) return null;
  const at = rng.int(table.length);
  const row = table[at]!;
  if (row.length === 2 && row[0] !== "" && row[1] !== "")
    return {
      instruction: write(rng.pick(READ_KEY), { k: row[0]!.replace(/:$/, "").toLowerCase() }),
      response: act({ kind: "exit", message: row[1]! }),
    };
  // The head is the first of consecutive rows with the same number of cells.
  let head = at;
  while (head > 0 && table[head - 1]!.length === row.length) head -= 1;
  if (head === at || row.length < 3) return null;
  const column = 1 + rng.int(row.length - 1);
  const [key, name, value] = [row[0]!, table[head]![column]!, row[column]!];
  if (key === "" || name === "" || value === "" || table.filter((r) => r[0] === key).length > 1) return null;
  return {
    instruction: write(rng.pick(READ), { c: name.toLowerCase(), k: key }),
    response: act({ kind: "exit", message: value }),
  };
}
