/** @jsxImportSource preact */
/** @file All runs: state, method, success before and after. */

import type { Overview } from "../overview.ts";
import type { Progress } from "../progress.ts";
import type { RunHead } from "../run-head.ts";
import { share } from "../views/format.ts";
import { href } from "./route.ts";

export interface RunSummary {
  key: string;
  head: Omit<RunHead, "config">;
  progress: Progress;
  evaluations: Overview["evaluations"];
  /** How many. */
  problems: number;
}

export const stateTag = (state: Progress["state"]): string =>
  state === "finished" || state === "running" ? "good" : state === "empty" ? "off" : "warn";

export function RunsView({ runs }: { runs: RunSummary[] }) {
  if (runs.length === 0)
    return (
      <>
        <h1>No runs yet</h1>
        <p>
          Start one with <code>webrl demo</code> or <code>webrl train</code>; it appears here by itself.
        </p>
      </>
    );
  return (
    <>
      <h1>Runs</h1>
      <div class="scroll" tabIndex={0} role="region" aria-label="Runs">
        <table>
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">Method</th>
              <th scope="col" class="n">
                Seed
              </th>
              <th scope="col">State</th>
              <th scope="col" class="n">
                Before
              </th>
              <th scope="col" class="n">
                Latest
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ key, head, progress, evaluations }) => {
              const [first, last] = [evaluations[0], evaluations.at(-1)];
              return (
                <tr key={key}>
                  <th scope="row">
                    <a href={href(["run", key])}>{key}</a>
                  </th>
                  <td>{head.method}</td>
                  <td class="n">{head.seed ?? "–"}</td>
                  <td>
                    <span class={`tag ${stateTag(progress.state)}`}>{progress.state}</span>{" "}
                    {progress.state !== "finished" && progress.phase !== null && (
                      <span class="dim">{`phase ${progress.phase}${progress.stage ? `, ${progress.stage}` : ""}`}</span>
                    )}
                  </td>
                  <td class="n">
                    {first ? share(first.evaluation.success, first.evaluation.standardError) : "–"}
                  </td>
                  <td class="n">
                    {last && last !== first
                      ? `${share(last.evaluation.success, last.evaluation.standardError)} (phase ${last.phase})`
                      : "–"}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
