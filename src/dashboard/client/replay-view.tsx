/** @jsxImportSource preact */
/** @file The replay buffer: what each phase looked at, by perplexity, and what it replayed. */

import { rolloutPhaseOf } from "../../run/episode-ids.ts";
import { perplexityPlot, REPLAY_OUTCOMES } from "../plots.ts";
import type { ReplayPhase, ReplayStep } from "../replay.ts";
import { number, words } from "../views/format.ts";
import { useJson } from "./data.ts";
import { BarPlot } from "./plot.tsx";
import { episodeHref, replaceQuery } from "./route.ts";
import { VirtualList } from "./virtual-list.tsx";

export function ReplayView({
  run,
  query,
  version,
}: {
  run: string;
  query: URLSearchParams;
  version: number;
}) {
  const base = `/api/runs/${encodeURIComponent(run)}/replay`;
  const { data, error } = useJson<{ phases: ReplayPhase[] }>(base, version);
  if (error !== null) return <p class="notice">{error}</p>;
  if (!data) return <p class="dim">Reading the replay buffer…</p>;
  const chosen = data.phases.find((each) => String(each.phase) === query.get("phase")) ?? data.phases.at(-1);
  if (!chosen)
    return (
      <>
        <h1>Replay buffer</h1>
        <p class="notice">No phase has selected experience yet, or the method does not replay.</p>
      </>
    );
  const outcome = query.get("outcome") ?? "";
  return (
    <>
      <h1>Replay buffer</h1>
      <p class="dim">
        Successes of earlier phases and demonstrations. A phase replays steps whose action has a moderate
        perplexity under the last phase's actor.
      </p>
      <Choices phases={data.phases} phase={chosen.phase} outcome={outcome} />
      <div class="plots">
        <BarPlot {...perplexityPlot(chosen.phase, chosen.bins)} />
        <Sources of={chosen} />
      </div>
      <h2>Steps</h2>
      <VirtualList<ReplayStep>
        url={`${base}/${chosen.phase}?${outcome ? `outcome=${outcome}` : ""}`}
        version={version}
        label="Steps of the replay buffer"
        row={(step) => <Step run={run} step={step} />}
      />
    </>
  );
}

function Choices({ phases, phase, outcome }: { phases: ReplayPhase[]; phase: number; outcome: string }) {
  return (
    <div class="filters">
      <label>
        Phase
        <select
          value={String(phase)}
          onChange={(event) => replaceQuery({ phase: event.currentTarget.value })}
        >
          {phases.map((each) => (
            <option key={each.phase}>{each.phase}</option>
          ))}
        </select>
      </label>
      <label>
        Outcome
        <select
          value={outcome}
          onChange={(event) => replaceQuery({ outcome: event.currentTarget.value || undefined })}
        >
          <option value="">all</option>
          {REPLAY_OUTCOMES.map((name) => (
            <option key={name} value={name}>
              {words(name)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Sources({ of }: { of: ReplayPhase }) {
  return (
    <div class="panel">
      <table>
        <caption>Where they come from</caption>
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col" class="n">
              Looked at
            </th>
            <th scope="col" class="n">
              Replayed
            </th>
          </tr>
        </thead>
        <tbody>
          {of.sources.map((row) => (
            <tr key={row.source}>
              <th scope="row">{row.source}</th>
              <td class="n">{number(row.looked)}</td>
              <td class="n">{number(row.selected)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="dim">
        {Object.entries(of.counts)
          .map(([name, n]) => `${number(n)} ${words(name)}`)
          .join(", ")}
      </p>
    </div>
  );
}

function Step({ run, step }: { run: string; step: ReplayStep }) {
  const content = (
    <>
      <span class={`tag outcome ${step.outcome === "selected" ? "good" : "off"}`}>{words(step.outcome)}</span>
      <span class="name">{step.instruction ?? "A demonstration"}</span>
      <span class="meta">{`${step.trajectoryId}, step ${step.index + 1}`}</span>
      <span class="verdicts dim">
        {step.perplexity === null ? "perplexity not asked" : `perplexity ${step.perplexity.toFixed(3)}`}
      </span>
    </>
  );
  const phase = rolloutPhaseOf(step.trajectoryId);
  return phase === null ? (
    <div>{content}</div>
  ) : (
    <a
      href={episodeHref(run, "rollout", phase, step.trajectoryId, {
        step: String(step.index + 1),
      })}
    >
      {content}
    </a>
  );
}
