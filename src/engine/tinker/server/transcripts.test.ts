/**
 * @file Sends our server the requests that SDKs were recorded to send to other servers, in the recorded order: its
 * answers have the same shape as theirs.
 */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decodeForwardBackwardOutput,
  decodeSampleResponse,
  encodeTrainingRequest,
} from "../wire/protobuf.ts";
import type { TensorData, TrainingRequest } from "../wire/messages.ts";
import { serveEngine, type EngineServer } from "./serve.ts";
import { makeTinyModel } from "./testing/tiny-model.ts";

interface Exchange {
  method: string;
  path: string;
  request: Record<string, unknown> | null;
  status: number;
  response: Record<string, unknown> | null;
}
interface RecordedDatum {
  model_input: { encoded_text: number[] }[];
  loss_fn_inputs: Record<string, { dtype: TensorData["dtype"]; shape: number[]; dense: number[] }>;
}

const fixtures = new URL("../fixtures/", import.meta.url);
let root: string;
let server: EngineServer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-transcripts-"));
  await makeTinyModel(join(root, "tiny"));
  server = await serveEngine({
    models: [join(root, "tiny")],
    directory: join(root, "work"),
    port: 0,
    engine: { threads: 1 },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** The other server's ids in a text, as ours. */
class Renaming {
  readonly #names = new Map<string, string>();

  learn(theirs: unknown, ours: unknown): void {
    if (typeof theirs !== "object" || theirs === null) return;
    for (const key of ["session_id", "model_id", "request_id", "sampling_session_id", "path"]) {
      const [from, to] = [(theirs as Record<string, unknown>)[key], (ours as Record<string, unknown>)[key]];
      if (typeof from === "string" && typeof to === "string" && from !== "") this.#names.set(from, to);
    }
  }

  apply<T>(value: T): T {
    const change = (each: unknown): unknown => {
      if (typeof each === "string") {
        const session = [...this.#names].find(([from]) => each.startsWith(`${from}:train:`));
        return (
          this.#names.get(each) ??
          (session ? each.replace(session[0], session[1]) : each === "<base-model-folder>" ? "tiny" : each)
        );
      }
      if (Array.isArray(each)) return each.map(change);
      if (typeof each === "object" && each !== null)
        return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, change(inner)]));
      return each;
    };
    return change(value) as T;
  }
}

function protobufOf(recorded: Record<string, unknown>, renaming: Renaming): Uint8Array {
  const {
    data,
    loss_fn_config: config,
    ...rest
  } = recorded as unknown as Omit<TrainingRequest, "data"> & {
    data: RecordedDatum[];
  };
  return encodeTrainingRequest({
    ...rest,
    model_id: renaming.apply(rest.model_id),
    loss_fn_config: config && Object.keys(config).length > 0 ? config : null,
    data: data.map(({ model_input, loss_fn_inputs }) => ({
      model_input: {
        chunks: model_input.map(({ encoded_text: tokens }) => ({ type: "encoded_text", tokens })),
      },
      loss_fn_inputs: Object.fromEntries(
        Object.entries(loss_fn_inputs).map(([name, { dense, dtype, shape }]) => [
          name,
          { data: dense, dtype, shape },
        ]),
      ),
    })),
  });
}

/** What an SDK reads of an answer; the rest is each server's own. */
const READ = [
  "type",
  "session_id",
  "model_id",
  "request_id",
  "sampling_session_id",
  "sample_sequence_ids",
  "sampler_id",
  "metrics",
  "supported_models",
  "training_runs",
];
const shapeOf = (json: Record<string, unknown>) =>
  READ.filter((key) => json[key] !== null && json[key] !== undefined);

describe.each(["skyrl-0.4.0-jax__sdk-0.25.0", "stub__sdk-0.38.0"])("%s", (name) => {
  it("is answered request by request", async () => {
    const { exchanges } = JSON.parse(await readFile(new URL(`${name}.json`, fixtures), "utf8")) as {
      exchanges: Exchange[];
    };
    const renaming = new Renaming();
    const seen = new Set<string>();
    for (const { method, path, request, status, response } of exchanges) {
      // What they lack and we have is not a question of shape; a repeated poll says the same.
      if (status !== 200 || response === null || path.endsWith("/telemetry")) continue;
      const isProtobuf = request !== null && "_protobuf" in request;
      const body = isProtobuf
        ? protobufOf(request!["_protobuf"] as Record<string, unknown>, renaming)
        : JSON.stringify(renaming.apply(request));
      const wants = "_protobuf" in response ? "application/x-protobuf" : "application/json";
      const ask = () =>
        fetch(
          `${server.url}${renaming.apply(path.replace(/(?<=samplers\/).*/, (id) => renaming.apply(id)))}`,
          {
            method,
            headers: {
              "content-type": isProtobuf ? "application/x-protobuf" : "application/json",
              accept: wants,
            },
            ...(method === "POST" && { body: Buffer.from(body) }),
          },
        );
      const answer = await ask();
      seen.add(path);
      if (wants === "application/x-protobuf") {
        expect([path, answer.headers.get("content-type")]).toEqual([path, "application/x-protobuf"]);
        const bytes = new Uint8Array(await answer.arrayBuffer());
        const theirs = response["_protobuf"] as Record<string, unknown>;
        if ("sequences" in theirs) {
          const ours = decodeSampleResponse(bytes);
          expect(ours.sequences).toHaveLength((theirs["sequences"] as unknown[]).length);
          expect(ours.prompt_logprobs === null).toBe(theirs["prompt_logprobs"] === null);
        } else {
          const [record] = theirs["loss_fn_outputs"] as { fields: { logprobs: { offsets: number[] } } }[];
          const lengths = decodeForwardBackwardOutput(bytes).loss_fn_outputs.map(
            ({ logprobs }) => logprobs!.data.length,
          );
          const { offsets } = record!.fields.logprobs;
          expect(lengths).toEqual(offsets.slice(1).map((end, i) => (end - offsets[i]!) / 4));
        }
        continue;
      }
      const json = (await answer.json()) as Record<string, unknown>;
      expect([path, answer.status, json["error"], json["detail"]]).toEqual([path, 200, undefined, undefined]);
      expect([path, shapeOf(json)]).toEqual([path, expect.arrayContaining(shapeOf(response))]);
      renaming.learn(response, json);
    }
    expect(seen.size).toBeGreaterThan(12);
  }, 60_000);
});
