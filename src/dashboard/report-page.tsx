/** @file The page of `report.html`, from the same plots and tables as the dashboard. Pure: data in, HTML out. */

import { describeUsage } from "../core/usage.ts";
import type { Curriculum } from "./curriculum.ts";
import type { EpisodeDetail } from "./episodes.ts";
import type { JudgeMistakes } from "./judge-mistakes.ts";
import type { Overview } from "./overview.ts";
import { secondsByStage } from "./overview.ts";
import {
  calibrationPlot,
  candidatePlot,
  faultPlot,
  judgeTitle,
  learningCurve,
  phasePlots,
  ratePlot,
  splitPlots,
  stagePlot,
  stepPlots,
  throughputPlot,
} from "./plots.ts";
import { Problems, reportDocument, StepItem } from "./report-parts.tsx";
import { BarChart, LineChart } from "./views/chart.tsx";
import { duration, share, words } from "./views/format.ts";
import { LineageTree } from "./views/lineage.tsx";
import { BeforeAfterTable, ConfusionTable, JudgeTable, OnceTable } from "./views/tables.tsx";

interface ReportAttempt {
  episode: EpisodeDetail;
  /** Data URLs by step; `null` where there is no picture. */
  pictures: (string | null)[];
}

export interface ReportPair {
  before: ReportAttempt;
  after: ReportAttempt;
}

export interface ReportData {
  overview: Overview;
  curriculum: Curriculum;
  pairs: ReportPair[];
  /** Test tasks that failed before and succeed now. */
  improved: number;
  mistakes: JudgeMistakes;
}

export function renderReport(data: ReportData): string {
  return reportDocument(
    `WebRL run ${data.overview.head.name}`,
    <>
      <Head data={data} />
      <Problems problems={data.overview.problems} />
      <Results overview={data.overview} />
      <Learning overview={data.overview} />
      <Pairs {...data} scored={data.overview.evaluations.length} />
      <CurriculumPart curriculum={data.curriculum} />
      <JudgePart {...data} />
      <TimeAndFaults overview={data.overview} />
      <Configuration overview={data.overview} />
    </>,
  );
}

function Head({ data }: { data: ReportData }) {
  const { head, evaluations, progress } = data.overview;
  const [first, last] = [evaluations[0], evaluations.at(-1)];
  const rate = (evaluation: typeof first) =>
    evaluation ? share(evaluation.evaluation.success, evaluation.evaluation.standardError) : "–";
  return (
    <header>
      <h1>{`WebRL run ${head.name}`}</h1>
      <p class="dim">
        {[
          head.method,
          head.seed === null ? "" : `seed ${head.seed}`,
          `${head.phases} phases`,
          progress.state,
          head.version ? `version ${head.version}` : "",
          head.revision ? `revision ${head.revision.slice(0, 12)}` : "",
          head.startedAt ? `started ${head.startedAt.slice(0, 16).replace("T", " ")} UTC` : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {first && last ? (
        <div class="headline">
          <span class="big">{rate(first)}</span>
          {first !== last && <span class="arrow">→</span>}
          {first !== last && <span class="big">{rate(last)}</span>}
          <span class="dim">
            {`success on ${last.evaluation.tasks} ${last.evaluation.split} tasks, ± one standard error`}
            {first !== last && `, before training and after phase ${last.phase}`}
          </span>
        </div>
      ) : (
        <p>No evaluation is complete yet.</p>
      )}
    </header>
  );
}

function Results({ overview }: { overview: Overview }) {
  const [first, last] = [overview.evaluations[0], overview.evaluations.at(-1)];
  if (!first || !last) return null;
  return (
    <section>
      <h2>Results</h2>
      <div class="plots">
        {first !== last && (
          <div class="panel">
            <LineChart
              {...learningCurve([{ name: overview.head.method, evaluations: overview.evaluations }])}
            />
          </div>
        )}
        <div class="panel">
          <BeforeAfterTable
            before={first.evaluation}
            after={last === first ? null : last.evaluation}
            afterLabel={`After phase ${last.phase}`}
          />
        </div>
      </div>
    </section>
  );
}

function Learning({ overview }: { overview: Overview }) {
  const { lines, once } = splitPlots([...phasePlots(overview), ...stepPlots(overview)]);
  if (lines.length + once.length === 0) return null;
  return (
    <section>
      <h2>Learning</h2>
      <div class="plots">
        {lines.map((plot) => (
          <div class="panel">
            <LineChart {...plot} />
          </div>
        ))}
        {once.length > 0 && (
          <div class="panel">
            <OnceTable plots={once} />
          </div>
        )}
      </div>
    </section>
  );
}

function Pairs({ pairs, improved, scored }: Pick<ReportData, "pairs" | "improved"> & { scored: number }) {
  if (scored < 2) return null;
  if (pairs.length === 0)
    return (
      <section>
        <h2>Failed before, succeeds now</h2>
        <p>No test task changed from failure to success.</p>
      </section>
    );
  return (
    <section>
      <h2>Failed before, succeeds now</h2>
      <p class="dim">{`${improved} test tasks changed from failure to success; ${pairs.length} of them:`}</p>
      {pairs.map(({ before, after }) => (
        <article>
          <h3>{after.episode.task.instruction}</h3>
          <p class="dim">{`${after.episode.summary.site} · ${after.episode.task.category} · ${after.episode.task.id}`}</p>
          <div class="pair">
            <Attempt title="Before training" attempt={before} />
            <Attempt title={`After phase ${after.episode.summary.phase}`} attempt={after} />
          </div>
        </article>
      ))}
    </section>
  );
}

function Attempt({ title, attempt }: { title: string; attempt: ReportAttempt }) {
  const { episode, pictures } = attempt;
  const { ending, truth } = episode;
  const how =
    ending.kind === "terminated"
      ? ending.answer
        ? `answered “${ending.answer}”`
        : "ended without an answer"
      : ending.kind === "truncated"
        ? `cut off: ${words(ending.reason)}`
        : `faulted: ${words(ending.code)}`;
  return (
    <div class="attempt">
      <h3>
        {title}{" "}
        <span class={`tag ${truth?.success ? "good" : "bad"}`}>{truth?.success ? "success" : "failure"}</span>
      </h3>
      <p class="dim">{`${episode.steps.length} steps, ${how}${truth?.reasons.length ? `; ${truth.reasons.join("; ")}` : ""}`}</p>
      <ol>
        {episode.steps.map((step, i) => (
          <StepItem step={step} picture={pictures[i] ?? null} />
        ))}
      </ol>
    </div>
  );
}

function CurriculumPart({ curriculum }: { curriculum: Curriculum }) {
  if (curriculum.outcomes.length === 0) return null;
  return (
    <section>
      <h2>Curriculum</h2>
      <p class="dim">
        A task below another grew from it: from an attempt that was judged a failure or, if none was, from a
        given task. A candidate is kept if the critic is sure of neither failure nor success.
      </p>
      <div class="plots">
        <div class="panel">
          <BarChart {...candidatePlot(curriculum.outcomes)} />
        </div>
        {splitPlots(
          (["site", "difficulty", "template"] as const).map((group) =>
            ratePlot(curriculum.rates[group], group),
          ),
        ).lines.map((plot) => (
          <div class="panel">
            <LineChart {...plot} />
          </div>
        ))}
      </div>
      <h3>Lineage</h3>
      <LineageTree curriculum={curriculum} mostRoots={60} />
    </section>
  );
}

function JudgePart({ overview, mistakes }: Pick<ReportData, "overview" | "mistakes">) {
  const all = overview.judge.find((row) => row.group === "all");
  if (!all) return null;

  return (
    <section>
      <h2>{judgeTitle(overview.head.judge)}</h2>
      <p class="dim">
        Its verdicts on rollouts whose tasks have a verifier. The verifier never gives the reward here; it
        only audits.
      </p>
      <div class="plots">
        <div class="panel">
          <JudgeTable quality={overview.judge} />
        </div>
        <div class="panel">
          <ConfusionTable confusion={all.confusion} />
        </div>
        <div class="panel">
          <LineChart {...calibrationPlot(overview.calibration)} />
        </div>
      </div>
      <Mistakes {...mistakes} count={all.count} />
    </section>
  );
}

function Mistakes({ total, examples, count }: JudgeMistakes & { count: number }) {
  if (examples.length === 0) return null;
  return (
    <>
      <h3>Its mistakes</h3>
      <p class="dim">{`${total} of ${count} verdicts are wrong; ${examples.length} of them, the most confident first:`}</p>
      <div class="pair">
        {examples.map(({ task, summary, steps, judged, truth, final }) => (
          <div class="attempt">
            <p>
              <span class={`tag ${judged!.success ? "bad" : "warn"}`}>
                {judged!.success ? "wrongly rewarded" : "success missed"}
              </span>{" "}
              {task.instruction}
            </p>
            <p class="dim">
              {`${summary.site} · phase ${summary.phase} · ${judged!.by} said ${judged!.probability.toFixed(2)}${truth?.reasons.length ? ` · verifier: ${truth.reasons.join("; ")}` : ""}`}
            </p>
            {steps.slice(-3).map((step) => (
              <p class="act">{`${step.index + 1}. ${step.response}`}</p>
            ))}
            {final && (
              <details>
                <summary class="dim">{`last page: ${final.title || final.url}`}</summary>
                <pre class="page-text" tabindex={0}>
                  {final.text}
                </pre>
              </details>
            )}
          </div>
        ))}
      </div>
    </>
  );
}

function TimeAndFaults({ overview }: { overview: Overview }) {
  const { faults, stages, usage, warnings } = overview;
  const codes = Object.entries(faults.byCode);
  return (
    <section>
      <h2>Time and faults</h2>
      <div class="plots">
        {stages.length > 0 && (
          <div class="panel">
            <BarChart {...stagePlot(stages)} />
          </div>
        )}
        {splitPlots([throughputPlot(overview.throughput), faultPlot(faults.rates)]).lines.map((plot) => (
          <div class="panel">
            <LineChart {...plot} />
          </div>
        ))}
        <div class="panel">
          <table>
            <caption>Time by stage</caption>
            <tbody>
              {secondsByStage(stages).map(({ stage, seconds }) => (
                <tr>
                  <th scope="row">{stage}</th>
                  <td class="n">{duration(seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <h3>Faults of the world</h3>
          {codes.length === 0 ? (
            <p>None. Faulted episodes are tried again and never rewarded.</p>
          ) : (
            <table>
              <tbody>
                {codes.map(([code, count]) => (
                  <tr>
                    <th scope="row">{words(code)}</th>
                    <td class="n">{count}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {usage && <h3>Judge and proposer</h3>}
          {usage && <p>{`${describeUsage(usage)}.`}</p>}
          {warnings.length > 0 && <h3>Warnings</h3>}
          <ul>
            {warnings.map((warning) => (
              <li>{`phase ${warning.phase}, ${warning.stage}: ${warning.message}`}</li>
            ))}
          </ul>
        </div>
      </div>
    </section>
  );
}

function Configuration({ overview }: { overview: Overview }) {
  if (!overview.head.config) return null;
  return (
    <section>
      <h2>Configuration</h2>
      <details>
        <summary>config.json</summary>
        <pre class="page-text" tabindex={0}>
          {JSON.stringify(overview.head.config, null, 2)}
        </pre>
      </details>
    </section>
  );
}
