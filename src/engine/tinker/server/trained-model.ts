/**
 * @file One model in training. Its requests are numbered and run in that order, each exactly once: what was accepted is
 * on disk before the client hears of it, and after a kill the requests since the last saved state run again, which
 * gives the same weights, gradients and results. A repeated number with the same request is the same request.
 */

import { rm } from "node:fs/promises";
import type { Engine, Model } from "../../../core/engine.ts";
import type { Checkpoint, Checkpoints } from "./checkpoints.ts";
import type { TokenLimits } from "./datums.ts";
import type { Futures } from "./futures.ts";
import type { ServerLimits } from "./limits.ts";
import { Failure, Refusal } from "./refusal.ts";
import { failureOf, jsonOutcome, trainingOutcome, type Outcome } from "./results.ts";
import { Journal, type TrainingVerb } from "./store.ts";
import { addressOf, taskOf, type Addressed, type Task } from "./tasks.ts";

export interface LoraRecord {
  rank: number;
  alpha: number;
  seed: number;
  targetModules?: readonly string[] | undefined;
  layers?: number | readonly number[] | undefined;
}

/** How a model was made: enough to make it again. */
export interface ModelRecord {
  id: string;
  session: string;
  /** Name of the base model. */
  base: string;
  /** `null`: all weights are trained. */
  lora: LoraRecord | null;
  /** A checkpoint that it began from. */
  load: { path: string; optimizer: boolean } | null;
  digest: string;
}

/** What a model needs of the server. */
export interface Surroundings {
  engine: Engine;
  limits: ServerLimits;
  tokens: TokenLimits;
  baseDirectory: string;
  checkpoints: Checkpoints;
  futures: Futures;
  /** Registers weights that only one sampling session has; `fill` writes them. */
  makeSampler(
    model: ModelRecord,
    samplerSeq: number,
    fill: (directory: string) => Promise<void>,
  ): Promise<string>;
  now(): number;
}

interface Waiting {
  verb: TrainingVerb;
  digest: string;
  bytes: number;
  task: Task;
  /** Its outcome, from before the server was started again. */
  recorded: Outcome | null;
  isReplay: boolean;
}

export class TrainedModel {
  readonly record: ModelRecord;
  readonly #around: Surroundings;
  readonly #journal: Journal;
  readonly #waiting = new Map<number, Waiting>();
  /** Of every number that was accepted and is still known. */
  readonly #digests = new Map<number, string>();
  readonly #accepting = new Map<number, Promise<void>>();
  #model: Model | null = null;
  /** The last request that is done. */
  #applied = 0;
  /** The request that the newest state on disk includes. */
  #stateSeq = -1;
  #gradients: "none" | "whole" | "broken" = "none";
  #computedMs = 0;
  #draining: Promise<void> | null = null;
  #lost: string | null = null;
  #closed = false;

  constructor(record: ModelRecord, directory: string, around: Surroundings) {
    this.record = record;
    this.#journal = new Journal(directory);
    this.#around = around;
  }

  get queuedBytes(): number {
    let bytes = 0;
    for (const waiting of this.#waiting.values()) bytes += waiting.bytes;
    return bytes;
  }

  requestId(seq: number): string {
    return `${this.record.id}:${seq}`;
  }

  /** Whether a request with this number was done, so that there was a result once. */
  wasDone(seq: number): boolean {
    return seq >= 1 && seq <= this.#applied;
  }

  /** Opens a new model, or one whose files a server left; its requests then go on. @throws what opening throws. */
  async open(): Promise<void> {
    await this.#journal.create();
    const { requests, results, states } = await this.#journal.numbers();
    await this.#openState(states.at(-1));
    const recorded = new Map<number, Outcome>();
    for (const seq of results) {
      const { digest, outcome } = await this.#journal.readResult(seq);
      this.#digests.set(seq, digest);
      recorded.set(seq, outcome);
      if (seq <= this.#applied)
        this.#around.futures.open(this.requestId(seq), digest, this.record.session).settle(outcome);
    }
    for (const seq of requests) {
      if (seq <= this.#applied) continue;
      const { verb, isProtobuf, digest, body } = await this.#journal.readRequest(seq);
      const task = taskOf(verb, addressOf(verb, isProtobuf, body), this.#around.tokens);
      this.#enqueue(seq, {
        verb,
        digest,
        bytes: body.byteLength,
        task,
        recorded: recorded.get(seq) ?? null,
        isReplay: true,
      });
      if (recorded.has(seq)) this.#around.futures.get(this.requestId(seq))!.settle(recorded.get(seq)!);
    }
    if (this.record.load && this.#stateSeq < 0) await this.#saveState();
    this.#drain();
  }

  async #openState(seq: number | undefined): Promise<void> {
    const { engine, baseDirectory, checkpoints } = this.#around;
    const { lora, load } = this.record;
    if (seq !== undefined) {
      this.#model = await this.#openAndLoad(this.#journal.statePath(seq));
      this.#applied = this.#stateSeq = seq;
    } else if (load)
      this.#model = await this.#openCheckpoint(await checkpoints.find(load.path), load.optimizer);
    else this.#model = await engine.open({ path: baseDirectory, ...(lora && { lora }) });
  }

  async #openAndLoad(path: string): Promise<Model> {
    const model = await this.#around.engine.open({ path });
    await model.load(path);
    return model;
  }

  async #openCheckpoint(checkpoint: Checkpoint, optimizer: boolean): Promise<Model> {
    const { engine, checkpoints } = this.#around;
    if (!optimizer) return engine.open({ path: checkpoint.directory });
    if (!(await checkpoints.hasOptimizer(checkpoint)))
      throw new Failure(`${checkpoint.path} has no optimiser's state; load it with optimizer false`);
    return this.#openAndLoad(checkpoint.directory);
  }

  /**
   * Accepts a request once it is on disk. Sent again, it is the one that was accepted. @throws Refusal: 409 for another
   * request under the same number, 429 if too much is waiting.
   */
  async submit(
    verb: TrainingVerb,
    address: Addressed<unknown>,
    { isProtobuf, body }: { isProtobuf: boolean; body: Uint8Array },
  ): Promise<string> {
    const { seq, digest } = address;
    this.#checkUsable();
    const before = this.#digests.get(seq);
    if (before !== undefined) {
      if (before !== digest)
        throw new Refusal(409, `seq_id ${seq} of ${this.record.id} was used for another request before`);
      await this.#accepting.get(seq);
      return this.requestId(seq);
    }
    if (seq <= this.#applied)
      throw new Refusal(409, `seq_id ${seq} of ${this.record.id} was done; ${this.#applied + 1} is next`);
    const task = taskOf(verb, address, this.#around.tokens);
    // The one that all others wait for must have room, or nothing would ever move.
    if (this.#waiting.size >= this.#around.limits.queuedPerModel && seq !== this.missing)
      throw new Refusal(429, `${this.#waiting.size} requests of ${this.record.id} wait already`);
    this.#digests.set(seq, digest);
    const accepted = this.#journal.writeRequest(seq, { verb, isProtobuf, digest, body });
    this.#accepting.set(seq, accepted);
    try {
      await accepted;
    } catch (cause) {
      this.#digests.delete(seq);
      throw new Refusal(
        429,
        `the request could not be written to the server's disk: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    } finally {
      this.#accepting.delete(seq);
    }
    this.#enqueue(seq, { verb, digest, bytes: body.byteLength, task, recorded: null, isReplay: false });
    this.#drain();
    return this.requestId(seq);
  }

  /** The lowest number that has not come. */
  get missing(): number {
    let seq = this.#applied + 1;
    while (this.#digests.has(seq)) seq++;
    return seq;
  }

  #checkUsable(): void {
    if (this.#lost !== null) throw new Refusal(404, this.#lost);
    if (this.#closed) throw new Refusal(404, `model ${this.record.id} was unloaded`);
  }

  #enqueue(seq: number, waiting: Waiting): void {
    this.#digests.set(seq, waiting.digest);
    this.#waiting.set(seq, waiting);
    const future = this.#around.futures.open(this.requestId(seq), waiting.digest, this.record.session);
    future.waitsFor = () =>
      this.missing < seq && this.#waiting.has(seq) ? `seq_id ${seq} waits for seq_id ${this.missing}` : null;
  }

  /** Runs what has its turn, one after another, until nothing has. */
  #drain(): void {
    this.#draining ??= (async () => {
      for (;;) {
        const next = this.#waiting.get(this.#applied + 1);
        if (!next || this.#closed || this.#lost !== null) break;
        await this.#runNext(this.#applied + 1, next);
      }
    })().finally(() => {
      this.#draining = null;
      if (this.#waiting.has(this.#applied + 1) && !this.#closed && this.#lost === null) this.#drain();
    });
  }

  async #runNext(seq: number, waiting: Waiting): Promise<void> {
    const { futures } = this.#around;
    try {
      const outcome = waiting.recorded
        ? await this.#repeat(waiting, waiting.recorded)
        : await this.#perform(waiting).catch((error: unknown) => {
            if (isFatal(error)) throw error;
            return failureOf(error);
          });
      this.#noteGradients(waiting.task.verb, outcome.ok);
      this.#applied = seq;
      if (!waiting.recorded) await this.#journal.writeResult(seq, waiting, outcome);
      // The loaded checkpoint may be gone when this would be repeated.
      const isDue =
        waiting.task.verb === "load_weights" || this.#computedMs >= this.#around.limits.replaySeconds * 1000;
      if (this.#gradients === "none" && isDue) await this.#saveState();
      this.#waiting.delete(seq);
      futures.get(this.requestId(seq))?.settle(outcome);
    } catch (error) {
      this.#lose(error);
    }
  }

  /** A request whose result is already known: repeated only for its effect on the model. */
  async #repeat(waiting: Waiting, recorded: Outcome): Promise<Outcome> {
    const { verb } = waiting.task;
    const changes = verb === "forward_backward" || verb === "optim_step" || verb === "load_weights";
    if (!changes) return recorded;
    if (recorded.ok) await this.#perform(waiting);
    else if (verb === "optim_step") await this.#dropGradients();
    return recorded;
  }

  #noteGradients(verb: Task["verb"], ok: boolean): void {
    if (verb === "forward_backward") {
      if (!ok) this.#gradients = "broken";
      else if (this.#gradients === "none") this.#gradients = "whole";
    } else if (verb === "optim_step" || (verb === "load_weights" && ok)) this.#gradients = "none";
  }

  async #perform({ task, isReplay }: Waiting): Promise<Outcome> {
    const from = this.#around.now();
    try {
      switch (task.verb) {
        case "forward":
        case "forward_backward":
          return await this.#compute(task);
        case "optim_step":
          return await this.#step(task);
        case "save_weights": {
          const checkpoint = this.#around.checkpoints.at(this.record.id, "weights", task.name);
          await this.#save(checkpoint, { optimizer: true, overwrite: task.overwrite || isReplay });
          return jsonOutcome({ path: checkpoint.path, type: "save_weights" });
        }
        case "save_weights_for_sampler":
          return await this.#saveForSampler(task, isReplay);
        case "load_weights":
          return await this.#load(task);
      }
    } finally {
      this.#computedMs += this.#around.now() - from;
    }
  }

  async #compute({ verb, batch }: Extract<Task, { batch: unknown }>): Promise<Outcome> {
    const model = this.#model!;
    const metrics: Record<string, number> = {};
    let logprobs_BN: Float32Array[];
    if (verb === "forward") {
      logprobs_BN = await model.logprobs(batch.datums_B);
      metrics["loss:sum"] = batch.evaluate(logprobs_BN).loss;
    } else {
      const result = await model.forwardBackward(batch.datums_B, batch.loss);
      logprobs_BN = result.logprobs_BN;
      metrics["loss:sum"] = result.loss;
      metrics["tokens:sum"] = result.tokens;
      metrics["padding_tokens:sum"] = result.paddingTokens;
    }
    if (!Number.isFinite(metrics["loss:sum"]) || !logprobs_BN.every((row) => row.every(Number.isFinite)))
      throw new Failure(
        "the log-probabilities are not all numbers: the weights of this model are broken; go back to a checkpoint",
      );
    return trainingOutcome({
      loss_fn_output_type: "ArrayRecord",
      loss_fn_outputs: batch.spread(logprobs_BN).map((logprobs) => ({ logprobs })),
      metrics,
    });
  }

  async #step({ step }: Extract<Task, { verb: "optim_step" }>): Promise<Outcome> {
    if (this.#gradients === "none")
      throw new Failure("there are no gradients: send forward_backward before optim_step");
    if (this.#gradients === "broken") {
      await this.#dropGradients();
      throw new Failure(
        "a forward_backward since the last step failed, so its gradients are missing: no step was taken, and the others were dropped; send the whole batch again",
      );
    }
    try {
      const { gradientNorm } = await this.#model!.optimStep(step);
      return jsonOutcome({ metrics: { "grad_norm:mean": gradientNorm }, type: "optim_step" });
    } catch (error) {
      if (!isFatal(error)) await this.#dropGradients();
      throw error;
    }
  }

  /** Loading is what empties the accumulator. */
  async #dropGradients(): Promise<void> {
    if (this.#gradients === "none") return;
    const path = `${this.#journal.directory}/without-gradients`;
    await this.#model!.save(path, { optimizer: true });
    await this.#model!.load(path);
    await rm(path, { recursive: true });
    this.#gradients = "none";
  }

  async #saveForSampler(
    { name, samplerSeq }: Extract<Task, { verb: "save_weights_for_sampler" }>,
    isReplay: boolean,
  ): Promise<Outcome> {
    const type = "save_weights_for_sampler";
    if (name === null) {
      const id = await this.#around.makeSampler(this.record, samplerSeq!, (directory) =>
        this.#model!.save(directory),
      );
      return jsonOutcome({ path: null, sampling_session_id: id, type });
    }
    const checkpoint = this.#around.checkpoints.at(this.record.id, "sampler_weights", name);
    await this.#save(checkpoint, { optimizer: false, overwrite: isReplay });
    return jsonOutcome({ path: checkpoint.path, sampling_session_id: null, type });
  }

  async #save(
    checkpoint: Checkpoint,
    { optimizer, overwrite }: { optimizer: boolean; overwrite: boolean },
  ): Promise<void> {
    if (!overwrite && (await this.#around.checkpoints.exists(checkpoint)))
      throw new Failure(
        `there is a checkpoint ${checkpoint.path} already: choose another name, or overwrite it`,
      );
    await this.#model!.save(checkpoint.directory, { optimizer });
  }

  async #load({ path, optimizer }: Extract<Task, { verb: "load_weights" }>): Promise<Outcome> {
    const { checkpoints } = this.#around;
    const checkpoint = await checkpoints.find(path);
    const there = await checkpoints.adapterOf(checkpoint);
    const { lora } = this.record;
    if (there?.rank !== lora?.rank || there?.alpha !== lora?.alpha)
      throw new Failure(
        `${path} holds ${describeAdapter(there)}, and ${this.record.id} trains ${describeAdapter(lora)}`,
      );
    const loaded = await this.#openCheckpoint(checkpoint, optimizer);
    await this.#model![Symbol.asyncDispose]();
    this.#model = loaded;
    this.#gradients = "none";
    return jsonOutcome({ path, type: "load_weights", model_id: this.record.id });
  }

  async #saveState(): Promise<void> {
    const seq = this.#applied;
    await this.#model!.save(this.#journal.statePath(seq), { optimizer: true });
    this.#stateSeq = seq;
    this.#computedMs = 0;
    await this.#journal.dropBefore(seq);
    await this.dropOldResults();
  }

  /** Results that nobody can ask for any more, and that no repetition needs. */
  async dropOldResults(): Promise<void> {
    const { results } = await this.#journal.numbers();
    for (const seq of results)
      if (seq <= this.#stateSeq && !this.#around.futures.get(this.requestId(seq))) {
        await this.#journal.dropResult(seq);
        this.#digests.delete(seq);
      }
  }

  /** The model can no longer be what its requests say. What waits fails, and so does all that comes. */
  #lose(error: unknown): void {
    this.#lost = `model ${this.record.id} was lost (${(error as Error).message}): create one from your last checkpoint`;
    this.#failWaiting(this.#lost, "server");
  }

  #failWaiting(message: string, category: "user" | "server"): void {
    for (const seq of this.#waiting.keys())
      this.#around.futures.get(this.requestId(seq))?.settle({ ok: false, error: message, category });
    this.#waiting.clear();
  }

  /** Resolves when everything that has its turn is done. */
  async settle(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  /** Before the server stops: a restart then has nothing to repeat but gradients that were not used yet. */
  async park(): Promise<void> {
    await this.settle();
    if (this.#lost === null && this.#gradients === "none" && this.#stateSeq < this.#applied)
      await this.#saveState();
    await this.#dispose();
  }

  /** Unloads it for good; checkpoints stay. */
  async close(why: string): Promise<void> {
    this.#closed = true;
    await this.settle();
    this.#failWaiting(why, "user");
    await this.#dispose();
    await rm(this.#journal.directory, { recursive: true, force: true });
  }

  async #dispose(): Promise<void> {
    this.#closed = true;
    await this.#model?.[Symbol.asyncDispose]();
    this.#model = null;
  }
}

const describeAdapter = (adapter: { rank: number; alpha: number } | null) =>
  adapter === null ? "all weights" : `an adapter of rank ${adapter.rank} and alpha ${adapter.alpha}`;

/** The engine's thread is gone, and with it every model. */
const isFatal = (error: unknown) =>
  error instanceof Error && /engine('s worker thread| was closed)/.test(error.message);
