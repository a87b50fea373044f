/** @file Compares several runs: methods, seeds, ablations. */

import { mean, pairedDifference, standardError } from "../algo/statistics.ts";
import { phaseEpisodes } from "./episodes.ts";
import type { Overview } from "./overview.ts";
import type { RunHead } from "./run-head.ts";
import { readRunHead } from "./run-head.ts";
import type { RunFiles } from "../run/run-files.ts";
import { readEvaluations } from "../run/run-files.ts";
import type { Point } from "./series.ts";

export interface ComparedRun {
  key: string;
  head: RunHead;
  evaluations: Overview["evaluations"];
}

export interface Difference {
  key: string;
  phase: number;
  success: number;
  standardError: number;
  tasks: number;
  /** Success minus that of the first run; `null` for the first run itself. */
  difference: number | null;
  differenceError: number | null;
  /** The number of tasks on which both runs were scored; 0 if the difference is between unpaired rates. */
  paired: number;
}

export interface Comparison {
  runs: ComparedRun[];
  differences: Difference[];
  /** Runs of one method as one: mean over seeds with its standard error, by phase. */
  methods: { method: string; seeds: number; points: Point[] }[];
}

export async function compareRuns(runs: readonly { key: string; files: RunFiles }[]): Promise<Comparison> {
  const compared = await Promise.all(
    runs.map(async ({ key, files }) => ({
      key,
      files,
      head: await readRunHead(files),
      evaluations: await readEvaluations(files),
    })),
  );
  const outcomes = await Promise.all(
    compared.map(({ files, evaluations }) => lastOutcomes(files, evaluations)),
  );
  const differences = compared.flatMap(({ key, evaluations }, i): Difference[] => {
    const last = evaluations.at(-1);
    if (!last) return [];
    const { success, standardError: error, tasks } = last.evaluation;
    const row = { key, phase: last.phase, success, standardError: error, tasks };
    const first = compared[0]!.evaluations.at(-1);
    if (i === 0 || !first) return [{ ...row, difference: null, differenceError: null, paired: 0 }];
    const common = [...outcomes[i]!.keys()].filter((id) => outcomes[0]!.has(id));
    if (common.length > 1) {
      const paired = pairedDifference(
        common.map((id) => outcomes[i]!.get(id)!),
        common.map((id) => outcomes[0]!.get(id)!),
      );
      return [
        { ...row, difference: paired.mean, differenceError: paired.standardError, paired: common.length },
      ];
    }
    return [
      {
        ...row,
        difference: success - first.evaluation.success,
        differenceError: Math.hypot(error, first.evaluation.standardError),
        paired: 0,
      },
    ];
  });
  return {
    runs: compared.map(({ key, head, evaluations }) => ({ key, head, evaluations })),
    differences,
    methods: byMethod(compared),
  };
}

/** 0 or 1 by task, of a run's last evaluation. */
async function lastOutcomes(
  files: RunFiles,
  evaluations: Overview["evaluations"],
): Promise<Map<string, number>> {
  const last = evaluations.at(-1);
  if (!last) return new Map();
  const episodes = await phaseEpisodes(files, last.phase, "evaluation");
  return new Map(
    episodes.flatMap(({ taskId, truth }) => (truth === null ? [] : [[taskId, truth ? 1 : 0] as const])),
  );
}

function byMethod(runs: readonly ComparedRun[]): Comparison["methods"] {
  const methods = new Map<string, ComparedRun[]>();
  for (const run of runs) methods.set(run.head.method, [...(methods.get(run.head.method) ?? []), run]);
  return [...methods].map(([method, members]) => {
    const phases = [...new Set(members.flatMap((run) => run.evaluations.map(({ phase }) => phase)))];
    return {
      method,
      seeds: members.length,
      points: phases
        .sort((a, b) => a - b)
        .map((phase) => {
          const values = members.flatMap((run) =>
            run.evaluations
              .filter((each) => each.phase === phase)
              .map(({ evaluation }) => evaluation.success),
          );
          return { x: phase, y: mean(values), error: standardError(values) };
        }),
    };
  });
}
