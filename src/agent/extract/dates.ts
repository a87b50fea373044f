/** @file Parses dates as pages write them: ISO, numbers in either order, names of months in several languages. */

/** Which of two numbers comes first when it could be either. */
export type DateOrder = "day first" | "month first";

const LOCALES = ["en", "de", "fr", "es", "it", "nl", "pt", "sv", "pl"];

const fold = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/\.$/, "");

/** The month of each long and short name. */
const MONTHS = new Map<string, number>(
  LOCALES.flatMap((locale) =>
    (["long", "short"] as const).flatMap((month) =>
      Array.from({ length: 12 }, (_, index): [string, number] => {
        const date = new Date(Date.UTC(2001, index, 15));
        const parts = new Intl.DateTimeFormat(locale, {
          day: "numeric",
          month,
          timeZone: "UTC",
        }).formatToParts(date);
        return [fold(parts.find(({ type }) => type === "month")?.value ?? ""), index + 1];
      }),
    ),
  ).concat([["sept", 9]]),
);

const TIME = String.raw`(?:(?:\s*(?:,|at|T|um|à|a las|-)?\s*)(?<hour>\d{1,2})[:.h](?<minute>\d{2})(?::(?<second>\d{2})(?:\.\d+)?)?\s*(?<half>[ap]\.?m\.?)?\s*(?<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?`;
const NAME = String.raw`(?<name>\p{L}{3,12}\.?)`;
const DAY = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?`;
const SHAPES = [
  new RegExp(String.raw`(?<!\d)(?<year>\d{4})[-/.](?<month>\d{1,2})[-/.](?<day>\d{1,2})(?!\d)${TIME}`, "iu"),
  new RegExp(
    String.raw`(?<!\d)${DAY}\s*(?:of|de)?[\s-]*${NAME},?\s*(?:de|of|-)?\s*(?<year>\d{4})(?!\d)${TIME}`,
    "iu",
  ),
  new RegExp(String.raw`${NAME}[\s-]+${DAY},?\s+(?<year>\d{4})(?!\d)${TIME}`, "iu"),
  new RegExp(String.raw`(?<!\d)(?<year>\d{4})年(?<month>\d{1,2})月(?<day>\d{1,2})日${TIME}`, "iu"),
  new RegExp(
    String.raw`(?<!\d)(?<a>\d{1,2})(?<mark>[/.-])(?<b>\d{1,2})\k<mark>(?<year>\d{4}|\d{2})(?!\d)${TIME}`,
    "iu",
  ),
];

/**
 * The first date in a text, as `2025-03-12` or `2025-03-12T08:30:00Z`; `null` if none is complete. A date and time
 * without a zone is taken as UTC, and a date without a time as midnight. Dates relative to today do not count.
 */
export function findDate(text: string, order: DateOrder, format: "date" | "date-time"): string | null {
  for (const shape of SHAPES) {
    const parts = shape.exec(text)?.groups;
    if (!parts) continue;
    const day = dayOf(parts, order);
    if (day === null) continue;
    return format === "date" ? day : `${day}T${timeOf(parts)}`;
  }
  return null;
}

function dayOf(parts: Record<string, string | undefined>, order: DateOrder): string | null {
  let month = Number(parts["month"]);
  let day = Number(parts["day"]);
  if (parts["name"] !== undefined) month = MONTHS.get(fold(parts["name"])) ?? Number.NaN;
  if (parts["a"] !== undefined) {
    const [a, b] = [Number(parts["a"]), Number(parts["b"])];
    // With points, the day comes first everywhere.
    const dayFirst = parts["mark"] === "." || a > 12 || (b <= 12 && order === "day first");
    [day, month] = dayFirst ? [a, b] : [b, a];
  }
  const written = Number(parts["year"]);
  const year = written < 100 ? written + (written < 70 ? 2000 : 1900) : written;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (Number.isNaN(date.getTime()) || date.getUTCMonth() !== month - 1) return null;
  return date.toISOString().slice(0, 10);
}

function timeOf({ hour, minute, second, half, zone }: Record<string, string | undefined>): string {
  if (hour === undefined) return "00:00:00Z";
  const late = half?.toLowerCase().startsWith("p");
  const of24 = half === undefined ? Number(hour) : (Number(hour) % 12) + (late ? 12 : 0);
  const two = (text: string | number) => String(text).padStart(2, "0");
  const offset = zone === undefined || /^[A-Z]/i.test(zone) ? "Z" : zone.replace(/^(...):?(..)$/, "$1:$2");
  return `${two(of24)}:${minute!}:${second ?? "00"}${offset}`;
}
