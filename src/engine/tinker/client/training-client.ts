/**
 * @file One model on a Tinker server: requests in order, each applied exactly once, and the model made anew if the
 * server lost it.
 *
 * A journal keeps what changed the model since it was made or last saved. If the server no longer has the model, it is
 * created again and loaded from that save, and the journal is sent again; the weights are then what they would have
 * been.
 */

import type { OptimStep } from "../../../core/engine.ts";
import {
  createdModelSchema,
  forwardBackwardOutputSchema,
  loadedSchema,
  optimStepOutputSchema,
  savedSchema,
  trainingRequestToJson,
  type AdamParams,
  type ForwardBackwardOutput,
  type TrainingRequest,
  type WireDatum,
} from "../wire/messages.ts";
import { decodeForwardBackwardOutput, encodeTrainingRequest } from "../wire/protobuf.ts";
import { z } from "zod";
import type { ServerProfile } from "../profile.ts";
import type { Connection, Queued } from "./connection.ts";
import { TinkerError } from "./errors.ts";
import type { Session } from "./session.ts";

export interface ModelSpec {
  baseModel: string;
  /** Fields of `lora_config`. */
  lora: Readonly<Record<string, unknown>> & { rank: number };
}

/** Where a model begins: fresh, or at what was saved. */
export interface Origin {
  path: string;
  optimizer: boolean;
}

export interface Link {
  connection: Connection;
  session: Session;
  profile: ServerProfile;
  signal?: AbortSignal | undefined;
}

type Change = { kind: "backward"; data: WireDatum[]; loss: string } | { kind: "step"; adam: AdamParams };

/**
 * The limit of a journal, in tokens. Beyond it, a lost model is an error, and the run goes on from its last checkpoint.
 */
const JOURNAL_TOKENS = 16_000_000;
const REBUILDS = 3;
/** A step that moves nothing and drops the gradient. */
export const STILL: AdamParams = {
  learning_rate: 0,
  beta1: 0,
  beta2: 0,
  eps: 1,
  weight_decay: 0,
  grad_clip_norm: 0,
};
const RESULTS_LOST = 8;

export interface TrainingClient extends AsyncDisposable {
  /** How often the weights have changed. */
  readonly version: number;
  /** One output per part. */
  forward(parts: readonly WireDatum[][]): Promise<ForwardBackwardOutput[]>;
  /** All parts, or none: if one fails, the model is made anew without them before anything else happens. */
  backward(parts: readonly WireDatum[][], loss: string): Promise<(ForwardBackwardOutput | null)[]>;
  step(adam: AdamParams): Promise<Record<string, number>>;
  /** The server's path of the saved weights and moments. */
  save(name: string): Promise<string>;
  /** A sampling session on the weights as they are. */
  saveForSampler(): Promise<string>;
  /** The server's path of weights as samplers and other tools read them. */
  saveForOthers(name: string): Promise<string>;
  /** Replaces the model with one that begins at `origin`. */
  restart(origin: Origin): Promise<void>;
  modelId(): Promise<string>;
  /** Finds out what the server does with a number that it has seen, by sending one forward twice. */
  probeRepeatedForward(data: WireDatum[]): Promise<ServerProfile["seqId"]>;
}

/** `onlyWeighted`: the server says that it can leave out targets of weight 0, and does. */
export function createTrainingClient(
  link: Link,
  spec: ModelSpec,
  begin: Origin | null,
  { onlyWeighted = false } = {},
): TrainingClient {
  const { connection, session, profile, signal } = link;
  const resend = profile.seqId === "ignored" ? "unless_arrived" : "always";
  let origin = begin;
  let journal: Change[] = [];
  let journalTokens = 0;
  let isTorn = false;
  let version = 0;
  let live: { id: string; seq: number; isSaved: boolean } | null = null;
  let sessionInUse: string | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work, work);
    tail = turn.catch(() => {});
    return turn;
  };

  async function create(): Promise<void> {
    if (profile.leaksGradients) {
      await make();
      await sendStep(STILL);
      await unload();
    }
    await make();
    if (origin) await loadOrigin(origin);
  }

  async function make(): Promise<void> {
    const sessionId = await session.id();
    sessionInUse = sessionId;
    const queued = await connection.submit({
      path: "create_model",
      body: {
        session_id: sessionId,
        model_seq_id: session.nextModel(),
        base_model: spec.baseModel,
        lora_config: spec.lora,
        type: "create_model",
      },
      resend: "always",
      signal,
    });
    const { model_id } = await connection.result(queued, createdModelSchema, { signal, type: "CreateModel" });
    live = { id: model_id, seq: 0, isSaved: false };
  }

  async function loadOrigin({ path, optimizer }: Origin): Promise<void> {
    try {
      await send("load_weights", { path, optimizer, type: "load_weights" }, (queuedLoad) =>
        connection.result(queuedLoad, loadedSchema, { signal, type: "LoadWeights" }),
      );
    } catch (error) {
      // Nobody uses the model that was just made.
      if (error instanceof TinkerError && error.trouble !== "unreachable" && error.trouble !== "busy")
        await unload().catch(() => {});
      throw error;
    }
  }

  type Body = object | ((seq: number, id: string) => Uint8Array | object);

  /** Sends with the next number; `null` if the operation was executed but its result is lost. */
  async function send<T>(path: string, body: Body, read: (queued: Queued) => Promise<T>): Promise<T | null> {
    return (await start(path, body, read))();
  }

  /** Sends with the next number, and returns a function that waits for the result. */
  async function start<T>(
    path: string,
    body: Body,
    read: (queued: Queued) => Promise<T>,
  ): Promise<() => Promise<T | null>> {
    const model = live!;
    const seq = ++model.seq;
    const queued = await connection.submit({
      path,
      body: typeof body === "function" ? body(seq, model.id) : { model_id: model.id, seq_id: seq, ...body },
      resend,
      signal,
    });
    return async () => {
      try {
        return await read(queued);
      } catch (error) {
        // The request was sent twice, and the first one used the number: the operation was executed.
        const expected = /expected (\d+)/.exec((error as Error).message)?.[1];
        if (profile.seqId === "strict" && queued.wasResent && expected === String(seq + 1)) return null;
        throw error;
      }
    };
  }

  /**
   * If the server runs parts by their numbers, no matter what arrives twice, they follow each other without waiting.
   */
  async function trainAll(parts: readonly WireDatum[][], loss: string, forwardOnly: boolean) {
    const waiting: (() => Promise<ForwardBackwardOutput | null>)[] = [];
    const outputs: (ForwardBackwardOutput | null)[] = [];
    for (const data of parts) {
      const read = await startTraining(data, loss, forwardOnly);
      if (profile.seqId === "dedup") waiting.push(read);
      else outputs.push(await read());
    }
    for (const read of waiting) outputs.push(await read());
    return outputs;
  }

  const train = async (...args: Parameters<typeof startTraining>) => (await startTraining(...args))();

  async function startTraining(
    data: WireDatum[],
    loss: string,
    forwardOnly: boolean,
    onQueued: (queued: Queued) => void = () => {},
  ) {
    const request = (seq: number, id: string): TrainingRequest => ({
      model_id: id,
      seq_id: seq,
      data,
      loss_fn: loss,
      loss_fn_config: onlyWeighted ? { only_weighted: 1 } : null,
      forward_only: forwardOnly,
    });
    const isJson = profile.codec === "json";
    return start(
      isJson && forwardOnly ? "forward" : "forward_backward",
      (seq, id) =>
        isJson ? trainingRequestToJson(request(seq, id)) : encodeTrainingRequest(request(seq, id)),
      (queued) => {
        onQueued(queued);
        return connection.result(queued, forwardBackwardOutputSchema, {
          read: decodeForwardBackwardOutput,
          signal,
          type: forwardOnly ? "Forward" : "ForwardBackward",
        });
      },
    );
  }

  function sendStep(adam: AdamParams) {
    return send("optim_step", { adam_params: adam, type: "optim_step" }, (queued) =>
      connection.result(queued, optimStepOutputSchema, { signal, type: "OptimStep" }),
    );
  }

  /** Asks again for something that changes no weights, if its result was lost. */
  async function untilKnown<T>(ask: (attempt: number) => Promise<T | null>): Promise<T> {
    for (let attempt = 0; attempt < RESULTS_LOST; attempt++) {
      const result = await ask(attempt);
      if (result !== null) return result;
    }
    throw new TinkerError("unreachable", "the connection broke each time that a result was to come");
  }

  async function rebuild(): Promise<void> {
    if (journalTokens > JOURNAL_TOKENS)
      throw new TinkerError(
        "failed",
        "the server lost the model, and too much was trained since its last save to send it again; go on from the last checkpoint",
      );
    live = null;
    await create();
    for (const change of journal)
      if (change.kind === "step") await sendStep(change.adam);
      else await train(change.data, change.loss, false);
    isTorn = false;
  }

  /** Runs `work` again, in a new session and without a model, if the server lost the session or the model. */
  async function outlastLoss<T>(work: () => Promise<T>): Promise<T> {
    for (let losses = 0; ; losses++)
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TinkerError) || error.trouble !== "lost" || losses >= REBUILDS) throw error;
        if (sessionInUse !== null) session.forget(sessionInUse);
        live = null;
      }
  }

  /** Runs `work` on a complete model, which is made anew if necessary. */
  const onModel = <T>(work: () => Promise<T>): Promise<T> =>
    inTurn(() =>
      outlastLoss(async () => {
        if (live === null) await (journal.length > 0 ? rebuild() : create());
        else if (isTorn) await rebuild();
        return work();
      }),
    );

  async function unload(): Promise<void> {
    if (!live) return;
    const model = live;
    live = null;
    // Its checkpoint would be lost with it.
    if (model.isSaved && !profile.keepsCheckpoints) return;
    const queued = await connection.submit({
      path: "unload_model",
      body: { model_id: model.id, type: "unload_model" },
      resend: "always",
      signal,
    });
    await connection.result(queued, z.unknown(), { signal, type: "UnloadModel" });
  }

  const note = (change: Change) => {
    journal.push(change);
    if (change.kind === "backward")
      for (const { loss_fn_inputs: inputs } of change.data)
        journalTokens += inputs["target_tokens"]?.data.length ?? 0;
    // What is beyond the limit is never sent again.
    if (journalTokens > JOURNAL_TOKENS)
      journal = journal.map((each) => (each.kind === "step" ? each : { ...each, data: [] }));
  };

  return {
    get version() {
      return version;
    },
    forward: (parts) =>
      onModel(async () => {
        const outputs = await trainAll(parts, "cross_entropy", true);
        const known: ForwardBackwardOutput[] = [];
        for (const [i, output] of outputs.entries())
          known.push(output ?? (await untilKnown(() => train(parts[i]!, "cross_entropy", true))));
        return known;
      }),
    backward: (parts, loss) =>
      onModel(async () => {
        isTorn = parts.length > 0;
        const outputs = await trainAll(parts, loss, false);
        isTorn = false;
        for (const data of parts) note({ kind: "backward", data, loss });
        return outputs;
      }),
    step: (adam) =>
      onModel(async () => {
        isTorn = true;
        const output = await sendStep(adam);
        isTorn = false;
        note({ kind: "step", adam });
        version++;
        return output?.metrics ?? {};
      }),
    save: (name) =>
      onModel(async () => {
        const saved = await untilKnown((attempt) =>
          send(
            "save_weights",
            { path: attempt === 0 ? name : `${name}-${attempt}`, overwrite: false, type: "save_weights" },
            (queued) => connection.result(queued, savedSchema, { signal, type: "SaveWeights" }),
          ),
        );
        if (!saved.path)
          throw new TinkerError("nonsense", "the server saved the weights and does not say under which path");
        origin = { path: saved.path, optimizer: true };
        live!.isSaved = true;
        // The save does not include gradients that wait for a step.
        const waiting = journal.slice(journal.findLastIndex(({ kind }) => kind === "step") + 1);
        journal = [];
        journalTokens = 0;
        waiting.forEach(note);
        return saved.path;
      }),
    saveForSampler: () =>
      onModel(async () => {
        const saved = await untilKnown(() =>
          send(
            "save_weights_for_sampler",
            { sampling_session_seq_id: session.nextSampler(), type: "save_weights_for_sampler" },
            (queued) => connection.result(queued, savedSchema, { signal, type: "SaveWeightsForSampler" }),
          ),
        );
        if (!saved.sampling_session_id)
          throw new TinkerError(
            "nonsense",
            "the server saved weights to sample from and names no sampling session",
          );
        return saved.sampling_session_id;
      }),
    saveForOthers: (name) =>
      onModel(async () => {
        const { path } = await untilKnown((attempt) =>
          send(
            "save_weights_for_sampler",
            { path: attempt === 0 ? name : `${name}-${attempt}`, type: "save_weights_for_sampler" },
            (queued) => connection.result(queued, savedSchema, { signal, type: "SaveWeightsForSampler" }),
          ),
        );
        if (!path)
          throw new TinkerError("nonsense", "the server wrote weights and does not say under which path");
        live!.isSaved = true;
        return path;
      }),
    restart: (to) =>
      inTurn(async () => {
        const before = live;
        const kept = { origin, journal, journalTokens };
        try {
          live = null;
          origin = to;
          journal = [];
          journalTokens = 0;
          await outlastLoss(create);
          isTorn = false;
          version++;
        } catch (error) {
          live = before;
          ({ origin, journal, journalTokens } = kept);
          throw error;
        }
        const now = live;
        live = before;
        // Only room on the server depends on it.
        await unload().catch(() => {});
        live = now;
      }),
    probeRepeatedForward: (data) =>
      onModel(async () => {
        const model = live!;
        const ids: string[] = [];
        const first = await train(data, "cross_entropy", true, (queued) => ids.push(queued.request_id));
        model.seq--;
        try {
          const second = await train(data, "cross_entropy", true, (queued) => ids.push(queued.request_id));
          return first && second && ids[0] === ids[1] ? "dedup" : "ignored";
        } catch (error) {
          if (/expected \d+/.test((error as Error).message)) return "strict";
          throw error;
        }
      }),
    modelId: () => onModel(() => Promise.resolve(live!.id)),
    [Symbol.asyncDispose]: async () => inTurn(unload).catch(() => {}),
  };
}

/** AdamW as the embedded engine has it; in the protocol, 0 means no clipping. */
export const adamParams = (step: OptimStep): AdamParams => {
  const { learningRate, weightDecay = 0, clipNorm = 1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = step;
  return {
    learning_rate: learningRate,
    beta1,
    beta2,
    eps: epsilon,
    weight_decay: weightDecay,
    grad_clip_norm: Number.isFinite(clipNorm) ? clipNorm : 0,
  };
};
