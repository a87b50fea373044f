import { describe, expect, it } from "vitest";
import { seriesCsv, stepSeries, thin } from "../series.ts";
import { BarChart, LineChart, NARROW_WIDTH, ticks } from "./chart.tsx";

const draw = (chart: { toString(): unknown }) => String(chart.toString());

describe("plots", () => {
  it("have round ticks inside their range", () => {
    expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(0, 3, 8)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3]);
    expect(ticks(-0.02, 0.021)).toEqual([-0.02, -0.01, 0, 0.01, 0.02]);
  });

  it("draw an error bar from y − error to y + error", () => {
    const html = draw(
      <LineChart
        title="t"
        xLabel="x"
        yLabel="y"
        share
        series={[
          {
            name: "a",
            points: [
              { x: 0, y: 0.5, error: 0.25 },
              { x: 1, y: 1 },
            ],
          },
        ]}
      />,
    );
    // The plot is 220 high and ends at y = 264: 0.25 of it is 55.
    expect(html).toContain('y1="209" y2="99"');
    expect(html).toContain("a: from 50% to 100%");
  });

  it("put a single point in the middle, and fit on a phone", () => {
    const one = { title: "t", xLabel: "x", yLabel: "y", series: [{ name: "a", points: [{ x: 3, y: 1 }] }] };
    const middle = (html: string) => Number(/cx="([^"]+)"/.exec(html)![1]);
    // From 56 + 4 to 560 − 14 − 4.
    expect(middle(draw(<LineChart {...one} />))).toBe(301);
    const narrow = draw(
      <LineChart
        {...one}
        width={NARROW_WIDTH}
        series={["a".repeat(80), "b"].map((name) => ({ name, points: [] }))}
      />,
    );
    expect(narrow).toContain(`viewBox="0 0 ${NARROW_WIDTH} `);
    const legend = /class="legend"[^>]*>([^<]*)</.exec(narrow)![1]!;
    expect(legend).toMatch(/^a+…$/);
    expect(legend.length * 6.6 + 26).toBeLessThanOrEqual(NARROW_WIDTH);
  });

  it("say so where there is no data, and do not break", () => {
    const empty = draw(<LineChart title="t" xLabel="x" yLabel="y" series={[{ name: "a", points: [] }]} />);
    expect(empty).toContain("no data yet");
    expect(empty).not.toMatch(/NaN|Infinity/);
    const bars = draw(<BarChart title="t" yLabel="y" parts={[]} groups={[]} />);
    expect(bars).not.toMatch(/NaN|Infinity/);
  });

  it("survive constant, negative and rounded-off values", () => {
    for (const values of [
      [3, 3],
      [-2, -2],
      [0, 0],
      [1.42857, 1.42857 + 1e-12],
      [-1, 5],
    ]) {
      const points = values.map((y, x) => ({ x, y }));
      const html = draw(<LineChart title="t" xLabel="x" yLabel="y" series={[{ name: "a", points }]} />);
      expect(html).not.toMatch(/NaN|Infinity/);
      for (const match of html.matchAll(/cy="([^"]+)"/g)) {
        expect(Number(match[1])).toBeGreaterThanOrEqual(44);
        expect(Number(match[1])).toBeLessThanOrEqual(264);
      }
    }
  });
});

describe("series", () => {
  it("count optimiser steps on over phases and are thinned to means", () => {
    const lines = Array.from({ length: 1000 }, (_, i) => ({
      phase: 1 + Math.floor(i / 500),
      stage: "actor" as const,
      step: i % 500,
      "actor/loss": i,
    }));
    const { points } = stepSeries(lines, "actor/loss");
    expect(points.length).toBe(400);
    expect(points.reduce((sum, point) => sum + point.y, 0) / 400).toBeCloseTo(499.5, 0);
    expect(thin(points.slice(0, 3))).toEqual(points.slice(0, 3));
  });

  it("become CSV that keeps commas, quotes and errors apart", () => {
    const csv = seriesCsv(
      [
        {
          name: 'a, "b"',
          points: [
            { x: 1, y: 0.5, error: 0.1 },
            { x: 2, y: 1 },
          ],
        },
      ],
      "phase",
    );
    expect(csv).toBe('series,phase,value,standard_error\n"a, ""b""",1,0.5,0.1\n"a, ""b""",2,1,\n');
  });
});
