/** @file The stage of the actor's update, with the frozen policy of the last phase as its reference. */

import { klEstimate, logRatio } from "../../algo/loss.ts";
import { mean } from "../../algo/statistics.ts";
import type { Rng } from "../../core/rng.ts";
import { actionDatum } from "../../text/prompt.ts";
import type { WeightedStep } from "../advantages.ts";
import { actorLoss, countAlone, usesReference, weighSteps } from "../advantages.ts";
import type { TrainConfig } from "../../run/config.ts";
import { usesAdvantage } from "../../run/config.ts";
import { actionLogprobs } from "../action-logprobs.ts";
import type { Context } from "../context.ts";
import type { DataStep } from "../experience-reader.ts";
import { lookUpValues } from "../experience-reader.ts";
import { earlyReference } from "./beside-rollout.ts";
import { optimise, warmupCosine } from "../../engine/optimise.ts";
import { freshDirectory } from "../../run/run-directory.ts";
import { writeTemplateNote } from "../../imitation/prompt-template.ts";
import { promptTemplate } from "../prompt-template.ts";

export interface ActorOutput {
  optimiserSteps: number;
}

/** The number of steps on which the distance to the reference is measured after the update. */
const KL_STEPS = 128;

/** Writes the checkpoint `actor-NN` and `advantages.jsonl`. */
export async function trainActor(context: Context, phase: number): Promise<ActorOutput> {
  return context.run.stage(phase, "actor", async (stage) => {
    const { config, models, method, rng, signal } = context;
    const data = await context.experience.data(phase);
    const valueOf = lookUpValues(await context.run.read(phase, "values.jsonl"));
    const all = weighSteps(data, valueOf, config, method.loss);
    // In the published objective a step with A < 0 has no gradient and would only cost time.
    const weighed = method.loss === "official" ? all.filter(({ advantage }) => advantage >= 0) : all;
    const alone = countAlone(data, config.actor, method.loss);
    if (alone > 0)
      stage.emit({
        kind: "warning",
        message: `${alone} of ${data.filter(({ isNew }) => isNew).length} new steps are left out: no other attempt at their ${config.actor.baseline === "template" ? "template" : "task"} was judged that they could be compared with (actor.baseline)`,
      });
    // The weights before the first step are π_ref.
    const before = models.actorPath(phase - 1);
    await using model = await models.open("actor", phase - 1);
    if (config.actor.keepMoments && phase > 1) await model.load(before);
    const known = await earlyReference(context, phase);
    const forKl = chooseForKl(data, config.rollout.temperature, rng.fork(`kl-${phase}`));
    // If the loss needs no π_ref, compute it only to measure KL, to save a forward pass over everything.
    const referred = new Set([
      ...(usesReference(method.loss) ? weighed.map(({ step }) => step) : []),
      ...forKl,
    ]);
    const refs = new Map([...referred].map((step) => [step, known(step)]));
    const others = [...referred].filter((step) => refs.get(step) === undefined);
    const rows = await actionLogprobs(model, others, {
      signal,
      onProgress: (done, total) => stage.emit({ kind: "progress", part: "reference", done, total }),
    });
    others.forEach((step, i) => refs.set(step, rows[i]));
    for (const sample of weighed) sample.ref_N = refs.get(sample.step) ?? sample.ref_N;
    // Elsewhere a negative advantage does not push an action down.
    const samples = weighed.filter(
      (sample) => !(usesAdvantage(method.loss) && isRareFailure(sample, config.actor.minProbability)),
    );
    await stage.write(
      "advantages.jsonl",
      samples.map(({ step, advantage }) => ({
        trajectoryId: step.trajectoryId,
        index: step.index,
        source: step.isNew ? "new" : "replay",
        value: valueOf(step.trajectoryId, step.index) ?? null,
        advantage,
      })),
    );
    if (samples.length === 0)
      stage.emit({
        kind: "warning",
        message: "there is no step to learn from, so the actor stays as it was",
      });
    const reached = trackTarget(config.actor);
    const optimiserSteps = await optimise<WeightedStep>({
      model,
      samples,
      datumOf: ({ step }) => actionDatum(step.promptTokens, step.responseTokens),
      lossOf: (some, batch) => actorLoss(some, batch.length, config, method.loss),
      batchSize: config.actor.batchSize,
      epochs: config.actor.epochs,
      rng: rng.fork(`actor-${phase}`),
      learningRate: (step, steps) => warmupCosine(config.actor.learningRate, (step + 0.5) / steps),
      onStep: ({ step, steps, loss, gradientNorm, batch, logprobs_BN }) => {
        const ratios = usesReference(method.loss)
          ? batch.map(({ ref_N }, b) => logRatio(logprobs_BN[b]!, ref_N))
          : null;
        if (ratios) reached.add(ratios, batch);
        stage.metrics(
          {
            "actor/loss": loss,
            "actor/gradient_norm": gradientNorm,
            ...(ratios && { "actor/log_ratio": mean(ratios) }),
          },
          step,
        );
        stage.emit({ kind: "progress", done: step, total: steps });
      },
      onEpoch: () => {
        // Only equation 6 has a target.
        if (method.loss !== "webrl") return true;
        const share = reached.share();
        if (share !== null) stage.metrics({ "actor/target_reached": share });
        return share === null || share < (config.actor.untilReached ?? Infinity);
      },
      signal,
    });
    if (samples.length > 0) {
      const now = await actionLogprobs(model, forKl, { signal });
      stage.metrics({
        "actor/mean_advantage": mean(all.map(({ advantage }) => advantage)),
        "actor/positive_rate": mean(all.map(({ advantage }) => (advantage > 0 ? 1 : 0))),
        ...(forKl.length > 0 && {
          "actor/kl": klEstimate(
            now,
            forKl.map((step) => refs.get(step)!),
          ),
        }),
      });
    }
    const checkpoint = await freshDirectory(models.actorPath(phase));
    await model.save(checkpoint, { optimizer: config.actor.keepMoments });
    await writeTemplateNote(checkpoint, promptTemplate(config));
    return { optimiserSteps };
  });
}

/**
 * Actions as π_ref samples them, for `klEstimate`: of all new steps, before the method leaves any out. None at another
 * temperature than 1, and none of agents, whose steps have no `logprobs`.
 */
const chooseForKl = (data: readonly DataStep[], temperature: number, rng: Rng): DataStep[] =>
  temperature === 1
    ? rng.shuffle(data.filter(({ isNew, logprobs }) => isNew && logprobs !== undefined)).slice(0, KL_STEPS)
    : [];

/** Whether the update should make an action less likely that was unlikely already. */
const isRareFailure = ({ advantage, ref_N }: WeightedStep, minProbability: number) =>
  advantage < 0 && ref_N.reduce((sum, logprob) => sum + logprob, 0) < Math.log(minProbability);

/**
 * How much of equation 6's target a pass explains, 1 − Σ(β·x − A)²/ΣA²: 0 if nothing moved, 1 if all of it is reached.
 */
function trackTarget({ beta }: Pick<TrainConfig["actor"], "beta">) {
  let [error, target] = [0, 0];
  return {
    /** Log-ratios of a batch before its step. */
    add(ratios: readonly number[], batch: readonly WeightedStep[]): void {
      batch.forEach(({ advantage }, b) => {
        error += (beta * ratios[b]! - advantage) ** 2;
        target += advantage ** 2;
      });
    },
    /** The value of the pass that ends now, and starts the next one. `null` if there is no target. */
    share(): number | null {
      const share = target === 0 ? null : 1 - error / target;
      [error, target] = [0, 0];
      return share;
    },
  };
}
