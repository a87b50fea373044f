/** @file `docs/results.md` and its plot, written from the runs of `webrl bench methods`. */

import type { BenchResult } from "./bench-methods.ts";
import type { TrainConfig } from "./config.ts";

const percent = (value: number) => (100 * value).toFixed(1);
const withError = (value: number, error: number | null) =>
  error === null ? percent(value) : `${percent(value)} ± ${percent(error)}`;

export interface ResultsPage {
  config: TrainConfig;
  version: string;
  revision: string | null;
  command: string;
  /** Test tasks of each evaluation. */
  tasks: number;
}

/** Markdown. The numbers are those of the runs, whatever they say. */
export function resultsPage(results: readonly BenchResult[], page: ResultsPage): string {
  const sites = [...new Set(results.flatMap((result) => Object.keys(result.bySite)))].sort();
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const phases = [...new Set(results.flatMap((result) => result.curve.map(({ phase }) => phase)))].sort(
    (a, b) => a - b,
  );
  return `# Results

Success in % on ${page.tasks} held-out test tasks of the built-in suite, at temperature 0, judged by the verifiers: mean ±
standard error over seeds after ${page.config.phases} phases. All methods start from the same base model and make the same number of
episodes (${page.config.tasks.initial} at the start, ${page.config.tasks.perPhase} a phase). Written by

    ${page.command}

with webrl ${page.version}${page.revision === null ? "" : `, commit ${page.revision}`}.

${row(["method", "seeds", "all", ...sites])}
${row(["---", "---", "---", ...sites.map(() => "---")])}
${results
  .map((result) =>
    row([
      result.variant.title,
      String(result.seeds),
      withError(result.success, result.standardError),
      ...sites.map((site) => (result.bySite[site] === undefined ? "–" : percent(result.bySite[site]))),
    ]),
  )
  .join("\n")}

## By phase

${row(["method", ...phases.map((phase) => `phase ${phase}`)])}
${row(["---", ...phases.map(() => "---")])}
${results
  .map((result) =>
    row([
      result.variant.title,
      ...phases.map((phase) => {
        const point = result.curve.find((p) => p.phase === phase);
        return point ? withError(point.success, point.standardError) : "–";
      }),
    ]),
  )
  .join("\n")}

![Success by phase](results.svg)

${comparison(results)}
`;
}

/** WebRL against everything else, in points and in standard errors of the difference. */
function comparison(results: readonly BenchResult[]): string {
  const webrl = results.find((result) => result.variant.name === "webrl");
  if (!webrl || results.length < 2) return "";
  const lines = results
    .filter((result) => result !== webrl)
    .map((other) => {
      const points = 100 * (webrl.success - other.success);
      const both = webrl.standardError !== null && other.standardError !== null;
      const error = both ? 100 * Math.hypot(webrl.standardError!, other.standardError!) : null;
      const times = error === null || error === 0 ? "" : `, ${(points / error).toFixed(1)} standard errors`;
      return `- ${other.variant.title}: ${points >= 0 ? "+" : ""}${points.toFixed(1)} points${times}`;
    });
  return `## WebRL minus the others\n\n${lines.join("\n")}`;
}

const COLOURS = ["#6b7280", "#b45309", "#0f766e", "#7c3aed", "#dc2626", "#2563eb", "#65a30d", "#db2777"];

/** Success by phase with bars of one standard error, as SVG. */
export function resultsPlot(results: readonly BenchResult[]): string {
  const [width, height, left, right, top, bottom] = [760, 380, 50, 220, 20, 40];
  const last = Math.max(1, ...results.flatMap((result) => result.curve.map(({ phase }) => phase)));
  const highest = Math.max(
    0.1,
    ...results.flatMap((result) => result.curve.map((p) => p.success + (p.standardError ?? 0))),
  );
  const ceiling = Math.min(1, Math.ceil(highest * 10) / 10);
  const x = (phase: number) => left + (phase / last) * (width - left - right);
  const y = (success: number) => top + (1 - success / ceiling) * (height - top - bottom);
  const at = (value: number) => value.toFixed(1);
  const grid = Array.from({ length: Math.round(ceiling * 10) + 1 }, (_, i) => i / 10)
    .map(
      (value) =>
        `<line x1="${left}" x2="${width - right}" y1="${at(y(value))}" y2="${at(y(value))}" stroke="#e5e7eb"/>` +
        `<text x="${left - 8}" y="${at(y(value) + 4)}" text-anchor="end">${Math.round(100 * value)}%</text>`,
    )
    .join("");
  const axis = Array.from({ length: last + 1 }, (_, phase) => phase)
    .map(
      (phase) => `<text x="${at(x(phase))}" y="${height - bottom + 20}" text-anchor="middle">${phase}</text>`,
    )
    .join("");
  const lines = results
    .map((result, i) => {
      const colour = COLOURS[i % COLOURS.length]!;
      const points = result.curve.map((p) => `${at(x(p.phase))},${at(y(p.success))}`).join(" ");
      const bars = result.curve
        .filter((p) => p.standardError !== null)
        .map((p) => {
          const [low, high] = [p.success - p.standardError!, p.success + p.standardError!];
          return `<line x1="${at(x(p.phase))}" x2="${at(x(p.phase))}" y1="${at(y(low))}" y2="${at(y(high))}" stroke="${colour}"/>`;
        })
        .join("");
      const dots = result.curve
        .map((p) => `<circle cx="${at(x(p.phase))}" cy="${at(y(p.success))}" r="3" fill="${colour}"/>`)
        .join("");
      const label = `<line x1="${width - right + 12}" x2="${width - right + 32}" y1="${top + 20 * i + 8}" y2="${top + 20 * i + 8}" stroke="${colour}" stroke-width="2"/><text x="${width - right + 38}" y="${top + 20 * i + 12}">${result.variant.title}</text>`;
      return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>${bars}${dots}${label}`;
    })
    .join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Test success by phase for each method">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${grid}
${axis}
<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">phase</text>
${lines}
</svg>
`;
}
