/**
 * @file Finds a recorded element on the page as it is now: by role, name and neighbourhood. If that is ambiguous, it
 * finds nothing.
 */

import type { ObservedElement, Observation } from "../../core/observation.ts";
import { likeness, linesOf } from "./page-lines.ts";
import type { PageLine } from "./page-lines.ts";
import type { Target } from "./recording.ts";
import { fold, mask, replaceIn, wordsIn } from "./words.ts";
import type { Replacements } from "./words.ts";

export type FoundAgain =
  | { found: ObservedElement; renamed: boolean }
  /** Why it was not found. */
  | { found: null; why: string; /** Scrolling may bring it into view. */ hidden: boolean };

/** A changed name must share this fraction of its words with the old one. */
const RENAMED = 0.5;
/**
 * Neighbourhoods at least this alike count as the same when several elements have the name, or the name has changed.
 */
const ALIKE = 0.5;
/** The best neighbourhood must exceed the next one by this much. */
const CLEAR = 0.1;

export function findAgain(target: Target, page: Observation, values: Replacements): FoundAgain {
  const lines = linesOf(page);
  const wanted = fold(replaceIn(target.label, values)).toLowerCase();
  const usable = page.elements.filter(({ role, disabled }) => role === target.role && !disabled);
  if (target.rows !== null) {
    const changed = changedRows(target, lines, values);
    if (changed) return { found: null, why: changed, hidden: false };
  }
  const called = usable.filter(({ label }) => fold(label).toLowerCase() === wanted);
  const named = called.filter((element) => hasKey(element, target, lines, values));
  if (named.length > 0) return chooseOne(named, target, lines, values, false);
  if (called.length > 0)
    return {
      found: null,
      why: `there is no ${target.role} ${JSON.stringify(wanted)} in the row of ${target.key.join(" ")}`,
      hidden: true,
    };
  const renamed = usable.filter(
    (element) =>
      likeness(element.label, wanted) >= RENAMED &&
      hasKey(element, target, lines, values) &&
      closeness(element, target, lines, values) >= ALIKE,
  );
  if (renamed.length === 1) return { found: renamed[0]!, renamed: true };
  return {
    found: null,
    why: `there is no ${target.role} ${JSON.stringify(wanted)}`,
    hidden: renamed.length === 0,
  };
}

function changedRows(target: Target, lines: readonly PageLine[], values: Replacements): string | null {
  const recorded = target.rows!.map((row) => fold(replaceIn(row, values)));
  const now = lines.map(({ text }) => text);
  const start = now.indexOf(recorded[0]!);
  const same = start >= 0 && recorded.every((row) => now.includes(row));
  const mine = lines.find(({ text }) => text === fold(replaceIn(target.line, values)));
  const rows = mine
    ? lines
        .filter(({ shape, elements }) => elements.length > 0 && shape === mine.shape)
        .map(({ text }) => text)
    : [];
  return same && rows.length === recorded.length && rows.every((row, i) => row === recorded[i])
    ? null
    : `${target.role} ${JSON.stringify(target.label)} was chosen among rows that say something else now`;
}

function hasKey(
  element: ObservedElement,
  { key }: Target,
  lines: readonly PageLine[],
  values: Replacements,
): boolean {
  if (key.length === 0) return true;
  const words = new Set(wordsIn(lineOf(element, lines)?.text ?? ""));
  return wordsIn(replaceIn(key.join(" "), values)).every((word) => words.has(word));
}

const lineOf = (element: ObservedElement, lines: readonly PageLine[]) =>
  lines.find(({ elements }) => elements.includes(element));

function chooseOne(
  candidates: ObservedElement[],
  target: Target,
  lines: readonly PageLine[],
  values: Replacements,
  renamed: boolean,
): FoundAgain {
  const [only] = candidates;
  if (candidates.length === 1 && (target.count === 1 || target.key.length > 0 || target.rows !== null))
    return { found: only!, renamed };
  const scored = candidates
    .map((element) => ({ element, score: closeness(element, target, lines, values) }))
    .sort((a, b) => b.score - a.score);
  const [best, next] = scored;
  if (best!.score >= ALIKE && best!.score - (next?.score ?? 0) >= CLEAR)
    return { found: best!.element, renamed };
  // If the rows are the same as before, so is the order.
  if (target.rows !== null && candidates.length === target.count)
    return { found: candidates[target.nth]!, renamed };
  return {
    found: null,
    why: `${candidates.length} ${target.role}s are called ${JSON.stringify(target.label)}`,
    hidden: false,
  };
}

/** How alike the neighbourhoods are, in [0, 1]: the line counts twice as much as the lines above it. */
function closeness(
  element: ObservedElement,
  target: Target,
  lines: readonly PageLine[],
  values: Replacements,
): number {
  const at = lines.findIndex(({ elements }) => elements.includes(element));
  if (at < 0) return 0;
  const without = (text: string, label: string) => mask(text).replace(mask(label), "");
  const mine = without(lines[at]!.text, element.label);
  const theirs = without(replaceIn(target.line, values), replaceIn(target.label, values));
  const above = lines
    .slice(Math.max(0, at - target.above.length), at)
    .map(({ text }) => mask(text))
    .join("\n");
  const recorded = mask(replaceIn(target.above.join("\n"), values));
  return (2 * likeness(mine, theirs) + likeness(above, recorded)) / 3;
}
