/**
 * @file What every observation needs to know of a document: roles, accessible names, visibility, hit tests, scrolling.
 * Runs inside the page: {@link pageDom} is sent as text, so it refers to nothing outside itself, and its helpers are
 * closures (hence its length).
 */

/** Left, top, right, bottom in viewport pixels. */
export type Edges = [left: number, top: number, right: number, bottom: number];

export type PageDom = ReturnType<typeof pageDom>;

/** Kept in the document between an observation and the action that refers to it. */
export interface PageMemory {
  elements: Element[];
  frames: Element[];
  /** A navigation to another document has been asked for and has not failed so far. */
  navigating: boolean;
  /** Called when that happens. */
  onNavigate: (() => void) | null;
}

/** The memory of a document, from when it is created to when it goes away. */
export function pageMemory(): PageMemory {
  const memory: PageMemory = { elements: [], frames: [], navigating: false, onNavigate: null };
  // The event comes with the click or submission itself, before the browser process hears of the navigation.
  (window as unknown as { navigation?: EventTarget }).navigation?.addEventListener("navigate", (event) => {
    const navigate = event as Event & {
      destination: { sameDocument: boolean };
      downloadRequest: string | null;
    };
    if (navigate.destination.sameDocument || navigate.downloadRequest !== null) return;
    memory.navigating = true;
    memory.onNavigate?.();
  });
  return memory;
}

/** Good for one reading or action. `view` is the part of this frame's viewport that can be seen. */
export function pageDom(memory: PageMemory, view: Edges) {
  const squash = (text: string) =>
    text
      .replace(/[\uE000-\uE00F]/g, "")
      .replace(/\s+/g, " ")
      .trim();
  const styles = new Map<Element, CSSStyleDeclaration>();
  const styleOf = (element: Element): CSSStyleDeclaration => {
    let style = styles.get(element);
    if (!style) styles.set(element, (style = getComputedStyle(element)));
    return style;
  };
  const tagOf = (element: Element) => element.localName;
  const rendered = (element: Element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  /** A shadow root was entered; no mutation observer tells of what happens in it. */
  let shadows = false;
  /** Children as they are laid out: open shadow roots and slots entered. */
  const childrenOf = (node: Node): Node[] => {
    const element = node as Element;
    // What a closed `details` keeps to itself has a box all the same.
    if (node instanceof HTMLDetailsElement && !node.open)
      return [...node.children].filter((child) => child.localName === "summary").slice(0, 1);
    if (node instanceof HTMLElement && node.getAttribute("hidden") === "until-found") return [];
    if (element.shadowRoot) {
      shadows = true;
      return [...element.shadowRoot.childNodes];
    }
    if (node instanceof HTMLSlotElement) {
      const assigned = node.assignedNodes();
      return assigned.length > 0 ? assigned : [...node.childNodes];
    }
    return [...node.childNodes];
  };
  const SILENT = new Set([
    "script",
    "style",
    "noscript",
    "template",
    "head",
    "title",
    "desc",
    "defs",
    "symbol",
    "metadata",
    "datalist",
  ]);

  /** Text of a subtree as a name uses it (accname 1.2 §2F, without CSS content). */
  const textOf = (node: Node, depth = 0): string => {
    if (node.nodeType === Node.TEXT_NODE) return node.nodeValue ?? "";
    if (!(node instanceof Element) && !(node instanceof DocumentFragment)) return "";
    if (node instanceof Element) {
      const tag = tagOf(node);
      if (SILENT.has(tag) && !(tag === "title" && node instanceof SVGElement)) return "";
      if (node.getAttribute("aria-hidden") === "true") return "";
      if (tag === "br") return " ";
      if (depth > 0) {
        if (tag === "select" || tag === "textarea" || tag === "iframe") return "";
        if (tag === "input") return "";
        const label = node.getAttribute("aria-label");
        if (label) return ` ${label} `;
      }
      if (tag === "img") return ` ${(node as HTMLImageElement).alt} `;
      if (!rendered(node) && tag !== "title") return "";
      const text = childrenOf(node)
        .map((child) => textOf(child, depth + 1))
        .join("");
      return styleOf(node).display === "inline" ? text : ` ${text} `;
    }
    return "";
  };

  const TEXT_INPUTS = new Set([
    "text",
    "search",
    "email",
    "url",
    "tel",
    "password",
    "number",
    "date",
    "time",
    "datetime-local",
    "month",
    "week",
    "color",
  ]);
  const ROLES = new Set([
    "link",
    "button",
    "tab",
    "checkbox",
    "radio",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "option",
    "switch",
    "combobox",
    "textbox",
    "slider",
    "treeitem",
  ]);
  const isField = (element: Element) =>
    element instanceof HTMLTextAreaElement ||
    (element instanceof HTMLInputElement && TEXT_INPUTS.has(element.type));

  /** Role of something to act on; `null` for everything else. */
  const roleOf = (element: Element): string | null => {
    const tag = tagOf(element);
    if (tag === "select") return "combobox";
    if (isField(element)) return "textbox";
    const explicit = element.getAttribute("role")?.trim().split(/\s+/)[0] ?? "";
    if (explicit === "searchbox" || explicit === "spinbutton") return "textbox";
    if (ROLES.has(explicit)) return explicit;
    if (element instanceof HTMLInputElement) {
      if (element.type === "hidden") return null;
      if (element.type === "checkbox" || element.type === "radio") return element.type;
      return element.type === "range" ? "slider" : "button";
    }
    if (tag === "a")
      return element.hasAttribute("href") || element.hasAttribute("xlink:href") ? "link" : clickable(element);
    if (tag === "area") return element.hasAttribute("href") ? "link" : null;
    if (tag === "button") return "button";
    if (tag === "summary" && element.parentElement instanceof HTMLDetailsElement) return "button";
    if (element instanceof HTMLElement && element.isContentEditable)
      return element.parentElement?.isContentEditable ? null : "textbox";
    return clickable(element);
  };
  /** Something without a role that answers to the mouse: its own `onclick`, or a pointer that it does not inherit. */
  const clickable = (element: Element): string | null => {
    const tag = tagOf(element);
    if (tag === "label" || tag === "html" || tag === "body" || tag === "option") return null;
    const parent = element.parentElement;
    const pointer =
      styleOf(element).cursor === "pointer" && (parent === null || styleOf(parent).cursor !== "pointer");
    if (!pointer && !element.hasAttribute("onclick")) return null;
    return element.querySelector(
      "a[href],button,input,select,textarea,[role=button],[role=link],[onclick],summary",
    ) || element.closest("label")
      ? null
      : "clickable";
  };

  const NAMED_BY_CONTENT = new Set([
    "link",
    "button",
    "tab",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "option",
    "treeitem",
    "clickable",
    "switch",
    "checkbox",
    "radio",
  ]);
  /** Accessible name (accname 1.2, the parts that web pages use), white space collapsed. */
  const nameOf = (element: Element, role: string): string => {
    const ids = element.getAttribute("aria-labelledby")?.trim().split(/\s+/) ?? [];
    const root = element.getRootNode() as Document | ShadowRoot;
    const byIds = squash(
      ids
        .map((id) => root.getElementById(id))
        .map((found) => (found ? textOf(found) : ""))
        .join(" "),
    );
    if (byIds) return byIds;
    const own = squash(element.getAttribute("aria-label") ?? "");
    if (own) return own;
    const labels = (element as HTMLInputElement).labels;
    if (labels && labels.length > 0) {
      const text = squash([...labels].map((label) => textOf(label)).join(" "));
      if (text) return text;
    }
    if (element instanceof HTMLInputElement) {
      const text =
        element.type === "submit"
          ? element.value || "Submit"
          : element.type === "reset"
            ? element.value || "Reset"
            : element.type === "button"
              ? element.value
              : element.type === "image"
                ? element.alt
                : "";
      if (squash(text)) return squash(text);
    } else if (NAMED_BY_CONTENT.has(role)) {
      const text = squash(
        childrenOf(element)
          .map((child) => textOf(child, 1))
          .join(""),
      );
      if (text) return text;
    }
    if (tagOf(element) === "area") return squash((element as HTMLAreaElement).alt);
    return squash(element.getAttribute("title") ?? "") || squash(element.getAttribute("placeholder") ?? "");
  };

  const valueOf = (element: Element, role: string): string | undefined => {
    if (element instanceof HTMLSelectElement)
      return [...element.selectedOptions].map((option) => squash(option.text)).join(", ");
    if (element instanceof HTMLInputElement) {
      if (element.type === "checkbox" || element.type === "radio")
        return element.checked ? "checked" : "unchecked";
      if (element.type === "password") return element.value === "" ? "" : "••••";
      return isField(element) || element.type === "range" ? squash(element.value) : undefined;
    }
    if (element instanceof HTMLTextAreaElement) return squash(element.value);
    if (role === "textbox") return squash(element.textContent ?? "");
    if (role === "checkbox" || role === "radio" || role === "switch" || role.startsWith("menuitem")) {
      const checked = element.getAttribute("aria-checked");
      if (checked !== null) return checked === "true" ? "checked" : "unchecked";
    }
    if ((role === "tab" || role === "option") && element.getAttribute("aria-selected") === "true")
      return "selected";
    if (role === "button" && element.getAttribute("aria-pressed") === "true") return "pressed";
    return undefined;
  };
  const disabled = (element: Element) =>
    element.matches(":disabled") || element.closest('[aria-disabled="true"]') !== null;

  const intersect = (a: Edges, b: Edges): Edges => [
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ];
  const edges = (rect: DOMRect): Edges => [rect.left, rect.top, rect.right, rect.bottom];

  /** The innermost element at a point, open shadow roots entered. */
  const elementAt = (x: number, y: number): Element | null => {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === found) break;
      found = inner;
    }
    return found;
  };
  const parentOf = (node: Node): Node | null =>
    (node as Element).assignedSlot ?? node.parentNode ?? (node instanceof ShadowRoot ? node.host : null);
  /** `inner` is `outer` or laid out inside it. */
  const within = (inner: Node | null, outer: Node): boolean => {
    for (let node = inner; node; node = parentOf(node)) if (node === outer) return true;
    return false;
  };
  const hits = (element: Element, x: number, y: number): boolean => {
    const found = elementAt(x, y);
    if (!found) return false;
    if (within(found, element)) return true;
    // A label stands for its control.
    const labels = (element as HTMLInputElement).labels;
    if (labels && [...labels].some((label) => within(found, label))) return true;
    return element instanceof HTMLAreaElement && found instanceof HTMLImageElement;
  };

  /**
   * A point at which a click reaches the element, and its box; `null` where it is out of sight or covered. Sideways it
   * may lie outside of the viewport (there is no action for scrolling sideways): then it is not tested for covers.
   */
  const target = (element: Element, clip: Edges): { x: number; y: number; box: Edges } | null => {
    for (const rect of element.getClientRects()) {
      if (rect.width < 1 || rect.height < 1) continue;
      const box = edges(rect);
      const [left, top, right, bottom] = intersect(box, clip);
      if (bottom - top < 2 || right - left < 2) continue;
      const x = (Math.max(left, view[0]) + Math.min(right, view[2])) / 2;
      const y = (top + bottom) / 2;
      if (Math.min(right, view[2]) - Math.max(left, view[0]) < 2) {
        if (right <= view[0]) continue;
        return { x: (left + right) / 2, y, box };
      }
      if (hits(element, x, y)) return { x, y, box };
    }
    return null;
  };
  /** {@link target}; a check box that is drawn by its label is where the label is. */
  const reach = (element: Element, clip: Edges): ReturnType<typeof target> => {
    const shown = rendered(element) ? target(element, clip) : null;
    if (shown || !(element instanceof HTMLInputElement)) return shown;
    if (element.type !== "checkbox" && element.type !== "radio") return null;
    for (const label of element.labels ?? [])
      if (rendered(label)) {
        const found = target(label, view);
        if (found) return found;
      }
    return null;
  };

  /** The element that stands above the rest of the page: an open modal dialog. */
  const modal = (): Element | null => {
    const found = [...document.querySelectorAll('dialog:modal, [aria-modal="true"]')].filter((element) => {
      const box = element.getBoundingClientRect();
      return rendered(element) && box.width > 1 && box.height > 1;
    });
    return found.at(-1) ?? null;
  };

  /** What `Scroll Down` moves: an open dialog's content, else the document, else the largest pane that scrolls. */
  const scroller = (): Element => {
    const root = document.scrollingElement ?? document.documentElement;
    const over = modal();
    const scrolls = (element: Element) =>
      element.scrollHeight > element.clientHeight + 4 &&
      /auto|scroll/.test(getComputedStyle(element).overflowY);
    if (over) {
      const inner = [over, ...over.querySelectorAll("*")].find(scrolls);
      return inner ?? over;
    }
    if (root.scrollHeight > root.clientHeight + 4) return root;
    let best: Element = root;
    let area = innerWidth * innerHeight * 0.2;
    for (const element of document.querySelectorAll("div,main,section,ul,article,aside,nav,body"))
      if (
        element.clientHeight > 100 &&
        element.clientHeight * element.clientWidth > area &&
        scrolls(element)
      ) {
        best = element;
        area = element.clientHeight * element.clientWidth;
      }
    return best;
  };
  const scrollState = () => {
    const element = scroller();
    const viewport = element === document.scrollingElement ? innerHeight : element.clientHeight;
    return { top: Math.round(element.scrollTop), viewport, page: Math.max(element.scrollHeight, viewport) };
  };

  const focused = (): Element | null => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return active === document.body ? null : active;
  };

  /** See `Reading` in settle.ts; of the elements that were listed last. */
  const mark = (): unknown[] | null => {
    if (shadows || document.getAnimations().some((animation) => animation.playState === "running"))
      return null;
    const items: unknown[] = [location.href, document.title, focused(), document.styleSheets.length];
    items.push(
      document.documentElement.innerText,
      document.adoptedStyleSheets.length,
      ...Object.values(scrollState()),
      scrollX,
    );
    items.push([...document.querySelectorAll(":hover")].at(-1));
    for (const element of memory.elements) {
      const box = element.getBoundingClientRect();
      const { value, checked, selectedIndex } = element as HTMLInputElement & HTMLSelectElement;
      items.push(box.left, box.top, box.right, box.bottom, value, checked, selectedIndex, rendered(element));
    }
    return items;
  };

  return {
    memory,
    view,
    squash,
    styleOf,
    tagOf,
    rendered,
    childrenOf,
    SILENT,
    textOf,
    isField,
    roleOf,
    nameOf,
    valueOf,
    disabled,
    intersect,
    edges,
    elementAt,
    within,
    reach,
    modal,
    scroller,
    scrollState,
    focused,
    mark,
  };
}
