/**
 * @file What policies would solve at temperature 1, estimated from another policy's attempts without playing again:
 * attempts at a task are weighed by how much likelier a policy makes their actions (self-normalised importance
 * sampling, task by task). Good for ranking updates that start from that policy and stay near it; not a score.
 *
 *     npx tsx scripts/learn/reweigh.ts ATTEMPTS.jsonl MODEL…
 *
 * ATTEMPTS.jsonl: from `webrl eval --attempts K --out`, all by one policy π₀ at temperature 1. With x = log π − log π₀
 * of an attempt's actions together and w = eˣ:
 *
 * | printed | meaning |
 * |---|---|
 * | `attempts` | mean over tasks of Σ r/K: what π₀ did |
 * | `estimate` | mean over tasks of Σ w·r/Σ w |
 * | `gain` | estimate − attempts, ± standard error over tasks |
 * | `direction` | mean over tasks of Σ (r − r̄)·x/K: the first-order gain, nats, ± standard error |
 * | `moved` | mean of eˣ − 1 − x of single actions, nats |
 * | `effective` | mean over tasks of (Σ w)²/(K·Σ w²): 1 where all attempts count alike, 1/K where one decides |
 */

import { klEstimate, logRatio } from "../../src/algo/loss.ts";
import { mean, standardError } from "../../src/algo/statistics.ts";
import { MICRO_BATCH_TOKENS, microBatches } from "../../src/engine/optimise.ts";
import { createOnnxEngine } from "../../src/engine/onnx/engine.ts";
import { readEpisodes } from "../../src/imitation/demonstrations.ts";
import { isFaulted } from "../../src/rollout/episode.ts";
import { actionDatum } from "../../src/text/prompt.ts";
import { group } from "d3-array";

const [file, ...models] = process.argv.slice(2);
if (file === undefined || models.length === 0) throw new Error("usage: reweigh.ts ATTEMPTS.jsonl MODEL…");

const attempts = (await readEpisodes(file))
  .filter((record) => !isFaulted(record) && record.truth !== null)
  .map(({ trajectory, truth }) => ({
    task: trajectory.task.id,
    success: truth!.success ? 1 : 0,
    steps: trajectory.steps.filter(
      (step) => step.responseTokens !== undefined && step.responseTokens.length > 0,
    ),
  }));
// Tasks whose attempts all end alike say nothing about a change; they count as they are.
const tasks = [...group(attempts, ({ task }) => task).values()];
const mixed = tasks.filter((some) => new Set(some.map(({ success }) => success)).size > 1).flat();
const steps = mixed.flatMap(({ steps: some }) => some);
const datums = steps.map((step) => actionDatum(step.promptTokens!, step.responseTokens!));
const before_BN = steps.map((step) => step.logprobs!);

await using engine = createOnnxEngine();
for (const path of models) {
  await using model = await engine.open({ path });
  const now_BN: Float32Array[] = Array.from({ length: steps.length });
  for (const micro of microBatches(datums, MICRO_BATCH_TOKENS)) {
    const rows = await model.logprobs(micro.map((i) => datums[i]!));
    micro.forEach((i, b) => (now_BN[i] = rows[b]!));
  }
  const at = new Map(steps.map((step, i) => [step, logRatio(now_BN[i]!, before_BN[i]!)]));
  const perTask = tasks.map((some) => {
    const rate = mean(some.map(({ success }) => success));
    if (rate === 0 || rate === 1) return { rate, estimate: rate, direction: 0, effective: null };
    const ratios = some.map((attempt) => attempt.steps.reduce((sum, step) => sum + at.get(step)!, 0));
    const top = Math.max(...ratios);
    const weights = ratios.map((ratio) => Math.exp(ratio - top));
    const total = weights.reduce((a, b) => a + b, 0);
    return {
      rate,
      estimate: some.reduce((sum, { success }, i) => sum + success * weights[i]!, 0) / total,
      direction: mean(some.map(({ success }, i) => (success - rate) * ratios[i]!)),
      effective: total ** 2 / (some.length * weights.reduce((a, b) => a + b ** 2, 0)),
    };
  });
  const gains = perTask.map(({ rate, estimate }) => estimate - rate);
  const directions = perTask.map(({ direction }) => direction);
  process.stdout.write(
    `${JSON.stringify({
      model: path,
      tasks: tasks.length,
      mixed: perTask.filter(({ effective }) => effective !== null).length,
      attempts: mean(perTask.map(({ rate }) => rate)),
      estimate: mean(perTask.map(({ estimate }) => estimate)),
      gain: [mean(gains), standardError(gains)],
      direction: [mean(directions), standardError(directions)],
      moved: klEstimate(now_BN, before_BN),
      effective: mean(perTask.flatMap(({ effective }) => effective ?? [])),
    })}\n`,
  );
}
