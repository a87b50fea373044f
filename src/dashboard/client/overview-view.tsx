/** @jsxImportSource preact */
/** @file One run at a glance. */

import type { Overview } from "../overview.ts";
import {
  calibrationPlot,
  faultPlot,
  judgeTitle,
  learningCurve,
  phasePlots,
  splitPlots,
  stagePlot,
  stepPlots,
  throughputPlot,
} from "../plots.ts";
import { PAPER_CURVES } from "../series.ts";
import { percent } from "../../core/percent.ts";
import { describeUsage } from "../../core/usage.ts";
import { duration, number, share, words } from "../views/format.ts";
import { useJson } from "./data.ts";
import { BarPlot, LinePlot } from "./plot.tsx";
import { href, replaceQuery } from "./route.ts";
import { stateTag } from "./runs-view.tsx";
import { BeforeAfterTable, ConfusionTable, JudgeTable, OnceTable } from "./shared.ts";

export function OverviewView({
  run,
  query,
  version,
}: {
  run: string;
  query: URLSearchParams;
  version: number;
}) {
  const { data, error } = useJson<Overview>(`/api/runs/${encodeURIComponent(run)}`, version);
  if (error !== null) return <p class="notice">{error}</p>;
  if (!data) return <p class="dim">Reading the run…</p>;
  const paper = query.get("paper") === "1";
  const [first, last] = [data.evaluations[0], data.evaluations.at(-1)];
  const learning = splitPlots([...phasePlots(data), ...stepPlots(data)]);
  const speed = splitPlots([throughputPlot(data.throughput), faultPlot(data.faults.rates)]);
  return (
    <>
      <h1>{run}</h1>
      <p class="dim">
        {[data.head.method, data.head.seed === null ? "" : `seed ${data.head.seed}`, data.head.directory]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <Now data={data} />
      <Problems problems={data.problems} warnings={data.warnings} />
      <OpenEpisodes run={run} episodes={data.openEpisodes} />
      <h2>Results</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={paper}
          onChange={() => replaceQuery({ paper: paper ? undefined : "1" })}
        />
        Show the paper's curves (Llama-3.1-8B on WebArena-Lite: compare the shape, not the height)
      </label>
      <div class="plots">
        {(data.evaluations.length > 1 || paper) && (
          <LinePlot
            {...learningCurve(
              [{ name: data.head.method, evaluations: data.evaluations }],
              paper ? PAPER_CURVES : [],
            )}
          />
        )}
        <div class="panel">
          {first && last ? (
            <BeforeAfterTable
              before={first.evaluation}
              after={last === first ? null : last.evaluation}
              afterLabel={`Phase ${last.phase}`}
            />
          ) : (
            <p class="dim">No evaluation is complete yet.</p>
          )}
        </div>
      </div>
      {learning.lines.length + learning.once.length > 0 && <h2>Learning</h2>}
      <Plots {...learning} />
      <Judge run={run} data={data} />
      <h2>Time, throughput and faults</h2>
      <div class="plots">
        {data.stages.length > 0 && <BarPlot {...stagePlot(data.stages)} />}
        {speed.lines.map((plot) => (
          <LinePlot key={plot.title} {...plot} />
        ))}
        <Faults faults={data.faults} />
      </div>
    </>
  );
}

function Plots({ lines, once }: ReturnType<typeof splitPlots>) {
  return (
    <div class="plots">
      {lines.map((plot) => (
        <LinePlot key={plot.title} {...plot} />
      ))}
      {once.length > 0 && (
        <div class="panel">
          <OnceTable plots={once} />
        </div>
      )}
    </div>
  );
}

function Now({ data }: { data: Overview }) {
  const { progress, evaluations, throughput, faults, head, usage } = data;
  const { done, total } = progress;
  const last = evaluations.at(-1);
  const speed = throughput.at(-1);
  const started = progress.stageStartedAt === null ? null : Date.parse(progress.stageStartedAt);
  const latest = progress.lastEventAt === null ? null : Date.parse(progress.lastEventAt);
  const until = progress.state === "running" ? Date.now() : latest;
  const elapsed = started !== null && until !== null ? (until - started) / 1000 : 0;
  const left = done && total && done < total && elapsed > 0 ? (elapsed / done) * (total - done) : null;
  // Facts without a value are left out: a finished run has no stage.
  const facts: [string, string | null][] = [
    ["phase", progress.phase === null ? null : `${progress.phase} of ${head.phases}`],
    ["stage", progress.stage],
    ["done", done === null ? null : `${number(done)}${total === null ? "" : ` of ${number(total)}`}`],
    ["left in the stage", left === null || progress.state !== "running" ? null : duration(left)],
    ["latest score", last ? `${share(last.evaluation.success, last.evaluation.standardError)}` : null],
    ["episodes per minute", speed ? number(speed.episodesPerMinute) : null],
    ["faults", number(Object.values(faults.byCode).reduce((sum, n) => sum + n, 0))],
    ["judge and proposer", usage ? describeUsage(usage) : null],
  ];
  return (
    <section aria-label="Now">
      <p>
        <span class={`tag ${stateTag(progress.state)}`}>{progress.state}</span>{" "}
        {progress.reason !== null && <span>{progress.reason}</span>}{" "}
        {(progress.state === "interrupted" || progress.state === "stopped") && (
          <span class="dim">
            Continue it with <code>{`webrl resume ${head.directory}`}</code>
          </span>
        )}
      </p>
      <dl class="facts">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {progress.state === "running" && done !== null && total ? (
        <div
          class="bar-track"
          role="progressbar"
          aria-label={`Progress of ${progress.stage}`}
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={Math.min(done, total)}
        >
          <div class="bar-fill" style={{ width: percent(Math.min(1, done / total), 0) }} />
        </div>
      ) : null}
    </section>
  );
}

function Problems({ problems, warnings }: Pick<Overview, "problems" | "warnings">) {
  return (
    <>
      {problems.length > 0 && (
        <section class="notice" aria-label="What is missing">
          <strong>Missing or damaged:</strong>
          <ul>
            {problems.slice(0, 20).map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </section>
      )}
      {warnings.length > 0 && (
        <section class="notice" aria-label="Warnings">
          <strong>Warnings:</strong>
          <ul>
            {warnings.slice(-10).map((warning) => (
              <li
                key={`${warning.time}${warning.message}`}
              >{`phase ${warning.phase}, ${warning.stage}: ${warning.message}`}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function OpenEpisodes({ run, episodes }: { run: string; episodes: Overview["openEpisodes"] }) {
  if (episodes.length === 0) return null;
  return (
    <section>
      <h2>In flight</h2>
      <div class="thumbs">
        {episodes.slice(0, 24).map((episode) => (
          <figure key={episode.id}>
            {episode.screenshot ? (
              <img
                src={screenshotUrl(run, episode.screenshot.path)}
                alt={`Latest page of ${episode.id}`}
                loading="lazy"
                decoding="async"
              />
            ) : (
              <div class="none dim">no picture yet</div>
            )}
            <figcaption>
              {episode.instruction}{" "}
              <span class="dim">
                {episode.screenshot
                  ? `step ${episode.screenshot.step + 1}`
                  : `since ${clock(episode.startedAt)}`}
              </span>
            </figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}

const clock = (time: string) => new Date(time).toLocaleTimeString();

export const screenshotUrl = (run: string, path: string): string =>
  `/api/runs/${encodeURIComponent(run)}/screenshot?path=${encodeURIComponent(path)}`;

function Judge({ run, data }: { run: string; data: Overview }) {
  const all = data.judge.find((row) => row.group === "all");
  if (!all) return null;
  return (
    <>
      <h2>{judgeTitle(data.head.judge)}</h2>
      <p class="dim">
        Its verdicts on rollouts, against the verifier where the task has one.{" "}
        <a href={href(["run", run, "episodes"], { disagreement: "1" })}>Look at its mistakes</a>
      </p>
      <div class="plots">
        <div class="panel">
          <JudgeTable quality={data.judge} />
        </div>
        <div class="panel">
          <ConfusionTable confusion={all.confusion} />
        </div>
        <LinePlot {...calibrationPlot(data.calibration)} />
      </div>
    </>
  );
}

function Faults({ faults }: Pick<Overview, "faults">) {
  const codes = Object.entries(faults.byCode).sort((a, b) => b[1] - a[1]);
  return (
    <div class="panel">
      <h3 style={{ marginTop: 0 }}>Faults of the world</h3>
      {codes.length === 0 && <p class="dim">None so far.</p>}
      <table>
        <tbody>
          {codes.map(([code, count]) => (
            <tr key={code}>
              <th scope="row">{words(code)}</th>
              <td class="n">{count}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {faults.recent.length > 0 && (
        <details>
          <summary>The latest</summary>
          <ul>
            {faults.recent.map((fault) => (
              <li
                key={`${fault.time}${fault.id}`}
              >{`${fault.id}: ${words(fault.code)}, ${fault.message}`}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
