/** @file Numbers as plots take them: named lines of points, with errors where they are known. */

import { mean } from "../algo/statistics.ts";
import type { MetricLine } from "../run/records.ts";

export interface Point {
  x: number;
  y: number;
  /** Standard error of y. */
  error?: number | null;
}

export interface Series {
  name: string;
  points: Point[];
  dashed?: boolean;
  /** Number of a colour; default a neutral one. */
  colour?: number;
}

/** The most points of a plot: more cannot be told apart, and they slow the page down. */
const MAX_POINTS = 400;

/** A metric of each optimiser step over the whole run, steps counted on from phase to phase. */
export function stepSeries(lines: readonly MetricLine[], metric: string): Series {
  const points: Point[] = [];
  for (const line of lines) {
    const y = line[metric];
    if (line.step !== undefined && typeof y === "number" && Number.isFinite(y))
      points.push({ x: points.length + 1, y });
  }
  return { name: metric, points: thin(points) };
}

/** A metric of whole stages, by phase. */
export function phaseSeries(lines: readonly MetricLine[], metric: string): Series {
  const points: Point[] = [];
  for (const line of lines) {
    const y = line[metric];
    if (line.step === undefined && typeof y === "number" && Number.isFinite(y))
      points.push({ x: line.phase, y });
  }
  return { name: metric, points };
}

/** Means of equal stretches, where there are more than `most` points. */
export function thin(points: readonly Point[], most = MAX_POINTS): Point[] {
  if (points.length <= most) return [...points];
  return Array.from({ length: most }, (_, i) => {
    const part = points.slice(
      Math.floor((i * points.length) / most),
      Math.floor(((i + 1) * points.length) / most),
    );
    return { x: Math.round(mean(part.map(({ x }) => x))), y: mean(part.map(({ y }) => y)) };
  });
}

/** Comma-separated values of a plot, as it is shown. */
export function seriesCsv(series: readonly Series[], xName: string): string {
  const cell = (value: string) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const rows = series.flatMap(({ name, points }) =>
    points.map(({ x, y, error }) => [cell(name), x, y, error ?? ""].join(",")),
  );
  return `${["series", cell(xName), "value", "standard_error"].join(",")}\n${rows.map((row) => `${row}\n`).join("")}`;
}

/**
 * Success rate by phase of Llama-3.1-8B on WebArena-Lite (165 tasks), read off the published curve (arXiv:2411.02337,
 * figure 10). Other tasks and another model: its shape can be compared, its height cannot.
 */
export const PAPER_CURVES: Series[] = [
  { name: "paper: WebRL, Llama-3.1-8B", values: [20.6, 31.5, 30.3, 36.4, 37.6, 37.0, 38.2, 40.0, 42.4] },
  { name: "paper: DigiRL, Llama-3.1-8B", values: [20.6, 28.5, 28.5, 29.1, 30.9, 27.9, 30.3, 30.9, 30.3] },
].map(({ name, values }) => ({
  name,
  dashed: true,
  points: values.map((y, x) => ({ x, y: y / 100 })),
}));
