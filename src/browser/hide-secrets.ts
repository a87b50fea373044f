/** @file Removes known secrets from what a page reports before an observation is made of it, even split ones. */

import type { ObservationFormat } from "../core/observation.ts";
import { hasSecrets, redact } from "../text/secrets.ts";
import type { ObservationParts } from "./observation.ts";

/** `shown`: the visible page contains a secret, so a picture would show it. */
export function hideSecrets(parts: ObservationParts): { parts: ObservationParts; shown: boolean } {
  if (!hasSecrets()) return { parts, shown: false };
  const texts: string[] = [];
  const orders = new Map<string, number[]>();
  const read = (name: string, ...indices: number[]) => {
    const order = orders.get(name);
    if (order) order.push(...indices);
    else orders.set(name, indices);
  };
  /** Lists a text. In each of these orders, it is read as one with the texts that are listed before and after it. */
  const list = (text: string, ...names: string[]): number => {
    const index = texts.push(text) - 1;
    for (const name of names) read(name, index);
    return index;
  };
  const { snapshot, format } = parts;
  const title = list(snapshot.title, "head", "page");
  const url = list(snapshot.url, "head", "urls");
  const tabs = parts.tabs.map((tab) => [list(tab.title, "titles"), list(tab.url, "urls")] as const);
  const notices = parts.notices.map((notice) => list(notice, "notes"));
  const error = list(parts.error?.message ?? "", "notes");
  const head = texts.length;
  const elements = snapshot.elements.map(({ label, value, options, invalid }) => ({
    label: list(label, "labels"),
    value: list(value ?? "", "values"),
    options: options?.map((option) => list(option, "options")),
    invalid: list(invalid ?? "", "invalid"),
  }));
  const lines = snapshot.lines.map((line) =>
    tokensOf(line, format).map(({ text, order }) => {
      const mark = /^\uE000(\d+)\uE001$/.exec(text);
      const element = mark && elements[Number(mark[1])];
      // This is printed instead of the mark.
      if (element) read("page", element.label, element.value, ...(element.options ?? []));
      return order === null ? text : list(text, order, "page");
    }),
  );
  const hidden = redact.together(texts, [...orders.values()]);
  if (hidden.every((text, index) => text === texts[index])) return { parts, shown: false };
  const at = (index: number) => hidden[index]!;
  return {
    shown: hidden.some((text, index) => index >= head && text !== texts[index]),
    parts: {
      ...parts,
      tabs: parts.tabs.map((tab, i) => ({ ...tab, title: at(tabs[i]![0]), url: at(tabs[i]![1]) })),
      notices: notices.map(at),
      error: parts.error && { ...parts.error, message: at(error) },
      snapshot: {
        ...snapshot,
        title: at(title),
        url: at(url),
        lines: lines.map((tokens) =>
          tokens.map((token) => (typeof token === "string" ? token : at(token))).join(""),
        ),
        elements: snapshot.elements.map((element, i) => {
          const { label, options, invalid, value: own } = elements[i]!;
          // The chosen value is written like its option.
          const chosen = element.options?.indexOf(element.value ?? "") ?? -1;
          const value = options?.[chosen] ?? own;
          return {
            ...element,
            label: at(label),
            ...(element.value !== undefined && { value: at(value) }),
            ...(options && { options: options.map(at) }),
            ...(element.invalid !== undefined && { invalid: at(invalid) }),
          };
        }),
      },
    },
  };
}

/** A piece of a line; `order: null` for what the format puts between the page's own words. */
interface Token {
  text: string;
  order: string | null;
}

/** What separates a page's words in each format. */
const BETWEEN: Record<ObservationFormat, RegExp> = {
  compact: /(\uE000\d+\uE001)/,
  webrl: /(<[^<>]*>)/,
  aria: /(^\s*- [\w-]+:?|\[[^\]]*\])/,
};

/** A name is in quotes, and a value comes after the state. */
function ariaOrder(text: string): string {
  if (/^\s*"/.test(text)) return "names";
  return text.startsWith(": ") ? "shown values" : "text";
}

function tokensOf(line: string, format: ObservationFormat): Token[] {
  return line.split(BETWEEN[format]).flatMap((text, index): Token[] => {
    if (index % 2 === 0) return [{ text, order: format === "aria" ? ariaOrder(text) : "text" }];
    if (format !== "webrl") return [{ text, order: null }];
    // Attributes are read one name at a time: every title of the page, every value.
    let name = "";
    return text.split(/( [\w-]+="|")/).map((part, place): Token => {
      if (place % 2 === 1) name = /[\w-]+/.exec(part)?.[0] ?? "";
      return { text: part, order: place % 2 === 0 && name !== "" ? name : null };
    });
  });
}
