/**
 * @file What the page itself says about an element that is about to be touched: where its form or link leads, all its
 * names, what would be sent. Read in our own world, so that no script of the page has a say in it.
 */

import { answers } from "./listeners.ts";
import { memory } from "./memory.ts";
import { nameOf } from "./name.ts";
import {
  attributeOf,
  closestOf,
  contentOf,
  findAllIn,
  findIn,
  hasAttributeOf,
  innerTextOf,
  page,
  tagOf,
} from "./native.ts";
import { roleOf } from "./role.ts";
import { squash } from "./text.ts";

/** A form as the browser would send it. */
export interface FormFacts {
  /** Absolute address that it is sent to: the button's own, if it has one. */
  action: string;
  /** In upper case. */
  method: string;
  /** The form says where it goes. One that does not is often sent by a script, or not at all. */
  declared: boolean;
  /** Names and values that would be sent, without password fields and files. */
  fields: [name: string, value: string][];
  /** Names of its password fields and files. */
  withheld: string[];
}

/** What the gate knows of an element that an action is about to touch. */
export interface ElementFacts {
  /** Address of the document that contains it, which may be a frame's. */
  document: string;
  tag: string;
  /** `type` of a field or button, in lower case. */
  type: string;
  /** What its field is for: `name`, `id` and `autocomplete`. */
  field: string;
  /** All its names, from its text and from its attributes: a page may say one thing and show another. */
  names: string[];
  /** It is a button, by tag or by role, so all of its text is its name. */
  isButton: boolean;
  /** How the dialog around it begins: this is what its `Yes` agrees to. */
  question: string | null;
  /** A script listens to clicks on it. */
  listens: boolean;
  /** Where it leads, if it is a link or in one. */
  link: string | null;
  /** A click on it sends its form, or Enter in it does. */
  submits: "by click" | "by enter" | null;
  form: FormFacts | null;
}

const LONGEST = 200;

function getter<T, K extends keyof T & string>(type: { prototype: T }, key: K): (object: T) => T[K] {
  const native = Object.getOwnPropertyDescriptor(type.prototype, key)!;
  return (object) => native.get!.call(object) as T[K];
}
// A form's fields shadow its properties of the same name.
const elementsOf = getter(HTMLFormElement, "elements");

/** Facts of an element of the last observation; `null` where it has gone. */
export function facts(index: number): ElementFacts | null {
  const element = memory.elements[index];
  return element ? factsOf(element) : null;
}

/** Facts of the element that has the focus in this document, unless that is only the page. */
export function focusedFacts(): ElementFacts | null {
  let element = page.empty ? null : page.active;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  if (!element || element === page.body || !document.hasFocus()) return null;
  return /^i?frame$/.test(tagOf(element)) ? null : factsOf(element);
}

/** Facts of the elements of this document that Alt and this key would activate. */
export function accessKeyFacts(key: string): ElementFacts[] {
  return elementsWithAccessKey(key).map(factsOf);
}

/** Without an access key, Alt and the key do nothing. */
export const elementsWithAccessKey = (key: string): Element[] =>
  [...page.findAll("[accesskey]")].filter((element) =>
    attributeOf(element, "accesskey")!.toLowerCase().split(/\s+/).includes(key),
  );

function factsOf(element: Element): ElementFacts {
  const control = controlOf(element);
  const link = closestOf(control, "a[href],area[href]");
  const form = formOf(control);
  const submitter = isSubmitter(control) ? control : form && defaultButtonOf(form);
  const submits = isSubmitter(control)
    ? "by click"
    : form && takesEnter(control) && (submitter || isAlone(form))
      ? "by enter"
      : null;
  return {
    document: location.href,
    tag: tagOf(control),
    type: typeOf(control),
    field: ["name", "id", "autocomplete"]
      .map((name) => attributeOf(control, name) ?? "")
      .join(" ")
      .trim(),
    names: namesOf(element, control, submits === "by enter" ? submitter : null),
    isButton: isSubmitter(control) || /^(?:button|menuitem|option)$/.test(roleOf(control) ?? ""),
    question: questionOf(control),
    listens: answers(element) || answers(control),
    link: link && addressOf(attributeOf(link, "href") ?? ""),
    submits: form ? submits : null,
    form: form && factsOfForm(form, submitter),
  };
}

function questionOf(control: Element): string | null {
  const dialog = closestOf(control, "dialog,[role=dialog],[role=alertdialog],[aria-modal=true]");
  if (!dialog) return null;
  const said = `${attributeOf(dialog, "aria-label") ?? ""} ${innerTextOf(dialog)}`;
  return squash(said).slice(0, LONGEST);
}

/** What answers to a click on it: itself, the control that it labels or is in, or the only control in it. */
function controlOf(element: Element): Element {
  const own = "a[href],area[href],button,input,select,textarea";
  const around = closestOf(element, own);
  if (around) return around;
  const label = closestOf(element, "label");
  if (label instanceof HTMLLabelElement && label.control) return label.control;
  const inner = [...findAllIn(element, own)];
  return inner.length === 1 ? inner[0]! : element;
}

function formOf(control: Element): HTMLFormElement | null {
  if (
    control instanceof HTMLButtonElement ||
    control instanceof HTMLInputElement ||
    control instanceof HTMLSelectElement ||
    control instanceof HTMLTextAreaElement
  )
    return control.form;
  const around = closestOf(control, "form");
  return around instanceof HTMLFormElement ? around : null;
}

const typeOf = (control: Element): string =>
  control instanceof HTMLInputElement || control instanceof HTMLButtonElement ? control.type : "";

const isSubmitter = (control: Element): control is HTMLButtonElement | HTMLInputElement =>
  (control instanceof HTMLButtonElement && control.type === "submit") ||
  (control instanceof HTMLInputElement && /^(submit|image)$/.test(control.type));

const takesEnter = (control: Element) =>
  control instanceof HTMLInputElement && !/^(button|reset|file|hidden)$/.test(control.type);

const defaultButtonOf = (form: HTMLFormElement): Element | null =>
  [...elementsOf(form), ...imagesOf(form)].find(isSubmitter) ?? null;

/** A form's `elements` leave out buttons that are pictures. */
const imagesOf = (form: HTMLFormElement) => [...findAllIn(form, "input[type=image]")];

/** Enter sends a form without a button if it has only one field. */
const isAlone = (form: HTMLFormElement) =>
  [...elementsOf(form)].filter((field) => field instanceof HTMLInputElement && takesEnter(field)).length ===
  1;

const addressOf = (written: string): string => {
  try {
    return new URL(written.trim(), document.baseURI).href;
  } catch {
    return written;
  }
};

function factsOfForm(form: HTMLFormElement, submitter: Element | null): FormFacts {
  const readOwn = (name: string) =>
    (submitter && hasAttributeOf(submitter, `form${name}`) ? attributeOf(submitter, `form${name}`) : null) ??
    attributeOf(form, name);
  const action = readOwn("action");
  const method = (readOwn("method") ?? "get").trim().toUpperCase();
  const fields: [string, string][] = [];
  const withheld: string[] = [];
  for (const field of elementsOf(form)) addField(field, fields, withheld);
  if (submitter) {
    const name = attributeOf(submitter, "name");
    if (name) fields.push([name, attributeOf(submitter, "value") ?? ""]);
  }
  return {
    action: addressOf(action ?? "") || location.href,
    method: method === "POST" || method === "DIALOG" ? method : "GET",
    declared: action !== null || method === "POST",
    fields,
    withheld,
  };
}

function addField(field: Element, fields: [string, string][], withheld: string[]): void {
  const name = attributeOf(field, "name");
  if (!name || (field as HTMLInputElement).disabled || isSubmitter(field)) return;
  if (field instanceof HTMLSelectElement) {
    for (const option of field.selectedOptions) fields.push([name, option.value]);
  } else if (field instanceof HTMLTextAreaElement) fields.push([name, field.value]);
  else if (field instanceof HTMLInputElement) {
    if (/^(password|file)$/.test(field.type)) withheld.push(name);
    else if (!/^(checkbox|radio)$/.test(field.type) || field.checked)
      if (!/^(button|reset)$/.test(field.type)) fields.push([name, field.value]);
  }
}

function namesOf(element: Element, control: Element, button: Element | null): string[] {
  const names: string[] = [];
  for (const one of new Set([element, control, ...(button ? [button] : [])])) {
    const role = roleOf(one) ?? "button";
    const isField = role === "textbox" || role === "combobox";
    names.push(nameOf(one, role).text);
    if (!isField) names.push(contentOf(one) ?? "");
    for (const name of ["aria-label", "title", "alt"]) names.push(attributeOf(one, name) ?? "");
    if (isSubmitter(one) || typeOf(one) === "button") names.push(attributeOf(one, "value") ?? "");
    const image = findIn(one, "img[alt]");
    if (image) names.push(attributeOf(image, "alt") ?? "");
  }
  return [...new Set(names.map((name) => squash(name).slice(0, LONGEST)))].filter((name) => name !== "");
}
