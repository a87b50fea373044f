/** @file Tables that report and dashboard share: results by group, confusion matrix, quality of the judge. Pure. */

import type { JudgeQuality } from "../overview.ts";
import type { Evaluation, Score } from "../../run/records.ts";
import { percent } from "../../core/percent.ts";
import { number, share } from "./format.ts";
import type { LineChartProps } from "./chart.tsx";

interface ScoreRow {
  group: string;
  before: Score | undefined;
  after: Score | undefined;
}

const rowsOf = (before: Record<string, Score>, after: Record<string, Score>): ScoreRow[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .map((group) => ({ group, before: before[group], after: after[group] }));

/** Success before and after by site, category and novelty; before alone where nothing has been scored since. */
export function BeforeAfterTable(props: {
  before: Evaluation;
  after: Evaluation | null;
  afterLabel: string;
}) {
  const { before, after } = props;
  const parts: { name: string; rows: ScoreRow[] }[] = [
    { name: "Site", rows: rowsOf(before.bySite ?? {}, after?.bySite ?? {}) },
    { name: "Category", rows: rowsOf(before.byCategory ?? {}, after?.byCategory ?? {}) },
    { name: "What is new in the task", rows: rowsOf(before.byNovelty ?? {}, after?.byNovelty ?? {}) },
    { name: "All", rows: [{ group: "all tasks", before, after: after ?? undefined }] },
  ];
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Success by site and category">
      <table>
        <thead>
          <tr>
            <th scope="col">Group</th>
            <th scope="col" class="n">
              Tasks
            </th>
            <th scope="col" class="n">
              Before
            </th>
            {after && (
              <th scope="col" class="n">
                {props.afterLabel}
              </th>
            )}
            {after && (
              <th scope="col" class="n">
                Change
              </th>
            )}
          </tr>
        </thead>
        {parts.map(({ name, rows }) => (
          <tbody key={name}>
            {rows.length > 0 && (
              <tr class="part">
                <th scope="colgroup" colspan={after ? 5 : 3}>
                  {name}
                </th>
              </tr>
            )}
            {rows.map((row) => (
              <tr key={row.group}>
                <th scope="row">{row.group || "–"}</th>
                <td class="n">{row.after?.tasks ?? row.before?.tasks ?? 0}</td>
                <td class="n">{row.before ? share(row.before.success, row.before.standardError) : "–"}</td>
                {after && (
                  <td class="n">{row.after ? share(row.after.success, row.after.standardError) : "–"}</td>
                )}
                {after && (
                  <td class="n">
                    <Change from={row.before?.success} to={row.after?.success} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

/** A difference in points, with its sign. */
function Change({ from, to }: { from: number | undefined; to: number | undefined }) {
  if (from === undefined || to === undefined) return <span>–</span>;
  const points = Math.round(100 * (to - from));
  const tone = points > 0 ? "good" : points < 0 ? "bad" : "";
  return <span class={tone}>{`${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points)}`}</span>;
}

/** The judge against the verifiers: one line a group. */
export function JudgeTable({ quality }: { quality: readonly JudgeQuality[] }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Quality of the judge">
      <table>
        <thead>
          <tr>
            {["Verdicts of", "Count", "Accuracy", "Precision", "Recall", "AUC", "Calibration error"].map(
              (name, i) => (
                <th key={name} scope="col" class={i > 0 ? "n" : ""}>
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {quality.map((row) => (
            <tr key={row.group}>
              <th scope="row">{row.group}</th>
              <td class="n">{row.count}</td>
              <td class="n">{percent(row.accuracy)}</td>
              <td class="n">{percent(row.precision)}</td>
              <td class="n">{percent(row.recall)}</td>
              <td class="n">{row.auc === null ? "–" : row.auc.toFixed(2)}</td>
              <td class="n">{percent(row.calibrationError)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function ConfusionTable({ confusion }: { confusion: JudgeQuality["confusion"] }) {
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = confusion;
  return (
    <table class="confusion">
      <caption>Verdicts (columns) against the verifier (rows)</caption>
      <thead>
        <tr>
          <td />
          <th scope="col" class="n">
            judged success
          </th>
          <th scope="col" class="n">
            judged failure
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">is a success</th>
          <td class="n right">{truePositives}</td>
          <td class="n wrong">{falseNegatives}</td>
        </tr>
        <tr>
          <th scope="row">is a failure</th>
          <td class="n wrong">{falsePositives}</td>
          <td class="n right">{trueNegatives}</td>
        </tr>
      </tbody>
    </table>
  );
}

/** What was measured once, as a line a number: a plot of it would be a lonely dot. */
export function OnceTable({ plots }: { plots: readonly LineChartProps[] }) {
  return (
    <table>
      <caption>Measured once so far</caption>
      {plots.map(({ title, yLabel, share: isShare, series }) => (
        <tbody key={title}>
          <tr class="part">
            <th scope="colgroup" colspan={2}>
              {title} <span class="dim">{yLabel}</span>
            </th>
          </tr>
          {series.flatMap(({ name, points }) =>
            points.map(({ y }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="n">{isShare ? percent(y) : number(y)}</td>
              </tr>
            )),
          )}
        </tbody>
      ))}
    </table>
  );
}
