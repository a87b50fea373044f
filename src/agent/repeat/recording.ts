/**
 * @file The parts of a run that are needed to repeat it: for each step, what was touched, how to find it again, why it
 * was chosen, and what it brought about. Made from a trajectory alone, so that every recorded run can be repeated.
 */

import type { Action } from "../../core/action.ts";
import { ConfigError } from "../../core/errors.ts";
import type { ObservedElement, Observation } from "../../core/observation.ts";
import type { Trajectory } from "../../core/trajectory.ts";
import { linesOf, sentencesOf } from "./page-lines.ts";
import type { PageLine } from "./page-lines.ts";
import { fold, indexOfWord, mask, placeOf, wordsIn } from "./words.ts";

export interface Target {
  role: string;
  label: string;
  /** Its line, and the lines before it. */
  line: string;
  above: string[];
  /** How many elements on the page have this role and label, and which of them it is. */
  count: number;
  nth: number;
  /** Words of the instruction that distinguish its row from the others. */
  key: string[];
  /**
   * All rows of its kind, if the instruction names neither its label nor its row: then the choice depended on what the
   * rows said, and is valid only while they say the same.
   */
  rows: string[] | null;
}

export interface RecordedStep {
  action: Exclude<Action, { kind: "exit" }>;
  target: Target | null;
  /** The target of a drag. */
  to: Target | null;
  /** The page on which it was done; see `placeOf`. */
  place: string;
  /** For a typed text that was read on an earlier page: the line that had it. */
  source: string | null;
  /** The page after it. */
  after: { place: string; appeared: string[] };
}

export interface Recording {
  instruction: string;
  startUrl: string;
  steps: RecordedStep[];
  answer: string;
  /** Everything that was read on the way, page by page: an answer is valid only while the pages say the same. */
  read: string[];
}

/** Throws a `ConfigError` with the reason if the run cannot be repeated. */
export function recordingOf(trajectory: Trajectory): Recording {
  const { steps, ending, task, finalObservation } = trajectory;
  const hint = "Name a run that the agent ended by itself.";
  if (ending.kind !== "terminated" || ending.answer === null)
    throw new ConfigError(`the run ${trajectory.id} did not end as it should: ${ending.kind}`, hint);
  const recorded: RecordedStep[] = [];
  const pages: Observation[] = [];
  for (const [index, step] of steps.entries()) {
    const after = steps[index + 1]?.observation ?? finalObservation;
    pages.push(step.observation);
    // An action that was not carried out is not part of the way.
    if (!step.action.ok || step.action.action.kind === "exit" || !after || after.error) continue;
    recorded.push(recordStep(step.action.action, step.observation, after, pages, task.instruction));
  }
  const { answer } = ending;
  return {
    instruction: task.instruction,
    startUrl: steps[0]?.observation.url ?? task.startUrl,
    steps: recorded,
    answer,
    read: answer === "" ? [] : pages.map(bodyOf),
  };
}

/** What a page says, without its head. */
export const bodyOf = (observation: Observation): string =>
  `${placeOf(observation.url)}\n${linesOf(observation)
    .map(({ text }) => text)
    .join("\n")}`;

function recordStep(
  action: RecordedStep["action"],
  before: Observation,
  after: Observation,
  pages: readonly Observation[],
  instruction: string,
): RecordedStep {
  const lines = linesOf(before);
  const target =
    "element" in action && action.element !== undefined
      ? targetOf(action.element, before, lines, instruction)
      : null;
  const to =
    action.kind === "drag" && typeof action.to === "string"
      ? targetOf(action.to, before, lines, instruction)
      : null;
  return {
    action,
    target,
    to,
    place: placeOf(before.url),
    source: sourceOf(action, pages, instruction),
    after: { place: placeOf(after.url), appeared: findNewSentences(lines, linesOf(after)) },
  };
}

/** Sentences that are on a page but were not on the page before. */
function findNewSentences(before: readonly PageLine[], after: readonly PageLine[]): string[] {
  const known = new Set(sentencesOf(before).map(mask));
  return [...new Set(sentencesOf(after))].filter((line) => !known.has(mask(line)));
}

/** How many lines above it are remembered. */
const ABOVE = 3;

function targetOf(
  name: string,
  page: Observation,
  lines: readonly PageLine[],
  instruction: string,
): Target | null {
  const element =
    page.elements.find((one) => one.name === name) ??
    page.elements.find((one) => fold(one.name).toLowerCase() === fold(name).toLowerCase());
  if (!element) return null;
  const at = lines.findIndex(({ elements }) => elements.includes(element));
  const line = lines[at];
  const same = page.elements.filter(({ role, label }) => role === element.role && label === element.label);
  const { key, rows } = choiceOf(element, line, lines, same.length, instruction);
  return {
    role: element.role,
    label: element.label,
    line: line?.text ?? "",
    above: at < 0 ? [] : lines.slice(Math.max(0, at - ABOVE), at).map(({ text }) => text),
    count: same.length,
    nth: same.indexOf(element),
    key,
    rows,
  };
}

/** Why an element was chosen, if there are several of its kind. */
function choiceOf(
  element: ObservedElement,
  line: PageLine | undefined,
  lines: readonly PageLine[],
  count: number,
  instruction: string,
): Pick<Target, "key" | "rows"> {
  if (!line) return { key: [], rows: null };
  const rows = lines.filter(({ shape, elements }) => elements.length > 0 && shape === line.shape);
  // The only line of its kind, or the links of a navigation: nothing was chosen among rows of data.
  const isRow = rows.length > 2 || line.text.includes(" | ") || count > 1;
  if (!isRow) return { key: [], rows: null };
  const asked = new Set(wordsIn(instruction));
  const findNamed = (text: string) => wordsIn(text).filter((word) => asked.has(word));
  // Elements that every row has do not tell which row it is.
  const key = [...new Set(findNamed(line.text))].filter((word) =>
    rows.some((row) => row !== line && !wordsIn(row.text).includes(word)),
  );
  const others = rows.filter((row) => row !== line);
  const isNamed =
    key.length > 0 && !others.some((row) => key.every((word) => wordsIn(row.text).includes(word)));
  const isCalled = count === 1 && element.label !== "" && indexOfWord(instruction, element.label) >= 0;
  if (isNamed) return { key, rows: null };
  if (isCalled) return { key: [], rows: null };
  return { key: [], rows: rows.map(({ text }) => text) };
}

/** The line of an earlier page with a text that is not in the instruction. */
function sourceOf(action: Action, pages: readonly Observation[], instruction: string): string | null {
  if (!("text" in action) || action.kind === "select" || action.text.trim() === "") return null;
  if (indexOfWord(instruction, action.text) >= 0) return null;
  const asked = new Set(wordsIn(instruction));
  if (wordsIn(action.text).every((word) => asked.has(word))) return null;
  for (const page of pages.toReversed()) {
    const line = linesOf(page).find(({ text }) => indexOfWord(text, fold(action.text)) >= 0);
    if (line) return line.text;
  }
  return null;
}
