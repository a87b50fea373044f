/** @jsxImportSource preact */
/** @file The episodes of a run with filters; a row opens the viewer. */

import { useState } from "preact/hooks";
import type { EpisodeSummary } from "../episodes.ts";
import { percent } from "../../core/percent.ts";
import { words } from "../views/format.ts";
import { episodeHref, replaceQuery } from "./route.ts";
import type { RunSummary } from "./runs-view.tsx";
import type { Piece } from "./virtual-list.tsx";
import { VirtualList } from "./virtual-list.tsx";

const FILTERS = ["kind", "phase", "outcome", "site", "template", "disagreement", "text"] as const;

interface EpisodePiece extends Piece<EpisodeSummary> {
  all: number;
  facets: { site: string[]; template: string[]; phase: number[] };
}

/** The filters of an address, for the server and for links. */
export function filterQuery(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = query.get(name);
      return value ? [[name, value] as const] : [];
    }),
  );
}

export function EpisodesView({
  run,
  query,
  version,
  head,
}: {
  run: string;
  query: URLSearchParams;
  version: number;
  head: RunSummary["head"];
}) {
  const [answer, setAnswer] = useState<EpisodePiece | null>(null);
  const filters = filterQuery(query);
  const search = new URLSearchParams(filters).toString();
  const url = `/api/runs/${encodeURIComponent(run)}/episodes?${search}`;
  return (
    <>
      <h1>Episodes</h1>
      <Filters chosen={filters} facets={answer?.facets} head={head} />
      <p class="dim" role="status">
        {answer ? `${answer.total} of ${answer.all} episodes` : "Reading episodes…"}
      </p>
      <VirtualList<EpisodeSummary>
        url={url}
        version={version}
        label="Episodes"
        onTotal={(piece) => setAnswer(piece as EpisodePiece)}
        row={(episode) => (
          <a href={episodeHref(run, episode.kind, episode.phase, episode.id, filters)}>
            <Outcome episode={episode} />
            <span class="name">{episode.instruction}</span>
            <span class="meta">
              {`${episode.id} · ${episode.site} · ${episode.steps} steps · ${words(episode.ending)}`}
            </span>
            <Verdicts episode={episode} />
          </a>
        )}
      />
      <p class="dim">
        <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Enter</kbd> opens
      </p>
    </>
  );
}

function Filters({
  chosen,
  facets,
  head,
}: {
  chosen: Record<string, string>;
  facets: EpisodePiece["facets"] | undefined;
  head: RunSummary["head"];
}) {
  const choose = (name: string, label: string, values: (string | number)[], show = words) => (
    <label>
      {label}
      <select
        value={chosen[name] ?? ""}
        onChange={(event) => replaceQuery({ [name]: event.currentTarget.value || undefined })}
      >
        <option value="">all</option>
        {values.map((value) => (
          <option key={value} value={String(value)}>
            {show(String(value))}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      {!head.agent && choose("kind", "Kind", ["rollout", "evaluation"])}
      {!head.agent && choose("phase", "Phase", facets?.phase ?? [])}
      {choose("outcome", "Outcome", ["success", "failure", "faulted", "unknown"])}
      {choose("site", "Site", facets?.site ?? [], String)}
      {choose("template", "Template", facets?.template ?? [], String)}
      <label>
        Words
        <input
          type="search"
          value={chosen["text"] ?? ""}
          onChange={(event) => replaceQuery({ text: event.currentTarget.value || undefined })}
        />
      </label>
      {(head.judge === "orm" || head.judge === "llm") && (
        <label class="check">
          <input
            type="checkbox"
            checked={chosen["disagreement"] === "1"}
            onChange={(event) =>
              replaceQuery({ disagreement: event.currentTarget.checked ? "1" : undefined })
            }
          />
          judge and verifier disagree
        </label>
      )}
    </form>
  );
}

export function Outcome({ episode }: { episode: EpisodeSummary }) {
  const success = episode.truth ?? episode.judged?.success ?? null;
  const [tone, text] =
    episode.ending === "faulted"
      ? ["warn", "faulted"]
      : success === null
        ? ["off", "not judged"]
        : success
          ? ["good", "success"]
          : ["bad", "failure"];
  return <span class={`tag outcome ${tone}`}>{text}</span>;
}

function Verdicts({ episode }: { episode: EpisodeSummary }) {
  const { judged, truth } = episode;
  if (!judged || judged.by === "verifier") return <span class="verdicts" />;
  const wrong = truth !== null && truth !== judged.success;
  return (
    <span class="verdicts">
      <span class={`tag ${wrong ? "warn" : "off"}`}>
        {`${judged.by} ${percent(judged.probability, 0)}${wrong ? " ≠ verifier" : ""}`}
      </span>
    </span>
  );
}
