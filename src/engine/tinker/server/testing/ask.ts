/** @file Asks a server of the protocol as a test wants it asked: request by request, over HTTP or without. */

import type { ForwardBackwardOutput } from "../../wire/messages.ts";

export interface Answer {
  status: number;
  headers: Headers;
  json: Record<string, unknown>;
}

export type Fetch = (path: string, init: RequestInit) => Promise<Response> | Response;

export class Asker {
  readonly #fetch: Fetch;
  readonly #headers: Record<string, string>;

  constructor(fetch: Fetch, headers: Record<string, string> = {}) {
    this.#fetch = fetch;
    this.#headers = headers;
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const isBytes = body instanceof Uint8Array;
    const response = await this.#fetch(`/api/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...this.#headers, ...headers },
      body: isBytes ? Buffer.from(body) : JSON.stringify(body),
    });
    return read(response);
  }

  async get(path: string): Promise<Answer> {
    return read(await this.#fetch(`/api/v1/${path}`, { method: "GET", headers: this.#headers }));
  }

  /** The result of a request; waits for it. */
  async result(requestId: unknown): Promise<Record<string, unknown>> {
    for (;;) {
      const { status, json } = await this.post("retrieve_future", { request_id: requestId });
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(json)}`);
      if (json["type"] !== "try_again") return json;
    }
  }

  /** Sends a request and waits for its result. */
  async do(path: string, body: unknown): Promise<Record<string, unknown>> {
    const { status, json } = await this.post(path, body);
    if (status !== 200) throw new Error(`${path} ${status}: ${JSON.stringify(json)}`);
    return this.result(json["request_id"]);
  }

  async session(): Promise<string> {
    const { json } = await this.post("create_session", { tags: [], sdk_version: "0.38.0" });
    return json["session_id"] as string;
  }

  async model(
    session: string,
    base: string,
    lora: object = { rank: 4, seed: 1 },
    number = 0,
  ): Promise<string> {
    const made = await this.do("create_model", {
      session_id: session,
      model_seq_id: number,
      base_model: base,
      lora_config: lora,
    });
    return made["model_id"] as string;
  }

  async train(path: string, body: unknown): Promise<ForwardBackwardOutput> {
    return (await this.do(path, body)) as unknown as ForwardBackwardOutput;
  }
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return {
    status: response.status,
    headers: response.headers,
    json: (isJson ? JSON.parse(text) : { text }) as Record<string, unknown>,
  };
}

const tensor = (data: number[], dtype: "int64" | "float32" = "float32") => ({
  data,
  dtype,
  shape: [data.length],
});

/** Tokens x₀…xₙ as the protocol has them, with further inputs for each target. */
export function datumOf(tokens: readonly number[], inputs: Record<string, number[]> = {}) {
  return {
    model_input: { chunks: [{ type: "encoded_text" as const, tokens: tokens.slice(0, -1) }] },
    loss_fn_inputs: {
      target_tokens: tensor(tokens.slice(1), "int64"),
      ...Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, tensor(data)])),
    },
  };
}

export const forwardBackward = (
  model: string,
  seq: number,
  data: ReturnType<typeof datumOf>[],
  loss = "cross_entropy",
  config: Record<string, number> | null = null,
) => ({
  model_id: model,
  seq_id: seq,
  forward_backward_input: { data, loss_fn: loss, loss_fn_config: config },
});

export const optimStep = (model: string, seq: number, rate = 0.01) => ({
  model_id: model,
  seq_id: seq,
  adam_params: { learning_rate: rate, beta1: 0.9, beta2: 0.95, eps: 1e-8 },
});
