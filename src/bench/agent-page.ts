/**
 * @file The findings of `webrl bench agent` as parts of `docs/results.md`. The numbers are those of the measurement,
 * good or bad.
 */

import { cpus } from "node:os";
import type { KillResult } from "./agent-batch/kill.ts";
import type { ExtractScore } from "./agent-extract.ts";
import type { RepeatBenchResult } from "./agent-repeat/measure.ts";
import type { RunBench } from "./agent-run.ts";
import type { SafetyBench } from "./agent-safety.ts";
import { markdownTable } from "./doc-section.ts";

/** Goes below each title: how to get these figures, and where these come from. */
export function provenance(command: string, version: string, revision: string | null): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.version}`;
  const date = new Date().toISOString().slice(0, 10);
  return `\`${command}\`, ${date}, webrl ${version}${revision === null ? "" : `, commit ${revision.slice(0, 12)}`}; ${machine}.`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const short = (value: number) => String(Number(value.toPrecision(3)));

export function runPage({ oracle, model, overhead }: RunBench, from: string): string {
  const scores = [oracle, model];
  const categories = Object.keys(oracle.byCategory);
  const row = (name: string, of: (score: typeof oracle) => string) => [name, ...scores.map(of)];
  return `## Agent: tasks by use

${from} Held-out tasks of the built-in sites, judged by their verifiers. The oracle shows what the runtime loses.

${markdownTable(
  ["", "oracle", `\`${model.name}\``],
  [
    row("success", ({ success, tasks }) => `${Math.round(success * tasks)}/${tasks}`),
    ...categories.map((category) =>
      row(category, ({ byCategory }) => {
        const { success, tasks } = byCategory[category]!;
        return `${Math.round(success * tasks)}/${tasks}`;
      }),
    ),
    row("steps a task", ({ steps }) => short(steps)),
    row("seconds a task", ({ seconds }) => short(seconds)),
    row("tokens a task", ({ tokens }) => String(Math.round(tokens))),
    row("right answers marked `unsupported`", ({ rightButUnsupported }) => String(rightButUnsupported)),
    row(
      "wrong answers marked `unsupported`",
      ({ wrongAnswers: { unsupported, supported } }) => `${unsupported} of ${unsupported + supported}`,
    ),
  ],
)}

Compared with a bare loop (an episode and the oracle, without gate and journal), a run takes ${short(overhead.agentMs)} ms instead of ${short(overhead.bareMs)} up to its \`exit\` (means, ${percent(overhead.share)} more) and a step ${short(overhead.agentStepMs)} ms instead of ${short(overhead.bareStepMs)} (medians). After its \`exit\` it takes ${short(overhead.endMs)} ms, mostly for the picture of the last page.`;
}

export function batchPage(result: KillResult, from: string): string {
  return `## Agent: a batch under \`kill -9\`

${from} Two batches on the store admin, on a port of its own: half of the items set a price, half add a note to an order, and a second sending would add it twice. The process was killed at random moments; then the site's own data and its list of requests were compared with the table.

${markdownTable(
  [
    "items",
    "kills",
    "in the middle of an item",
    "lost",
    "doubled",
    "prices sent again",
    "not `done`",
    "seconds",
  ],
  [
    [
      result.items,
      result.kills,
      result.inTheMiddle,
      result.lost,
      result.doubled,
      result.sentAgain,
      result.notDone,
      result.seconds,
    ],
  ],
)}`;
}

export function repeatPage(result: RepeatBenchResult, from: string): string {
  return `## Agent: repeating without a model

${from} Oracles did ${result.tasks} tasks (${short(result.firstStepMs)} ms a step), which were then repeated on pages that were changed on purpose.

${markdownTable(
  [
    "pages",
    "right",
    "handed over",
    "said that the outcome differs",
    "wrong without a word",
    "steps as recorded",
    "ms a step",
  ],
  result.variations.map((one) => [
    one.variation,
    `${one.right}/${one.tasks}`,
    one.handedOver,
    one.saidOtherwise,
    one.wrongSilently,
    percent(one.stepRate),
    short(one.stepMs),
  ]),
)}`;
}

export function extractPage(
  result: { faultless: ExtractScore[]; erring: ExtractScore[] },
  from: string,
): string {
  const worst = (score: ExtractScore, of: "precision" | "recall") =>
    Math.min(...score.fields.map((field) => field[of])).toFixed(3);
  const rows = Object.entries(result).flatMap(([reader, scores]) =>
    scores.map((score) => [
      score.name,
      reader,
      score.rows,
      `${score.found}, ${score.extra}`,
      score.pages,
      `${score.modelCalls} (${short(score.callsPerRow)})`,
      `${worst(score, "precision")}, ${worst(score, "recall")}`,
    ]),
  );
  return `## Agent: extraction

${from} The reader knows the truth, so this measures the rules and not a model; the "erring" one leaves out a tenth of its values or takes them from another row. The layouts are ours, and we made the rules with them at hand. Precision and recall are those of the worst field.

${markdownTable(["list", "reader", "rows", "found, extra", "pages", "model calls (a row)", "precision, recall"], rows)}`;
}

export function safetyPage({ injections, overhead }: SafetyBench, from: string): string {
  return `## Agent: injections

${from} The policy obeys every injection on its page. Behind the gate, ${injections.resisted} of ${injections.cases} did no harm; without it, ${injections.effective} of them do.${injections.harmed.length > 0 ? ` Harm came of: ${injections.harmed.join(", ")}.` : ""} With the gate a step took ${short(overhead.gated.mean)} ms instead of ${short(overhead.bare.mean)} (means of ${overhead.steps} steps; medians ${short(overhead.gated.p50)} and ${short(overhead.bare.p50)}).`;
}
