/**
 * @file Plots as SVG: lines with error bars, and stacked bars. Pure functions of their numbers, used by the report (as
 * HTML) and by the dashboard (bundled with Preact), so they use nothing that only one of the two has. Scales, ticks,
 * paths and stacks are D3's (docs/decisions/0007).
 */

import { scaleBand, scaleLinear } from "d3-scale";
import { line, stack } from "d3-shape";
import type { Point, Series } from "../series.ts";
import { BOTTOM, CHARACTER, cut, Frame, PLOT, WIDTH, xAxis, Y_TICKS, yAxis } from "./chart-frame.tsx";
import { percent } from "../../core/percent.ts";
import { number } from "./format.ts";

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

export function LineChart(props: LineChartProps) {
  const { title, xLabel, yLabel, series, share = false, wholeX = true, width = WIDTH } = props;
  const points = series.flatMap((each) => each.points);
  const reach = (point: Point) => errorReach(point, share);
  const xs = points.map((point) => point.x);
  const y = scaleLinear(yDomain(points.map(reach), share), [BOTTOM, PLOT.top]);
  if (!share) y.nice(Y_TICKS);
  const { yTicks, left } = yAxis(y, share ? "%" : undefined);
  // A single place is in the middle, where a scale of no extent puts everything.
  const x = scaleLinear(xs.length > 0 ? [Math.min(...xs), Math.max(...xs)] : [0, 1], [
    left + 4,
    width - PLOT.right - 4,
  ]);
  const xTicks = xAxis(x, wholeX);
  const path = line<Point>(
    (point) => x(point.x),
    (point) => y(point.y),
  ).digits(1);
  const show = (value: number) => (share ? percent(value, 0) : number(value));
  const lines = orderSeries(series);

  return (
    <Frame
      {...{ title, yLabel, width, yTicks, left }}
      below={44}
      description={summary(series, show)}
      names={series.length > 1 ? series.map(({ name }) => name) : []}
      colour={(index) => series[index]!.colour ?? neutralColour(index)}
      swatch={(index) => <path class="line" stroke-dasharray={dashes(series[index]!)} d="M0,8h16" />}
    >
      {xTicks.map(({ at, label }) => (
        <text key={`x${at}`} class="tick" x={at} y={BOTTOM + 17} text-anchor="middle">
          {label}
        </text>
      ))}
      <text class="chart-label" x={width - PLOT.right} y={BOTTOM + 35} text-anchor="end">
        {xLabel}
      </text>
      {points.length === 0 && (
        <text class="chart-label" x={width / 2} y={PLOT.top + PLOT.height / 2} text-anchor="middle">
          no data yet
        </text>
      )}
      {lines.map(({ series: each, index }) => (
        <g key={each.name} class={`s${each.colour ?? neutralColour(index)}`}>
          {each.points.length > 1 && (
            <path class="line" fill="none" stroke-dasharray={dashes(each)} d={path(each.points)!} />
          )}
          {each.points.map((point) => {
            if (!point.error) return null;
            const { low, high } = reach(point);
            const bar = `M${x(point.x) - 4},${y(high)}h8m-4,0V${y(low)}m-4,0h8`;
            return <path key={`e${point.x}`} class="error" fill="none" d={bar} />;
          })}
          {(props.markers ?? each.points.length <= 40) &&
            each.points.map((point) => (
              <circle key={`p${point.x}`} class="point" cx={x(point.x)} cy={y(point.y)} r={3.5}>
                <title>{`${each.name}, ${xLabel} ${number(point.x)}: ${show(point.y)}${point.error ? ` ± ${show(point.error)}` : ""}`}</title>
              </circle>
            ))}
        </g>
      ))}
    </Frame>
  );
}

/** Blue, ochre, magenta, grey, purple, teal, orange: green is left out, because it means success. */
const NEUTRAL = [0, 4, 6, 7, 3, 5, 1];
const neutralColour = (index: number): number => NEUTRAL[index % NEUTRAL.length]!;

const dashes = ({ dashed }: Series) => (dashed ? "5 4" : "none");

/** From the lowest end of an error bar to the highest, with 0 unless all is far from it. */
function yDomain(reaches: readonly { low: number; high: number }[], share: boolean): [number, number] {
  if (reaches.length === 0) return [0, 1];
  const low = Math.min(...reaches.map((each) => each.low));
  const high = Math.max(...reaches.map((each) => each.high));
  // Room above, so that no line lies on the edge.
  if (share) return [Math.min(0, low), high <= 0.5 ? Math.max(0.1, 1.15 * high) : Math.max(1, high)];
  // Differences that come from rounding do not count.
  if (high - low < 1e-9 * Math.abs(high) || high === low)
    return high === 0 ? [0, 1] : [Math.min(0, 2 * high), Math.max(0, 2 * high)];
  return [low >= 0 && low < 0.3 * high ? 0 : low, high];
}

/** Dashed ones first, so that they lie below. */
const orderSeries = (series: readonly Series[]) =>
  series
    .map((each, index) => ({ series: each, index }))
    .sort((a, b) => Number(b.series.dashed ?? false) - Number(a.series.dashed ?? false));

const NO_DATA = "No data yet.";

/** What a person who cannot see the plot is told. */
function summary(series: readonly Series[], show: (value: number) => string): string {
  const parts = series.slice(0, 6).flatMap(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last ? [`${name}: from ${show(first.y)} to ${show(last.y)}`] : [];
  });
  return parts.length > 0 ? parts.join("; ") : NO_DATA;
}

/** One standard error to both sides; a share's does not leave [0, 1]. */
function errorReach({ y, error }: Point, share: boolean): { low: number; high: number } {
  const [low, high] = [y - (error ?? 0), y + (error ?? 0)];
  return share ? { low: Math.max(Math.min(0, y), low), high: Math.min(Math.max(1, y), high) } : { low, high };
}

export interface BarChartProps {
  title: string;
  yLabel: string;
  /** One bar a group, its parts stacked in the order of `parts`. */
  parts: readonly string[];
  groups: readonly BarGroup[];
  /** Number of the colour of each part; default a neutral one. */
  colours?: readonly number[];
  /** In pixels of the text; default 560. */
  width?: number;
}

interface BarGroup {
  label: string;
  values: Record<string, number>;
}

export function BarChart({ title, yLabel, parts, groups, colours, width = WIDTH }: BarChartProps) {
  const colour = (index: number) => colours?.[index] ?? neutralColour(index);
  const stacks = stack<BarGroup>()
    .keys(parts)
    .value(({ values }, part) => values[part] ?? 0)(groups);
  const totals = groups.map((_, i) => stacks.at(-1)?.[i]![1] ?? 0);
  const y = scaleLinear([0, Math.max(0, ...totals) || 1], [BOTTOM, PLOT.top]).nice(Y_TICKS);
  const { yTicks, left } = yAxis(y);
  const labels = groups.map(({ label }) => cut(label, 18));
  const x = scaleBand(
    groups.map(({ label }) => label),
    [left, width - PLOT.right],
  ).padding(0.28);
  const barWidth = Math.min(64, x.bandwidth());
  const middle = (label: string) => x(label)! + x.bandwidth() / 2;
  const longest = Math.max(0, ...labels.map(({ length }) => length));
  const everyLabel = Math.ceil((longest * CHARACTER + 4) / x.step());
  return (
    <Frame
      {...{ title, yLabel, width, yTicks, left }}
      below={30}
      description={groups.map(({ label }, i) => `${label}: ${number(totals[i]!)}`).join("; ") || NO_DATA}
      names={parts}
      colour={colour}
      swatch={() => <rect class="bar" y={2} width={12} height={12} />}
    >
      {stacks.map((bars) =>
        bars.map(
          ([low, high], i) =>
            high > low && (
              <rect
                key={`${bars.key} ${i}`}
                class={`bar s${colour(bars.index)}`}
                x={middle(groups[i]!.label) - barWidth / 2}
                width={barWidth}
                y={y(high)}
                height={y(low) - y(high)}
              >
                <title>{`${groups[i]!.label}, ${bars.key}: ${number(groups[i]!.values[bars.key]!)}`}</title>
              </rect>
            ),
        ),
      )}
      {groups.map(
        ({ label }, i) =>
          i % everyLabel === 0 && (
            <text key={label} class="tick" x={middle(label)} y={BOTTOM + 17} text-anchor="middle">
              {labels[i]}
            </text>
          ),
      )}
    </Frame>
  );
}
