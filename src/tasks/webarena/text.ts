/**
 * @file Text rules of WebArena-Lite's evaluators: cleaning, tokens as NLTK's `word_tokenize` makes them, and the kinds
 * of comparison.
 *
 * Deviations from the official code:
 * 1. Sentences end at `.`, `?` or `!` before white space, except after common abbreviations, initials and numbers;
 *    NLTK decides that with a trained model. It matters only for a word directly before a period inside a text.
 */

/** Lower case, one pair of the same outer quotes removed; white space is kept (WebArena-Lite does not trim). */
export function clean(text: string): string {
  const quoted = text.length > 1 && /^(['"])[\s\S]*\1$/.test(text);
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

const alternatives = (text: string) => text.split(" |OR| ");

export function exactMatch(reference: string, prediction: string): boolean {
  return clean(prediction) === clean(reference);
}

/** One-token references must be a token, others a substring. `splitSlashes` is for predictions of `must_include`. */
function contains(reference: string, prediction: string, splitSlashes: boolean): boolean {
  const [want, text] = [clean(reference), clean(prediction)];
  if (tokenize(want).length !== 1) return text.includes(want);
  return tokenize(text).some((token) => token === want || (splitSlashes && token.split("/").includes(want)));
}

/** Any of the ` |OR| ` alternatives. */
export function mustInclude(reference: string, prediction: string): boolean {
  return alternatives(reference).some((alternative) => contains(alternative, prediction, true));
}

export function mustExclude(reference: string, prediction: string): boolean {
  return !contains(reference, prediction, false);
}

export function oneOf(references: readonly string[], prediction: string): boolean {
  return references.some((reference) => clean(prediction).includes(clean(reference)));
}

/** `requirement`: inequalities such as `<= 700`, alternatives by ` |OR| `. What is no integer counts as 0. */
export function requiredValue(requirement: string, prediction: string): boolean {
  const text = prediction.trim().replaceAll(",", "");
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  return alternatives(requirement).some((alternative) => {
    const match = /^\s*(<=|>=|==|<|>)\s*([+-]?\d+(?:\.\d+)?)\s*$/.exec(alternative);
    if (!match) throw new RangeError(`cannot read the requirement ${JSON.stringify(alternative)}`);
    const wanted = Number(match[2]);
    switch (match[1]) {
      case "<=":
        return value <= wanted + 1e-8;
      case ">=":
        return value >= wanted - 1e-8;
      case "<":
        return value < wanted - 1e-8;
      case ">":
        return value > wanted + 1e-8;
      default:
        return Math.abs(value - wanted) <= 1e-8;
    }
  });
}

/** `localhost` is 127.0.0.1, one trailing slash is dropped. */
function normaliseUrl(url: string): string {
  return url.replace("localhost", "127.0.0.1").replace(/\/$/, "");
}

/** `note`: `EXACT` (the default) or `GOLD in PRED`, a plain substring. */
export function urlMatch(reference: string, url: string, note: string | undefined): boolean {
  const got = normaliseUrl(url);
  const wanted = alternatives(reference).map(normaliseUrl);
  if (note === "GOLD in PRED") return wanted.some((want) => got.includes(want));
  if (note === undefined || note === "" || note === "EXACT") return wanted.includes(got);
  throw new RangeError(`unknown url_note ${JSON.stringify(note)}`);
}
