/**
 * @file Text rules of the evaluators of WebArena and WebArena-Lite: cleaning, tokens as NLTK's `word_tokenize` makes
 * them, and the kinds of comparison.
 *
 * Deviations from the official code:
 * 1. Sentences end at `.`, `?` or `!` before white space, except after common abbreviations, initials and numbers;
 *    NLTK decides that with a trained model. It matters only for a word directly before a period inside a text.
 */

/** Which evaluators: WebArena's own, or WebArena-Lite's, which differ (docs/webarena.md). */
export type Protocol = "webarena" | "webarena-lite";
/** The evaluators as published, or corrected where they are known to be wrong. */
export type Strictness = "published" | "strict";

/** Lower case, one pair of the same outer quotes removed; white space is kept. */
export function clean(text: string): string {
  const quoted = /^'[^]*'$|^"[^]*"$|^['"]$/.test(text);
  return (quoted ? text.slice(1, -1) : text).toLowerCase();
}

const ABBREVIATIONS = new Set(
  "mr mrs ms dr st vs inc ltd co corp jr sr e.g i.e u.s u.k a.m p.m no jan feb aug sept oct nov dec".split(
    " ",
  ),
);

function sentences(text: string): string[] {
  const out: string[] = [];
  let from = 0;
  for (const match of text.matchAll(/(\S*)[.?!]["')\]]*\s+/g)) {
    const word = match[1]!.toLowerCase();
    const period = match[0].trim().endsWith(".");
    const after = text[match.index + match[0].length] ?? "";
    const numbered = /^\d+$/.test(word) && /[a-z]/.test(after);
    if (period && (ABBREVIATIONS.has(word) || /^[a-z]$/.test(word) || numbered)) continue;
    out.push(text.slice(from, match.index + match[0].length));
    from = match.index + match[0].length;
  }
  return [...out, text.slice(from)];
}

/** The rules of the Penn Treebank tokenizer (Robert MacIntyre's sed script), as NLTK applies them, in order. */
const RULES: readonly [RegExp, string][] = [
  [/([«“‘„]|`+)/g, " $1 "],
  [/(')(?!re|ve|ll|m|t|s|d|n)(\w)\b/gi, "$1 $2"],
  [/^"/g, "``"],
  [/(``)/g, " $1 "],
  [/([ ([{<])("|'{2})/g, "$1 `` "],
  [/([^.])(\.)([\])}>"'»”’ ]*)\s*$/g, "$1 $2 $3 "],
  [/([:,])([^\d])/g, " $1 $2"],
  [/([:,])$/g, " $1 "],
  [/(\.{2,})/g, " $1 "],
  [/([;@#$%&])/g, " $1 "],
  [/([^.])(\.)([\])}>"']*)\s*$/g, "$1 $2$3 "],
  [/([?!])/g, " $1 "],
  [/([^'])' /g, "$1 ' "],
  [/(\*)/g, " $1 "],
  [/([\][(){}<>])/g, " $1 "],
  [/--/g, " -- "],
  [/^([\s\S]*)$/, " $1 "],
  [/([»”’])/g, " $1 "],
  [/''/g, " '' "],
  [/"/g, " '' "],
  [/([^' ])('[sS]|'[mM]|'[dD]|') /g, "$1 $2 "],
  [/([^' ])('ll|'re|'ve|n't) /gi, "$1 $2 "],
  [/\b(can)(not)\b/gi, " $1 $2 "],
  [/\b(d)('ye)\b/gi, " $1 $2 "],
  [/\b(gim|lem)(me)\b/gi, " $1 $2 "],
  [/\b(gon|wan)(na)\b/gi, " $1 $2 "],
  [/\b(got)(ta)\b/gi, " $1 $2 "],
  [/\b(more)('n)\b/gi, " $1 $2 "],
  [/ ('t)(is|was)\b/gi, " $1 $2 "],
];

export function tokenize(text: string): string[] {
  return sentences(text).flatMap((sentence) =>
    RULES.reduce((line, [pattern, replacement]) => line.replace(pattern, replacement), sentence)
      .split(/\s+/)
      .filter(Boolean),
  );
}

export const alternatives = (text: string): string[] => text.split(" |OR| ");

/** Rules for comparing texts and addresses. */
export interface TextRules {
  clean(text: string): string;
  exactMatch(reference: string, text: string): boolean;
  /** Compares with an answer; `alone`: the reference is the only one in its list. */
  mustInclude(reference: string, text: string, alone: boolean): boolean;
  pageIncludes(reference: string, text: string): boolean;
  mustExclude(reference: string, text: string): boolean;
  oneOf(references: readonly string[], text: string): boolean;
  requiredValue(requirement: string, text: string): boolean;
  urlMatch(reference: string, url: string, note: string | undefined): boolean;
  /** Compares with a text of a page. */
  ofPage(text: string): string;
}

export function textRules(protocol: Protocol, strictness: Strictness): TextRules {
  const isStrict = strictness === "strict";
  const isLite = protocol === "webarena-lite";
  const cleaned = isLite && !isStrict ? clean : (text: string) => clean(text.trim());
  const exactMatch = (reference: string, text: string) => cleaned(text) === cleaned(reference);
  /** One-token references must be a token, others a substring. `splitSlashes` is for predictions of `must_include`. */
  const contains = (reference: string, text: string, splitSlashes: boolean): boolean => {
    const [want, got] = [cleaned(reference), cleaned(text)];
    if (tokenize(want).length !== 1) return got.includes(want);
    return tokenize(got).some((token) => token === want || (splitSlashes && token.split("/").includes(want)));
  };
  const includesAny = (reference: string, text: string) =>
    alternatives(reference).some((alternative) => contains(alternative, text, true));
  const substring = (reference: string, text: string) => cleaned(text).includes(cleaned(reference));
  const inAnswer = (reference: string, text: string, alone: boolean) =>
    alone && cleaned(reference).length === 1 ? contains(reference, text, false) : substring(reference, text);
  return {
    clean: cleaned,
    exactMatch,
    mustInclude: isLite
      ? includesAny
      : (reference, text, alone) =>
          // As published, WebArena allows alternatives only on pages.
          (isStrict ? alternatives(reference) : [reference]).some((one) => inAnswer(one, text, alone)),
    pageIncludes: isLite
      ? includesAny
      : (reference, text) => alternatives(reference).some((alternative) => substring(alternative, text)),
    mustExclude: (reference, text) => !contains(reference, text, false),
    oneOf: (references, text) => references.some((reference) => substring(reference, text)),
    requiredValue: (requirement, text) => requiredValue(requirement, text, isStrict),
    urlMatch: (reference, url, note) =>
      isLite ? urlMatch(reference, url, note, isStrict) : webArenaUrlMatch(reference, url, note, isStrict),
    ofPage: isLite && !isStrict ? (text) => text : unescapeHtml,
  };
}

/**
 * `requirement`: inequalities such as `<= 700`, alternatives by ` |OR| `. Anything but an integer fulfils none of them.
 * As published, `<` and `>` allow the value itself, because of their tolerance of 1e-8.
 */
function requiredValue(requirement: string, prediction: string, isStrict: boolean): boolean {
  const text = prediction.trim().replaceAll(",", "");
  if (!/^[+-]?\d+$/.test(text)) return false;
  const value = Number(text);
  const tolerance = isStrict ? -1e-8 : 1e-8;
  return alternatives(requirement).some((alternative) => {
    const match = REQUIREMENT.exec(alternative);
    if (!match) throw new RangeError(`cannot read the requirement ${JSON.stringify(alternative)}`);
    const wanted = Number(match[2]);
    switch (match[1]) {
      case "<=":
        return value <= wanted + 1e-8;
      case ">=":
        return value >= wanted - 1e-8;
      case "<":
        return value < wanted + tolerance;
      case ">":
        return value > wanted - tolerance;
      default:
        return Math.abs(value - wanted) <= 1e-8;
    }
  });
}

const REQUIREMENT = /^\s*(<=|>=|==|<|>)\s*([+-]?\d+(?:\.\d+)?)\s*$/;

/** Whether {@link TextRules.requiredValue} can read it. */
export const isRequirement = (text: string): boolean =>
  alternatives(text).every((alternative) => REQUIREMENT.test(alternative));

/** `localhost` is 127.0.0.1, one trailing slash is dropped. */
function normaliseUrl(url: string): string {
  return url.replaceAll("localhost", "127.0.0.1").replace(/\/$/, "");
}

/** Is `want` in `got`, and does an address end there? As published, `/orders/1` is in `/orders/12`. */
function addressIn(want: string, got: string, isStrict: boolean): boolean {
  for (let at = got.indexOf(want); at >= 0; at = got.indexOf(want, at + 1)) {
    const next = got[at + want.length];
    if (!isStrict || next === undefined || "/?#&".includes(next)) return true;
  }
  return false;
}

/** WebArena-Lite's. `note`: `EXACT` (the default) or `GOLD in PRED`, a plain substring. */
function urlMatch(reference: string, url: string, note: string | undefined, isStrict: boolean): boolean {
  const got = normaliseUrl(url);
  const wanted = alternatives(reference).map(normaliseUrl);
  if (note === "GOLD in PRED") return wanted.some((want) => addressIn(want, got, isStrict));
  if (note === undefined || note === "" || note === "EXACT") return wanted.includes(got);
  throw new RangeError(`unknown url_note ${JSON.stringify(note)}`);
}

/**
 * WebArena's: host and path of an alternative are in those of the page, and each parameter has one of the values that
 * any alternative gives it. In strict mode, one alternative must match as a whole, and its path must end at a boundary
 * of the page's path.
 */
function webArenaUrlMatch(
  reference: string,
  url: string,
  note: string | undefined,
  isStrict: boolean,
): boolean {
  if (note !== undefined && note !== "" && note !== "GOLD in PRED")
    throw new RangeError(`unknown url_note ${JSON.stringify(note)}`);
  const parse = (text: string) => {
    const [, base = "", query = ""] = /^(?:[a-z][a-z\d+.-]*:\/\/)?([^?#]*)(?:\?([^#]*))?/i.exec(
      text.replace(/\/+$/, ""),
    )!;
    return { base, query: new URLSearchParams(query) };
  };
  const got = parse(url);
  const wanted = alternatives(reference).map(parse);
  const hasBase = ({ base }: { base: string }) => addressIn(base, got.base, isStrict);
  // Parameters without a value are ignored, as by Python's parse_qs.
  const hasValue = (key: string, values: readonly string[]) =>
    values.length === 0 || values.some((value) => got.query.getAll(key).includes(value));
  const valuesOf = (of: typeof wanted, key: string) =>
    of.flatMap(({ query }) => query.getAll(key)).filter((value) => value !== "");
  const fits = (of: typeof wanted) =>
    of.some(hasBase) &&
    of.every(({ query }) => [...query.keys()].every((key) => hasValue(key, valuesOf(of, key))));
  return isStrict ? wanted.some((one) => fits([one])) : fits(wanted);
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The entities that browsers write when they serialise a page, and numbers. */
function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => {
    const code = decimal ? Number(decimal) : hex ? Number.parseInt(String(hex), 16) : null;
    if (code !== null) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    return ENTITIES[String(name)] ?? whole;
  });
}
