/** @file Trees of pages for tests, without a browser. */

import type { PageNode, PageTree } from "../tree.ts";

const INLINE = new Set(["a", "b", "i", "em", "strong", "span", "time", "small", "q", "img", "button"]);

/** `el("li.card.new", { href: "/x" }, "text", el("b", "more"))`. */
export function el(kind: string, ...given: (Record<string, string> | PageNode | string)[]): PageNode {
  const [tag, ...classes] = kind.split(".") as [string, ...string[]];
  const [first, ...rest] = given;
  const hasAttributes = typeof first === "object" && !("tag" in first);
  return {
    tag,
    attributes: {
      ...(classes.length > 0 && { class: classes.join(" ") }),
      ...(hasAttributes && (first as Record<string, string>)),
    },
    box: [0, 0, 100, 20],
    block: !INLINE.has(tag),
    children: (hasAttributes ? rest : given) as (PageNode | string)[],
  };
}

export const pageOf = (url: string, ...children: (PageNode | string)[]): PageTree => ({
  url,
  title: "",
  status: 200,
  contentType: "text/html",
  root: el("body", ...children),
  cut: false,
});
