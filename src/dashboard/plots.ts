/** @file Which numbers of a run go into which plot, for report and dashboard alike. Pure. */

import { rateStandardError } from "../algo/statistics.ts";
import type { StageName } from "../run/events.ts";
import { STAGES } from "../run/events.ts";
import type { Overview } from "./overview.ts";
import type { Curriculum, RateRow } from "./curriculum.ts";
import { words } from "./views/format.ts";
import type { Series } from "./series.ts";
import type { BarChartProps, LineChartProps } from "./views/chart.tsx";

export function learningCurve(
  runs: readonly { name: string; evaluations: Overview["evaluations"] }[],
  beside: readonly Series[] = [],
): LineChartProps {
  const longest = Math.max(1, ...runs.flatMap((run) => run.evaluations.map(({ phase }) => phase)));
  return {
    title: "Learning curve",
    xLabel: "phase",
    yLabel: "success on the evaluation's tasks, ± standard error",
    share: true,
    series: [
      ...runs.map(({ name, evaluations }) => ({
        name,
        points: evaluations.map(({ phase, evaluation }) => ({
          x: phase,
          y: evaluation.success,
          error: evaluation.standardError,
        })),
      })),
      ...beside.map((series) => ({
        ...series,
        points: series.points.filter((point) => point.x <= Math.max(longest, 8)),
      })),
    ],
  };
}

const nameSeries = (series: Series | undefined, name: string): Series => ({
  name,
  points: series?.points ?? [],
});

/** Colours of what several plots show, by number: the same thing has the same colour in all of them. */
const COLOUR = { blue: 0, orange: 1, green: 2, purple: 3, ochre: 4, teal: 5, magenta: 6, grey: 7 } as const;

const STAGE_COLOURS: Record<StageName, number> = {
  curriculum: COLOUR.purple,
  rollout: COLOUR.blue,
  judge: COLOUR.teal,
  select: COLOUR.grey,
  critic: COLOUR.magenta,
  actor: COLOUR.ochre,
  evaluate: COLOUR.orange,
};

/** What became of a candidate, of the curriculum or of the replay buffer. Green is what was taken. */
const OUTCOME_COLOURS: Record<string, number> = {
  kept: COLOUR.green,
  selected: COLOUR.green,
  too_easy: COLOUR.blue,
  too_familiar: COLOUR.blue,
  too_hard: COLOUR.orange,
  over_limit: COLOUR.ochre,
  not_needed: COLOUR.ochre,
  duplicate: COLOUR.teal,
  held_out: COLOUR.magenta,
  infeasible: COLOUR.purple,
};

const outcomeColours = (names: readonly string[]) =>
  names.map((name) => OUTCOME_COLOURS[name] ?? COLOUR.grey);

/** Plots with a line to see, and what was measured once only, which a table says better. */
export function splitPlots(plots: readonly LineChartProps[]): {
  lines: LineChartProps[];
  once: LineChartProps[];
} {
  const filled = plots.filter(({ series }) => series.some(({ points }) => points.length > 0));
  const isOnce = ({ series }: LineChartProps) => series.every(({ points }) => points.length <= 1);
  return { lines: filled.filter((plot) => !isOnce(plot)), once: filled.filter(isOnce) };
}

/** What moves from phase to phase. */
export function phasePlots(overview: Pick<Overview, "byPhase" | "head">): LineChartProps[] {
  const { byPhase, head } = overview;
  const isJudged = head.judge !== "verifier";
  const plot = (
    title: string,
    yLabel: string,
    series: [metric: string, name: string, colour?: number][],
    share = false,
  ): LineChartProps => ({
    title,
    xLabel: "phase",
    yLabel,
    share,
    series: series
      .map(([metric, name, colour]) => ({
        ...nameSeries(byPhase[metric], name),
        ...(colour !== undefined && { colour }),
      }))
      .filter((_, i) => isJudged || !series[i]![0].startsWith("judge/"))
      .filter((each) => each.points.length > 0),
  });
  return [
    plot(
      "Rollouts",
      "share of episodes",
      [
        ["rollout/success_rate", isJudged ? "success (verifier)" : "success", COLOUR.blue],
        ["judge/success_rate", "success (reward)", COLOUR.teal],
        ["rollout/truncated_rate", "truncated", COLOUR.ochre],
        ["rollout/mistake_rate", "steps with a mistake", COLOUR.orange],
      ],
      true,
    ),
    plot("KL to the last phase's policy", "nats per action", [["actor/kl", "KL(π_ref ‖ π)"]]),
    plot("Sampler against trainer", "nats per token", [
      ["sampler/difference_mean", "mean |Δ|"],
      ["sampler/difference_max", "largest |Δ|"],
    ]),
    plot("Perplexity of replayed candidates", "under the last phase's actor", [
      ["replay/mean_perplexity", "mean perplexity"],
    ]),
    plot("Critic", "V and its quality", [
      ["critic/mean_value", "mean V"],
      ["critic/explained_variance", "explained variance"],
      ["critic/auc", "AUC"],
    ]),
    plot(
      judgeTitle(head.judge),
      "against the verifiers",
      [
        ["judge/accuracy", "accuracy"],
        ["judge/precision", "precision"],
        ["judge/recall", "recall"],
      ],
      true,
    ),
    plot("Experience", "steps", [
      ["experience/new_steps", "new"],
      ["experience/replayed_steps", "replayed"],
      ["replay/size", "in the buffer"],
    ]),
    plot("Advantages", "of the phase's data", [
      ["actor/mean_advantage", "mean advantage"],
      ["actor/positive_rate", "share above 0"],
    ]),
    plot("Length of episodes", "steps", [
      ["rollout/steps_mean", "rollouts"],
      ["evaluation/steps_mean", "evaluation", COLOUR.orange],
    ]),
  ];
}

/** What moves from optimiser step to optimiser step. */
export function stepPlots(overview: Pick<Overview, "byStep">): LineChartProps[] {
  const plot = (title: string, yLabel: string, metric: string): LineChartProps => ({
    title,
    xLabel: "optimiser step",
    yLabel,
    series: [nameSeries(overview.byStep[metric], metric)],
  });
  return [
    plot("Actor's loss", "mean over the batch", "actor/loss"),
    plot("Log-ratio to the reference", "nats per action, mean over the batch", "actor/log_ratio"),
    plot("Critic's loss", "cross-entropy, nats", "critic/loss"),
    plot("Actor's gradient norm", "before clipping", "actor/gradient_norm"),
  ].filter(({ series }) => series[0]!.points.length > 0);
}

/** Who is compared with the verifiers. */
export const judgeTitle = (judge: Overview["head"]["judge"]): string =>
  judge === "llm" ? "Chat model as judge" : "Outcome reward model";

/** How often the judge is right when it says how sure it is. */
export function calibrationPlot(bins: Overview["calibration"]): LineChartProps {
  return {
    title: "Calibration",
    xLabel: "mean probability in the bin",
    yLabel: "share of successes",
    share: true,
    wholeX: false,
    series: [
      {
        name: "judge",
        points: bins.map((bin) => ({
          x: bin.meanProbability,
          y: bin.rate,
          error: rateStandardError(Math.round(bin.rate * bin.count), bin.count),
        })),
      },
      { name: "perfect", dashed: true, points: [0, 1].map((x) => ({ x, y: x })) },
    ],
  };
}

/** What the filters said about each phase's candidates. */
export function candidatePlot(outcomes: Curriculum["outcomes"]): BarChartProps {
  const names = [...new Set(outcomes.flatMap(({ counts }) => Object.keys(counts)))];
  return {
    title: "Candidates, and what the filters said",
    yLabel: "tasks",
    parts: names.map(words),
    colours: outcomeColours(names),
    groups: outcomes.map(({ phase, counts }) => ({
      label: `phase ${phase}`,
      values: Object.fromEntries(Object.entries(counts).map(([name, n]) => [words(name), n])),
    })),
  };
}

/** Lines that one plot can hold and still be read: as many as there are neutral colours. */
const MOST_GROUPS = 7;

/**
 * Success of rollouts by site, template or difficulty. If there are many of these, only those with the most attempts.
 */
export function ratePlot(rows: readonly RateRow[], group: string): LineChartProps {
  const attempts = ({ byPhase }: RateRow) =>
    Object.values(byPhase).reduce((sum, cell) => sum + cell.attempts, 0);
  const shown = new Set([...rows].sort((a, b) => attempts(b) - attempts(a)).slice(0, MOST_GROUPS));
  return {
    title: `Success of rollouts by ${group}`,
    xLabel: "phase",
    yLabel:
      rows.length > MOST_GROUPS
        ? `the ${MOST_GROUPS} of ${rows.length} with the most attempts, ± standard error`
        : "± standard error",
    share: true,
    series: rows
      .filter((row) => shown.has(row))
      .map((row) => ({
        name: row.group,
        points: Object.entries(row.byPhase).map(([phase, cell]) => ({
          x: Number(phase),
          y: cell.successes / cell.attempts,
          error: rateStandardError(cell.successes, cell.attempts),
        })),
      })),
  };
}

export function throughputPlot(throughput: Overview["throughput"]): LineChartProps {
  return {
    title: "Throughput",
    xLabel: "phase",
    yLabel: "steps of episodes per second",
    series: (["rollout", "evaluate"] as const).map((stage) => ({
      name: stage === "rollout" ? "rollouts" : "evaluation",
      colour: STAGE_COLOURS[stage],
      points: throughput
        .filter((each) => each.stage === stage)
        .map((each) => ({ x: each.phase, y: each.stepsPerSecond })),
    })),
  };
}

/** Empty where nothing broke: a line at 0 says no more than the table beside it. */
export function faultPlot(rates: Overview["faults"]["rates"]): LineChartProps {
  const shown = rates.some(({ faults }) => faults > 0) ? rates : [];
  return {
    title: "Fault rate",
    xLabel: "phase",
    yLabel: "faults per attempt",
    share: true,
    series: [
      {
        name: "faults",
        points: shown.map(({ phase, faults, attempts }) => ({
          x: phase,
          y: attempts === 0 ? 0 : faults / attempts,
        })),
      },
    ],
  };
}

export function stagePlot(stages: Overview["stages"]): BarChartProps {
  const phases = [...new Set(stages.map(({ phase }) => phase))].sort((a, b) => a - b);
  const used = STAGES.filter((stage) => stages.some((each) => each.stage === stage));
  return {
    title: "Time by stage",
    yLabel: "seconds",
    parts: used,
    colours: used.map((stage) => STAGE_COLOURS[stage]),
    groups: phases.map((phase) => ({
      label: `phase ${phase}`,
      values: Object.fromEntries(
        stages.filter((each) => each.phase === phase).map(({ stage, seconds }) => [stage, seconds]),
      ),
    })),
  };
}

/** The steps of a phase's replay buffer by perplexity, in bins. */
export function perplexityPlot(phase: number, bins: BarChartProps["groups"]): BarChartProps {
  const names = REPLAY_OUTCOMES.filter((name) => bins.some(({ values }) => (values[name] ?? 0) > 0));
  return {
    title: `Steps by perplexity, phase ${phase}`,
    yLabel: "steps that were looked at",
    parts: names.map(words),
    colours: outcomeColours(names),
    groups: bins.map(({ label, values }) => ({
      label,
      values: Object.fromEntries(Object.entries(values).map(([name, n]) => [words(name), n])),
    })),
  };
}

export const REPLAY_OUTCOMES = ["selected", "too_familiar", "too_hard", "over_limit"] as const;
