/** @file What the replay buffer offered each phase, by perplexity, and what was replayed. */

import { rolloutPhaseOf } from "../run/episode-ids.ts";
import type { SelectionLine } from "../run/records.ts";
import type { RunFiles } from "../run/run-files.ts";

/** Bins of the histogram; the last one takes everything above. */
const BIN_WIDTH = 0.1;
const BINS = 20;

export interface ReplayPhase {
  phase: number;
  counts: Record<string, number>;
  /** Where the looked-at steps come from, and how many of them were selected. */
  sources: { source: string; looked: number; selected: number }[];
  /** Steps by perplexity, counted by outcome. */
  bins: { label: string; values: Record<string, number> }[];
}

export async function replayPhases(run: RunFiles): Promise<ReplayPhase[]> {
  const phases: ReplayPhase[] = [];
  for (const phase of await run.phases()) {
    const lines = await run.lines(phase, "selection.jsonl");
    if (lines.length > 0) phases.push({ phase, ...summary(lines) });
  }
  return phases;
}

function summary(lines: readonly SelectionLine[]): Omit<ReplayPhase, "phase"> {
  const counts: Record<string, number> = {};
  const sources = new Map<string, { looked: number; selected: number }>();
  const bins = Array.from({ length: BINS }, (_, i) => ({
    label: i === BINS - 1 ? `≥ ${(1 + BIN_WIDTH * i).toFixed(1)}` : (1 + BIN_WIDTH * i).toFixed(1),
    values: {} as Record<string, number>,
  }));
  for (const { trajectoryId, perplexity, outcome } of lines) {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    const source = sourceOf(trajectoryId);
    const from = sources.get(source) ?? { looked: 0, selected: 0 };
    sources.set(source, from);
    from.looked += 1;
    if (outcome === "selected") from.selected += 1;
    if (perplexity === null || !Number.isFinite(perplexity)) continue;
    const bin = bins[Math.min(BINS - 1, Math.max(0, Math.floor((perplexity - 1) / BIN_WIDTH)))]!;
    bin.values[outcome] = (bin.values[outcome] ?? 0) + 1;
  }
  return {
    counts,
    sources: [...sources].map(([source, numbers]) => ({ source, ...numbers })),
    bins: bins.some((bin) => Object.keys(bin.values).length > 0) ? bins : [],
  };
}

/** `phase-02/0007` is of phase 2; everything else came from outside. */
function sourceOf(trajectoryId: string): string {
  const phase = rolloutPhaseOf(trajectoryId);
  return phase === null ? "demonstrations" : `phase ${phase}`;
}

/** A looked-at step with what its episode was about; `null` where the episode is not of this run. */
export interface ReplayStep extends SelectionLine {
  instruction: string | null;
}

export async function replaySteps(
  run: RunFiles,
  phase: number,
  options: { outcome?: string; offset: number; limit: number },
): Promise<{ total: number; items: ReplayStep[] }> {
  const lines = await run.lines(phase, "selection.jsonl");
  const found = options.outcome ? lines.filter((line) => line.outcome === options.outcome) : [...lines];
  found.sort((a, b) => (a.perplexity ?? 0) - (b.perplexity ?? 0));
  const items = found.slice(options.offset, options.offset + options.limit);
  const instructions = new Map<string, string>();
  for (const source of new Set(items.map(({ trajectoryId }) => rolloutPhaseOf(trajectoryId))))
    if (source !== null)
      for (const { id, task } of await run.episodePlaces(source, "rollout"))
        instructions.set(id, task.instruction);
  return {
    total: found.length,
    items: items.map((line) => ({ ...line, instruction: instructions.get(line.trajectoryId) ?? null })),
  };
}
