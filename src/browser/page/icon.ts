/** @file Names for pictures that have none: what their author called them. In parentheses, because it is a guess. */

import { colourName } from "./colour.ts";
import {
  attributeOf,
  boxOf,
  childElementsOf,
  contentOf,
  findAllIn,
  parentElementOf,
  tagOf,
} from "./native.ts";
import { squash } from "./text.ts";
import { styleOf } from "./tree.ts";

/** Words of class names that describe layout and kind, not what is shown. */
const NO_NAME =
  /^(?:a|an|the|is|has|js|css|sc|jsx?|svg|img|image|icons?|ico|btn|button|link|item|cell|box|wrap(?:per)?|inner|outer|container|row|col(?:umn)?|grid|flex|block|inline|left|right|top|bottom|center|small|large|medium|sm|md|lg|xl|xs|big|mini|active|inactive|selected|disabled|enabled|hidden|visible|show|hide|open|clickable|cursor|pointer|hover|focus|primary|secondary|default|danger|success|warning|info|light|dark|white|black|text|font|size|color|bg|fa|fas|far|fab|fal|bi|mdi|md|material|symbols|outlined|rounded|glyphicon|octicon|feather|lucide|ui|mui|root|base|ant|el|ng|v|w|h|p|m|px|py|mx|my|pl|pr|ml|mr|no|fw|lg|x|fill|fills|filled|stroke|strokes|strokewidth|path|shape|group|thin|even|transparent|solid|regular|lines?|outline|ql|path\d*)$/;

/** Words of an identifier, without empty ones and without what a bundler made up. */
function wordsOf(identifier: string): string {
  return identifier
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length > 1 && /[aeiouy]/.test(word) && !NO_NAME.test(word))
    .join(" ");
}

const fileOf = (address: string): string =>
  address.startsWith("data:") ? "" : wordsOf(/([^/?#]+?)(?:\.\w+)?(?:[?#].*)?$/.exec(address)?.[1] ?? "");

const classWords = (element: Element): string =>
  (attributeOf(element, "class") ?? "")
    .split(/\s+/)
    // Generated: `css-1dh3a`, `sc-bdVaJa`, `_a1B2c`.
    .filter((name) => !/^(?:css|sc|jss|svelte|_)-?\w*\d|^sc-/.test(name))
    .map(wordsOf)
    .filter((words) => words !== "")
    .slice(0, 2)
    .join(" ");

const SHAPES = new Set(["circle", "rect", "ellipse", "polygon", "polyline", "line"]);

function guess(element: Element): string {
  const tag = tagOf(element);
  if (SHAPES.has(tag)) return squash(`${tag} ${attributeOf(element, "fill") ?? ""}`);
  const said =
    attributeOf(element, "title") ?? attributeOf(element, "alt") ?? attributeOf(element, "aria-label");
  if (said && squash(said)) return squash(said);
  if (tag === "img" || tag === "input") {
    const file = fileOf(attributeOf(element, "src") ?? "");
    if (file) return file;
  }
  if (tag === "use") {
    const target = attributeOf(element, "href") ?? attributeOf(element, "xlink:href") ?? "";
    const name = wordsOf(target.split("#").at(-1)!);
    if (name) return name;
  }
  const named = wordsOf(attributeOf(element, "data-icon") ?? attributeOf(element, "data-testid") ?? "");
  if (named) return named;
  const words = classWords(element);
  // When buttons for several things share a class, the value tells them apart.
  const value = tag === "button" && words ? wordsOf(attributeOf(element, "value") ?? "") : "";
  if (words) return value && value !== words ? `${words} ${value}` : words;
  const background = /url\("?([^")]+)/.exec(styleOf(element).backgroundImage)?.[1];
  return (background && fileOf(background)) || wordsOf(attributeOf(element, "id") ?? "");
}

/** It says only that something is picked or opened. */
const OPENS = /^(?:(?:picker|label|toggler?|dropdown|menu|trigger|select|arrow|caret|chevron)\b ?)+$/;

/** What a picker picks, from the class around it, in words that mean nothing elsewhere. */
const whatIsPicked = (element: Element): string =>
  /(?:^|[-_\s])(background|colou?r|font|size|align)(?:$|[-_\s])/.exec(
    attributeOf(parentElementOf(element) ?? element, "class") ?? "",
  )?.[1] ?? "";

/** Larger things are not swatches. */
const LARGEST = 100;

/** Its colour; empty if nothing, a picture or its own content fills it. */
function fillOf(element: Element): string {
  if (childElementsOf(element).length > 0 || (contentOf(element) ?? "").trim() !== "") return "";
  const { width, height } = boxOf(element);
  const { backgroundColor, backgroundImage } = styleOf(element);
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(backgroundColor);
  if (!channels || backgroundImage !== "none" || width > LARGEST || height > LARGEST) return "";
  return colourName(Number(channels[1]), Number(channels[2]), Number(channels[3]));
}

/**
 * `(trash)`, or `(icon)` if nothing says more. Its content comes first, because that is what is drawn; the colour
 * counts only if nothing else says anything.
 */
export function iconNameOf(element: Element): string {
  const parts = [...findAllIn(element, "*")].slice(0, 8);
  const fill = fillOf(element);
  const isShape = (part: Element) => SHAPES.has(tagOf(part));
  for (const part of [...parts.filter((one) => !isShape(one)), element, ...parts.filter(isShape)]) {
    const name = guess(part);
    if (!name) continue;
    const what = OPENS.test(name) ? whatIsPicked(element) : "";
    return `(${[what, name, fill].filter((word) => word !== "").join(" ")})`;
  }
  return fill ? `(${fill})` : "(icon)";
}
