/**
 * @file Plots as SVG: lines with error bars, and stacked bars. Pure functions of their numbers, used by the report (as
 * HTML) and by the dashboard (bundled with Preact), so they use nothing that only one of the two has.
 */

import type { Point, Series } from "../series.ts";
import { number, percent } from "./format.ts";

export interface LineChartProps {
  title: string;
  xLabel: string;
  yLabel: string;
  series: readonly Series[];
  /** y is a share: axis from 0 to 1 in percent, unless the data is far from filling it. */
  share?: boolean;
  /** Show every point; default up to 40 of a series. */
  markers?: boolean;
  /** x counts something. */
  wholeX?: boolean;
  /** In pixels of the text; default 560. */
  width?: number;
}

const WIDTH = 560;
/** On a phone the text of a wide plot becomes too small to read. */
export const NARROW_WIDTH = 360;
const isNarrow = (width: number) => width < 480;
/** Where titles and legends begin. */
const textLeft = (width: number) => (isNarrow(width) ? 4 : PLOT.left);
const PLOT = { left: 56, top: 44, right: 14, height: 220 };
const LEGEND_ROW = 18;
/** Width of a character of the legend, about. */
const CHARACTER = 6.6;

/** Round steps (1, 2 or 5 times a power of ten) that cover [low, high] in about `count`. */
export function ticks(low: number, high: number, count = 5): number[] {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function legendRows(
  names: readonly string[],
  across: number,
): { name: string; index: number; x: number; row: number }[] {
  const start = textLeft(across);
  const most = Math.min(60, Math.floor((across - start - 26) / CHARACTER));
  let x = start;
  let row = 0;
  return names.map((whole, index) => {
    const name = cut(whole, most);
    const width = 26 + name.length * CHARACTER + 10;
    if (x + width > across && x > start) [x, row] = [start, row + 1];
    const place = { name, index, x, row };
    x += width;
    return place;
  });
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

export function LineChart(props: LineChartProps) {
  const { title, xLabel, yLabel, series, share = false, wholeX = true, width = WIDTH } = props;
  const points = series.flatMap((each) => each.points);
  const legend =
    series.length > 1
      ? legendRows(
          series.map((each) => each.name),
          width,
        )
      : [];
  const legendHeight = legend.length > 0 ? (legend.at(-1)!.row + 1) * LEGEND_ROW + 4 : 0;
  const height = PLOT.top + PLOT.height + 44 + legendHeight;
  const bottom = PLOT.top + PLOT.height;

  const xs = points.map((point) => point.x);
  const reach = (point: Point) => errorReach(point, share);
  const lows = points.map((point) => reach(point).low);
  const highs = points.map((point) => reach(point).high);
  let [xMin, xMax] = [least(xs, 0), most(xs, 1)];
  // One place alone stands in the middle.
  if (xMin === xMax) [xMin, xMax] = [xMin - 0.5, xMax + 0.5];
  let [yMin, yMax] = [least(lows, 0), most(highs, 1)];
  if (share) [yMin, yMax] = [Math.min(0, yMin), yMax <= 0.5 ? Math.max(0.1, yMax) : Math.max(1, yMax)];
  // Rounding is no difference.
  if (yMax - yMin < 1e-9 * Math.abs(yMax)) yMin = yMax;
  if (yMin === yMax) [yMin, yMax] = yMin === 0 ? [0, 1] : [Math.min(0, 2 * yMin), Math.max(0, 2 * yMin)];
  if (!share) {
    const margin = 0.05 * (yMax - yMin);
    [yMin, yMax] = [yMin >= 0 && yMin < 0.3 * yMax ? 0 : yMin - margin, yMax + margin];
  }
  const x = (value: number) =>
    PLOT.left + ((value - xMin) / (xMax - xMin)) * (width - PLOT.left - PLOT.right - 8) + 4;
  const y = (value: number) => bottom - ((value - yMin) / (yMax - yMin)) * PLOT.height;
  const show = (value: number) => (share ? percent(value) : number(value));
  const xTicks = ticks(xMin, xMax, isNarrow(width) ? 5 : 8).filter(
    (tick) => !wholeX || Number.isInteger(tick),
  );
  const lines = ordered(series);

  return (
    <svg
      class={isNarrow(width) ? "chart narrow" : "chart"}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${title}. ${summary(series, show)}`}
      xmlns="http://www.w3.org/2000/svg"
    >
      <text class="chart-title" x={textLeft(width)} y={18}>
        {title}
      </text>
      <text class="chart-label" x={textLeft(width)} y={35}>
        {yLabel}
      </text>
      {ticks(yMin, yMax).map((tick) => (
        <g key={`y${tick}`}>
          <line class="grid" x1={PLOT.left} x2={width - PLOT.right} y1={y(tick)} y2={y(tick)} />
          <text class="tick" x={PLOT.left - 7} y={y(tick) + 4} text-anchor="end">
            {show(tick)}
          </text>
        </g>
      ))}
      {xTicks.map((tick) => (
        <text key={`x${tick}`} class="tick" x={x(tick)} y={bottom + 17} text-anchor="middle">
          {number(tick)}
        </text>
      ))}
      <line class="axis" x1={PLOT.left} x2={width - PLOT.right} y1={bottom} y2={bottom} />
      <text class="chart-label" x={width - PLOT.right} y={bottom + 35} text-anchor="end">
        {xLabel}
      </text>
      {points.length === 0 && (
        <text class="chart-label" x={width / 2} y={PLOT.top + PLOT.height / 2} text-anchor="middle">
          no data yet
        </text>
      )}
      {lines.map(({ series: each, index }) => (
        <g key={each.name} class={`s${index % 8}`}>
          {each.points.length > 1 && (
            <polyline
              class="line"
              fill="none"
              stroke-dasharray={each.dashed ? "5 4" : "none"}
              points={each.points
                .map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`)
                .join(" ")}
            />
          )}
          {each.points.map((point) => (
            <ErrorBar key={`e${point.x}`} point={point} reach={reach} x={x} y={y} />
          ))}
          {(props.markers ?? each.points.length <= 40) &&
            each.points.map((point) => (
              <circle key={`p${point.x}`} class="point" cx={x(point.x)} cy={y(point.y)} r={3.5}>
                <title>{`${each.name}, ${xLabel} ${number(point.x)}: ${show(point.y)}${point.error ? ` ± ${show(point.error)}` : ""}`}</title>
              </circle>
            ))}
        </g>
      ))}
      {legend.map(({ name, index, x: left, row }) => (
        <g key={name} class={`s${index % 8}`}>
          <line
            class="line"
            x1={left}
            x2={left + 16}
            y1={bottom + 44 + row * LEGEND_ROW + 4}
            y2={bottom + 44 + row * LEGEND_ROW + 4}
            stroke-dasharray={series[index]!.dashed ? "5 4" : "none"}
          />
          <text class="legend" x={left + 21} y={bottom + 44 + row * LEGEND_ROW + 8}>
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}

/** Dashed ones first, so that they lie below. */
const ordered = (series: readonly Series[]) =>
  series
    .map((each, index) => ({ series: each, index }))
    .sort((a, b) => Number(b.series.dashed ?? false) - Number(a.series.dashed ?? false));

const least = (values: readonly number[], otherwise: number) =>
  values.length === 0 ? otherwise : values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[], otherwise: number) =>
  values.length === 0 ? otherwise : values.reduce((a, b) => Math.max(a, b));

/** What a person who cannot see the plot is told. */
function summary(series: readonly Series[], show: (value: number) => string): string {
  const parts = series.slice(0, 6).flatMap(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last ? [`${name}: from ${show(first.y)} to ${show(last.y)}`] : [];
  });
  return parts.length > 0 ? parts.join("; ") : "No data yet.";
}

/** One standard error to both sides; a share's does not leave [0, 1]. */
function errorReach({ y, error }: Point, share: boolean): { low: number; high: number } {
  const [low, high] = [y - (error ?? 0), y + (error ?? 0)];
  return share ? { low: Math.max(Math.min(0, y), low), high: Math.min(Math.max(1, y), high) } : { low, high };
}

function ErrorBar(props: {
  point: Point;
  reach: (point: Point) => { low: number; high: number };
  x: (v: number) => number;
  y: (v: number) => number;
}) {
  const { point, reach, x, y } = props;
  if (!point.error) return null;
  const [low, high, at] = [y(reach(point).low), y(reach(point).high), x(point.x)];
  return (
    <g class="error">
      <line x1={at} x2={at} y1={low} y2={high} />
      <line x1={at - 4} x2={at + 4} y1={low} y2={low} />
      <line x1={at - 4} x2={at + 4} y1={high} y2={high} />
    </g>
  );
}

export interface BarChartProps {
  title: string;
  yLabel: string;
  /** One bar a group, its parts stacked in the order of `parts`. */
  parts: readonly string[];
  groups: readonly { label: string; values: Record<string, number> }[];
  /** In pixels of the text; default 560. */
  width?: number;
}

export function BarChart({ title, yLabel, parts, groups, width: across = WIDTH }: BarChartProps) {
  const legend = parts.length > 1 ? legendRows(parts, across) : [];
  const legendHeight = legend.length > 0 ? (legend.at(-1)!.row + 1) * LEGEND_ROW + 4 : 0;
  const height = PLOT.top + PLOT.height + 30 + legendHeight;
  const bottom = PLOT.top + PLOT.height;
  const totals = groups.map(({ values }) => parts.reduce((sum, part) => sum + (values[part] ?? 0), 0));
  const yMax = most(totals, 1) || 1;
  const y = (value: number) => bottom - (value / yMax) * PLOT.height;
  const slot = (across - PLOT.left - PLOT.right) / Math.max(1, groups.length);
  const width = Math.min(64, 0.72 * slot);
  const everyLabel = Math.ceil((groups.length * 46) / (across - PLOT.left));
  return (
    <svg
      class={isNarrow(across) ? "chart narrow" : "chart"}
      viewBox={`0 0 ${across} ${height}`}
      role="img"
      aria-label={`${title}. ${groups.map((group, i) => `${group.label}: ${number(totals[i]!)}`).join("; ") || "No data yet."}`}
      xmlns="http://www.w3.org/2000/svg"
    >
      <text class="chart-title" x={textLeft(across)} y={18}>
        {title}
      </text>
      <text class="chart-label" x={textLeft(across)} y={35}>
        {yLabel}
      </text>
      {ticks(0, yMax).map((tick) => (
        <g key={`y${tick}`}>
          <line class="grid" x1={PLOT.left} x2={across - PLOT.right} y1={y(tick)} y2={y(tick)} />
          <text class="tick" x={PLOT.left - 7} y={y(tick) + 4} text-anchor="end">
            {number(tick)}
          </text>
        </g>
      ))}
      <line class="axis" x1={PLOT.left} x2={across - PLOT.right} y1={bottom} y2={bottom} />
      {groups.map((group, i) => {
        const left = PLOT.left + i * slot + (slot - width) / 2;
        let below = 0;
        return (
          <g key={group.label}>
            {parts.map((part, index) => {
              const value = group.values[part] ?? 0;
              below += value;
              return value > 0 ? (
                <rect
                  key={part}
                  class={`bar s${index % 8}`}
                  x={left}
                  width={width}
                  y={y(below)}
                  height={y(below - value) - y(below)}
                >
                  <title>{`${group.label}, ${part}: ${number(value)}`}</title>
                </rect>
              ) : null;
            })}
            {i % everyLabel === 0 && (
              <text class="tick" x={left + width / 2} y={bottom + 17} text-anchor="middle">
                {cut(group.label, 18)}
              </text>
            )}
          </g>
        );
      })}
      {legend.map(({ name, index, x, row }) => (
        <g key={name}>
          <rect class={`bar s${index % 8}`} x={x} y={bottom + 28 + row * LEGEND_ROW} width={12} height={12} />
          <text class="legend" x={x + 18} y={bottom + 38 + row * LEGEND_ROW}>
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}
