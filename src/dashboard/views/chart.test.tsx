import { describe, expect, it } from "vitest";
import { candidatePlot, perplexityPlot, splitPlots } from "../plots.ts";
import { seriesCsv, stepSeries, thin } from "../series.ts";
import { NARROW_WIDTH } from "./chart-frame.tsx";
import { BarChart, LineChart } from "./chart.tsx";

const draw = (chart: { toString(): unknown }) => String(chart.toString());

describe("plots", () => {
  it("have round ticks, with labels that differ and fit beside the plot", () => {
    const yLabels = (values: number[], share = false) => {
      const points = values.map((y, x) => ({ x, y }));
      const html = draw(
        <LineChart title="t" xLabel="x" yLabel="y" share={share} series={[{ name: "a", points }]} />,
      );
      const ticks = [...html.matchAll(/class="tick" x="([^"]+)"[^>]*text-anchor="end">([^<]*)</g)];
      for (const [, end, label] of ticks) expect(label!.length * 6.6).toBeLessThanOrEqual(Number(end));
      return ticks.map(([, , label]) => label);
    };
    expect(yLabels([0, 1], true)).toEqual(["0%", "20%", "40%", "60%", "80%", "100%"]);
    expect(yLabels([-0.02, 0.021])).toEqual(["−0.02", "−0.01", "0", "0.01", "0.02", "0.03"]);
    expect(yLabels([1000.01, 1000.03])).toEqual([
      "1,000.010",
      "1,000.015",
      "1,000.020",
      "1,000.025",
      "1,000.030",
    ]);
    expect(yLabels([0, 2e7])).toEqual(["0", "5M", "10M", "15M", "20M"]);
    expect(yLabels([1e-7, 3e-7])).toEqual(["1e-7", "1.5e-7", "2e-7", "2.5e-7", "3e-7"]);
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
    expect(html).toMatch(/class="error" [^>]*d="M[\d.]+,99h[^"]*V209m/);
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

  it("label as many places along x as there is room for, on a phone, too", () => {
    for (const [last, width] of [
      [22_345, 560],
      [22_345, NARROW_WIDTH],
      [9, NARROW_WIDTH],
      [1_234_567, NARROW_WIDTH],
    ] as const) {
      const points = [1, last].map((x) => ({ x, y: 1 }));
      const html = draw(
        <LineChart title="t" xLabel="x" yLabel="y" width={width} series={[{ name: "a", points }]} />,
      );
      const ticks = [...html.matchAll(/class="tick" x="([^"]+)"[^>]*text-anchor="middle">([^<]*)</g)];
      expect(ticks.length).toBeGreaterThan(1);
      for (const [i, [, at, label]] of ticks.entries())
        if (i > 0) expect(Number(at) - Number(ticks[i - 1]![1])).toBeGreaterThan(label!.length * 6.6);
    }
  });

  it("keep the error bars of shares within 0 and 1", () => {
    const points = [0, 1].map((y) => ({ x: y, y, error: 0.1 }));
    const html = draw(<LineChart title="t" xLabel="x" yLabel="y" share series={[{ name: "a", points }]} />);
    // Half a bar each: 0.1 of 220 is 22, from the axis at 264 up and from the top at 44 down.
    expect(
      [...html.matchAll(/class="error" [^>]*d="M[\d.]+,(\d+)h[^"]*V(\d+)m/g)].map((m) => [m[1], m[2]]),
    ).toEqual([
      ["242", "264"],
      ["44", "66"],
    ]);
  });

  it("stack a bar's parts, and label as many bars as there is room for", () => {
    const groups = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ label: `phase ${i}`, values: { a: 1, b: 3 } }));
    const html = draw(<BarChart title="t" yLabel="y" parts={["a", "b"]} groups={groups(1)} />);
    // 4 of 4 are 220 high: the first part 55, the second 165 on top of it.
    expect(html).toMatch(/class="bar s0"[^>]* y="209" height="55"/);
    expect(html).toMatch(/class="bar s4"[^>]* y="44" height="165"/);
    const labels = [
      ...draw(<BarChart title="t" yLabel="y" parts={["a"]} groups={groups(60)} />).matchAll(
        /class="tick" x="([^"]+)"[^>]*text-anchor="middle">([^<]*)</g,
      ),
    ];
    for (const [i, [, at, label]] of labels.entries())
      if (i > 0) expect(Number(at) - Number(labels[i - 1]![1])).toBeGreaterThan(label!.length * 6.6);
  });

  it("name a bar's only part, but not the only line, which the title names", () => {
    const bars = draw(
      <BarChart title="t" yLabel="y" parts={["kept"]} groups={[{ label: "one", values: { kept: 3 } }]} />,
    );
    expect(bars).toMatch(/class="legend"[^>]*>kept</);
    const points = [0, 1].map((x) => ({ x, y: x }));
    const lines = draw(<LineChart title="t" xLabel="x" yLabel="y" series={[{ name: "a", points }]} />);
    expect(lines).not.toContain('class="legend"');
  });

  it("paint the same outcome in the same colour wherever it is, and what was taken green", () => {
    const colours = (counts: Record<string, number>) => {
      const html = draw(<BarChart {...candidatePlot([{ phase: 1, counts }])} />);
      return Object.fromEntries(
        [...html.matchAll(/class="bar (s\d)"[^>]*><title>phase 1, ([^:]+):/g)].map((m) => [m[2], m[1]]),
      );
    };
    const all = colours({ too_hard: 1, kept: 2, too_easy: 3 });
    expect(all["kept"]).toBe("s2");
    expect(all["too hard"]).not.toBe("s2");
    expect(colours({ kept: 2, too_hard: 1 })).toEqual({ kept: all["kept"], "too hard": all["too hard"] });
    const replay = draw(
      <BarChart {...perplexityPlot(1, [{ label: "1", values: { too_hard: 1, selected: 2 } }])} />,
    );
    expect(replay).toMatch(new RegExp(`class="bar ${all["too hard"]}"[^>]*><title>1, too hard`));
    expect(replay).toMatch(/class="bar s2"[^>]*><title>1, selected/);
    expect(replay).not.toContain("over limit");
  });

  it("leave green to success", () => {
    const names = "abcdefgh".split("");
    const points = [0, 1].map((x) => ({ x, y: x }));
    const series = names.map((name) => ({ name, points }));
    const lines = draw(<LineChart title="t" xLabel="x" yLabel="y" series={series} />);
    const groups = [{ label: "one", values: Object.fromEntries(names.map((name) => [name, 1])) }];
    const bars = draw(<BarChart title="t" yLabel="y" parts={names} groups={groups} />);
    for (const html of [lines, bars]) {
      expect(html).toMatch(/s0"/);
      expect(html).not.toMatch(/s2"/);
    }
  });

  it("keep a line of small shares off the upper edge", () => {
    const points = [0, 1].map((x) => ({ x, y: 0.2 }));
    const html = draw(<LineChart title="t" xLabel="x" yLabel="y" share series={[{ name: "a", points }]} />);
    const height = Number(/class="point"[^>]* cy="([\d.]+)"/.exec(html)![1]);
    expect(height).toBeGreaterThan(60);
  });

  it("are told apart from what was measured once", () => {
    const plot = (title: string, count: number) => ({
      title,
      xLabel: "x",
      yLabel: "y",
      series: [{ name: "a", points: Array.from({ length: count }, (_, x) => ({ x, y: x })) }],
    });
    const { lines, once } = splitPlots([plot("none", 0), plot("one", 1), plot("two", 2)]);
    expect([lines, once].map((plots) => plots.map(({ title }) => title))).toEqual([["two"], ["one"]]);
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
