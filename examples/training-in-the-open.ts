/**
 * @file WebRL with nothing hidden: the whole circle in one file, without a run directory, parallel episodes, resuming
 * or progress. It uses the losses, prompts and filters of the library, but none of its loop. For the same seed it gives
 * the same metrics as `webrl train`; a test checks that.
 *
 * Read it from the bottom: `trainInTheOpen` is the circle. `run-in-the-open.ts` starts it on the built-in sites.
 */

import { answerOf, createRng, hash32, parseAction, promptTemplate } from "webrl";
import type {
  Ending,
  Engine,
  FrozenModel,
  Judge,
  Proposer,
  Rng,
  Site,
  Step,
  Task,
  TaskCatalog,
  TrainConfig,
  Trajectory,
  Verdict,
} from "webrl";
import {
  actionDatum,
  answerDatum,
  answerProbability,
  answerTokens,
  createReplayBuffer,
  createStartValue,
  criticLoss,
  evaluationTasks,
  experienceOf,
  growCurriculum,
  heldOutInstructions,
  klEstimate,
  officialAdvantages,
  officialLoss,
  perplexitiesUnder,
  policyPrompt,
  responseText,
  selectReplay,
  spread,
  stopTokens,
  valuePromptOf,
  warmupCosine,
} from "webrl/method";
import type { ExperienceStep } from "webrl/method";

export interface World {
  engine: Engine;
  site: Site;
  /** Tasks by split. */
  tasks: TaskCatalog["tasks"];
  judge: Judge;
  proposer: Proposer;
  /** Directory for checkpoints. */
  directory: string;
}

/** A number that the library logs too: under this name, in this phase, at this optimiser step. */
export interface Logged {
  phase: number;
  name: string;
  step?: number;
  value: number;
}

interface Attempt {
  trajectory: Trajectory;
  /** The verifier's verdict: for the score and for audits, never a reward. */
  truth: Verdict | null;
}

/** One episode: look, ask the model, act, until it ends. */
async function tryTask(
  world: World,
  policy: FrozenModel,
  config: TrainConfig,
  options: { id: string; task: Task; seed: number; temperature: number },
): Promise<Attempt> {
  const { task, seed } = options;
  const { tokenizer, contextTokens } = policy;
  const { maxNewTokens, maxSteps, repeatedError, repeatedAction } = config.rollout;
  await using episode = await world.site.start(task, { seed });
  const steps: Step[] = [];
  let observation = episode.first;
  let ending: Ending | undefined;
  while (!ending) {
    const promptTokens = policyPrompt({
      tokenizer,
      contextTokens,
      maxNewTokens,
      template: promptTemplate(config),
      instruction: task.instruction,
      history: steps,
      observation: observation.text,
    });
    const sampled = await policy.sample({
      prompt_T: promptTokens,
      maxTokens: maxNewTokens,
      temperature: options.temperature,
      stopTokens: stopTokens(tokenizer, promptTemplate(config)),
      seed: hash32(`${seed}/${steps.length}`),
    });
    const response = responseText(sampled.text, promptTemplate(config));
    const action = parseAction(response);
    const next = await episode.step(action);
    steps.push({
      index: steps.length,
      observation,
      response,
      action,
      promptTokens,
      responseTokens: sampled.tokens_T,
    });
    if (next.kind === "last") {
      if (next.ending.kind === "faulted") throw new Error("this example does not retry what the world broke");
      ending = next.ending;
      observation = next.observation!;
      break;
    }
    observation = next.observation;

    // Going round in circles ends an episode, too.
    const errors = [...steps.slice(1).map((step) => step.observation.error), observation.error];
    const said = (step: Step) => JSON.stringify([step.action, step.observation.url, step.observation.text]);
    const last = steps.slice(-repeatedAction);
    if (errors.length >= repeatedError && errors.slice(-repeatedError).every((error) => error !== null))
      ending = { kind: "truncated", reason: "repeated_error" };
    else if (last.length === repeatedAction && last.every((step) => said(step) === said(last[0]!)))
      ending = { kind: "truncated", reason: "repeated_action" };
    else if (steps.length >= maxSteps) ending = { kind: "truncated", reason: "max_steps" };
  }
  return {
    trajectory: {
      id: options.id,
      task,
      policy: "in the open",
      seed,
      steps,
      ending,
      finalObservation: observation,
      blockedHosts: {},
    },
    truth: await episode.verify(answerOf(ending)),
  };
}

/** Success on held-out tasks, greedy. */
async function score(world: World, path: string, config: TrainConfig): Promise<number> {
  await using policy = await world.engine.open({ path });
  const tasks = evaluationTasks(world.tasks({ split: config.evaluation.split }), config.evaluation.tasks);
  let solved = 0;
  for (const task of tasks) {
    const seed = hash32(`${config.seed}/evaluation/${task.id}`);
    const { truth } = await tryTask(world, policy, config, { id: task.id, task, seed, temperature: 0 });
    if (truth?.success) solved++;
  }
  return solved / tasks.length;
}

/** A phase's tasks, tried once each at temperature 1 and rewarded by the judge. Trajectories as steps of experience. */
async function collect(
  world: World,
  path: string,
  config: TrainConfig,
  phase: number,
  tasks: readonly Task[],
): Promise<{ trajectories: ExperienceStep[][]; failed: Task[]; rewards: number[] }> {
  await using policy = await world.engine.open({ path });
  const trajectories: Trajectory[] = [];
  for (const [i, task] of tasks.entries()) {
    const seed = hash32(`${config.seed}/rollout/${phase}/${i}/${task.id}`);
    const id = `phase-${phase}/${i}`;
    const { temperature } = config.rollout;
    trajectories.push((await tryTask(world, policy, config, { id, task, seed, temperature })).trajectory);
  }
  const verdicts = await world.judge.judge(trajectories);
  const rewards = verdicts.map((verdict) => (verdict.success ? 1 : 0));
  return {
    rewards,
    trajectories: trajectories.map((trajectory, i) =>
      experienceOf(trajectory, rewards[i]!, { phase, source: "rollout" }),
    ),
    failed: [...new Map(trajectories.filter((_, i) => !rewards[i]).map((t) => [t.task.id, t.task])).values()],
  };
}

/** Shuffled batches of one epoch. */
function* batches<T>(samples: readonly T[], size: number, rng: Rng, epoch = 0): Generator<T[]> {
  const order = rng.fork(`epoch-${epoch}`).shuffle(samples);
  for (let start = 0; start < order.length; start += size) yield order.slice(start, start + size);
}

/** WebRL from a base model: phases of new tasks, rollouts, rewards, replay, critic, actor. Returns what it logged. */
export async function trainInTheOpen(world: World, config: TrainConfig): Promise<Logged[]> {
  const { engine, directory } = world;
  const { base } = config.models;
  const rng = createRng(config.seed);
  const logged: Logged[] = [];
  const log = (phase: number, name: string, value: number, step?: number) =>
    logged.push({ phase, name, value, ...(step !== undefined && { step }) });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const trainTasks = world.tasks({ split: "train" });

  log(0, "evaluation/success_rate", await score(world, base, config));
  let actorPath = base;
  let criticPath = base;
  let tasks = spread(trainTasks, config.tasks.initial, rng.fork("tasks"));
  const seen = tasks.map((task) => task.instruction);
  let { trajectories, failed, rewards } = await collect(world, actorPath, config, 0, tasks);
  log(0, "judge/success_rate", mean(rewards));
  const earlier: ExperienceStep[][] = [];

  // The critic, equation 8: cross-entropy on the outcome, at every step of a phase's own trajectories.
  const question = ({ tokenizer }: FrozenModel, step: ExperienceStep) =>
    answerDatum(valuePromptOf(tokenizer, step.promptTokens), answerTokens(tokenizer));
  const trainCritic = async (phase: number) => {
    const critic = await engine.open({ path: criticPath });
    let updates = 0;
    for (const batch of batches(trajectories.flat(), config.critic.batchSize, rng.fork(`critic-${phase}`))) {
      const { loss } = await critic.forwardBackward(
        batch.map((step) => question(critic, step)),
        criticLoss({ outcomes_B: batch.map(({ outcome }) => outcome) }),
      );
      await critic.optimStep({ learningRate: config.critic.learningRate });
      log(phase, "critic/loss", loss, ++updates);
    }
    criticPath = `${directory}/critic-${phase}`;
    await critic.save(criticPath);
    return critic;
  };
  await (await trainCritic(0))[Symbol.asyncDispose]();

  for (let phase = 1; phase <= config.phases; phase++) {
    // 1. Failures become new tasks, kept where the critic is in doubt: 0.05 ≤ V(s₀) ≤ 0.75.
    const judgeOfTasks = await engine.open({ path: criticPath });
    const grown = await growCurriculum({
      proposer: world.proposer,
      failed,
      seeds: spread(trainTasks, config.tasks.perPhase, rng.fork("tasks")),
      count: config.tasks.perPhase,
      phase,
      rng: rng.fork(`curriculum-${phase}`),
      seen,
      heldOut: heldOutInstructions(world),
      range: { min: config.curriculum.minValue, max: config.curriculum.maxValue },
      value: createStartValue(judgeOfTasks, {
        maxNewTokens: config.rollout.maxNewTokens,
        template: promptTemplate(config),
        observe: async (task) => {
          const key = `${task.templateId ?? ""} ${task.startUrl}`;
          await using episode = await world.site.start(task, {
            seed: hash32(`${config.seed}/start/${key}`),
          });
          return episode.first.text;
        },
      }),
    });
    await judgeOfTasks[Symbol.asyncDispose]();
    tasks = grown.tasks;
    seen.push(...tasks.map((task) => task.instruction));
    log(phase, "curriculum/kept", grown.counts.kept);

    // 2. The policy tries them; the judge gives the rewards. The initial rollouts count as new in phase 1.
    const initial = phase === 1 ? trajectories : [];
    ({ trajectories, failed, rewards } = await collect(world, actorPath, config, phase, tasks));
    log(phase, "judge/success_rate", mean(rewards));
    const fresh = [...initial, ...trajectories];

    // 3. Experience: all new steps, and old successes whose action the last policy finds neither familiar nor hard.
    const actor = await engine.open({ path: actorPath });
    const { tokenizer } = actor;
    const buffer = createReplayBuffer({ capacity: config.replay.capacity });
    for (const trajectory of earlier) if (trajectory[0]!.outcome === 1) buffer.add(trajectory);
    const draw = rng.fork(`replay-${phase}`);
    const old = draw.fork("order").shuffle(buffer.steps());
    const newSteps = fresh.flat().length;
    const { selected } = selectReplay(
      old,
      await perplexitiesUnder(actor, old, { endTokens: stopTokens(tokenizer, promptTemplate(config)) }),
      {
        newSteps,
        rng: draw.fork("choice"),
        range: { min: config.replay.minPerplexity, max: config.replay.maxPerplexity },
        maxRatio: config.replay.maxRatio,
      },
    );
    const chosen = new Set(selected);
    const samples = [
      ...fresh.flatMap((trajectory) => trajectory.map((step) => ({ step, trajectory, isNew: true }))),
      ...old
        .filter((step) => chosen.has(step))
        .map((step) => ({ step, trajectory: buffer.trajectory(step.trajectoryId)!, isNew: false })),
    ];
    log(phase, "replay/selected", selected.length);

    // 4. The critic learns from the phase, and then says what each step was worth.
    const critic = await trainCritic(phase);
    const valueOf = async (step: ExperienceStep) =>
      answerProbability((await critic.logprobs([question(critic, step)]))[0]!);

    // 5. The published code's objective, against the frozen last policy: of the advantage only the sign counts, and a
    // step with a negative one teaches nothing.
    const advantagesOf = new Map<readonly ExperienceStep[], number[]>();
    for (const { trajectory } of samples) {
      if (advantagesOf.has(trajectory)) continue;
      const values = [];
      for (const each of trajectory) values.push(await valueOf(each));
      const { outcome } = trajectory[0]!;
      advantagesOf.set(trajectory, officialAdvantages(values, values.at(-1)!, outcome));
    }
    const weighted = [];
    for (const { step, trajectory, isNew } of samples) {
      const datum = actionDatum(step.promptTokens, step.responseTokens);
      const [ref_N] = await actor.logprobs([datum]);
      weighted.push({ datum, advantage: advantagesOf.get(trajectory)![step.index]!, ref_N: ref_N!, isNew });
    }
    const kept = weighted.filter(({ advantage }) => advantage >= 0);
    const { epochs, batchSize, learningRate } = config.actor;
    const all = epochs * Math.ceil(kept.length / batchSize);
    let updates = 0;
    for (let epoch = 0; epoch < epochs; epoch++)
      for (const batch of batches(kept, batchSize, rng.fork(`actor-${phase}`), epoch)) {
        const { loss } = await actor.forwardBackward(
          batch.map(({ datum }) => datum),
          officialLoss({
            ref_BN: batch.map(({ ref_N }) => ref_N),
            advantages_B: batch.map(({ advantage }) => advantage),
          }),
        );
        await actor.optimStep({ learningRate: warmupCosine(learningRate, (updates + 0.5) / all) });
        log(phase, "actor/loss", loss, ++updates);
      }
    log(phase, "actor/mean_advantage", mean(weighted.map(({ advantage }) => advantage)));
    const drawn = weighted.filter(({ isNew }) => isNew);
    const now: Float32Array[] = [];
    for (const { datum } of drawn) now.push((await actor.logprobs([datum]))[0]!);
    const kl = klEstimate(
      now,
      drawn.map(({ ref_N }) => ref_N),
    );
    log(phase, "actor/kl", kl);

    // 6. The new policy, its critic, and how good it is.
    actorPath = `${directory}/actor-${phase}`;
    await actor.save(actorPath);
    await actor[Symbol.asyncDispose]();
    await critic[Symbol.asyncDispose]();
    earlier.push(...fresh);
    log(phase, "evaluation/success_rate", await score(world, actorPath, config));
  }
  return logged;
}
