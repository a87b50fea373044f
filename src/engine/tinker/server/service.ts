/** @file The server behind HTTP: sessions, models, samplers and their futures, on one engine and one directory. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { randomInt } from "node:crypto";
import type { Engine, OpenOptions } from "../../../core/engine.ts";
import { makeDirectory } from "../../../core/make-directory.ts";
import type { Base, Bases } from "./bases.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { TokenLimits } from "./datums.ts";
import { digestOf } from "./digest.ts";
import { Futures, type Future } from "./futures.ts";
import type { ServerLimits } from "./limits.ts";
import { OpenSamplers } from "./open-samplers.ts";
import { Refusal } from "./refusal.ts";
import { failureOf, jsonOutcome, sampleOutcome } from "./results.ts";
import { sampleFrom, sampleTask, type AsampleRequest } from "./sample.ts";
import { bareBase, Samplers, type SamplerRecord } from "./samplers.ts";
import { Sessions } from "./sessions.ts";
import { fileName, list, readRecords, writeRecord, type TrainingVerb } from "./store.ts";
import { addressOf } from "./tasks.ts";
import { TrainedModel, type LoraRecord, type ModelRecord, type Surroundings } from "./trained-model.ts";

interface HeldModel {
  model: TrainedModel;
  /** Rejects if the model could not be opened. */
  opened: Promise<void>;
}

export interface ServiceOptions {
  engine: Engine;
  bases: Bases;
  directory: string;
  limits: ServerLimits;
  now?: () => number;
}

export class Service {
  readonly bases: Bases;
  readonly sessions: Sessions;
  readonly samplers: Samplers;
  readonly futures: Futures;
  readonly checkpoints: Checkpoints;
  readonly limits: ServerLimits;
  readonly #engine: Engine;
  readonly #directory: string;
  readonly #now: () => number;
  readonly #models = new Map<string, HeldModel>();
  readonly #creating = new Map<string, Promise<void>>();
  readonly #openSamplers: OpenSamplers;
  readonly #sampling = new Map<string, { sequences: number; abort: AbortController; done: Promise<void> }>();
  #unnumbered = 0;

  private constructor({ engine, bases, directory, limits, now = Date.now }: ServiceOptions) {
    this.bases = bases;
    this.limits = limits;
    this.#engine = engine;
    this.#directory = directory;
    this.#now = now;
    this.sessions = new Sessions(join(directory, "sessions"), limits, now);
    this.samplers = new Samplers(join(directory, "samplers"));
    this.futures = new Futures(limits, now);
    this.checkpoints = new Checkpoints(join(directory, "checkpoints"));
    this.#openSamplers = new OpenSamplers(engine, limits.openSamplers);
  }

  /** With everything that a server on the same directory has left. */
  static async open(options: ServiceOptions): Promise<Service> {
    const service = new Service(options);
    await service.#recover();
    return service;
  }

  async #recover(): Promise<void> {
    await this.sessions.read();
    await this.samplers.read((session) => this.sessions.has(session));
    const directory = join(this.#directory, "models");
    await makeDirectory(directory);
    for (const name of await list(directory)) {
      const [record] = await readRecords<ModelRecord>(join(directory, name));
      if (record && this.sessions.has(record.session)) this.#hold(record);
      else await rm(join(directory, name), { recursive: true, force: true });
    }
  }

  #hold(record: ModelRecord): HeldModel {
    const base = this.bases.find(record.base);
    const around: Surroundings = {
      engine: this.#engine,
      limits: this.limits,
      tokens: this.tokensOf(base),
      baseDirectory: base.directory,
      checkpoints: this.checkpoints,
      futures: this.futures,
      now: this.#now,
      makeSampler: async ({ id: model, session, base: name }, samplerSeq, fill) => {
        const id = `${session}:sample:${samplerSeq}`;
        await this.samplers.addOwn({ id, session, base: name, from: { kind: "own", model } }, fill);
        return id;
      },
    };
    const model = new TrainedModel(record, this.#modelDirectory(record.id), around);
    const future = this.futures.open(`${record.id}:create`, record.digest, record.session);
    const opened = model.open();
    opened.then(
      () => future.settle(jsonOutcome(answerCreated(record))),
      (error: unknown) => future.settle(failureOf(error)),
    );
    const held = { model, opened };
    this.#models.set(record.id, held);
    return held;
  }

  #modelDirectory(id: string): string {
    return join(this.#directory, "models", fileName(id));
  }

  tokensOf({ config }: Base): TokenLimits {
    const { vocabSize, contextTokens } = config;
    return { vocabSize, contextTokens, datumsPerRequest: this.limits.datumsPerRequest };
  }

  /** @throws Refusal (404) for a model that is not there or no longer. */
  async model(id: string): Promise<TrainedModel> {
    const held = this.#models.get(id);
    if (!held)
      throw new Refusal(404, `there is no model ${id}: create it, from its last checkpoint if it has one`);
    this.sessions.touch(held.model.record.session);
    await held.opened.catch((error: unknown) => {
      throw new Refusal(404, `model ${id} could not be opened: ${(error as Error).message}`, {
        cause: error,
      });
    });
    return held.model;
  }

  get models(): ModelRecord[] {
    return [...this.#models.values()].map(({ model }) => model.record);
  }

  /** The same request again returns the model that is there. */
  async createModel(
    record: Omit<ModelRecord, "digest" | "lora"> & { lora: LoraRequest | null },
  ): Promise<Future> {
    this.sessions.touch(record.session);
    const digest = digestOf(record);
    // A repetition may come while the first is being written.
    await this.#creating.get(record.id);
    const there = this.#models.get(record.id);
    if (there) {
      if (there.model.record.digest !== digest)
        throw new Refusal(409, `model_seq_id is taken: ${record.id} was made in another way before`);
      return (
        this.futures.get(`${record.id}:create`) ??
        this.#answerAtOnce(`${record.id}:create`, record.session, answerCreated(there.model.record))
      );
    }
    if (this.#models.size + this.#creating.size >= this.limits.models)
      throw new Refusal(
        429,
        `${this.#models.size} models are in training, and this server has room for no more`,
      );
    const whole = {
      ...record,
      digest,
      lora: record.lora && { ...record.lora, seed: record.lora.seed ?? randomInt(2 ** 31) },
    };
    const creating = this.#create(whole);
    this.#creating.set(
      record.id,
      creating.then(
        () => undefined,
        () => undefined,
      ),
    );
    return creating.finally(() => this.#creating.delete(record.id));
  }

  async #create(record: ModelRecord): Promise<Future> {
    const directory = this.#modelDirectory(record.id);
    await makeDirectory(directory);
    await writeRecord(join(directory, "model.json"), record);
    const held = this.#hold(record);
    held.opened.catch(async () => {
      if (this.#models.get(record.id) === held) this.#models.delete(record.id);
      await rm(directory, { recursive: true, force: true });
    });
    return this.futures.get(`${record.id}:create`)!;
  }

  #answerAtOnce(id: string, session: string, answer: object): Future {
    const future = this.futures.open(id, "", session);
    future.settle(jsonOutcome(answer));
    return future;
  }

  async unloadModel(id: string): Promise<Future> {
    const { record } = await this.model(id).catch((error: unknown) => {
      const held = this.#models.get(id);
      if (!held) throw error;
      return held.model;
    });
    const future = this.futures.open(`${id}:unload`, "", record.session);
    await this.#close(id, `model ${id} was unloaded`);
    future.settle(jsonOutcome({ model_id: id, type: "unload_model" }));
    return future;
  }

  async #close(id: string, why: string): Promise<void> {
    const held = this.#models.get(id);
    this.#models.delete(id);
    await held?.opened.catch(() => undefined);
    await held?.model.close(why);
  }

  /** A numbered request of a model. @throws Refusal. */
  async submit(
    verb: TrainingVerb,
    isProtobuf: boolean,
    body: Uint8Array,
  ): Promise<{ requestId: string; modelId: string }> {
    const address = addressOf(verb, isProtobuf, body);
    const model = await this.model(address.modelId);
    if (address.seq !== model.missing) this.#checkRoom();
    const requestId = await model.submit(verb, address, { isProtobuf, body });
    return { requestId, modelId: address.modelId };
  }

  /** @throws Refusal (429). */
  #checkRoom(): void {
    let bytes = 0;
    for (const { model } of this.#models.values()) bytes += model.queuedBytes;
    if (bytes >= this.limits.queuedBytes) throw new Refusal(429, `${bytes} bytes of requests wait already`);
    if (!this.futures.hasRoom()) throw new Refusal(429, "too many results wait to be fetched");
  }

  async createSampler(record: SamplerRecord): Promise<void> {
    this.sessions.touch(record.session);
    await this.samplers.add(record);
  }

  /** @throws Refusal (404). */
  sampler(id: string): SamplerRecord {
    const record = this.samplers.get(id);
    if (!record) throw new Refusal(404, `there is no sampling session ${id}`);
    this.sessions.touch(record.session);
    return record;
  }

  async #openOptions({
    base,
    from,
    ...record
  }: Pick<SamplerRecord, "base" | "from"> & { id?: string }): Promise<OpenOptions> {
    if (from.kind === "base") return bareBase(this.bases.find(base).directory);
    if (from.kind === "path") return { path: (await this.checkpoints.find(from.path)).directory };
    return { path: this.samplers.directoryOf(record as SamplerRecord) };
  }

  /** Begins to sample. @throws Refusal. */
  async sample(request: AsampleRequest): Promise<{ requestId: string; sequences: number }> {
    const source = await this.#sourceOf(request);
    const task = sampleTask(request, this.tokensOf(this.bases.find(source.base)));
    const id = source.id === null ? `once:${++this.#unnumbered}` : `${source.id}:${request.seq_id}`;
    const sequences = task.seeds.length;
    const digest = digestOf(request);
    const before = this.futures.get(id);
    if (before) {
      if (before.digest !== digest)
        throw new Refusal(
          409,
          `seq_id ${request.seq_id} of ${source.id} was used for another request before`,
        );
      return { requestId: id, sequences };
    }
    let running = 0;
    for (const each of this.#sampling.values()) running += each.sequences;
    if (running + sequences > this.limits.queuedSequences && running > 0)
      throw new Refusal(429, `${running} sequences are sampled or wait already`);
    if (!this.futures.hasRoom()) throw new Refusal(429, "too many results wait to be fetched");
    const future = this.futures.open(id, digest, source.session);
    const abort = new AbortController();
    const done = this.#openSamplers
      .with(source.options, (model) => sampleFrom(model, task, abort.signal))
      .then(sampleOutcome)
      .catch(failureOf)
      .then((outcome) => {
        this.#sampling.delete(id);
        future.settle(outcome);
      });
    this.#sampling.set(id, { sequences, abort, done });
    return { requestId: id, sequences };
  }

  async #sourceOf(
    request: AsampleRequest,
  ): Promise<{ id: string | null; session: string | null; base: string; options: OpenOptions }> {
    const { sampling_session_id: id, model_path: path, base_model: name, seq_id: seq } = request;
    if ([id, path, name].filter((each) => typeof each === "string").length !== 1)
      throw new Refusal(422, "give exactly one of sampling_session_id, model_path and base_model");
    if (typeof id === "string") {
      if (typeof seq !== "number")
        throw new Refusal(422, "seq_id is missing: samples of a session are numbered from 0");
      const record = this.sampler(id);
      return { id, session: record.session, base: record.base, options: await this.#openOptions(record) };
    }
    if (typeof name === "string") {
      const base = this.bases.find(name);
      return { id: null, session: null, base: base.name, options: bareBase(base.directory) };
    }
    const checkpoint = await this.checkpoints.find(path!);
    const base = await this.bases.of(checkpoint, (await this.checkpoints.adapterOf(checkpoint)) !== null);
    return { id: null, session: null, base: base.name, options: { path: checkpoint.directory } };
  }

  /** Ends a sample that nobody waits for; leaves anything else alone. */
  cancel(requestId: string): void {
    this.#sampling.get(requestId)?.abort.abort(new Error("cancelled by the client"));
  }

  /** An accepted request. @throws Refusal: 404 if there never was one, 410 if it is gone. */
  async future(requestId: string): Promise<Future> {
    const cut = requestId.lastIndexOf(":");
    const [owner, last] = [requestId.slice(0, cut), requestId.slice(cut + 1)];
    const held = this.#models.get(owner);
    if (held) {
      this.sessions.touch(held.model.record.session);
      // Once it is open, what is on disk is known.
      await held.opened.catch(() => undefined);
    }
    const found = this.futures.get(requestId);
    if (found) return found;
    const refuseGone = (what: string) =>
      new Refusal(410, `the result of ${requestId} is not there any more: ${what}`);
    if (held?.model.wasDone(Number(last))) throw refuseGone("it was done, and waited too long to be fetched");
    if (this.samplers.get(owner) || owner === "once")
      throw refuseGone("the server was started again, or it waited too long; send the request again");
    throw new Refusal(404, `there is no request ${requestId}`);
  }

  /** Ends silent sessions and drops old results. Call it once in a while. */
  async tidy(): Promise<void> {
    this.futures.sweep();
    for (const id of this.sessions.silent()) await this.endSession(id);
    for (const { model, opened } of this.#models.values()) {
      await opened.catch(() => undefined);
      await model.dropOldResults();
    }
  }

  async endSession(session: string): Promise<void> {
    await this.sessions.end(session);
    for (const [id, { model }] of this.#models)
      if (model.record.session === session)
        await this.#close(id, `session ${session} gave no sign of life and was ended`);
    for (const future of this.futures.ofSession(session)) {
      this.cancel(future.id);
      await this.#sampling.get(future.id)?.done;
      this.futures.forget(future.id);
    }
    await this.samplers.endSession(session);
  }

  /** Finishes what was accepted and leaves everything so that a new server can continue. */
  async stop(): Promise<void> {
    for (const { opened, model } of this.#models.values()) {
      const isOpen = await opened.then(
        () => true,
        () => false,
      );
      if (isOpen) await model.park();
    }
    while (this.#sampling.size > 0) await [...this.#sampling.values()][0]!.done;
    await this.#openSamplers[Symbol.asyncDispose]();
  }
}

/** As it was asked for; a seed that was left out is chosen when the model is made. */
export type LoraRequest = Omit<LoraRecord, "seed"> & { seed: number | null };

const answerCreated = ({ id, load }: ModelRecord) =>
  load === null
    ? { model_id: id, type: "create_model" }
    : { model_id: id, path: load.path, type: "load_weights" };
