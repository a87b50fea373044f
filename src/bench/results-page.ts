/**
 * @file The part of `docs/results.md` that is written from the runs of `webrl bench methods`. Its plot is
 * `cli/results-plot.tsx`.
 */

import { inPercent } from "../core/percent.ts";
import type { BenchResult } from "./methods.ts";
import type { TrainConfig } from "../run/config.ts";
import type { Evaluation } from "../run/records.ts";

const withError = (value: number, error: number | null) =>
  error === null ? inPercent(value) : `${inPercent(value)} ± ${inPercent(error)}`;

export interface ResultsPage {
  config: TrainConfig;
  version: string;
  revision: string | null;
  command: string;
  /** For the base: how many tasks there are of each kind. */
  base: Evaluation;
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const cells = (groups: Record<string, number>, names: readonly string[]) =>
  names.map((name) => inPercent(groups[name]));

const kinds = ({ name, templates }: TrainConfig["suite"]) =>
  templates.length === 0
    ? `the suite \`${name}\``
    : `${templates.length} templates (${templates.map((id) => `\`${id}\``).join(", ")})`;

/** Markdown. The numbers are those of the runs, good or bad. */
export function resultsPage(results: readonly BenchResult[], page: ResultsPage): string {
  const sites = [...new Set(results.flatMap((result) => Object.keys(result.bySite)))].sort();
  const { given, initial, perPhase, attempts } = page.config.tasks;
  const phases = [...new Set(results.flatMap((result) => result.curve.map(({ phase }) => phase)))].sort(
    (a, b) => a - b,
  );
  return `## Methods

Success in % on ${page.base.tasks} held-out ${page.config.evaluation.split} tasks of ${kinds(page.config.suite)}, at temperature 0, judged by the verifiers: mean ±
standard error over seeds after ${page.config.phases} phases. All methods start from the same base model and play the same number of
episodes (${initial * attempts} at the start, ${perPhase * attempts} in each phase${attempts === 1 ? "" : `, ${attempts} on each task`}). ${given === null ? "" : `They are given ${given} tasks. `}Until an actor first learns, methods that choose their tasks alike share their attempts. "SFT" is that base, \`${page.config.models.base}\`. All seeds are scored on the same tasks, so the error leaves out the
choice of tasks; with two or three seeds it is itself uncertain. Written by

\`\`\`
${page.command}
\`\`\`

with webrl ${page.version}${page.revision === null ? "" : `, commit ${page.revision}`}.

${row(["method", "seeds", "all", ...sites])}
${row(["---", "---", "---", ...sites.map(() => "---")])}
${results
  .map((result) =>
    row([
      result.variant.title,
      String(result.seeds),
      withError(result.success, result.standardError),
      ...cells(result.bySite, sites),
    ]),
  )
  .join("\n")}
${novelty(results, page.base)}
### What they learned from

Means over seeds. Steps are replayed from the successes of earlier phases and from the demonstrations of the base.

${row(["method", "episodes", "replayed steps", "updates"])}
${row(["---", "---", "---", "---"])}
${results
  .filter(({ variant }) => variant.method !== "sft")
  .map(({ variant, learnedFrom }) =>
    row([
      variant.title,
      ...[learnedFrom.episodes, learnedFrom.replayedSteps, learnedFrom.updates].map((n) =>
        String(Math.round(n)),
      ),
    ]),
  )
  .join("\n")}

### By phase

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

/** Success by what is new in the test tasks; empty for a suite that does not say. */
function novelty(results: readonly BenchResult[], base: Evaluation): string {
  const names = Object.keys(base.byNovelty);
  if (names.length === 0) return "";
  return `
### By what is new in the task

Every test task has something that no training task has: other values in a known sentence, a new sentence, or a new template.

${row(["method", ...names.map((name) => `${name} (${base.byNovelty[name]!.tasks})`)])}
${row(["---", ...names.map(() => "---")])}
${results.map((result) => row([result.variant.title, ...cells(result.byNovelty, names)])).join("\n")}
`;
}

/** WebRL against everything else, in points, with the errors over tasks and over seeds. */
function comparison(results: readonly BenchResult[]): string {
  const compared = results.flatMap(({ variant, webrlMinus }) =>
    webrlMinus ? [{ variant, ...webrlMinus }] : [],
  );
  if (compared.length === 0) return "";
  const formatSigned = (share: number) => `${share >= 0 ? "+" : ""}${(100 * share).toFixed(1)}`;
  const points = (share: number | null) => (share === null ? "–" : (100 * share).toFixed(1));
  return `### WebRL minus the others

Differences in points, in pairs: on the same tasks from the same seeds. "Over tasks" is the error from the choice of tasks of these kinds; "over kinds" that from the choice of kinds, because tasks of one template succeed and fail together. The last column is the difference in units of the errors over kinds and seeds together. With so few kinds and seeds, both are themselves uncertain.

${row(["WebRL minus", "points", "± over tasks", "± over kinds", "± over seeds", "together"])}
${row(["---", "---", "---", "---", "---", "---"])}
${compared
  .map(({ variant, mean, overTasks, overKinds, overSeeds, standardError }) =>
    row([
      variant.title,
      formatSigned(mean),
      points(overTasks),
      points(overKinds),
      points(overSeeds),
      standardError === null || standardError === 0 ? "–" : (mean / standardError).toFixed(1),
    ]),
  )
  .join("\n")}`;
}
