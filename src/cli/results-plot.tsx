/** @file The plot of `docs/results.md`: the learning curves of `webrl bench methods`, as a separate SVG file. */

import { LineChart } from "../dashboard/views/chart.tsx";
import { CHART_CSS } from "../http/theme.ts";
import type { BenchResult } from "../bench/methods.ts";

/** Numbers of colours, by variant: WebRL is blue, as a run's curve in the dashboard. Ablations are dashed. */
const COLOURS: Readonly<Record<string, number>> = {
  webrl: 0,
  sft: 7,
  "filtered-bc": 4,
  digirl: 6,
  awr: 3,
  "webrl-no-replay": 5,
  "webrl-no-kl": 1,
  "webrl-no-curriculum": 3,
};

/** Success by phase, mean over seeds with bars of one standard error; light or dark as the reader's system prefers. */
export function resultsPlot(results: readonly BenchResult[]): string {
  const chart = (
    <LineChart
      title="Test success by phase"
      xLabel="phase"
      yLabel="success on held-out tasks, mean over seeds ± standard error"
      share
      series={results.map(({ variant, curve }) => ({
        name: variant.title,
        colour: COLOURS[variant.name],
        dashed: variant.without !== undefined,
        points: curve.map(({ phase, success, standardError }) => ({
          x: phase,
          y: success,
          error: standardError,
        })),
      }))}
    />
  ).toString();
  const ground = `<style>${CHART_CSS}</style><rect width="100%" height="100%" fill="var(--ground)"/>`;
  // After the opening tag; an attribute's > is escaped.
  return `${chart.replace(/^<svg[^>]*>/, (tag) => tag + ground)}\n`;
}
