/**
 * @file A page as lines, each with its words and its elements: the surroundings of an element, as far as an observation
 * shows them. The lines are those that `compact` prints; in other formats, elements at one height form a line, without
 * the text between them.
 */

import type { ObservedElement, Observation } from "../../core/observation.ts";
import { fold, wordsIn } from "./words.ts";

export interface PageLine {
  /** The line as printed, without values of fields, options and states. */
  text: string;
  /** Its words outside elements. */
  own: string;
  elements: ObservedElement[];
  /** The kind of line: its elements' roles, and where there is text between them. */
  shape: string;
}

export function linesOf(observation: Observation): PageLine[] {
  return observation.format === "compact" ? printedLines(observation) : drawnLines(observation);
}

function printedLines({ text, elements }: Observation): PageLine[] {
  const start = text.indexOf("\n---\n");
  const body = start < 0 ? text : text.slice(start + 5);
  let next = 0;
  return body.split("\n").map((line) => {
    const found: ObservedElement[] = [];
    let at = 0;
    let own = "";
    let whole = "";
    let shape = "";
    // Elements come in the order in which they are printed.
    while (next < elements.length) {
      const element = elements[next]!;
      const begin = beginOf(line, element.name, at);
      if (begin < 0) break;
      const end = endOf(line, begin, element);
      const between = line.slice(at, begin);
      own += `${between} `;
      whole += `${between}[${element.role} ${element.label}]`;
      shape += `${shapeOf(between)}<${element.role}>`;
      found.push(element);
      at = end;
      next++;
    }
    const rest = line.slice(at);
    return {
      text: fold(`${whole}${rest}`),
      own: fold(`${own}${rest}`),
      elements: found,
      shape: `${shape}${shapeOf(rest)}`,
    };
  });
}

/** Where a line contains `[name`, with the name ending there. */
function beginOf(line: string, name: string, from: number): number {
  for (let at = line.indexOf(`[${name}`, from); at >= 0; at = line.indexOf(`[${name}`, at + 1))
    if (/^(?:\]|;| = )/.test(line.slice(at + 1 + name.length))) return at;
  return -1;
}

/** After its closing bracket: values may have brackets of their own. */
function endOf(line: string, begin: number, element: ObservedElement): number {
  const value = element.value ? line.indexOf(element.value, begin + element.name.length) : -1;
  const from = value >= 0 ? value + element.value!.length : begin + 1 + element.name.length;
  const end = line.indexOf("]", from);
  return end < 0 ? line.length : end + 1;
}

const shapeOf = (text: string): string => text.replace(/[^|]+/g, (part) => (part.trim() === "" ? "" : "t"));

/** The middles of elements on one line differ by at most this many pixels. */
const ONE_LINE = 14;

function drawnLines({ elements }: Observation): PageLine[] {
  const lines: { middle: number; elements: ObservedElement[] }[] = [];
  for (const element of elements) {
    const middle = element.box[1] + element.box[3] / 2;
    const line = lines.find((one) => Math.abs(one.middle - middle) <= ONE_LINE);
    if (line) line.elements.push(element);
    else lines.push({ middle, elements: [element] });
  }
  return lines
    .sort((a, b) => a.middle - b.middle)
    .map((line) => ({
      text: fold(line.elements.map(({ role, label }) => `[${role} ${label}]`).join(" ")),
      own: "",
      elements: line.elements,
      shape: line.elements.map(({ role }) => `<${role}>`).join(""),
    }));
}

/** Lines that consist only of words: headings, messages, paragraphs. Lines of tables are data. */
export const sentencesOf = (lines: readonly PageLine[]): string[] =>
  lines
    .filter(({ elements, text }) => elements.length === 0 && text !== "" && !text.includes(" | "))
    .map(({ text }) => text);

/** How alike two texts are, in [0, 1]: the words that both have as a fraction of all. Numbers count as one word. */
export function likeness(a: string, b: string): number {
  const [first, second] = [new Set(wordsIn(a)), new Set(wordsIn(b))];
  if (first.size === 0 && second.size === 0) return 1;
  const both = [...first].filter((word) => second.has(word)).length;
  return both / (first.size + second.size - both);
}
