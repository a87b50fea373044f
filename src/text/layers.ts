/**
 * @file A text with its escapes decoded, again and again, and without its markup; every position leads back to the
 * original.
 */

export interface Layer {
  readonly text: string;
  /** Where a unit's original begins and ends; `null` in the original itself. */
  readonly places: { from: Int32Array; to: Int32Array } | null;
}

/** A text that is encoded in more layers than this is found only in spellings that are searched for as they stand. */
const DEPTH = 5;

const ESCAPES =
  /(?:%[0-9a-f]{2})+|%u[0-9a-f]{4}|&#x[0-9a-f]+;?|&#\d+;?|&[a-z][a-z0-9]{1,31};|\\u\{[0-9a-f]{1,8}\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[0-7]{1,3}|\\[^]/gi;
/** Tags, and colours of a terminal. */
const MARKUP = /<[^<>]*>|\p{Cc}\[[\d;]*[a-z]/giu;

export function* layersOf(text: string): Generator<Layer> {
  let layer: Layer | null = { text, places: null };
  for (let depth = 0; layer && depth <= DEPTH; depth++) {
    yield layer;
    const bare = rewrite(layer, MARKUP, () => []);
    if (bare) yield bare;
    layer = /[%&\\]/.test(layer.text) ? rewrite(layer, ESCAPES, decode) : null;
  }
}

/** Units of a decoded escape, each with the length of what it was written as. */
type Decoded = readonly (readonly [text: string, length: number])[];

/** `null` where nothing was to be rewritten. */
function rewrite(layer: Layer, pattern: RegExp, into: (found: string) => Decoded): Layer | null {
  const { text, places } = layer;
  const from = new Int32Array(text.length);
  const to = new Int32Array(text.length);
  let length = 0;
  const put = (first: number, last: number) => {
    from[length] = places ? places.from[first]! : first;
    to[length++] = places ? places.to[last]! : last + 1;
  };
  const parts: string[] = [];
  let done = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    for (let i = done; i < index; i++) put(i, i);
    parts.push(text.slice(done, index));
    let at = index;
    for (const [decoded, size] of into(found)) {
      // A unit of a pair stands for the whole.
      for (let unit = 0; unit < decoded.length; unit++) put(at, at + size - 1);
      parts.push(decoded);
      at += size;
    }
    done = index + found.length;
  }
  if (done === 0) return null;
  for (let i = done; i < text.length; i++) put(i, i);
  parts.push(text.slice(done));
  return { text: parts.join(""), places: { from, to } };
}

function decode(found: string): Decoded {
  if (/^%[^u]/i.test(found)) return decodePercent(found);
  return [[decodeOne(found), found.length]];
}

/** Code points of UTF-8; a byte that belongs to none is a character of Latin-1. */
function decodePercent(found: string): Decoded {
  const bytes = Buffer.from(found.replaceAll("%", ""), "hex");
  const decoded: [string, number][] = [];
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i]!;
    const size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const text = bytes.toString("utf8", i, i + size);
    const whole = !text.includes("\uFFFD");
    decoded.push([whole ? text : String.fromCharCode(lead), 3 * (whole ? size : 1)]);
    i += whole ? size : 1;
  }
  return decoded;
}

function decodeOne(found: string): string {
  const [, percent] = /^%u(.*)$/i.exec(found) ?? [];
  if (percent !== undefined) return character(percent, 16);
  const [, x, number] = /^&#(x?)([^;]*);?$/i.exec(found) ?? [];
  if (number !== undefined) return character(number, x ? 16 : 10);
  const [, name] = /^&(.*);$/.exec(found) ?? [];
  if (name !== undefined) return entity(name);
  const [, hex] = /^\\(?:u\{?|x)([0-9a-f]+)\}?$/i.exec(found) ?? [];
  if (hex !== undefined) return character(hex, 16);
  if (/^\\[0-7]/.test(found)) return character(found.slice(1), 8);
  return /^\\[nrtbfv]$/.test(found) ? " " : found.slice(1);
}

function character(digits: string, radix: number): string {
  const code = Number.parseInt(digits, radix);
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  excl: "!",
  num: "#",
  dollar: "$",
  percnt: "%",
  lpar: "(",
  rpar: ")",
  ast: "*",
  midast: "*",
  plus: "+",
  comma: ",",
  hyphen: "-",
  dash: "-",
  period: ".",
  sol: "/",
  colon: ":",
  semi: ";",
  equals: "=",
  quest: "?",
  commat: "@",
  lsqb: "[",
  lbrack: "[",
  bsol: "\\",
  rsqb: "]",
  rbrack: "]",
  hat: "^",
  lowbar: "_",
  grave: "`",
  lcub: "{",
  lbrace: "{",
  verbar: "|",
  vert: "|",
  rcub: "}",
  rbrace: "}",
  tab: " ",
  newline: " ",
  szlig: "ß",
  aelig: "æ",
  oslash: "ø",
  oelig: "œ",
  eth: "ð",
  thorn: "þ",
};

/** A letter with an accent becomes that letter; what is neither a letter nor in the table becomes nothing. */
function entity(name: string): string {
  const known = ENTITIES[name.toLowerCase()];
  if (known !== undefined) return known;
  return (
    /^([a-z])(?:acute|grave|circ|uml|tilde|cedil|ring|caron|slash|macr|breve|dot|ogon)$/i.exec(name)?.[1] ??
    ""
  );
}
