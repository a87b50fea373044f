/**
 * @file The curriculum of a run: the failed task from which each task was made, the filters' decision, and the results.
 */

import type { EpisodeSummary } from "./episodes.ts";
import { allEpisodes, hasSucceeded } from "./episodes.ts";
import type { RunFiles } from "../run/run-files.ts";

export interface LineageNode {
  taskId: string;
  instruction: string;
  site: string;
  templateId: string | null;
  category: string;
  difficulty: number;
  /** Phase that proposed it; 0 for tasks of the suite. */
  phase: number;
  parentId: string | null;
  proposer: string | null;
  /** V(s₀) when it was filtered. */
  value: number | null;
  /** `seed` for tasks of the suite, else what the filters said: `kept`, `too_hard`, `duplicate`, … */
  outcome: string;
  reason: string;
  /** Attempts at it, by phase. */
  attempts: { phase: number; episodeId: string; success: boolean | null; ending: string }[];
  children: string[];
}

export interface RateRow {
  group: string;
  /** Phase → successes of attempts (rollouts, as the reward saw them or the verifier where it is known). */
  byPhase: Record<number, { successes: number; attempts: number }>;
}

export interface Curriculum {
  nodes: LineageNode[];
  /** Ids of tasks without a parent in the run. */
  roots: string[];
  outcomes: { phase: number; counts: Record<string, number> }[];
  rates: { template: RateRow[]; site: RateRow[]; difficulty: RateRow[] };
}

export async function readCurriculum(run: RunFiles): Promise<Curriculum> {
  const nodes = new Map<string, LineageNode>();
  const outcomes: Curriculum["outcomes"] = [];
  for (const phase of await run.phases()) {
    const candidates = await run.lines(phase, "curriculum.jsonl");
    const counts: Record<string, number> = {};
    candidates.forEach((line, i) => {
      counts[line.outcome] = (counts[line.outcome] ?? 0) + 1;
      // A duplicate has the id of what it repeats: it is a leaf of its own.
      const id = nodes.has(line.task.id) ? `${line.task.id}#${phase}.${i}` : line.task.id;
      nodes.set(id, {
        ...taskPart(line.task),
        taskId: id,
        phase,
        parentId: line.parentId,
        proposer: line.task.lineage?.proposer ?? null,
        value: line.value,
        outcome: line.outcome,
        reason: line.reason,
        attempts: [],
        children: [],
      });
    });
    if (candidates.length > 0) outcomes.push({ phase, counts });
    for (const task of await run.lines(phase, "tasks.jsonl"))
      if (!nodes.has(task.id))
        nodes.set(task.id, {
          ...taskPart(task),
          phase: task.lineage?.phase ?? 0,
          parentId: task.lineage?.parentId ?? null,
          proposer: task.lineage?.proposer ?? null,
          value: task.lineage?.value ?? null,
          outcome: task.lineage ? "kept" : "seed",
          reason: "",
          attempts: [],
          children: [],
        });
  }
  const episodes = (await allEpisodes(run)).filter((episode) => episode.kind === "rollout");
  for (const episode of episodes)
    nodes.get(episode.taskId)?.attempts.push({
      phase: episode.phase,
      episodeId: episode.id,
      success: hasSucceeded(episode),
      ending: episode.ending,
    });
  const roots: string[] = [];
  for (const node of nodes.values()) {
    const parent = node.parentId === null ? undefined : nodes.get(node.parentId);
    if (parent && parent !== node) parent.children.push(node.taskId);
    else roots.push(node.taskId);
  }
  return {
    nodes: [...nodes.values()],
    roots,
    outcomes,
    rates: {
      template: rates(episodes, (episode) => episode.templateId ?? "no template"),
      site: rates(episodes, (episode) => episode.site || "unknown site"),
      difficulty: rates(episodes, (episode) => `${episode.difficulty} steps`),
    },
  };
}

const taskPart = (task: {
  id: string;
  instruction: string;
  sites?: string[];
  templateId?: string | null;
  category?: string;
  difficulty?: number;
}) => ({
  taskId: task.id,
  instruction: task.instruction,
  site: task.sites?.[0] ?? "",
  templateId: task.templateId ?? null,
  category: task.category ?? "",
  difficulty: task.difficulty ?? 0,
});

function rates(episodes: readonly EpisodeSummary[], key: (episode: EpisodeSummary) => string): RateRow[] {
  const rows = new Map<string, RateRow>();
  for (const episode of episodes) {
    const success = hasSucceeded(episode);
    if (success === null || episode.ending === "faulted") continue;
    const group = key(episode);
    let row = rows.get(group);
    if (!row) rows.set(group, (row = { group, byPhase: {} }));
    const cell = (row.byPhase[episode.phase] ??= { successes: 0, attempts: 0 });
    cell.attempts += 1;
    if (success) cell.successes += 1;
  }
  return [...rows.values()].sort((a, b) => a.group.localeCompare(b.group, "en", { numeric: true }));
}
