/**
 * @file vLLM as its documentation describes it, for tests: `/v1/models`, `/v1/load_lora_adapter`,
 * `/v1/unload_lora_adapter` and `/v1/completions` with token ids, on the table model of `fake-server.ts`, whose weights
 * are what its adapters hold. Also hands out that server's archives of them.
 */

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import type { FakeServer } from "./fake-server.ts";

/** Of `fake-server.ts`. */
const ROWS = 16;

export interface FakeVllmOptions {
  vocabSize: number;
  key?: string;
  contextTokens?: number;
  /** Started without VLLM_ALLOW_RUNTIME_LORA_UPDATING. */
  loads?: false;
  says?:
    | "true"
    | "no_logprobs"
    | "null"
    | "nan"
    | "no_token_ids"
    | "another_model"
    | "minus_infinity"
    | "aborted";
  /** What to answer to a request instead. */
  fault?: (path: string) => Answer | null | Promise<Answer | null>;
}

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface FakeVllm extends AsyncDisposable {
  url: string;
  options: FakeVllmOptions;
  /** Names of adapters that are loaded. */
  readonly loaded: string[];
  /** Paths and bodies of all requests. */
  readonly log: { path: string; body: Record<string, unknown> }[];
  /** It dies and comes back: adapters are gone. */
  restart(): void;
}

const fails = (code: number, type: string, message: string) => ({
  status: code,
  body: { error: { message, type, param: null, code } },
});

export async function listenFakeVllm(options: FakeVllmOptions): Promise<FakeVllm> {
  const { vocabSize: V } = options;
  const adapters = new Map<string, Float32Array>();
  const log: FakeVllm["log"] = [];
  const logSoftmax = (theta: Float32Array, last: number) => {
    const shift = options.says === "another_model" ? 1 : 0;
    const row = theta
      .subarray((last % ROWS) * V, ((last % ROWS) + 1) * V)
      .map((each, i) => each + shift * (i % 3));
    const total = row.reduce((sum, each) => sum + Math.exp(each), 0);
    return row.map((each) => each - Math.log(total));
  };

  function load({ lora_name: name, lora_path: path }: Record<string, unknown>) {
    if (adapters.has(name as string))
      return fails(
        400,
        "InvalidUserInput",
        `The lora adapter '${name}' has already been loaded. If you want to load the adapter in place, set 'load_inplace' to True.`,
      );
    try {
      adapters.set(name as string, readTheta(path as string));
    } catch {
      return fails(404, "NotFoundError", `Loading lora ${name} failed: No adapter found for ${path}`);
    }
    return { status: 200, body: `Success: LoRA adapter '${name}' added successfully.` };
  }

  function complete(body: Record<string, unknown>) {
    const theta = adapters.get(body["model"] as string);
    if (!theta) return fails(404, "NotFoundError", `The model \`${body["model"]}\` does not exist.`);
    const prompt = body["prompt"] as number[];
    const stops = (body["stop_token_ids"] ?? []) as number[];
    let state = Number(body["seed"] ?? 0) + 1;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    random();
    const token_ids: number[] = [];
    const token_logprobs: (number | null)[] = [];
    let finish_reason = "length";
    for (let last = prompt.at(-1)!; token_ids.length < Number(body["max_tokens"]); last = token_ids.at(-1)!) {
      const all = logSoftmax(theta, last);
      const scaled = [...all].map((each) => Math.exp(each / Math.max(Number(body["temperature"]), 1e-3)));
      let left = random() * scaled.reduce((a, b) => a + b, 0);
      const token = Math.max(
        0,
        scaled.findIndex((each) => (left -= each) < 0),
      );
      token_ids.push(token);
      token_logprobs.push(all[token]!);
      if (!stops.includes(token)) continue;
      finish_reason = "stop";
      break;
    }
    if (options.says === "null" || options.says === "nan") token_logprobs[0] = null;
    if (options.says === "minus_infinity") token_logprobs[0] = -9999;
    const prompt_logprobs = prompt.map((token, n) =>
      n === 0
        ? null
        : { [token]: { logprob: logSoftmax(theta, prompt[n - 1]!)[token], rank: 1, decoded_token: "" } },
    );
    const choice = {
      index: 0,
      text: "",
      finish_reason: options.says === "aborted" ? "abort" : finish_reason,
      ...(options.says !== "no_token_ids" && body["return_token_ids"] === true && { token_ids }),
      logprobs: options.says === "no_logprobs" || body["logprobs"] === undefined ? null : { token_logprobs },
      ...(body["prompt_logprobs"] !== undefined && { prompt_logprobs }),
    };
    const json = JSON.stringify({ id: "cmpl-1", object: "text_completion", choices: [choice] });
    // Some serialisers write NaN for what is not a number.
    return { status: 200, body: options.says === "nan" ? json.replace("[null", "[NaN") : json };
  }

  async function answer(path: string, body: Record<string, unknown>): Promise<Answer> {
    const fault = await options.fault?.(path);
    if (fault) return fault;
    if (path === "/v1/models")
      return {
        status: 200,
        body: { object: "list", data: [{ id: "base", max_model_len: options.contextTokens ?? 2048 }] },
      };
    if (path === "/v1/completions") return complete(body);
    if (options.loads === false || !path.endsWith("load_lora_adapter"))
      return { status: 404, body: { detail: "Not Found" } };
    if (path === "/v1/load_lora_adapter") return load(body);
    return adapters.delete(body["lora_name"] as string)
      ? { status: 200, body: "Success" }
      : fails(404, "NotFoundError", `The lora adapter '${body["lora_name"]}' cannot be found.`);
  }

  const at = await listen((request, response) => {
    void (async () => {
      const text = await textOf(request);
      const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
      const path = request.url!;
      log.push({ path, body });
      const refused = options.key !== undefined && request.headers.authorization !== `Bearer ${options.key}`;
      const {
        status,
        body: said,
        headers,
      }: Answer = refused ? { status: 401, body: { error: "Unauthorized" } } : await answer(path, body);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof said === "string" ? said : JSON.stringify(said));
    })();
  });
  return {
    ...at,
    options,
    log,
    get loaded() {
      return [...adapters.keys()];
    },
    restart: () => adapters.clear(),
  };
}

/** How a server hands an adapter out: the tar itself, or a redirect to it (hosted, SkyRL). */
export type ArchiveForm = "tar" | "redirect_to_gzip" | "damaged" | "empty" | "absent";

/** A server of the Tinker protocol on a port, with the archives that `listenFake` does not have. */
export async function listenWithArchives(
  fake: FakeServer,
  form: () => ArchiveForm,
): Promise<{ url: string; asked: string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const at = await listen((request, response) => {
    void (async () => {
      const [, run, id, what] =
        /training_runs\/([^/]+)\/checkpoints\/(.+)\/(archive|download)$/.exec(request.url!) ?? [];
      if (run !== undefined) {
        asked.push(request.url!);
        return sendArchive(
          response,
          fake.adapter(`tinker://${run}/${id}`),
          form(),
          `${at.url}/training_runs/${run}/checkpoints/${id}/download`,
          what!,
        );
      }
      const isBytes = request.headers["content-type"] === "application/x-protobuf";
      const bytes = Buffer.concat(await request.toArray());
      const reply = await fake.send({
        path: request.url!.replace("/api/v1/", ""),
        timeoutMs: 0,
        ...(bytes.length > 0 && {
          body: isBytes ? new Uint8Array(bytes) : (JSON.parse(bytes.toString()) as object),
        }),
      });
      response.writeHead(reply.status, {
        "content-type": reply.isProtobuf ? "application/x-protobuf" : "application/json",
      });
      response.end(reply.bytes);
    })();
  });
  return { ...at, asked };
}

async function sendArchive(
  response: ServerResponse,
  theta: Float64Array | undefined,
  form: ArchiveForm,
  elsewhere: string,
  what: string,
): Promise<void> {
  if (!theta || form === "absent") {
    response.writeHead(404, { "content-type": "application/json" });
    return void response.end('{"detail":"Not Found"}');
  }
  if (form === "redirect_to_gzip" && what === "archive") {
    response.writeHead(302, { location: elsewhere });
    return void response.end();
  }
  const archive = pack();
  if (form !== "empty") {
    archive.entry({ name: "adapter/adapter_config.json" }, JSON.stringify(PEFT));
    archive.entry({ name: "adapter/adapter_model.safetensors" }, thetaFile(theta));
    archive.entry({ name: "../outside.txt" }, "nothing of this is written");
  }
  archive.finalize();
  const tar = Buffer.concat(await collect(archive as AsyncIterable<Uint8Array>));
  const sent = form === "redirect_to_gzip" ? gzipSync(tar) : tar;
  response.end(form === "damaged" ? sent.subarray(0, 700) : sent);
}

const PEFT = { peft_type: "LORA", r: 4, lora_alpha: 8, target_modules: ["q_proj"], bias: "none" };
const MODULE = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";

function thetaFile(theta: Float64Array): Buffer {
  const data = Buffer.from(Float32Array.from(theta).buffer);
  const header = { [MODULE]: { dtype: "F32", shape: [1, theta.length], data_offsets: [0, data.length] } };
  const json = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

function readTheta(directory: string): Float32Array {
  const bytes = readFileSync(join(directory, "adapter_model.safetensors"));
  const begin = 8 + Number(bytes.readBigUInt64LE());
  return new Float32Array(Uint8Array.from(bytes.subarray(begin)).buffer);
}

const textOf = async (request: IncomingMessage) => Buffer.concat(await request.toArray()).toString();

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return parts;
}

async function listen(handle: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
