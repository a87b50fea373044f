/** @jsxImportSource preact */
/** @file The trajectory viewer: one attempt step by step, or two attempts beside each other. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { EpisodeDetail, EpisodeSummary } from "../episodes.ts";
import { percent } from "../../core/percent.ts";
import { duration, words } from "../views/format.ts";
import { useJson } from "./data.ts";
import { filterQuery, Outcome } from "./episodes-view.tsx";
import { LinePlot } from "./plot.tsx";
import { episodeHref, href, replaceQuery } from "./route.ts";
import { StepPanel } from "./step-panel.tsx";
import type { Piece } from "./virtual-list.tsx";

interface Place {
  run: string;
  kind: string;
  phase: number;
  id: string;
}

interface Neighbours {
  previous: EpisodeSummary | null;
  next: EpisodeSummary | null;
  index: number | null;
  total: number;
}

const detailUrl = ({ run, kind, phase, id }: Place) =>
  `/api/runs/${encodeURIComponent(run)}/episode?${new URLSearchParams({ kind, phase: String(phase), id })}`;

export function EpisodeView(props: Place & { query: URLSearchParams }) {
  const { run, kind, id, query } = props;
  const { data, error } = useJson<EpisodeDetail>(detailUrl(props));
  const filters = filterQuery(query);
  const neighbours = useJson<Neighbours>(
    `/api/runs/${encodeURIComponent(run)}/neighbours?${new URLSearchParams({ ...filters, of: kind, id })}`,
  ).data;
  const others = useJson<Piece<EpisodeSummary>>(
    data
      ? `/api/runs/${encodeURIComponent(run)}/episodes?${new URLSearchParams({ task: data.task.id, limit: "100" })}`
      : null,
  ).data;
  const besideText = query.get("beside");
  const beside = besideText === null ? null : parsePlace(run, besideText);
  const second = useJson<EpisodeDetail>(beside ? detailUrl(beside) : null);

  const go = (next: EpisodeSummary | null | undefined) => {
    if (next) location.hash = episodeHref(run, next.kind, next.phase, next.id, filters);
  };
  const count = Math.max(data?.steps.length ?? 0, second.data?.steps.length ?? 0);
  const step = Math.min(
    Math.max(0, (Math.trunc(Number(query.get("step"))) || 1) - 1),
    Math.max(0, count - 1),
  );
  const show = (index: number) => {
    if (index >= 0 && index < count) replaceQuery({ step: String(index + 1) });
  };
  useKeys({
    j: () => show(step + 1),
    k: () => show(step - 1),
    ArrowRight: () => show(step + 1),
    ArrowLeft: () => show(step - 1),
    "]": () => go(neighbours?.next),
    "[": () => go(neighbours?.previous),
  });

  if (error !== null)
    return (
      <p class="notice" role="alert">
        {`${error} `}
        <a href={href(["run", run, "episodes"], filters)}>All episodes</a>
      </p>
    );
  if (!data) return <p class="dim">Reading the episode…</p>;
  return (
    <>
      <p>
        <a href={href(["run", run, "episodes"], filters)}>All episodes</a>{" "}
        <button type="button" disabled={!neighbours?.previous} onClick={() => go(neighbours?.previous)}>
          Previous
        </button>{" "}
        <button type="button" disabled={!neighbours?.next} onClick={() => go(neighbours?.next)}>
          Next
        </button>{" "}
        {neighbours && neighbours.index !== null && (
          <span class="dim">{`${neighbours.index + 1} of ${neighbours.total}`}</span>
        )}
      </p>
      <h1>{data.task.instruction}</h1>
      <p class="dim">
        {data.result
          ? `${data.task.id} · ${(data.task.sites ?? []).join(", ")}`
          : `${data.task.id} · ${data.task.category} · ${(data.task.sites ?? []).join(", ")} · the oracle needs ${data.task.difficulty} steps`}
      </p>
      <div class="filters">
        <BesideChoice
          value={besideText}
          others={(others?.items ?? []).filter((other) => !(other.id === id && other.kind === kind))}
        />
        <span class="dim">
          <kbd>←</kbd> <kbd>→</kbd> steps, <kbd>[</kbd> <kbd>]</kbd> episodes
        </span>
      </div>
      {second.error !== null && <p class="notice">{second.error}</p>}
      <div class={`viewer ${second.data ? "two" : ""}`}>
        <Attempt run={run} detail={data} step={step} show={show} />
        {second.data && <Attempt run={run} detail={second.data} step={step} show={show} />}
      </div>
    </>
  );
}

/** What each key does, except in a field that is being typed into. */
function useKeys(acts: Record<string, () => void>): void {
  // Before the next paint: keys pressed faster than pages are painted would start from the old step.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
        return;
      const act = acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}

function BesideChoice({ value, others }: { value: string | null; others: EpisodeSummary[] }) {
  return (
    <label>
      Beside it
      <select
        value={value ?? ""}
        onChange={(event) => replaceQuery({ beside: event.currentTarget.value || undefined })}
      >
        <option value="">no other attempt</option>
        {others.map((other) => (
          <option key={`${other.kind}${other.id}`} value={`${other.kind}:${other.phase}:${other.id}`}>
            {`${other.id} (${other.truth === null ? words(other.ending) : other.truth ? "success" : "failure"})`}
          </option>
        ))}
      </select>
    </label>
  );
}

function parsePlace(run: string, text: string): Place | null {
  const match = /^(rollout|evaluation):(\d+):(.+)$/s.exec(text);
  return match ? { run, kind: match[1]!, phase: Number(match[2]), id: match[3]! } : null;
}

function Attempt(props: { run: string; detail: EpisodeDetail; step: number; show: (index: number) => void }) {
  const { run, detail, show } = props;
  const index = Math.min(props.step, detail.steps.length - 1);
  const step = detail.steps[index];
  const next = detail.steps[index + 1]?.observation ?? detail.final;
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Only along the bar: the page stays where it is.
    const current = bar.current?.querySelector<HTMLElement>("[aria-current=step]");
    if (current && bar.current)
      bar.current.scrollLeft = current.offsetLeft - (bar.current.clientWidth - current.clientWidth) / 2;
  }, [index, detail.summary.id]);
  const hasValues = detail.steps.some((each) => each.value !== null);
  return (
    <section aria-label={`Attempt ${detail.summary.id}`}>
      <h2 style={{ marginTop: "10px" }}>
        {detail.summary.id} <Outcome episode={detail.summary} />
      </h2>
      <Fate detail={detail} />
      <div class="steps" role="group" aria-label="Steps" ref={bar}>
        {detail.steps.map((each, i) => (
          <button
            type="button"
            key={each.index}
            class={each.mistake ? "mistake" : ""}
            aria-current={i === index ? "step" : undefined}
            title={each.response}
            onClick={() => show(i)}
          >
            {`${i + 1} ${shortAction(each)}`}
          </button>
        ))}
      </div>
      {step ? (
        <StepPanel run={run} step={step} after={next} isLast={index === detail.steps.length - 1} />
      ) : (
        <p class="dim">The episode ended before the first step.</p>
      )}
      {hasValues && (
        <LinePlot
          title="Value and advantage"
          xLabel="step"
          yLabel="V(s) and A(s, a)"
          markers
          series={(["value", "advantage"] as const).map((name) => ({
            name,
            points: detail.steps.flatMap((each, i) =>
              each[name] === null ? [] : [{ x: i + 1, y: each[name] }],
            ),
          }))}
        />
      )}
    </section>
  );
}

function shortAction({ action: parsed, response }: EpisodeDetail["steps"][number]): string {
  if (!parsed.ok) return response.slice(0, 30);
  const { action } = parsed;
  return [
    words(action.kind),
    ...(action.kind === "press" ? [action.keys] : []),
    ...("element" in action && action.element !== undefined ? [action.element] : []),
  ].join(" ");
}

const phraseVerdict = (verdict: string, reasons: readonly string[]) =>
  reasons.length > 0 ? `${verdict}: ${reasons.join("; ")}` : verdict;

const NO_SUPPORT = "none: no page that was seen carries this answer";

function Fate({ detail }: { detail: EpisodeDetail }) {
  const { ending, truth, judged, blockedHosts, faults, result } = detail;
  const how =
    ending.kind === "terminated"
      ? ending.answer === null
        ? words(ending.reason)
        : `answer: “${ending.answer}”`
      : ending.kind === "truncated"
        ? `cut off: ${words(ending.reason)}`
        : `fault: ${words(ending.code)}, ${ending.message}`;
  const rows: [string, string][] = [
    ["ended", how],
    ...(result && !truth
      ? []
      : [
          [
            "verifier",
            truth ? phraseVerdict(truth.success ? "success" : "failure", truth.reasons ?? []) : "no verdict",
          ] satisfies [string, string],
        ]),
    ...(judged && judged.by !== "verifier"
      ? [
          [
            judged.by,
            phraseVerdict(
              `${judged.success ? "success" : "failure"}, P = ${percent(judged.probability)}`,
              judged.reasons,
            ),
          ] satisfies [string, string],
        ]
      : []),
    ["policy", `${detail.policy}, seed ${detail.seed}, ${duration(detail.wallMs / 1000)}`],
  ];
  if (result)
    rows.push(
      ["outcome", `${result.outcome}: ${result.reason}`],
      ...(result.unsupported ? [["support", NO_SUPPORT] satisfies [string, string]] : []),
      ...result.evidence.map(({ url, passages }): [string, string] => [
        "seen on",
        `${url}: ${passages.map(({ text }) => `“${text.trim().slice(0, 200)}”`).join(", ")}`,
      ]),
    );
  const blocked = Object.entries(blockedHosts);
  if (blocked.length > 0)
    rows.push(["refused hosts", blocked.map(([host, n]) => `${host} (${n})`).join(", ")]);
  if (faults.length > 0) rows.push(["earlier faults", faults.map((fault) => words(fault.code)).join(", ")]);
  const disagree = truth && judged && truth.success !== judged.success;
  return (
    <>
      <table>
        <tbody>
          {rows.map(([name, value], i) => (
            <tr key={i}>
              <th scope="row" class="dim">
                {name}
              </th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {disagree && (
        <p>
          <span class="tag warn">the judge and the verifier disagree</span>
        </p>
      )}
    </>
  );
}
