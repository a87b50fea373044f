/** @file The text that style sheets add before or after the content of elements. */

import { adoptedStyleSheetsOf, rootOf, styleSheetsOf } from "./native.ts";
import { unmark } from "./text.ts";

interface Scanned {
  rules: number;
  writes: boolean;
}

const scanned = new WeakMap<CSSStyleSheet, Scanned>();
/** Of documents and shadow roots, for one reading. */
let writing = new Map<Node, boolean>();

/** Style sheets may have changed since the last reading. */
export function forgetStyleSheets(): void {
  writing = new Map();
}

/**
 * A letter, digit or sign in a string, or an attribute; neither pictures of icon fonts nor the empty boxes of layouts.
 */
const WRITES = /attr\(|"[^"]*[^"\s\uE000-\uF8FF][^"]*"/;
const PSEUDO = /::?(?:before|after)\b/;

function rulesWrite(rules: CSSRuleList): boolean {
  for (const rule of rules) {
    if (rule instanceof CSSStyleRule && PSEUDO.test(rule.selectorText) && WRITES.test(rule.style.content))
      return true;
    const inner = rule instanceof CSSImportRule ? sheetWrites(rule.styleSheet) : holdsWritingRules(rule);
    if (inner) return true;
  }
  return false;
}

const holdsWritingRules = (rule: CSSRule): boolean =>
  "cssRules" in rule && rulesWrite((rule as CSSGroupingRule).cssRules);

function sheetWrites(sheet: CSSStyleSheet | null): boolean {
  if (!sheet) return false;
  let rules: CSSRuleList;
  try {
    rules = sheet.cssRules;
  } catch {
    // From another origin: nobody may read it.
    return true;
  }
  const before = scanned.get(sheet);
  if (before?.rules === rules.length) return before.writes;
  const writes = rulesWrite(rules);
  scanned.set(sheet, { rules: rules.length, writes });
  return writes;
}

/** A pseudo-element's style costs more than everything else that we ask about an element. */
function isWritten(root: Node): boolean {
  let writes = writing.get(root);
  if (writes === undefined) {
    const sheets =
      root instanceof Document
        ? [...styleSheetsOf(root), ...adoptedStyleSheetsOf(root)]
        : root instanceof ShadowRoot
          ? [...root.styleSheets, ...root.adoptedStyleSheets]
          : [];
    writes = sheets.some(sheetWrites);
    writing.set(root, writes);
  }
  return writes;
}

/** `content` may be several strings and, after a slash, the text for screen readers. */
export function generatedText(element: Element, pseudo: "::before" | "::after"): string {
  if (!isWritten(rootOf(element))) return "";
  const { content, display, visibility } = getComputedStyle(element, pseudo);
  if (!content.startsWith('"') || display === "none" || visibility !== "visible") return "";
  const strings = content.split(" / ")[0]!.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  const text = unmark(strings.map((one) => one.slice(1, -1).replace(/\\(.)/g, "$1")).join(""));
  return display === "inline" ? text : ` ${text} `;
}
