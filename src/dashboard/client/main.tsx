/** @jsxImportSource preact */
/** @file The dashboard's page: chooses the view of an address, and draws the frame around it. */

import type { ComponentChildren } from "preact";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CompareView } from "./compare-view.tsx";
import { CurriculumView } from "./curriculum-view.tsx";
import { useJson, useLive } from "./data.ts";
import { EpisodeView } from "./episode-view.tsx";
import { EpisodesView } from "./episodes-view.tsx";
import { OverviewView } from "./overview-view.tsx";
import { ReplayView } from "./replay-view.tsx";
import type { Route } from "./route.ts";
import { href, useRoute } from "./route.ts";
import type { RunSummary } from "./runs-view.tsx";
import { RunsView } from "./runs-view.tsx";

const PARTS = [
  ["", "Overview"],
  ["curriculum", "Curriculum"],
  ["episodes", "Episodes"],
  ["replay", "Replay"],
] as const;

function App() {
  const route = useRoute();
  const { connected, versions } = useLive();
  const { data, error } = useJson<{ runs: RunSummary[] }>("/api/runs", versions[""] ?? 0);
  const runs = data?.runs;
  const [first] = route.path;
  const key =
    first === "run" ? route.path[1]! : runs?.length === 1 && first === undefined ? runs[0]!.key : null;
  useEffect(() => {
    document.title = key === null ? "WebRL dashboard" : `${key} – WebRL dashboard`;
  }, [key]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => focusMain(event)}>
        Skip to content
      </a>
      <Header
        runs={runs ?? []}
        run={key}
        part={first === "run" ? (route.path[2] ?? "") : ""}
        connected={connected}
      />
      <main id="main" tabIndex={-1}>
        {error !== null && <Notice>{`The server does not answer: ${error}`}</Notice>}
        {runs && (
          <View
            route={route}
            runs={runs}
            run={key}
            version={key === null ? 0 : (versions[key] ?? 0)}
            all={versions[""] ?? 0}
          />
        )}
      </main>
    </>
  );
}

function focusMain(event: Event): void {
  // The hash selects the view, so a jump to #main would leave it.
  event.preventDefault();
  document.getElementById("main")!.focus();
}

function Notice({ children }: { children: ComponentChildren }) {
  return (
    <p class="notice" role="alert">
      {children}
    </p>
  );
}

/** An address that somebody typed, or that another version had. */
function NoView({ path }: { path: readonly string[] }) {
  return (
    <Notice>
      {`Nothing is shown at ${path.join("/")}. `}
      <a href="#/">All runs</a>
    </Notice>
  );
}

/** An agent's directory has episodes, but nothing about training. */
const isAgent = (runs: readonly RunSummary[], key: string): boolean =>
  runs.some((run) => run.key === key && run.head.agent !== null);

function View({
  route,
  runs,
  run,
  version,
  all,
}: {
  route: Route;
  runs: RunSummary[];
  run: string | null;
  version: number;
  all: number;
}) {
  const { path } = route;
  if (path[0] === "compare" && path.length === 1)
    return <CompareView query={route.query} runs={runs} version={all} />;
  if (path.length > 0 && (path[0] !== "run" || path.length === 1)) return <NoView path={path} />;
  if (run === null) return <RunsView runs={runs} />;
  const found = runs.find((each) => each.key === run);
  if (!found)
    return (
      <Notice>
        {`There is no run ${run}. `}
        <a href="#/">All runs</a>
      </Notice>
    );
  const [, , part = found.head.agent ? "episodes" : "", kind, phase, id] = path;
  if (path.length > (part === "episode" ? 6 : 3)) return <NoView path={path} />;
  switch (part) {
    case "":
      return <OverviewView run={run} query={route.query} version={version} />;
    case "curriculum":
      return <CurriculumView run={run} version={version} />;
    case "episodes":
      return <EpisodesView run={run} query={route.query} version={version} head={found.head} />;
    case "episode":
      if (path.length < 6 || !/^(rollout|evaluation)$/.test(kind!) || !/^\d+$/.test(phase!))
        return <NoView path={path} />;
      return (
        <EpisodeView
          key={`${phase}/${id}`}
          run={run}
          kind={kind!}
          phase={Number(phase)}
          id={id!}
          query={route.query}
        />
      );
    case "replay":
      return <ReplayView run={run} query={route.query} version={version} />;
    default:
      return <NoView path={path} />;
  }
}

function Header({
  runs,
  run,
  part,
  connected,
}: {
  runs: RunSummary[];
  run: string | null;
  part: string;
  connected: boolean;
}) {
  const first = run !== null && isAgent(runs, run) ? "episodes" : "";
  const current = part === "episode" ? "episodes" : part || first;
  return (
    <header class="top">
      <a class="brand" href="#/">
        WebRL
      </a>
      {runs.length > 1 && (
        <select
          aria-label="Run"
          value={runs.some(({ key }) => key === run) ? run! : ""}
          onChange={(event) => {
            const value = event.currentTarget.value;
            location.hash =
              value === "" ? "#/" : href(["run", value, ...(part && part !== "episode" ? [part] : [])]);
          }}
        >
          <option value="">all runs</option>
          {runs.map(({ key }) => (
            <option key={key} value={key}>
              {key}
            </option>
          ))}
        </select>
      )}
      <nav aria-label="Views">
        {run !== null &&
          runs.some(({ key }) => key === run) &&
          PARTS.filter(([name]) => name === "episodes" || !isAgent(runs, run)).map(([name, title]) => (
            <a
              key={name}
              href={href(["run", run, ...(name ? [name] : [])])}
              aria-current={current === name ? "page" : undefined}
            >
              {title}
            </a>
          ))}
        {runs.length > 1 && (
          <a
            href="#/compare"
            aria-current={run === null && location.hash.startsWith("#/compare") ? "page" : undefined}
          >
            Compare
          </a>
        )}
      </nav>
      <div class="right">
        <span class={`live ${connected ? "on" : ""}`} role="status">
          {connected ? "connected" : "not connected"}
        </span>
        <ThemeButton />
      </div>
    </header>
  );
}

function ThemeButton() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const [theme, setTheme] = useState(localStorage.getItem("theme") ?? system);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    if (theme === system) localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  }, [theme]);
  const other = theme === "dark" ? "light" : "dark";
  return (
    <button type="button" onClick={() => setTheme(other)} aria-label={`Change to ${other} colours`}>
      {other === "dark" ? "Dark" : "Light"}
    </button>
  );
}

render(<App />, document.getElementById("app")!);
