/**
 * @file The stage that judges every finished trajectory of a phase, and measures how often the judge agrees with the
 * verifiers.
 */

import { classificationReport, collapse } from "../../algo/classification.ts";
import { mean } from "../../algo/statistics.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Verdict } from "../../core/trajectory.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import { isFaulted } from "../../rollout/episode.ts";
import type { Context } from "../context.ts";
import type { VerdictLine } from "../../run/records.ts";
import type { Stage } from "../../run/run-directory.ts";
import { groupEpisodes } from "../finished-groups.ts";

export interface JudgeOutput {
  judged: number;
  successes: number;
}

/**
 * Writes `verdicts.jsonl`, group by group, so that a paid judge is not asked twice; takes verdicts from
 * `early-verdicts.jsonl` as they are. Agents' runs from before the run come last.
 */
export async function judgeTrajectories(context: Context, phase: number): Promise<JudgeOutput> {
  return context.run.stage(phase, "judge", async (stage) => {
    const records = (await context.experience.episodes(phase)).filter((record) => !isFaulted(record));
    const given = records.filter((record) => record.verdict);
    const groups = groupEpisodes(
      (await context.experience.episodes(phase)).filter((record) => !record.verdict),
    );
    const early = new Map(
      (await context.run.read(phase, "early-verdicts.jsonl")).map((line) => [line.id, line]),
    );
    const lines = stage.lines("verdicts.jsonl");
    const written = await lines.read();
    refuseForeign(written, [...groups.flat(), ...given], lines.path);
    // Whole groups only: the same trajectories are always judged together.
    let [done, next] = [0, 0];
    while (next < groups.length && done + groups[next]!.length <= written.length)
      done += groups[next++]!.length;
    if (done < written.length) await stage.write("verdicts.jsonl", written.slice(0, done));
    for (const group of groups.slice(next)) {
      context.signal?.throwIfAborted();
      const known = group.flatMap(({ id }) => early.get(id) ?? []);
      lines.append(...(known.length === group.length ? known : await judgeGroup(context, group)));
      done += group.length;
      stage.emit({ kind: "progress", done, total: records.length });
    }
    lines.append(...given.map((record) => verdictLine(record, record.verdict!)));
    const all = await lines.read();
    audit(stage, all);
    return { judged: all.length, successes: all.filter((line) => line.success).length };
  });
}

/** How many episodes one call of the judge gets. */
export async function judgeGroup(context: Context, group: readonly EpisodeRecord[]): Promise<VerdictLine[]> {
  const verdicts = await judgeOwn(context, group);
  return group.map((record, i) => verdictLine(record, verdicts[i]!));
}

/** An interrupted stage leaves verdicts on the first records, in order; there is no hash yet to check them. */
function refuseForeign(
  written: readonly (VerdictLine | null)[],
  records: readonly EpisodeRecord[],
  path: string,
): void {
  const at = written.findIndex(
    (line, i) => line?.id !== records[i]?.id || typeof line?.success !== "boolean",
  );
  if (at < 0) return;
  throw new ConfigError(
    `${path}:${at + 1} is not the verdict on ${records[at]?.id ?? "any episode"}`,
    "Restore it from a copy, or delete this line and all after it; then those episodes are judged again.",
  );
}

function verdictLine(record: EpisodeRecord, verdict: Verdict): VerdictLine {
  return {
    id: record.id,
    taskId: record.trajectory.task.id,
    success: verdict.success,
    probability: verdict.probability,
    ...(verdict.threshold !== undefined && { threshold: verdict.threshold }),
    by: verdict.by,
    reasons: verdict.reasons,
    ...(verdict.undecided && { undecided: verdict.undecided }),
    ...(verdict.usage && { usage: verdict.usage }),
    truth: record.truth?.success ?? null,
  };
}

async function judgeOwn(context: Context, group: readonly EpisodeRecord[]): Promise<Verdict[]> {
  const { judge } = context.parts;
  if (judge)
    return judge.judge(
      group.map((record) => record.trajectory),
      context.signal ? { signal: context.signal } : {},
    );
  return group.map((record) => {
    if (record.truth) return record.truth;
    throw new ConfigError(
      `the task ${record.trajectory.task.id} has no verifier, but models.judge is "verifier"`,
      'Set models.judge to "orm" or "llm".',
    );
  });
}

function audit(stage: Stage, all: readonly VerdictLine[]): void {
  const lines = all.filter((line) => !line.undecided);
  if (lines.length < all.length) {
    const undecided = all.length - lines.length;
    stage.metrics({ "judge/undecided": undecided });
    stage.emit({
      kind: "warning",
      message: `the judge gave no clear verdict on ${undecided} of ${all.length} episodes, which are left out`,
    });
  }
  if (lines.length === 0) return;
  stage.metrics({
    "judge/success_rate": mean(lines.map((line) => (line.success ? 1 : 0))),
    "judge/mean_probability": mean(lines.map((line) => line.probability)),
  });
  const known = lines.filter((line) => line.truth !== null);
  if (known.length === 0) return;
  const probabilities = known.map((line) => line.probability);
  const outcomes = known.map((line): 0 | 1 => (line.truth ? 1 : 0));
  // What was rewarded counts, not P ≥ 0.5, because the judge may have another threshold.
  const predicted = known.map((line) => line.success);
  const report = classificationReport(probabilities, outcomes, predicted);
  stage.metrics({
    "judge/accuracy": report.accuracy,
    ...(report.precision !== null && { "judge/precision": report.precision }),
    ...(report.recall !== null && { "judge/recall": report.recall }),
  });
  const collapsed = collapse(probabilities, outcomes, predicted);
  if (collapsed) stage.emit({ kind: "warning", message: `the judge has collapsed: ${collapsed.message}` });
}
