/** @file The worker thread that holds the models: answers the calls of `engine.ts` with a {@link LocalEngine}. */

import { parentPort, workerData } from "node:worker_threads";
import { invariant } from "../../core/errors.ts";
import { LocalEngine } from "./local-engine.ts";
import {
  serializeError,
  type Call,
  type FromWorker,
  type Opened,
  type ToWorker,
  type WorkerData,
} from "./worker-protocol.ts";
import type { FrozenModel, LossGradient } from "../../core/engine.ts";
import type { LocalModel } from "./local-model.ts";

const port = parentPort;
invariant(port, "worker.ts runs in a worker thread");

const engine = new LocalEngine(workerData as WorkerData);
const models = new Map<number, LocalModel>();
const aborts = new Map<number, AbortController>();
const losses = new Map<number, { resolve: (result: LossGradient) => void; reject: (error: Error) => void }>();
let opened = 0;

const post = (message: FromWorker) => port.postMessage(message);

port.on("message", (message: ToWorker) => {
  if (message.kind === "abort") aborts.get(message.id)?.abort();
  else if (message.kind === "loss") losses.get(message.id)?.resolve(message.result);
  else if (message.kind === "loss_failed") losses.get(message.id)?.reject(new Error("the loss threw"));
  else
    answer(message.id, message.call).then(
      (value) => post({ kind: "result", id: message.id, value }),
      (error: unknown) => post({ kind: "error", id: message.id, error: serializeError(error) }),
    );
});

async function answer(id: number, call: Call): Promise<unknown> {
  switch (call.verb) {
    case "open":
      return register(await engine.open(call.options));
    case "sample": {
      const controller = new AbortController();
      aborts.set(id, controller);
      try {
        return await modelOf(call).sample({ ...call.request, signal: controller.signal });
      } finally {
        aborts.delete(id);
      }
    }
    case "logprobs":
      return modelOf(call).logprobs(call.datums_B);
    case "forwardBackward":
      return modelOf(call).forwardBackward(call.datums_B, call.custom ? askForLoss(id) : "cross_entropy");
    case "optimStep":
      return modelOf(call).optimStep(call.step);
    case "save":
      return modelOf(call).save(call.directory, call.options);
    case "load":
      return modelOf(call).load(call.directory);
    case "fork":
      return register((await modelOf(call).fork()) as FrozenModel as LocalModel);
    case "close": {
      const model = models.get(call.model);
      models.delete(call.model);
      return model?.[Symbol.asyncDispose]();
    }
    case "shutdown":
      return engine[Symbol.asyncDispose]();
  }
}

const askForLoss = (id: number) => async (logprobs_BN: Float32Array[]) => {
  try {
    return await new Promise<LossGradient>((resolve, reject) => {
      losses.set(id, { resolve, reject });
      post({ kind: "logprobs", id, logprobs_BN });
    });
  } finally {
    losses.delete(id);
  }
};

function register(model: LocalModel): Opened {
  const id = ++opened;
  models.set(id, model);
  return { model: id, name: model.name, directory: model.directory, contextTokens: model.contextTokens };
}

function modelOf({ model }: { model: number }): LocalModel {
  const found = models.get(model);
  invariant(found, `model ${model} is open`);
  return found;
}
