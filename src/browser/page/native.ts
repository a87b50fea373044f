/**
 * @file Reading the DOM past the page's names. `<input name=children>` makes `form.children` an input, and `<img
 * name=body>` takes `document.body`, in every world. So anything that may be a form or the document is read through the
 * prototypes' own getters and methods, never as `element.children`. Other elements cannot be shadowed in this way.
 */

type Getter<T, K extends keyof T> = (object: T) => T[K];

function getter<T, K extends keyof T & string>(type: { prototype: T }, key: K): Getter<T, K> {
  const native = Object.getOwnPropertyDescriptor(type.prototype, key)!;
  return (object) => native.get!.call(object) as T[K];
}

type Method = (...args: never[]) => unknown;

function method<T, K extends keyof T & string, F extends Method = Extract<T[K], Method>>(
  type: { prototype: T },
  key: K,
): (object: T, ...args: Parameters<F>) => ReturnType<F> {
  const native = type.prototype[key] as F;
  return (object, ...args) => Reflect.apply(native, object, args) as ReturnType<F>;
}

// Nodes
export const nodeTypeOf = getter(Node, "nodeType");
export const childNodesOf = getter(Node, "childNodes");
export const parentNodeOf = getter(Node, "parentNode");
export const parentElementOf = getter(Node, "parentElement");
export const contentOf = getter(Node, "textContent");
export const isConnected = getter(Node, "isConnected");
export const rootOf = method(Node, "getRootNode");
export const containsNode = method(Node, "contains");

// Elements
export const tagOf = getter(Element, "localName");
export const childElementsOf = getter(Element, "children");
export const previousElementOf = getter(Element, "previousElementSibling");
export const nextElementOf = getter(Element, "nextElementSibling");
export const shadowRootOf = getter(Element, "shadowRoot");
export const assignedSlotOf = getter(Element, "assignedSlot");
export const attributeOf = method(Element, "getAttribute");
export const hasAttributeOf = method(Element, "hasAttribute");
export const matchesOf = method(Element, "matches");
export const closestOf: (element: Element, selector: string) => Element | null = method(Element, "closest");
export const findIn: (element: Element, selector: string) => Element | null = method(
  Element,
  "querySelector",
);
export const findAllIn: (element: Element, selector: string) => NodeListOf<Element> = method(
  Element,
  "querySelectorAll",
);
export const boxOf = method(Element, "getBoundingClientRect");
export const boxesOf = method(Element, "getClientRects");
const checkVisibility = method(Element, "checkVisibility");
export const isRendered = (element: Element): boolean =>
  checkVisibility(element, { opacityProperty: true, visibilityProperty: true });
/** Like {@link isRendered}, but it may be transparent. */
export const isLaidOut = (element: Element): boolean =>
  checkVisibility(element, { visibilityProperty: true });
export const scrollIntoViewOf = method(Element, "scrollIntoView");
export const scrollByOf = method(Element, "scrollBy") as (element: Element, options: ScrollToOptions) => void;
export const clientWidthOf = getter(Element, "clientWidth");
export const clientHeightOf = getter(Element, "clientHeight");
export const clientLeftOf = getter(Element, "clientLeft");
export const clientTopOf = getter(Element, "clientTop");
export const scrollTopOf = getter(Element, "scrollTop");
export const scrollLeftOf = getter(Element, "scrollLeft");
export const scrollWidthOf = getter(Element, "scrollWidth");
export const scrollHeightOf = getter(Element, "scrollHeight");
const isContentEditable = getter(HTMLElement, "isContentEditable");
export const isEditable = (element: Element | null): boolean =>
  element instanceof HTMLElement && isContentEditable(element);
const tabIndex = getter(HTMLElement, "tabIndex");
export const tabIndexOf = (element: Element): number =>
  element instanceof HTMLElement ? tabIndex(element) : -1;
const offsetWidth = getter(HTMLElement, "offsetWidth");
export const offsetWidthOf = (element: Element): number =>
  element instanceof HTMLElement ? offsetWidth(element) : 0;
const innerText = getter(HTMLElement, "innerText");
export const innerTextOf = (element: Element): string =>
  element instanceof HTMLElement ? innerText(element) : (contentOf(element) ?? "");
const focus = method(HTMLElement, "focus");
export const focusOn = (element: Element): void => {
  if (element instanceof HTMLElement) focus(element);
};

/** Labels of a control; empty if it cannot have any. */
export function labelsOf(element: Element): Iterable<HTMLLabelElement> {
  return element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    element instanceof HTMLButtonElement ||
    element instanceof HTMLMeterElement ||
    element instanceof HTMLProgressElement ||
    element instanceof HTMLOutputElement
    ? (element.labels ?? [])
    : [];
}

// The document
const bodyOf = getter(Document, "body");
const documentElementOf = getter(Document, "documentElement");
const titleOf = getter(Document, "title");
const readyStateOf = getter(Document, "readyState");
const scrollingElementOf = getter(Document, "scrollingElement");
const activeElementOf = getter(Document, "activeElement");
export const styleSheetsOf = getter(Document, "styleSheets");
export const adoptedStyleSheetsOf = getter(Document, "adoptedStyleSheets");
const queryDocument = method(Document, "querySelector");
const queryAllDocument = method(Document, "querySelectorAll");
const elementFromPoint = method(Document, "elementFromPoint");
const getAnimations = method(Document, "getAnimations");
const evaluate = method(Document, "evaluate");
const getElementById = method(Document, "getElementById");
const getInFragment = method(DocumentFragment, "getElementById");

/** `document`, in a form that nothing in the page can shadow. */
export const page = {
  /** `document.open` leaves a document without a root. Without a root there is nothing else, either. */
  get empty(): boolean {
    return documentElementOf(document) === null;
  },
  get body(): Element {
    return bodyOf(document) ?? documentElementOf(document)!;
  },
  get root(): Element {
    return documentElementOf(document)!;
  },
  get title(): string {
    return titleOf(document);
  },
  get parsing(): boolean {
    return readyStateOf(document) === "loading";
  },
  get loaded(): boolean {
    return readyStateOf(document) === "complete";
  },
  get scroller(): Element {
    return scrollingElementOf(document) ?? documentElementOf(document)!;
  },
  get active(): Element | null {
    return activeElementOf(document);
  },
  get sheets(): number {
    return styleSheetsOf(document).length + adoptedStyleSheetsOf(document).length;
  },
  find: (selector: string): Element | null => queryDocument(document, selector),
  findAll: (selector: string): NodeListOf<Element> => queryAllDocument(document, selector),
  at: (x: number, y: number): Element | null => elementFromPoint(document, x, y),
  /** Whether an XPath expression finds anything. */
  has: (expression: string): boolean =>
    evaluate(document, expression, document, null, XPathResult.BOOLEAN_TYPE).booleanValue,
  animations: (): Animation[] => getAnimations(document),
};

const caretPositionFromPoint = method(Document, "caretPositionFromPoint");
/** The place in a text at a point of the viewport. */
export function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  const caret = caretPositionFromPoint(document, x, y);
  return caret && { node: caret.offsetNode, offset: caret.offset };
}

/** The element with this id in a document or shadow root. */
export function elementById(root: Node, id: string): Element | null {
  if (root instanceof Document) return getElementById(root, id);
  return root instanceof DocumentFragment ? getInFragment(root, id) : null;
}
