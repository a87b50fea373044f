import { readFileSync, readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { z } from "zod";
import { WireError, int64Bytes, readBfloat16, readInt64 } from "./bytes.ts";
import * as wire from "./messages.ts";
import {
  decodeForwardBackwardOutput,
  decodeSampleResponse,
  decodeTrainingRequest,
  encodeForwardBackwardOutput,
  encodeSampleResponse,
  encodeTrainingRequest,
} from "./protobuf.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);

interface Exchange {
  n: number;
  method: string;
  path: string;
  status: number;
  /** What a poll waits for. */
  type?: string;
  request: unknown;
  response: unknown;
}

/** Request and answer of each endpoint that was recorded. */
const ENDPOINTS: Record<string, [request: z.ZodType, response: z.ZodType]> = {
  "client/config": [z.object({ sdk_version: z.string() }), wire.clientConfigSchema],
  get_server_capabilities: [z.null(), wire.capabilitiesSchema],
  create_session: [wire.createSessionRequestSchema, wire.sessionSchema],
  create_model: [wire.createModelRequestSchema, wire.futureSchema],
  get_info: [wire.modelRequestSchema, wire.modelInfoSchema],
  forward: [wire.forwardRequestSchema, wire.futureSchema],
  forward_backward: [wire.forwardBackwardRequestSchema, wire.futureSchema],
  optim_step: [wire.optimStepRequestSchema, wire.futureSchema],
  save_weights: [wire.saveWeightsRequestSchema, wire.futureSchema],
  load_weights: [wire.loadWeightsRequestSchema, wire.futureSchema],
  save_weights_for_sampler: [wire.saveForSamplerRequestSchema, wire.futureSchema],
  // Hatchery queues it.
  create_sampling_session: [
    wire.createSamplingSessionRequestSchema,
    z.union([wire.samplingSessionSchema, wire.futureSchema]),
  ],
  asample: [wire.sampleRequestSchema, wire.futureSchema],
  weights_info: [z.object({ tinker_path: z.string() }), wire.weightsInfoSchema],
};
const RESULTS: Record<string, z.ZodType> = {
  CreateModel: wire.createdModelSchema,
  Forward: wire.forwardBackwardOutputSchema,
  ForwardBackward: wire.forwardBackwardOutputSchema,
  OptimStep: wire.optimStepOutputSchema,
  SaveWeights: wire.savedSchema,
  SaveWeightsForSampler: wire.savedSchema,
  LoadWeights: wire.loadedSchema,
  Sample: wire.sampleResponseSchema,
};

const protobufOf = (body: unknown): { bytes: Uint8Array; recorded: Record<string, unknown> } | null => {
  const { _protobuf: recorded, _hex: hex } = (body ?? {}) as {
    _protobuf?: Record<string, unknown>;
    _hex?: string;
  };
  return recorded && hex ? { bytes: Buffer.from(hex, "hex"), recorded } : null;
};

/** What the recorder's own reading of the body says of a datum, in our form. */
const recordedDatum = (datum: {
  model_input: { encoded_text: number[] }[];
  loss_fn_inputs: Record<string, { dtype: string; shape?: number[]; dense: number[] }>;
}) => ({
  model_input: {
    chunks: datum.model_input.map(({ encoded_text: tokens }) => ({ type: "encoded_text", tokens })),
  },
  loss_fn_inputs: Object.fromEntries(
    Object.entries(datum.loss_fn_inputs).map(([name, { dtype, shape, dense }]) => [
      name,
      { data: dense.map(roughly), dtype, ...(shape && { shape }) },
    ]),
  ),
});
// The recorder printed float32 with eight digits.
const roughly = (value: number): unknown => (Number.isInteger(value) ? value : expect.closeTo(value, 5));

// JSON has no −0.
const viaJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function checkTraining(bytes: Uint8Array, recorded: Record<string, unknown>): void {
  const request = decodeTrainingRequest(bytes);
  expect(request).toMatchObject({
    model_id: recorded["model_id"],
    seq_id: recorded["seq_id"],
    loss_fn: recorded["loss_fn"],
    forward_only: recorded["forward_only"],
    data: (recorded["data"] as Parameters<typeof recordedDatum>[0][]).map(recordedDatum),
  });
  expect(decodeTrainingRequest(encodeTrainingRequest(request))).toEqual(request);
  const schema = request.forward_only ? wire.forwardRequestSchema : wire.forwardBackwardRequestSchema;
  expect(schema.parse(viaJson(wire.trainingRequestToJson(request)))).toEqual(viaJson(request));
}

function checkOutput(bytes: Uint8Array, recorded: Record<string, unknown>): void {
  const output = decodeForwardBackwardOutput(bytes);
  const [record] = recorded["loss_fn_outputs"] as { fields: Record<string, { data: number[] }> }[];
  for (const [name, { data }] of Object.entries(record!.fields))
    expect(output.loss_fn_outputs.flatMap((each) => each[name]!.data)).toEqual(data.map(roughly));
  expect(output.metrics).toEqual(recorded["metrics"]);
  expect(decodeForwardBackwardOutput(encodeForwardBackwardOutput(output))).toEqual(output);
  expect(wire.forwardBackwardOutputSchema.parse(viaJson(output))).toEqual(viaJson(output));
}

function checkSample(bytes: Uint8Array, recorded: Record<string, unknown>): void {
  const sample = decodeSampleResponse(bytes);
  const sequences = recorded["sequences"] as { stop_reason: number; tokens: number[]; logprobs: number[] }[];
  expect(sample.sequences).toEqual(
    sequences.map(({ stop_reason, tokens, logprobs }) => ({
      stop_reason: stop_reason === 1 ? "length" : "stop",
      tokens,
      logprobs: logprobs.map(roughly),
    })),
  );
  expect(decodeSampleResponse(encodeSampleResponse(sample))).toEqual(sample);
  expect(wire.sampleResponseSchema.parse(viaJson(sample))).toEqual(sample);
}

describe.each(readdirSync(FIXTURES).filter((name) => name.endsWith(".json")))("%s", (file) => {
  const { exchanges } = JSON.parse(readFileSync(new URL(file, FIXTURES), "utf8")) as {
    exchanges: Exchange[];
  };

  test("every recorded body decodes, and encodes back to the same meaning", () => {
    let checked = 0;
    for (const { path, status, type, request, response } of exchanges) {
      const name = path.replace("/api/v1/", "").replace(/\?.*/, "");
      if (status >= 400) {
        expect([path, wire.describeErrorBody(response)]).toEqual([path, expect.any(String)]);
        checked++;
        continue;
      }
      const sent = protobufOf(request);
      const got = protobufOf(response);
      const [requestSchema, responseSchema] =
        name === "retrieve_future"
          ? [wire.retrieveFutureRequestSchema, RESULTS[type!]!]
          : (ENDPOINTS[name] ?? []);
      if (!requestSchema || !responseSchema) continue;
      if (sent) checkTraining(sent.bytes, sent.recorded);
      else {
        const parsed = requestSchema.parse(request);
        if (name !== "forward" && name !== "forward_backward")
          expect([path, requestSchema.parse(viaJson(parsed))]).toEqual([path, parsed]);
      }
      if (!got) {
        const parsed = responseSchema.parse(response);
        expect([path, responseSchema.parse(viaJson(parsed))]).toEqual([path, parsed]);
      } else if (type === "Sample") checkSample(got.bytes, got.recorded);
      else checkOutput(got.bytes, got.recorded);
      checked++;
    }
    expect(checked).toBeGreaterThan(exchanges.length / 3);
  });
});

describe("byte vectors of the official SDK", () => {
  const vector = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

  test("a request", () => {
    const bytes = vector(
      "0a026d3110031a380a0c0a0a0a08050000000600000012280a0d7461726765745f746f6b656e7312170a10060000000000000007000000000000001802220102220d63726f73735f656e74726f70793001",
    );
    const request: wire.TrainingRequest = {
      model_id: "m1",
      seq_id: 3,
      data: [
        {
          model_input: { chunks: [{ type: "encoded_text", tokens: [5, 6] }] },
          loss_fn_inputs: { target_tokens: { data: [6, 7], dtype: "int64", shape: [2] } },
        },
      ],
      loss_fn: "cross_entropy",
      loss_fn_config: null,
      forward_only: true,
    };
    expect(decodeTrainingRequest(bytes)).toEqual(request);
    expect(Buffer.from(encodeTrainingRequest(request)).toString("hex")).toBe(
      Buffer.from(bytes).toString("hex"),
    );
  });

  test("an output", () => {
    const bytes = vector(
      "0a067363616c6172123a12360a086c6f6770726f6273122a0a0c000000bf000080bf000000c01218000000000000000008000000000000000c00000000000000180118021a130a086c6f73733a73756d11000000000000f83f",
    );
    const output: wire.ForwardBackwardOutput = {
      loss_fn_output_type: "scalar",
      loss_fn_outputs: [
        { logprobs: { data: [-0.5, -1], dtype: "float32", shape: [2] } },
        { logprobs: { data: [-2], dtype: "float32", shape: [1] } },
      ],
      metrics: { "loss:sum": 1.5 },
    };
    expect(decodeForwardBackwardOutput(bytes)).toEqual(output);
    expect(Buffer.from(encodeForwardBackwardOutput(output)).toString("hex")).toBe(
      Buffer.from(bytes).toString("hex"),
    );
  });

  test("a sample", () => {
    const bytes = vector("0a0e08011204070000001a04000080be12080000c07f000000bf");
    const sample: wire.WireSampleResponse = {
      sequences: [{ stop_reason: "length", tokens: [7], logprobs: [-0.25] }],
      prompt_logprobs: [null, -0.5],
      topk_prompt_logprobs: null,
    };
    expect(decodeSampleResponse(bytes)).toEqual(sample);
    expect(decodeSampleResponse(encodeSampleResponse(sample))).toEqual(sample);
  });
});

const float = fc.float({ noNaN: true }).map((value) => value + 0);
const tensor = (length: number) =>
  fc.oneof(
    fc
      .array(float, { minLength: length, maxLength: length })
      .map((data): wire.TensorData => ({ data, dtype: "float32", shape: [length] })),
    fc
      .array(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), { minLength: length, maxLength: length })
      .map((data): wire.TensorData => ({ data, dtype: "int64", shape: [length] })),
  );

it("reads back any request that it wrote", () => {
  const datum = fc.nat({ max: 5 }).chain((length) =>
    fc.record({
      model_input: fc.record({
        chunks: fc.array(
          fc.oneof(
            fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 })).map((tokens): wire.Chunk => ({
              type: "encoded_text",
              tokens,
            })),
            fc.constant<wire.Chunk>({ type: "image", data: "AAEC", format: "png", expected_tokens: 4 }),
            fc.constant<wire.Chunk>({ type: "dmel", dmel: "AAEC" }),
          ),
        ),
      }),
      loss_fn_inputs: fc.dictionary(fc.constantFrom("weights", "logprobs", "target_tokens"), tensor(length), {
        noNullPrototype: true,
      }),
    }),
  );
  const request = fc.record({
    model_id: fc.string(),
    seq_id: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
    data: fc.array(datum),
    loss_fn: fc.string(),
    loss_fn_config: fc.oneof(fc.constant(null), fc.constant({ beta: 0.5 })),
    forward_only: fc.boolean(),
  });
  fc.assert(
    fc.property(request, (each) => {
      expect(decodeTrainingRequest(encodeTrainingRequest(each))).toEqual(each);
    }),
  );
});

it("keeps NaN, a matrix's rows and sparse tensors apart", () => {
  const output: wire.ForwardBackwardOutput = {
    loss_fn_output_type: "x:y",
    loss_fn_outputs: [
      { logprobs: { data: [Number.NaN, -1, -2, -3], dtype: "float32", shape: [2, 2] } },
      { logprobs: { data: [], dtype: "float32", shape: [0, 2] } },
    ],
    metrics: {},
  };
  expect(decodeForwardBackwardOutput(encodeForwardBackwardOutput(output))).toEqual(output);
  const sparse: wire.TensorData = {
    data: [0.5, 0.25],
    dtype: "float32",
    shape: [2, 3],
    sparse_crow_indices: [0, 1, 2],
    sparse_col_indices: [2, 0],
  };
  const request: wire.TrainingRequest = {
    model_id: "m",
    seq_id: 1,
    data: [{ model_input: { chunks: [] }, loss_fn_inputs: { weights: sparse } }],
    loss_fn: "cross_entropy",
    loss_fn_config: null,
    forward_only: false,
  };
  expect(decodeTrainingRequest(encodeTrainingRequest(request))).toEqual(request);
});

it("reads bfloat16 and refuses int64 beyond 2^53", () => {
  // 1.5 is 0x3fc0 0000 as float32.
  expect(readBfloat16(new Uint8Array([0xc0, 0x3f]), "x")).toEqual([1.5]);
  expect(readInt64(int64Bytes([-1, 0, 2 ** 40 + 7]), "x")).toEqual([-1, 0, 2 ** 40 + 7]);
  expect(() => readInt64(new Uint8Array(8).fill(0x7f), "x")).toThrow(WireError);
});

it("refuses bodies that are cut off or of something else", () => {
  const sample = encodeSampleResponse({
    sequences: [{ stop_reason: "stop", tokens: [1, 2, 3], logprobs: [-1, -2, -3] }],
  });
  for (let length = 1; length < sample.length; length++)
    expect(() => decodeSampleResponse(sample.subarray(0, length))).toThrow(WireError);
  expect(() => decodeForwardBackwardOutput(Buffer.from('{"detail":"no"}'))).toThrow(WireError);
});
