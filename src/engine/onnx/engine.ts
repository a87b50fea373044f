/**
 * @file The embedded engine: models that train and sample inside this process, in a separate worker thread, so that a
 * training step never delays browsers and servers in the process.
 */

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { ConfigError, invariant } from "../../core/errors.ts";
import { disableTelemetry } from "./telemetry.ts";
import { loadTokenizer } from "./tokenizer/load-tokenizer.ts";
import {
  restoreError,
  type Call,
  type FromWorker,
  type Opened,
  type ToWorker,
  type WorkerData,
} from "./worker-protocol.ts";
import type {
  Engine,
  ForwardBackwardResult,
  FrozenModel,
  Loss,
  Model,
  SampleRequest,
  SampleResult,
  Tokenizer,
} from "../../core/engine.ts";
import type { Provider } from "./graph/compile.ts";

/** Where the embedded engine runs, and with how much memory. */
export interface OnnxEngineOptions {
  /** Where operators run; operators that a provider lacks run on the CPU. Default `cpu`. */
  provider?: Provider;
  /** Threads of one operator; default: all cores. */
  threads?: number;
  /** Bytes that the activations of one training micro-batch may take. Default 2 GiB. */
  memoryBudgetBytes?: number;
}

/** More than any machine has cores; each thread takes memory before it does anything. */
const MAX_THREADS = 1024;

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  loss?: Exclude<Loss, string>;
}

/** An engine on ONNX Runtime in a thread of this process, which trains and samples. Dispose of it to end the thread. */
export function createOnnxEngine(options: OnnxEngineOptions = {}): Engine {
  const { provider = "cpu", threads = availableParallelism(), memoryBudgetBytes = 2 * 2 ** 30 } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
    throw new ConfigError(
      `the engine's thread number ${threads} is not a whole number from 1 to ${MAX_THREADS}`,
      `This machine has ${availableParallelism()} cores: more threads than that make it slower.`,
    );
  const link = new WorkerLink({ provider, threads, memoryBudgetBytes });
  const tokenizers = new Map<string, Promise<Tokenizer>>();

  const wrap = async (opened: Opened): Promise<Model> => {
    let tokenizer = tokenizers.get(opened.directory);
    if (!tokenizer) tokenizers.set(opened.directory, (tokenizer = loadTokenizer(opened.directory)));
    return remoteModel(link, opened, await tokenizer, async (fork) => wrap(fork));
  };
  return {
    name: `onnx/${provider}`,
    open: async (open) => wrap((await link.call({ verb: "open", options: open })) as Opened),
    [Symbol.asyncDispose]: () => link.close(),
  };
}

function remoteModel(
  link: WorkerLink,
  { model, name, contextTokens }: Opened,
  tokenizer: Tokenizer,
  wrapFork: (opened: Opened) => Promise<FrozenModel>,
): Model {
  return {
    name,
    tokenizer,
    contextTokens,
    sample: ({ signal, ...request }: SampleRequest) =>
      link.call({ verb: "sample", model, request }, { signal }) as Promise<SampleResult>,
    logprobs: (datums_B) => link.call({ verb: "logprobs", model, datums_B }) as Promise<Float32Array[]>,
    forwardBackward: (datums_B, loss) =>
      link.call(
        { verb: "forwardBackward", model, datums_B, custom: loss !== "cross_entropy" },
        loss === "cross_entropy" ? {} : { loss },
      ) as Promise<ForwardBackwardResult>,
    optimStep: (step) => link.call({ verb: "optimStep", model, step }) as Promise<{ gradientNorm: number }>,
    save: async (directory, options = {}) => {
      await link.call({ verb: "save", model, directory, options });
    },
    load: async (directory) => {
      await link.call({ verb: "load", model, directory });
    },
    fork: async () => wrapFork((await link.call({ verb: "fork", model })) as Opened),
    [Symbol.asyncDispose]: async () => {
      await link.call({ verb: "close", model });
    },
  };
}

/** One worker and the calls that wait for it. It keeps the process alive only while there are any. */
class WorkerLink {
  readonly #data: WorkerData;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #calls = 0;
  #closed = false;

  constructor(data: WorkerData) {
    this.#data = data;
  }

  call(
    call: Call,
    options: { signal?: AbortSignal | undefined; loss?: Exclude<Loss, string> } = {},
  ): Promise<unknown> {
    const { signal, loss } = options;
    // Models may be disposed after their engine, or after its thread broke; then there is nothing to close.
    if (call.verb === "close" && (this.#closed || !this.#worker)) return Promise.resolve();
    if (this.#closed) {
      throw new ConfigError("the engine was closed", "Open a new engine.");
    }
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const id = ++this.#calls;
    return new Promise<unknown>((resolve, reject) => {
      const worker = this.#ensureWorker();
      const onAbort = () => {
        this.#post({ kind: "abort", id });
        finish();
        reject(signal!.reason as Error);
      };
      const finish = () => {
        signal?.removeEventListener("abort", onAbort);
        this.#pending.delete(id);
        if (this.#pending.size === 0) worker.unref();
      };
      this.#pending.set(id, {
        resolve: (value) => (finish(), resolve(value)),
        reject: (error) => (finish(), reject(error as Error)),
        ...(loss ? { loss } : {}),
      });
      worker.ref();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#post({ kind: "call", id, call });
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#worker) await this.call({ verb: "shutdown" });
    this.#closed = true;
    await this.#worker?.terminate();
    this.#fail(
      new ConfigError(
        "the engine was closed while calls were waiting",
        "Await every call before closing it.",
      ),
    );
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #ensureWorker(): Worker {
    if (this.#worker) return this.#worker;
    const worker = startWorker(this.#data);
    worker.on("message", (message: FromWorker) => this.#receive(message));
    worker.on("error", (error: Error) =>
      this.#fail(new Error("the engine's worker thread failed", { cause: error })),
    );
    worker.on("exit", (code) => {
      this.#worker = null;
      this.#fail(new Error(`the engine's worker thread ended with code ${code}`));
    });
    this.#worker = worker;
    return worker;
  }

  #receive(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (message.kind === "result") pending.resolve(message.value);
    else if (message.kind === "error") pending.reject(restoreError(message.error));
    else {
      invariant(pending.loss, "only a call with a custom loss is asked for one");
      try {
        this.#post({ kind: "loss", id: message.id, result: pending.loss(message.logprobs_BN) });
      } catch (error) {
        this.#post({ kind: "loss_failed", id: message.id });
        pending.reject(error);
      }
    }
  }

  #fail(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}

function startWorker(data: WorkerData): Worker {
  disableTelemetry();
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "./worker.ts" : "./worker.js", import.meta.url);
  // From source the worker needs a TypeScript loader of its own (`tsx`, a development dependency; `--import` does not
  // reach workers on Node 20); the build is plain JavaScript.
  const api = source
    ? createRequire(import.meta.url)
        .resolve("tsx/esm/api")
        .replace(/\.cjs$/, ".mjs")
    : "";
  const tsx = pathToFileURL(api).href;
  const boot = `import(${JSON.stringify(tsx)}).then(({ register }) => register()).then(() => import(${JSON.stringify(file.href)}))`;
  const worker = source
    ? new Worker(boot, { workerData: data, eval: true, execArgv: [] })
    : new Worker(file, { workerData: data });
  worker.unref();
  return worker;
}
