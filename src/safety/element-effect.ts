/** @file What an action will do, as far as the elements that it touches tell. */

import type { Declarations } from "../browser/guard.ts";
import { READING } from "../browser/guard.ts";
import type { ElementFacts } from "../browser/page/facts.ts";
import type { Action } from "../core/action.ts";
import type { AmountPlace, EffectKind } from "../core/effect.ts";
import { classify } from "./classify.ts";
import { pickCountedKind } from "./ledger.ts";
import type { Judged } from "./request.ts";
import { CONFIRMS, effectOfLabels } from "./words.ts";

/** Keys that press the focused element. */
const PRESSES = /(?:^|\+)(?:Enter|NumpadEnter|Space|)$/i;

/** Whether an action touches an element so that something happens, and how. */
export function activates(action: Action): "click" | "enter" | null {
  switch (action.kind) {
    case "click":
    case "double_click":
    case "draw":
    case "drag":
    case "select":
    case "select_options":
      return "click";
    case "search":
    case "press_enter":
      return "enter";
    case "press":
      return action.keys.split(" ").some((chord) => PRESSES.test(chord)) ? "enter" : null;
    default:
      return null;
  }
}

export interface Said {
  effect: EffectKind | null;
  /** The request that will be sent, if the page shows it. */
  request: Judged | null;
  amount: number | null;
  /** Where the site declares the amount to be. */
  place?: AmountPlace | undefined;
  why: string;
}

const NOTHING: Said = { effect: null, request: null, amount: null, why: "" };

export function effectOfElement(
  element: ElementFacts,
  by: "click" | "enter",
  declarations: Declarations,
): Said {
  const from = URL.canParse(element.document) ? new URL(element.document).host : "";
  const labels = effectOfNames(element);
  const label = `it says ${JSON.stringify(element.names[0] ?? "")}`;
  const sends =
    element.form && (element.submits === "by click" || (by === "enter" && element.submits === "by enter"));
  if (sends && element.form!.method !== "DIALOG" && URL.canParse(element.form!.action)) {
    const request = requestOf(element.form!);
    const found = classify(request, declarations, [from]);
    const kind = found.effect && pickCountedKind(found.effect);
    // A form that only reads is a search, whatever its button says.
    const effect = kind ?? (READING.has(request.method) || found.declaration ? null : labels);
    const known = element.form!.declared ? request : null;
    return {
      effect,
      request: known,
      amount: found.amount,
      place: found.declaration?.amount,
      why: kind ? found.why : label,
    };
  }
  if (element.link !== null && URL.canParse(element.link) && /^https?:/.test(element.link)) {
    const request: Judged = {
      method: "GET",
      url: new URL(element.link),
      fields: [...new URL(element.link).searchParams],
      readable: true,
    };
    const found = classify(request, declarations, [from]);
    const kind = found.effect && pickCountedKind(found.effect);
    if (kind) return { effect: kind, request, amount: found.amount, why: found.why };
    if (!element.listens)
      // Most links only lead to a page about what they name, but opening a link called "Delete" may delete.
      return labels === "delete" &&
        !found.declaration &&
        element.link.replace(/#.*/, "") !== element.document.replace(/#.*/, "")
        ? { effect: "delete", request, amount: null, why: label }
        : NOTHING;
  }
  const declared = (declarations.get(from) ?? []).find(({ button }) =>
    element.names.some((name) => button !== undefined && name.toLowerCase() === button.toLowerCase()),
  );
  if (declared) {
    const effect = declared.kind === "none" ? null : declared.kind;
    return { effect, request: null, amount: null, place: declared.amount, why: "the site declares it" };
  }
  return isField(element) ? NOTHING : { effect: labels, request: null, amount: null, why: label };
}

const isText = ({ tag, type }: ElementFacts) =>
  tag === "textarea" ||
  (tag === "input" && !/^(?:button|submit|image|reset|checkbox|radio|range|color)$/.test(type));

const isField = (element: ElementFacts) =>
  isText(element) ||
  /^(?:select|option)$/.test(element.tag) ||
  /^(?:checkbox|radio|range|color)$/.test(element.type);

const effectOfNames = ({ names, isButton, question }: ElementFacts): EffectKind | null =>
  effectOfLabels(names, isButton) ??
  (question !== null && names.some((name) => CONFIRMS.test(name)) ? effectOfLabels([question], true) : null);

const TOUCHES: ReadonlySet<Action["kind"]> = new Set([
  "click",
  "double_click",
  "right_click",
  "hover",
  "drag",
  "draw",
  "select",
  "select_options",
  "search",
  "press",
  "press_enter",
]);

/**
 * What an element's words tell about the request that its script sends when this action touches it. This includes
 * links, switches, choices, and buttons of forms that a script sends in its own way. Writing into a field does nothing
 * yet, but Enter in it does.
 */
export function meaningOf(action: Action, element: ElementFacts): EffectKind | null {
  if (!TOUCHES.has(action.kind) || (isText(element) && activates(action) !== "enter")) return null;
  const chosen =
    action.kind === "select" ? [action.text] : action.kind === "select_options" ? action.texts : [];
  return effectOfNames(element) ?? effectOfLabels(chosen, true);
}

const MOVES = /^(?:Shift\+)?(?:Tab|Arrow\w+|Home|End|Page\w+|F6)$/i;

/** Its keys move the focus and then press something unknown. */
export function isBlind(action: Action, elements: readonly ElementFacts[]): boolean {
  if (action.kind !== "press" || activates(action) === null) return false;
  const chords = action.keys.split(" ");
  const before = chords.slice(
    0,
    chords.findLastIndex((chord) => PRESSES.test(chord)),
  );
  return before.some((chord) => MOVES.test(chord)) || (before.length > 0 && !elements.every(isText));
}

function requestOf({ action, method, fields }: NonNullable<ElementFacts["form"]>): Judged {
  const url = new URL(action);
  if (method === "GET" && /^https?:$/.test(url.protocol))
    url.search = new URLSearchParams(fields as [string, string][]).toString();
  return { method, url, fields, readable: true };
}
