/** @file Numbers as people read them. */

import { inPercent, percent } from "../../core/percent.ts";

/** A share with its standard error: `42% ± 6`. */
export const share = (value: number, error?: number | null): string =>
  error === null || error === undefined ? percent(value, 0) : `${percent(value, 0)} ± ${inPercent(error, 0)}`;

export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(1000 * seconds)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Three significant digits, without noise. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

export const words = (name: string): string => name.replaceAll("_", " ");
