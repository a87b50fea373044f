/** @file Where style sheets alone make something appear under the pointer: `li:hover > ul { display: block }`. */

import {
  adoptedStyleSheetsOf,
  boxOf,
  closestOf,
  isRendered,
  matchesOf,
  page,
  parentElementOf,
  previousElementOf,
  styleSheetsOf,
} from "./native.ts";

interface HoverRule {
  /** What has to be hovered. */
  over: string;
  /** What appears. */
  shown: string;
}

const SHOWS = [
  "display",
  "visibility",
  "opacity",
  "height",
  "max-height",
  "transform",
  "scale",
  "clip-path",
  "left",
  "top",
];
/** For one rule; menus have a few. */
const MOST = 50;

interface Scanned {
  count: number;
  rules: HoverRule[];
  /** Hovering may bring another picture. */
  loads: boolean;
  /** Content is laid out when it comes into view, with the next frame. */
  defers: boolean;
}

const scanned = new WeakMap<CSSStyleSheet, Scanned>();
let openers: Map<Element, Element[]> | null = null;

/** Splits a selector at each `separator` outside of all brackets. */
function split(selector: string, separator: RegExp): string[] {
  const parts = [""];
  let depth = 0;
  for (const sign of selector) {
    if (/[([]/.test(sign)) depth++;
    if (/[)\]]/.test(sign)) depth--;
    if (depth === 0 && separator.test(sign)) parts.push("");
    parts[parts.length - 1] += depth === 0 && separator.test(sign) ? "" : sign;
  }
  return parts;
}

/** `li:hover > ul`: hovering `li` shows `li > ul`. `null` if only the hovered element itself changes. */
function parse(selector: string): HoverRule | null {
  const at = selector.indexOf(":hover");
  if (at < 0 || /[([]/.test(selector.slice(0, at).replace(/\([^()]*\)|\[[^\]]*\]/g, ""))) return null;
  const rest = selector.slice(at + ":hover".length);
  const [compound = ""] = split(rest, /[\s>+~]/);
  if (rest.slice(compound.length).trim() === "") return null;
  const before = selector.slice(0, at);
  const any = before === "" || /[\s>+~]$/.test(before) ? "*" : "";
  return {
    over: `${before}${any}${compound}`,
    shown: `${before}${any}${rest}`.replaceAll(":hover", ""),
  };
}

function rulesOf(list: CSSRuleList, outer: string | null, found: Scanned): void {
  for (const rule of list) {
    let own = outer;
    if (rule instanceof CSSStyleRule) {
      own = outer === null ? rule.selectorText : rule.selectorText.replaceAll("&", `:is(${outer})`);
      if (rule.style.getPropertyValue("content-visibility") !== "") found.defers = true;
      if (own.includes(":hover") && rule.style.getPropertyValue("content").includes("url("))
        found.loads = true;
      if (own.includes(":hover") && SHOWS.some((name) => rule.style.getPropertyValue(name) !== ""))
        for (const selector of split(own, /,/)) {
          const parsed = parse(selector.trim());
          if (parsed) found.rules.push(parsed);
        }
    }
    if ("cssRules" in rule) rulesOf((rule as CSSGroupingRule).cssRules, own, found);
  }
}

const UNKNOWN: Scanned = { count: 0, rules: [], loads: false, defers: true };

function scan(sheet: CSSStyleSheet): Scanned {
  let list: CSSRuleList;
  try {
    list = sheet.cssRules;
  } catch {
    // From another origin: nobody may read it.
    return UNKNOWN;
  }
  const before = scanned.get(sheet);
  if (before?.count === list.length) return before;
  const found: Scanned = { count: list.length, rules: [], loads: false, defers: false };
  rulesOf(list, null, found);
  scanned.set(sheet, found);
  return found;
}

/**
 * What to hover for a hidden element to appear: something around it, or something before it or before one of its
 * ancestors.
 */
function openerOf(hidden: Element, over: string): Element | null {
  const around = parentElementOf(hidden);
  const found = around && closestOf(around, over);
  if (found) return found;
  for (let at: Element | null = hidden; at; at = parentElementOf(at))
    for (let beside = previousElementOf(at); beside; beside = previousElementOf(beside))
      if (matchesOf(beside, over)) return beside;
  return null;
}

const sheets = () => [...styleSheetsOf(document), ...adoptedStyleSheetsOf(document)];

/** Whether hovering anything in the document shows another picture, which has to be loaded first. */
export const loadsOnHover = (): boolean => sheets().some((sheet) => scan(sheet).loads);

/** Whether style sheets leave anything to the next frame. */
export const defersToFrame = (): boolean => sheets().some((sheet) => scan(sheet).defers);

function find(): Map<Element, Element[]> {
  const all = new Map<Element, Element[]>();
  for (const { over, shown } of sheets().flatMap((sheet) => scan(sheet).rules)) {
    let elements: Element[];
    try {
      elements = [...page.findAll(shown)].slice(0, MOST);
    } catch {
      // Only style sheets have these, such as `::after`.
      continue;
    }
    for (const element of elements) {
      if (isRendered(element) && boxOf(element).height >= 2) continue;
      const opener = openerOf(element, over);
      if (opener && isRendered(opener)) all.set(opener, [...(all.get(opener) ?? []), element]);
    }
  }
  return all;
}

/** What is invisible now and would appear if the pointer were over the element. */
export function shownOnHover(element: Element): readonly Element[] {
  return (openers ??= find()).get(element) ?? [];
}

/** The document may have changed since. */
export function forgetOpeners(): void {
  openers = null;
}
