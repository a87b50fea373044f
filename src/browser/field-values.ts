/**
 * @file Converts what people write into date, time, colour and number fields to HTML's format. Ambiguous texts are
 * refused, because nobody would notice a wrong date.
 */

/** A value, or why there is none: a sentence that follows the element's name. */
export type FieldValue = { value: string } | { why: string };

const EXAMPLES: Record<string, string> = {
  date: "2026-03-16",
  time: "14:30",
  "datetime-local": "2026-03-16 14:30",
  month: "2026-03",
  week: "2026-W12",
  color: "#ff8800",
};

/** Types of `<input>` that take a whole value instead of typed text. */
export const isWholeValue = (type: string): boolean => Object.hasOwn(EXAMPLES, type);

/**
 * `text` as the value of an `<input type=…>` of a kind that {@link isWholeValue} names. An empty text clears the field.
 */
export function fieldValue(type: string, text: string): FieldValue {
  const written = text.trim().replace(/\s+/g, " ");
  if (written === "" && type !== "color") return { value: "" };
  const read = READERS[type]!(written);
  if (Array.isArray(read)) return { why: `may mean ${read.join(" or ")}: write one of them` };
  return read === null ? { why: `takes a value such as ${EXAMPLES[type]}` } : { value: read };
}

/** The value, or several that may be meant, or none. */
type Reading = string | string[] | null;

const READERS: Record<string, (written: string) => Reading> = {
  date: readDate,
  time: readTime,
  "datetime-local": (written) => {
    const split =
      /^(.+?)(?:T|,? at |, ?| )(\d{1,2}(?:[:.]\d{2})(?:[:.]\d{2})?(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]\.?m\.?|noon|midnight)$/i.exec(
        written,
      );
    const [date, time] = split ? [readDate(split[1]!), readTime(split[2]!)] : [null, null];
    if (date === null || typeof time !== "string") return null;
    return Array.isArray(date) ? date.map((day) => `${day} ${time}`) : `${date}T${time}`;
  },
  month: (written) => {
    const numbers = /^(\d{4})[-/.](\d{1,2})$/.exec(written) ?? swap(/^(\d{1,2})[-/.](\d{4})$/.exec(written));
    const words = /^(\p{L}+)\.?,? (\d{4})$/u.exec(written);
    if (words) return month(Number(words[2]), monthOf(words[1]!));
    return numbers ? month(Number(numbers[1]), Number(numbers[2])) : null;
  },
  week: (written) => {
    const found =
      /^(\d{4})[- ]?(?:w|week )(\d{1,2})$/i.exec(written) ??
      swap(/^(?:w|week )(\d{1,2})(?:,| of)? ?(\d{4})$/i.exec(written));
    if (!found || Number(found[2]) < 1 || Number(found[2]) > 53) return null;
    return `${found[1]}-W${found[2]!.padStart(2, "0")}`;
  },
  // Names and functions are turned into numbers by the page, which knows CSS.
  color: (written) => {
    const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(written);
    if (short)
      return `#${short
        .slice(1)
        .map((digit) => digit.repeat(2))
        .join("")}`.toLowerCase();
    return /^#[\da-f]{6}$|^\w+$|^(?:rgb|hsl)\([\d ,.%/deg]+\)$/i.test(written) ? written.toLowerCase() : null;
  },
};

const swap = (found: RegExpExecArray | null) => found && [found[0], found[2]!, found[1]!];

const MONTHS = "january february march april may june july august september october november december".split(
  " ",
);

/** 1 to 12; 0 if it is not the name of a month. */
function monthOf(word: string): number {
  const lower = word.toLowerCase();
  const short = lower.length === 3 || lower === "sept";
  return MONTHS.findIndex((name) => name === lower || (short && name.startsWith(lower))) + 1;
}

const two = (number: number) => String(number).padStart(2, "0");
const month = (year: number, m: number) => (m >= 1 && m <= 12 ? `${year}-${two(m)}` : null);

function day(year: number, m: number, d: number): string | null {
  if (m < 1 || m > 12 || d < 1) return null;
  // Day 0 of the next month is the last of this one.
  return d > new Date(Date.UTC(year, m, 0)).getUTCDate() ? null : `${year}-${two(m)}-${two(d)}`;
}

function readDate(written: string): Reading {
  const plain = written
    .replace(/^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? /i, "")
    .replace(/(\d)(?:st|nd|rd|th)\b/gi, "$1");
  const yearFirst = /^(\d{4})([-/. ]?)(\d{1,2})\2(\d{1,2})$/.exec(plain);
  if (yearFirst) {
    // Without separators, each part has two digits.
    if (yearFirst[2] === "" && plain.length !== 8) return null;
    return day(Number(yearFirst[1]), Number(yearFirst[3]), Number(yearFirst[4]));
  }
  const monthFirst = /^(\p{L}+)\.? (\d{1,2}),? (\d{4})$/u.exec(plain);
  if (monthFirst) return day(Number(monthFirst[3]), monthOf(monthFirst[1]!), Number(monthFirst[2]));
  const dayFirst = /^(\d{1,2})\.?[- ](?:of )?(\p{L}+)\.?,?[- ](\d{4})$/u.exec(plain);
  if (dayFirst) return day(Number(dayFirst[3]), monthOf(dayFirst[2]!), Number(dayFirst[1]));
  const numbers = /^(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})$/.exec(plain);
  if (!numbers) return null;
  const [a, b, year] = [Number(numbers[1]), Number(numbers[3]), Number(numbers[4])];
  const both = [day(year, a, b), day(year, b, a)].filter((date) => date !== null);
  return both.length === 2 && both[0] !== both[1] ? both : (both[0] ?? null);
}

function readTime(written: string): string | null {
  if (/^noon$/i.test(written)) return "12:00";
  if (/^midnight$/i.test(written)) return "00:00";
  const found = /^(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2}))? ?(?:([ap])\.?m\.?|h|o'clock|uhr)?$/i.exec(
    written,
  );
  if (!found) return null;
  const half = found[4]?.toLowerCase();
  // A bare number is not a time.
  if (found[2] === undefined && half === undefined) return null;
  let hour = Number(found[1]);
  if (half !== undefined && (hour < 1 || hour > 12)) return null;
  if (half === "p" && hour < 12) hour += 12;
  if (half === "a" && hour === 12) hour = 0;
  const [minute, second] = [found[2] ?? "00", found[3]];
  if (hour > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return null;
  return `${two(hour)}:${minute}${second === undefined ? "" : `:${second}`}`;
}

/** The value of a slider from `min` to `max`: a number, or a percentage. */
export function sliderValue(text: string, min: number, max: number): { value: number } | { why: string } {
  const found = /^([-+]?\d+(?:[.,]\d+)?)\s*(%?)/.exec(text.trim());
  if (!found) return { why: `takes a number from ${min} to ${max}` };
  const number = Number(found[1]!.replace(",", "."));
  // `50%` of 0 to 200 is 100; where the slider itself counts to 100 the two are the same.
  const value = found[2] === "" ? number : min + ((max - min) * number) / 100;
  return value < min || value > max ? { why: `takes a number from ${min} to ${max}` } : { value };
}
