/** @jsxImportSource preact */
/** @file The curriculum: what the filters said, success over the phases, and the lineage of tasks. */

import { useState } from "preact/hooks";
import type { Curriculum, RateRow } from "../curriculum.ts";
import { candidatePlot, ratePlot, splitPlots } from "../plots.ts";
import { percent } from "../../core/percent.ts";
import { useJson } from "./data.ts";
import { BarPlot, LinePlot } from "./plot.tsx";
import { episodeHref } from "./route.ts";
import { LineageTree } from "./shared.ts";

const GROUPS = ["site", "template", "difficulty"] as const;

export function CurriculumView({ run, version }: { run: string; version: number }) {
  const { data, error } = useJson<Curriculum>(`/api/runs/${encodeURIComponent(run)}/curriculum`, version);
  const [group, setGroup] = useState<(typeof GROUPS)[number]>("site");
  const [wanted, setWanted] = useState("");
  const [dropped, setDropped] = useState(true);
  if (error !== null) return <p class="notice">{error}</p>;
  if (!data) return <p class="dim">Reading the curriculum…</p>;
  const rows = data.rates[group];
  return (
    <>
      <h1>Curriculum</h1>
      {data.nodes.length === 0 && <p class="notice">No phase has tasks yet.</p>}
      {data.outcomes.length > 0 && (
        <div class="plots">
          <BarPlot {...candidatePlot(data.outcomes)} />
        </div>
      )}
      <h2>Success over the phases</h2>
      <div class="filters">
        <label>
          Group by
          <select value={group} onChange={(event) => setGroup(event.currentTarget.value as typeof group)}>
            {GROUPS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <div class="plots">
        {splitPlots([ratePlot(rows, group)]).lines.map((plot) => (
          <LinePlot key={plot.title} {...plot} />
        ))}
        <div class="panel">
          <RateTable rows={rows} group={group} />
        </div>
      </div>
      <h2>Lineage</h2>
      <p class="dim">
        A task below another grew from it: from an attempt that was judged a failure or, if none was, from a
        given task. Attempts open in the viewer.
      </p>
      <div class="filters">
        <label>
          Words of a task
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </label>
        <label class="check">
          <input type="checkbox" checked={dropped} onChange={() => setDropped(!dropped)} />
          show dropped candidates
        </label>
      </div>
      <LineageTree
        curriculum={narrow(data, wanted, dropped)}
        episodeHref={(phase, id) => episodeHref(run, "rollout", phase, id)}
      />
    </>
  );
}

/** Only trees with a task that contains the words; without dropped candidates if that is requested. */
function narrow(curriculum: Curriculum, text: string, dropped: boolean): Curriculum {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const visible = new Set(
    curriculum.nodes
      .filter((node) => dropped || node.outcome === "kept" || node.outcome === "seed")
      .map((node) => node.taskId),
  );
  const nodes = curriculum.nodes
    .filter((node) => visible.has(node.taskId))
    .map((node) => ({ ...node, children: node.children.filter((id) => visible.has(id)) }));
  const byId = new Map(nodes.map((node) => [node.taskId, node]));
  const matches = (id: string, depth = 0): boolean => {
    const node = byId.get(id);
    if (!node || depth > 60) return false;
    const words = `${node.instruction} ${node.taskId}`.toLowerCase();
    return (
      wanted.every((word) => words.includes(word)) || node.children.some((child) => matches(child, depth + 1))
    );
  };
  return { ...curriculum, nodes, roots: curriculum.roots.filter((id) => byId.has(id) && matches(id)) };
}

function RateTable({ rows, group }: { rows: RateRow[]; group: string }) {
  const phases = [...new Set(rows.flatMap((row) => Object.keys(row.byPhase).map(Number)))].sort(
    (a, b) => a - b,
  );
  return (
    <div class="scroll bounded" tabIndex={0} role="region" aria-label={`Success by ${group}`}>
      <table class="cells">
        <thead>
          <tr>
            <th scope="col">{group}</th>
            {phases.map((phase) => (
              <th key={phase} scope="col" class="n">{`phase ${phase}`}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.group}>
              <th scope="row">{row.group}</th>
              {phases.map((phase) => {
                const cell = row.byPhase[phase];
                return (
                  <td key={phase} class="cell">
                    {cell ? (
                      <span
                        class="heat"
                        style={{ "--share": percent(0.45 * (cell.successes / cell.attempts), 0) }}
                      >
                        {percent(cell.successes / cell.attempts, 0)} {`of ${cell.attempts}`}
                      </span>
                    ) : (
                      "–"
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
