/** @file The stage that selects the steps of the replay buffer for a phase (paper §2.1). */

import { group } from "d3-array";
import { mean } from "../../algo/statistics.ts";
import type { FrozenModel } from "../../core/engine.ts";
import type { Rng } from "../../core/rng.ts";
import type { ExperienceStep } from "../../replay/experience.ts";
import { perplexitiesUnder, selectReplay } from "../../replay/select.ts";
import { stopTokens } from "../../text/prompt.ts";
import type { Context } from "../context.ts";
import { promptTemplate } from "../prompt-template.ts";
import type { SelectionLine } from "../../run/records.ts";
import type { Stage } from "../../run/run-directory.ts";

export interface SelectOutput {
  newSteps: number;
  replayed: number;
}

/** The number of steps whose perplexity is computed at once. */
const CHUNK = 128;

/** Writes `selection.jsonl`: every step that was considered, with its perplexity and what happened to it. */
export async function selectExperience(context: Context, phase: number): Promise<SelectOutput> {
  return context.run.stage(phase, "select", async (stage) => {
    const { config, method, experience, models, rng } = context;
    const newSteps = (await experience.newSteps(phase)).length;
    const buffer = await experience.buffer(phase);
    const limit = Math.floor(config.replay.maxRatio * newSteps);
    const draw = rng.fork(`replay-${phase}`);
    let lines: SelectionLine[] = [];
    if (method.replay === "perplexity" && limit > 0)
      lines = await byPerplexity(context, stage, {
        actor: await models.read("actor", phase - 1),
        steps: buffer.steps(),
        newSteps,
        rng: draw,
      });
    else if (method.replay === "all" && limit > 0) lines = wholeTrajectories(buffer.steps(), limit, draw);
    await stage.write("selection.jsonl", lines);
    const replayed = lines.filter((line) => line.outcome === "selected").length;
    stage.metrics({
      "replay/size": buffer.size,
      "replay/selected": replayed,
      "experience/new_steps": newSteps,
      "experience/replayed_steps": replayed,
    });
    return { newSteps, replayed };
  });
}

/**
 * Checks the perplexity of random steps until enough are in range: the same distribution as checking all and drawing
 * from those in range, for less work.
 */
async function byPerplexity(
  context: Context,
  stage: Stage,
  {
    actor,
    steps,
    newSteps,
    rng,
  }: { actor: FrozenModel; steps: ExperienceStep[]; newSteps: number; rng: Rng },
): Promise<SelectionLine[]> {
  const { minPerplexity: min, maxPerplexity: max, maxRatio } = context.config.replay;
  const order = rng.fork("order").shuffle(steps);
  const endTokens = stopTokens(actor.tokenizer, promptTemplate(context.config));
  const perplexities: number[] = [];
  const limit = Math.floor(maxRatio * newSteps);
  let found = 0;
  while (found < limit && perplexities.length < order.length) {
    context.signal?.throwIfAborted();
    const chunk = order.slice(perplexities.length, perplexities.length + CHUNK);
    const values = await perplexitiesUnder(actor, chunk, { endTokens });
    perplexities.push(...values);
    found += values.filter((value) => value >= min && value <= max).length;
    stage.emit({ kind: "progress", done: Math.min(found, limit), total: limit });
  }
  const scored = order.slice(0, perplexities.length);
  const selection = selectReplay(scored, perplexities, {
    newSteps,
    rng: rng.fork("choice"),
    range: { min, max },
    maxRatio,
  });
  const selected = new Set(selection.selected);
  stage.metrics({
    "replay/scored": scored.length,
    "replay/too_familiar": selection.tooFamiliar,
    "replay/too_hard": selection.tooHard,
    ...(perplexities.length > 0 && { "replay/mean_perplexity": mean(perplexities) }),
  });
  return scored.map((step, i) => ({
    trajectoryId: step.trajectoryId,
    index: step.index,
    perplexity: perplexities[i]!,
    outcome: selected.has(step)
      ? "selected"
      : perplexities[i]! < min
        ? "too_familiar"
        : perplexities[i]! > max
          ? "too_hard"
          : "over_limit",
  }));
}

/** Random whole trajectories, up to `limit` steps. */
function wholeTrajectories(steps: readonly ExperienceStep[], limit: number, rng: Rng): SelectionLine[] {
  const groups = group(steps, (step) => step.trajectoryId);
  const lines: SelectionLine[] = [];
  for (const id of rng.shuffle([...groups.keys()])) {
    const group = groups.get(id)!;
    if (lines.length + group.length > limit) break;
    for (const { trajectoryId, index } of group)
      lines.push({ trajectoryId, index, perplexity: null, outcome: "selected" });
  }
  return lines;
}
