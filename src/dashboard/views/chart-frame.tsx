/**
 * @file What line and bar charts share: where things lie, axes whose labels can be told apart and have room, titles and
 * legend. Scales and ticks are D3's (docs/decisions/0007).
 */

import type { ScaleLinear } from "d3-scale";
import type { PropsWithChildren } from "hono/jsx";

export const WIDTH = 560;
/** On a phone the text of a wide plot becomes too small to read. */
export const NARROW_WIDTH = 360;
const isNarrow = (width: number) => width < 480;
/** Where titles and legends begin. */
const textLeft = (width: number) => (isNarrow(width) ? 4 : PLOT.left);
export const PLOT = { left: 56, top: 44, right: 14, height: 220 };
export const BOTTOM = PLOT.top + PLOT.height;
const LEGEND_ROW = 18;
/** Width of a character of the legend, about. */
export const CHARACTER = 6.6;
/** Of a label at an axis, which the report draws larger on a phone. */
const TICK_CHARACTER = 8.2;

/** About. */
export const Y_TICKS = 5;

type Linear = ScaleLinear<number, number>;

/** The ticks of y with labels that tell them apart, and the place that those take. */
export function yAxis(y: Linear, specifier?: string) {
  const largest = Math.max(...y.domain().map(Math.abs));
  const format = y.tickFormat(Y_TICKS, specifier ?? (largest >= 1e5 ? "~s" : largest < 1e-3 ? "~e" : ",f"));
  const yTicks = y
    .ticks(Y_TICKS)
    .map((value) => ({ at: y(value), label: value === 0 && !specifier ? "0" : format(value) }));
  return {
    yTicks,
    left: Math.max(PLOT.left, 8 + TICK_CHARACTER * Math.max(0, ...yTicks.map(({ label }) => label.length))),
  };
}

/** As many ticks of x as have room for their labels. D3 takes a count as a wish. */
export function xAxis(x: Linear, whole: boolean) {
  const [left, right] = x.range() as [number, number];
  const axes = [8, 6, 4, 2].map((count) => {
    const format = x.tickFormat(count, whole ? ",d" : undefined);
    const ticks = x.ticks(count).filter((value) => !whole || Number.isInteger(value));
    return ticks.map((value) => ({ at: x(value), label: format(value) }));
  });
  const needs = (axis: { label: string }[]) =>
    axis.reduce((sum, { label }) => sum + label.length * TICK_CHARACTER + 12, 0);
  return axes.find((axis) => needs(axis) <= right - left) ?? axes.at(-1)!;
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

export const cut = (text: string, most: number) =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** What both kinds of plot have: titles, the axis of y with its grid, the line below, the legend. */
export function Frame(
  props: PropsWithChildren<
    ReturnType<typeof yAxis> & {
      title: string;
      yLabel: string;
      /** For a person who cannot see the plot. */
      description: string;
      width: number;
      /** Height of what stands between the axis and the legend. */
      below: number;
      /** In the legend; a plot without names has none. */
      names: readonly string[];
      swatch: (index: number) => unknown;
      /** Number of the colour of each name. */
      colour: (index: number) => number;
    }
  >,
) {
  const { title, yLabel, width, yTicks, left, children } = props;
  const legend = legendRows(props.names, width);
  const legendHeight = legend.length > 0 ? (legend.at(-1)!.row + 1) * LEGEND_ROW + 4 : 0;
  return (
    <svg
      class={isNarrow(width) ? "chart narrow" : "chart"}
      viewBox={`0 0 ${width} ${BOTTOM + props.below + legendHeight}`}
      role="img"
      aria-label={`${title}. ${props.description}`}
      xmlns="http://www.w3.org/2000/svg"
    >
      <text class="chart-title" x={textLeft(width)} y={18}>
        {title}
      </text>
      <text class="chart-label" x={textLeft(width)} y={35}>
        {yLabel}
      </text>
      {yTicks.map(({ at, label }) => (
        <g key={`y${at}`}>
          <line class="grid" x1={left} x2={width - PLOT.right} y1={at} y2={at} />
          <text class="tick" x={left - 7} y={at + 4} text-anchor="end">
            {label}
          </text>
        </g>
      ))}
      <line class="axis" x1={left} x2={width - PLOT.right} y1={BOTTOM} y2={BOTTOM} />
      {children}
      {legend.map(({ name, index, x, row }) => (
        <g
          key={name}
          class={`s${props.colour(index) % 8}`}
          transform={`translate(${x},${BOTTOM + props.below + row * LEGEND_ROW - 4})`}
        >
          {props.swatch(index)}
          <text class="legend" x={21} y={12}>
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}
