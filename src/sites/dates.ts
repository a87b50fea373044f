/** @file Dates as the built-in sites write them. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `3 Mar 2026`. */
export function day(iso: string): string {
  return `${Number(iso.slice(8, 10))} ${month(iso)}`;
}

/** `Mar 2026`. */
export function month(iso: string): string {
  return `${MONTHS[Number(iso.slice(5, 7)) - 1]!} ${iso.slice(0, 4)}`;
}

/** `12 Mar`, with the year where it is not the world's current one. */
export function shortDay(iso: string): string {
  return day(iso).replace(/ 2026$/, "");
}

/** ISO day `days` after `iso`. */
export function addDays(iso: string, days: number): string {
  return new Date(Date.parse(`${iso.slice(0, 10)}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / 86_400_000);
}
