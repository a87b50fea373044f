/** @jsxImportSource preact */
/** @file Several runs on the same axes, and their differences. */

import type { Comparison } from "../compare.ts";
import { learningCurve } from "../plots.ts";
import { PAPER_CURVES } from "../series.ts";
import { share } from "../views/format.ts";
import { useJson } from "./data.ts";
import { LinePlot } from "./plot.tsx";
import { href, replaceQuery } from "./route.ts";
import type { RunSummary } from "./runs-view.tsx";

export function CompareView({
  query,
  runs,
  version,
}: {
  query: URLSearchParams;
  runs: RunSummary[];
  version: number;
}) {
  const chosen = query.get("runs")?.split(",") ?? runs.slice(0, 8).map((run) => run.key);
  const { data, error } = useJson<Comparison>(
    chosen.length > 0 ? `/api/compare?runs=${encodeURIComponent(chosen.join(","))}` : null,
    version,
  );
  const grouped = query.get("group") === "method";
  const paper = query.get("paper") === "1";
  const toggle = (key: string) => {
    const next = chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key];
    replaceQuery({ runs: next.join(",") });
  };
  const plot =
    data &&
    learningCurve(
      data.runs.map((run) => ({ name: `${run.key} (${run.head.method})`, evaluations: run.evaluations })),
      paper ? PAPER_CURVES : [],
    );
  return (
    <>
      <h1>Compare runs</h1>
      <fieldset class="filters" style={{ border: 0, padding: 0 }}>
        <legend class="dim">Runs; the others are compared with the first one</legend>
        {runs.map(({ key }) => (
          <label key={key} class="check">
            <input type="checkbox" checked={chosen.includes(key)} onChange={() => toggle(key)} />
            {key}
          </label>
        ))}
      </fieldset>
      <div class="filters">
        <label class="check">
          <input
            type="checkbox"
            checked={grouped}
            onChange={() => replaceQuery({ group: grouped ? undefined : "method" })}
          />
          mean over seeds by method
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={paper}
            onChange={() => replaceQuery({ paper: paper ? undefined : "1" })}
          />
          the paper's curves
        </label>
      </div>
      {error !== null && <p class="notice">{error}</p>}
      {data && plot && (
        <>
          <LinePlot
            {...plot}
            series={
              grouped
                ? [
                    ...data.methods.map(({ method, seeds, points }) => ({
                      name: `${method} (${seeds} ${seeds === 1 ? "seed" : "seeds"})`,
                      points,
                    })),
                    ...(paper ? PAPER_CURVES : []),
                  ]
                : plot.series
            }
          />
          <h2>Differences of the latest scores</h2>
          <Differences data={data} />
        </>
      )}
    </>
  );
}

function Differences({ data }: { data: Comparison }) {
  const methodOf = new Map(data.runs.map((run) => [run.key, run.head.method]));
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Differences">
        <table>
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">Method</th>
              <th scope="col" class="n">
                Phase
              </th>
              <th scope="col" class="n">
                Success
              </th>
              <th scope="col" class="n">
                Difference, points
              </th>
              <th scope="col" class="n">
                Same tasks
              </th>
            </tr>
          </thead>
          <tbody>
            {data.differences.map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  <a href={href(["run", row.key])}>{row.key}</a>
                </th>
                <td>{methodOf.get(row.key)}</td>
                <td class="n">{row.phase}</td>
                <td class="n">{share(row.success, row.standardError)}</td>
                <td class="n">
                  {row.difference === null ? "–" : points(row.difference, row.differenceError)}
                </td>
                <td class="n">{row.difference === null ? "–" : row.paired}</td>
              </tr>
            ))}
            {data.runs
              .filter((run) => !data.differences.some((row) => row.key === run.key))
              .map((run) => (
                <tr key={run.key}>
                  <th scope="row">
                    <a href={href(["run", run.key])}>{run.key}</a>
                  </th>
                  <td>{run.head.method}</td>
                  <td class="dim" colSpan={4}>
                    not scored yet
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
      <p class="dim">
        ± one standard error. Where two runs were scored on the same tasks, the difference is paired by task.
      </p>
    </>
  );
}

const points = (difference: number, error: number | null) =>
  `${difference > 0 ? "+" : difference < 0 ? "−" : ""}${Math.abs(100 * difference).toFixed(1)}${error === null ? "" : ` ± ${(100 * error).toFixed(1)}`}`;
