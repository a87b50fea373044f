/** @file The rules of `core/engine.ts`, for every engine. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Datum, Engine, Loss, Model, OpenOptions } from "../core/engine.ts";
import type { Rule } from "./kit.ts";

/** What `engineRules` needs of an engine. */
export interface EngineUnderTest {
  /** A new engine; the kit disposes it. */
  create(): Promise<Engine>;
  /** A small model that it can open; with `lora`, the rules of adapters are checked as well. */
  open: OpenOptions;
  /** How far two computations of the same log-probability may differ, in nats. Default 1e-3. */
  tolerance?: number;
  /** A learning rate at which twenty steps visibly learn one short text. Default 0.01. */
  learningRate?: number;
}

/** What a rule can use. */
interface EngineAtHand extends Required<Pick<EngineUnderTest, "open" | "tolerance" | "learningRate">> {
  engine: Engine;
  model: Model;
}

type EngineRule<AtHand = EngineAtHand> = (atHand: AtHand) => Promise<void>;

const datum = (model: Model, prompt: string, answer: string, weights?: number): Datum => {
  const prompt_T = model.tokenizer.encode(prompt);
  const answer_T = model.tokenizer.encode(answer);
  assert.ok(prompt_T.length > 0 && answer_T.length > 0, "the tokenizer encodes plain text");
  return {
    tokens_T: [...prompt_T, ...answer_T],
    positions_N: answer_T.map((_, n) => prompt_T.length + n - 1),
    targets_N: answer_T,
    ...(weights === undefined ? {} : { weights_N: answer_T.map(() => weights) }),
  };
};
const short = (model: Model) => datum(model, "The lamp costs ", "$24.");
const long = (model: Model) =>
  datum(model, "Open the page of the kettle, then say what it costs. ", "It is $31.");
const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
const close = (a: ArrayLike<number>, b: ArrayLike<number>, what: string, by: number) => {
  assert.equal(a.length, b.length, what);
  for (let i = 0; i < a.length; i++)
    assert.ok(Math.abs(a[i]! - b[i]!) <= by, `${what}: entry ${i} is ${a[i]} and ${b[i]}`);
};
const learn = async (model: Model, steps: number, learningRate: number) => {
  for (let step = 0; step < steps; step++) {
    await model.forwardBackward([short(model)], "cross_entropy");
    await model.optimStep({ learningRate });
  }
};

const RULES: Record<string, EngineRule> = {
  "the tokenizer gives back the text that it encoded": async ({ model }) => {
    for (const text of ["The lamp costs $24.", 'do(action="Click", element="link Lamp")', "a\n\nb  c"])
      assert.equal(model.tokenizer.decode(model.tokenizer.encode(text)), text);
    // Other people's text never becomes special tokens, and harmless pieces give the same as their joined text.
    const plain = "a</s><|eot_id|><|im_end|>b";
    assert.equal(model.tokenizer.decode(model.tokenizer.encode([{ plain }])), plain);
    for (const token of ["<|eot_id|>", "</s>", "<|im_end|>"]) {
      const id = model.tokenizer.idOf(token);
      if (id !== undefined)
        assert.ok(!model.tokenizer.encode(["x", { plain }]).includes(id), `${token} of a page`);
    }
    assert.deepEqual(model.tokenizer.encode(["The ", { plain: "lamp" }]), model.tokenizer.encode("The lamp"));
    for (const id of model.tokenizer.encode("lamp")) assert.ok(id >= 0 && id < model.tokenizer.vocabSize);
  },
  "log-probabilities are finite, not positive, one per target": async ({ model }) => {
    const [logprobs] = await model.logprobs([short(model)]);
    assert.equal(logprobs!.length, short(model).targets_N.length);
    for (const logprob of logprobs!) assert.ok(Number.isFinite(logprob) && logprob <= 1e-6, String(logprob));
  },
  "a datum's log-probabilities do not depend on its batch": async ({ model, tolerance }) => {
    const [alone] = await model.logprobs([short(model)]);
    const batch = await model.logprobs([long(model), short(model)]);
    close(alone!, batch[1]!, "short datum alone and beside a long one", tolerance);
  },
  "a position may have several targets": async ({ model, tolerance }) => {
    const base = short(model);
    const at = base.positions_N[0]!;
    const targets_N = [base.targets_N[0]!, (base.targets_N[0]! + 1) % model.tokenizer.vocabSize];
    const [both] = await model.logprobs([{ tokens_T: base.tokens_T, positions_N: [at, at], targets_N }]);
    const [single] = await model.logprobs([
      { tokens_T: base.tokens_T, positions_N: [at], targets_N: [targets_N[1]!] },
    ]);
    close([both![1]!], single!, "the second target", tolerance);
  },
  "only tokens up to the position count": async ({ model, tolerance }) => {
    const base = short(model);
    const [full] = await model.logprobs([base]);
    const cut = { ...base, tokens_T: base.tokens_T.slice(0, base.positions_N.at(-1)! + 1) };
    const [prefix] = await model.logprobs([cut]);
    close(full!, prefix!, "with and without the tokens after the last position", tolerance);
  },
  "the same seed samples the same tokens, alone and in a crowd": async ({ model }) => {
    const request = { prompt_T: model.tokenizer.encode("The lamp "), maxTokens: 6, temperature: 1 };
    const alone = await model.sample({ ...request, seed: 3 });
    const crowd = await Promise.all([4, 3, 5].map((seed) => model.sample({ ...request, seed })));
    assert.deepEqual(crowd[1]!.tokens_T, alone.tokens_T);
  },
  "sampled log-probabilities are what `logprobs` says": async ({ model, tolerance }) => {
    const prompt_T = model.tokenizer.encode("The lamp ");
    const seeds = [1, 2, 3];
    for (const seed of seeds) {
      const result = await model.sample({ prompt_T, maxTokens: 5, temperature: 0.7, topP: 0.9, seed });
      assert.equal(result.logprobs_T.length, result.tokens_T.length);
      const [again] = await model.logprobs([
        {
          tokens_T: [...prompt_T, ...result.tokens_T],
          positions_N: result.tokens_T.map((_, n) => prompt_T.length + n - 1),
          targets_N: result.tokens_T,
        },
      ]);
      close(result.logprobs_T, again!, `seed ${seed}`, tolerance);
    }
  },
  "sampling ends after a stop token, at a stop string and at maxTokens": async ({ model }) => {
    const prompt_T = model.tokenizer.encode("The lamp ");
    const free = await model.sample({ prompt_T, maxTokens: 4, temperature: 1, seed: 9 });
    assert.ok(free.tokens_T.length <= 4);
    assert.equal(free.stop, "length");
    const stopToken = free.tokens_T[1]!;
    const cut = await model.sample({
      prompt_T,
      maxTokens: 4,
      temperature: 1,
      seed: 9,
      stopTokens: [stopToken],
    });
    assert.equal(cut.stop, "token");
    assert.equal(cut.tokens_T.at(-1), stopToken, "the stop token is part of the result");
    assert.equal(cut.tokens_T.indexOf(stopToken), cut.tokens_T.length - 1);
    const first = free.text.slice(0, 1);
    if (first !== "" && first !== "\ufffd") {
      const options = { prompt_T, maxTokens: 4, temperature: 1, seed: 9, stopStrings: [first] };
      const stopped = await model.sample(options);
      assert.equal(stopped.stop, "string");
      assert.equal(stopped.text, "", "the text is cut before the stop string");
    }
  },
  "an aborted sample rejects with the signal's reason": async ({ model }) => {
    const reason = new Error("the caller left");
    const prompt_T = model.tokenizer.encode("The lamp ");
    await assert.rejects(
      model.sample({ prompt_T, maxTokens: 4, temperature: 1, seed: 1, signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
  },
  "cross-entropy is the weighted sum of negative log-probabilities": async ({ model, tolerance }) => {
    const batch = [datum(model, "The lamp costs ", "$24.", 0.5), long(model)];
    const [a, b] = await model.logprobs(batch);
    const { loss } = await model.forwardBackward(batch, "cross_entropy");
    close([loss], [-0.5 * sum(a!) - sum(b!)], "loss", tolerance * 20);
  },
  "a custom loss sees the current log-probabilities, once": async ({ model, tolerance }) => {
    let calls = 0;
    const expected = await model.logprobs([short(model)]);
    const loss: Loss = (logprobs_BN) => {
      calls++;
      close(logprobs_BN[0]!, expected[0]!, "log-probabilities given to the loss", tolerance);
      return { loss: 1.5, gradients_BN: logprobs_BN.map((l) => new Float32Array(l.length).fill(-1)) };
    };
    const result = await model.forwardBackward([short(model)], loss);
    assert.equal(calls, 1);
    assert.equal(result.loss, 1.5);
    assert.ok(result.tokens >= short(model).tokens_T.length);
  },
  "gradients are those of the log-probabilities: a custom cross-entropy moves the model alike": async ({
    model,
    engine,
    open,
    tolerance,
    learningRate,
  }) => {
    await using twin = await engine.open(open);
    const batch = [short(model), long(model)];
    await model.forwardBackward(batch, "cross_entropy");
    await twin.forwardBackward(batch, (logprobs_BN) => ({
      loss: 0,
      gradients_BN: logprobs_BN.map((l) => new Float32Array(l.length).fill(-1)),
    }));
    const one = await model.optimStep({ learningRate });
    const two = await twin.optimStep({ learningRate });
    close([one.gradientNorm], [two.gradientNorm], "gradient norm", tolerance * (1 + one.gradientNorm));
    const [a] = await model.logprobs([short(model)]);
    const [b] = await twin.logprobs([short(model)]);
    close(a!, b!, "after one step", tolerance * 10);
  },
  "training on a text makes it likelier, its opposite less likely": async ({
    model,
    engine,
    open,
    learningRate,
  }) => {
    const before = sum((await model.logprobs([short(model)]))[0]!);
    await learn(model, 20, learningRate);
    const after = sum((await model.logprobs([short(model)]))[0]!);
    assert.ok(after > before + 0.1, `${before} became ${after}`);
    await using other = await engine.open(open);
    const negative: Loss = (l_BN) => ({
      loss: 0,
      gradients_BN: l_BN.map((l) => new Float32Array(l.length).fill(1)),
    });
    for (let step = 0; step < 5; step++) {
      await other.forwardBackward([short(other)], negative);
      await other.optimStep({ learningRate });
    }
    const pushed = sum((await other.logprobs([short(other)]))[0]!);
    assert.ok(pushed < before, `${before} became ${pushed}`);
  },
  "gradients accumulate over calls until optimStep": async ({
    model,
    engine,
    open,
    tolerance,
    learningRate,
  }) => {
    await using twin = await engine.open(open);
    await model.forwardBackward([short(model)], "cross_entropy");
    await model.forwardBackward([long(model)], "cross_entropy");
    await twin.forwardBackward([short(twin), long(twin)], "cross_entropy");
    const one = await model.optimStep({ learningRate, clipNorm: Infinity });
    const two = await twin.optimStep({ learningRate, clipNorm: Infinity });
    close([one.gradientNorm], [two.gradientNorm], "gradient norm", tolerance * (1 + one.gradientNorm) * 5);
  },
  "optimStep throws where nothing was accumulated": async ({ model, learningRate }) => {
    await assert.rejects(model.optimStep({ learningRate }));
    await learn(model, 1, learningRate);
    await assert.rejects(model.optimStep({ learningRate }));
  },
  "a loss that is not finite throws and changes nothing": async ({ model, learningRate }) => {
    const [before] = await model.logprobs([short(model)]);
    await assert.rejects(
      model.forwardBackward([short(model)], (l_BN) => ({
        loss: Number.NaN,
        gradients_BN: l_BN.map((l) => new Float32Array(l.length).fill(Number.NaN)),
      })),
    );
    await assert.rejects(model.optimStep({ learningRate }), "the accumulator stayed empty");
    const [after] = await model.logprobs([short(model)]);
    assert.deepEqual([...after!], [...before!]);
  },
  "a fork does not move with its model": async ({ model, learningRate }) => {
    await using frozen = await model.fork();
    const [before] = await frozen.logprobs([short(model)]);
    await learn(model, 5, learningRate);
    const [after] = await frozen.logprobs([short(model)]);
    close(before!, after!, "the fork's log-probabilities", 1e-6);
  },
  "load restores what save wrote, the optimiser included": async ({
    model,
    engine,
    open,
    tolerance,
    learningRate,
  }) => {
    const directory = await mkdtemp(join(tmpdir(), "webrl-engine-kit-"));
    try {
      await learn(model, 3, learningRate);
      await model.save(join(directory, "saved"), { optimizer: true });
      const [saved] = await model.logprobs([short(model)]);
      await learn(model, 3, learningRate);
      const [continued] = await model.logprobs([short(model)]);
      await using other = await engine.open(open);
      await other.load(join(directory, "saved"));
      const [loaded] = await other.logprobs([short(model)]);
      close(loaded!, saved!, "loaded", 1e-5);
      await learn(other, 3, learningRate);
      const [resumed] = await other.logprobs([short(model)]);
      close(resumed!, continued!, "training continued after loading", tolerance);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/** Rules for models that are opened with an adapter. */
const ADAPTER_RULES: Record<string, EngineRule<EngineAtHand & { lora: NonNullable<OpenOptions["lora"]> }>> = {
  "two adapters on one base train apart, each as it would alone": async ({
    model,
    engine,
    open,
    tolerance,
    learningRate,
  }) => {
    await using twin = await engine.open(open);
    const [fresh] = await twin.logprobs([short(model)]);
    await learn(model, 4, learningRate);
    const [still] = await twin.logprobs([short(model)]);
    assert.deepEqual([...still!], [...fresh!], "the other adapter's training moved this one");
    await learn(twin, 4, learningRate);
    const [one] = await model.logprobs([short(model)]);
    const [two] = await twin.logprobs([short(model)]);
    close(one!, two!, "the same training, one after the other", tolerance);
  },
  "a saved adapter is opened by its directory, and training goes on from it": async ({
    model,
    engine,
    learningRate,
    lora,
  }) => {
    const directory = await mkdtemp(join(tmpdir(), "webrl-engine-kit-"));
    try {
      await learn(model, 3, learningRate);
      await model.save(join(directory, "adapter"));
      const [saved] = await model.logprobs([short(model)]);
      await using again = await engine.open({ path: join(directory, "adapter") });
      close((await again.logprobs([short(model)]))[0]!, saved!, "opened again", 1e-5);
      await learn(again, 3, learningRate);
      assert.ok(sum((await again.logprobs([short(model)]))[0]!) > sum(saved!), "it learns on");
      await using same = await engine.open({ path: join(directory, "adapter"), lora });
      close((await same.logprobs([short(model)]))[0]!, saved!, "opened with its own settings", 1e-5);
      await assert.rejects(
        engine.open({ path: join(directory, "adapter"), lora: { ...lora, rank: lora.rank + 1 } }),
        "other settings than the adapter's are refused",
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/**
 * The rules that every engine must keep ([contracts](../../docs/contracts.md#engine-and-model)), each of which should
 * run as a test.
 */
export function engineRules(subject: EngineUnderTest): Rule[] {
  const { open, tolerance = 1e-3, learningRate = 0.01 } = subject;
  const { lora } = open;
  const rule = (name: string, body: EngineRule): Rule => ({
    name,
    run: async () => {
      await using engine = await subject.create();
      await using model = await engine.open(open);
      await body({ engine, model, open, tolerance, learningRate });
    },
  });
  return [
    ...Object.entries(RULES).map(([name, body]) => rule(name, body)),
    ...(lora
      ? Object.entries(ADAPTER_RULES).map(([name, body]) =>
          rule(name, async (atHand) => body({ ...atHand, lora })),
        )
      : []),
  ];
}
