/**
 * @file The page of an agent's `report.html`: each run with its outcome, the evidence for its answer, and its steps.
 * Pure.
 */

import type { EpisodeDetail } from "./episodes.ts";
import type { Overview } from "./overview.ts";
import { Problems, reportDocument, StepItem } from "./report-parts.tsx";
import { duration, words } from "./views/format.ts";

export interface ReportRun {
  episode: EpisodeDetail;
  /** Data URLs by step; `null` where there is no picture. */
  pictures: (string | null)[];
  /** Of the page that it ended on. */
  last: string | null;
}

/** `total`: runs that the directory holds; the last ones are shown. */
export function renderAgentReport(overview: Overview, runs: readonly ReportRun[], total: number): string {
  const { head, problems } = overview;
  return reportDocument(
    `Agent ${head.name}`,
    <>
      <header>
        <h1>{`Agent ${head.name}`}</h1>
        <p class="dim">
          {[
            head.method,
            runs.length < total ? `the last ${runs.length} of ${total} runs` : `${total} runs`,
            head.version ? `version ${head.version}` : "",
            head.startedAt ? `started ${head.startedAt.slice(0, 16).replace("T", " ")} UTC` : "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </header>
      <Problems problems={problems} />
      {runs.map((run) => (
        <AgentRun {...run} />
      ))}
    </>,
  );
}

function AgentRun({ episode, pictures, last }: ReportRun) {
  const { result, task, summary, judged, wallMs, ending } = episode;
  const outcome = result?.outcome ?? words(summary.ending);
  return (
    <section>
      <h2>{task.instruction}</h2>
      <p>
        <span class={`tag ${outcome === "done" ? "good" : "bad"}`}>{outcome}</span>{" "}
        {result && result.outcome !== "done" && result.reason}
        {judged &&
          ` ${judged.by}: ${judged.success ? "success" : "failure"}${judged.reasons.length > 0 ? `, ${judged.reasons.join("; ")}` : ""}`}
      </p>
      {ending.kind === "terminated" && ending.answer && <p class="big">{ending.answer}</p>}
      {result?.unsupported && <p class="notice">Unsupported: no page that was seen carries this answer.</p>}
      {result && result.evidence.length > 0 && (
        <ul>
          {result.evidence.map(({ url, passages }) => (
            <li>
              {url}
              {passages.map(({ text }) => (
                <pre class="page-text">{text.trim()}</pre>
              ))}
            </li>
          ))}
        </ul>
      )}
      <p class="dim">{`${summary.id} · ${episode.steps.length} steps · ${duration(wallMs / 1000)}`}</p>
      <div class="attempt">
        <ol>
          {episode.steps.map((step, i) => (
            <StepItem step={step} picture={pictures[i] ?? null} />
          ))}
        </ol>
        {last !== null && (pictures.at(-1) ?? null) === null && (
          <img class="screen" src={last} alt="The page that the run ended on" />
        )}
      </div>
    </section>
  );
}
