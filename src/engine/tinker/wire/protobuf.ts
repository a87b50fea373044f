/**
 * @file The three bodies that travel as protobuf (package `tinker_public`), as a protobufjs descriptor and both
 * directions of its codec. Field numbers are those of the official SDK. Unknown fields are skipped.
 */

import protobuf from "protobufjs";
import {
  WireError,
  float32Bytes,
  int32Bytes,
  int64Bytes,
  readBfloat16,
  readFloat32,
  readInt32,
  readInt64,
} from "./bytes.ts";
import type {
  Chunk,
  ForwardBackwardOutput,
  TensorData,
  TrainingRequest,
  WireDatum,
  WireSampleResponse,
} from "./messages.ts";

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });
const packed = (type: string, id: number) => ({ rule: "repeated", type, id, options: { packed: true } });
const map = (type: string, id: number) => ({ keyType: "string", type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    ForwardBackwardRequest: {
      fields: {
        model_id: field("string", 1),
        seq_id: field("int32", 2),
        data: repeated("Datum", 3),
        loss_fn: field("string", 4),
        loss_fn_config: map("double", 5),
        forward_only: field("bool", 6),
      },
    },
    Datum: { fields: { model_input: repeated("Chunk", 1), loss_fn_inputs: map("Tensor", 2) } },
    Chunk: {
      fields: {
        encoded_text: field("EncodedTextChunk", 1),
        image: field("ImageChunk", 2),
        dmel: field("DmelChunk", 3),
      },
    },
    EncodedTextChunk: { fields: { tokens: field("bytes", 1) } },
    ImageChunk: {
      fields: { data: field("bytes", 1), format: field("string", 2), expected_tokens: field("int32", 3) },
    },
    DmelChunk: { fields: { dmel: field("bytes", 1) } },
    Tensor: {
      fields: {
        dense: field("bytes", 1),
        sparse_csr: field("SparseCsr", 2),
        dtype: field("int32", 3),
        shape: packed("int64", 4),
      },
    },
    SparseCsr: {
      fields: {
        values: field("bytes", 1),
        crow_indices: field("bytes", 2),
        col_indices: field("bytes", 3),
      },
    },
    ForwardBackwardOutput: {
      fields: {
        loss_fn_output_type: field("string", 1),
        loss_fn_outputs: repeated("ArrayRecord", 2),
        metrics: map("double", 3),
      },
    },
    ArrayRecord: {
      fields: {
        type_tag: field("string", 1),
        fields: map("BatchedTensor", 2),
        num_datums: field("int64", 3),
      },
    },
    BatchedTensor: {
      fields: {
        data: field("bytes", 1),
        offsets: field("bytes", 2),
        dtype: field("int32", 3),
        trailing_shape: packed("int64", 4),
      },
    },
    SampleResponse: {
      fields: {
        sequences: repeated("SampledSequence", 1),
        prompt_logprobs: field("bytes", 2),
        topk_prompt_logprobs: field("TopkPromptLogprobs", 3),
      },
    },
    SampledSequence: {
      fields: { stop_reason: field("int32", 1), tokens: field("bytes", 2), logprobs: field("bytes", 3) },
    },
    TopkPromptLogprobs: {
      fields: {
        token_ids: field("bytes", 1),
        logprobs: field("bytes", 2),
        k: field("uint32", 3),
        prompt_length: field("uint32", 4),
      },
    },
  },
});

// What `decode` gives: fields that are absent are not own properties, so their absence shows as `undefined`.
interface ProtoTensor {
  dense?: Uint8Array;
  sparse_csr?: { values?: Uint8Array; crow_indices?: Uint8Array; col_indices?: Uint8Array };
  dtype?: number;
  shape?: unknown[];
}
interface ProtoChunk {
  encoded_text?: { tokens?: Uint8Array };
  image?: { data?: Uint8Array; format?: string; expected_tokens?: number };
  dmel?: { dmel?: Uint8Array };
}
interface ProtoRequest {
  model_id?: string;
  seq_id?: number;
  data?: { model_input?: ProtoChunk[]; loss_fn_inputs?: Record<string, ProtoTensor> }[];
  loss_fn?: string;
  loss_fn_config?: Record<string, number>;
  forward_only?: boolean;
}
interface ProtoBatched {
  data?: Uint8Array;
  offsets?: Uint8Array;
  dtype?: number;
  trailing_shape?: unknown[];
}
interface ProtoOutput {
  loss_fn_output_type?: string;
  loss_fn_outputs?: { type_tag?: string; fields?: Record<string, ProtoBatched>; num_datums?: unknown }[];
  metrics?: Record<string, number>;
}
interface ProtoSample {
  sequences?: { stop_reason?: number; tokens?: Uint8Array; logprobs?: Uint8Array }[];
  prompt_logprobs?: Uint8Array;
  topk_prompt_logprobs?: {
    token_ids?: Uint8Array;
    logprobs?: Uint8Array;
    k?: number;
    prompt_length?: number;
  };
}

const NOTHING = new Uint8Array();
const DTYPE = { float32: 1, int64: 2, int32: 3, bfloat16: 4 } as const;
/** An empty cell of `topk_prompt_logprobs`. */
const EMPTY_CELL = -99_999;

function decode<T>(name: string, bytes: Uint8Array): T {
  const type = root.lookupType(name);
  try {
    // Own properties only: protobufjs has defaults on the prototype.
    return type.toObject(type.decode(bytes)) as T;
  } catch (error) {
    throw new WireError(`the body is no ${name}: ${(error as Error).message}`, { cause: error });
  }
}

function encode(name: string, value: object): Uint8Array {
  const type = root.lookupType(name);
  return type.encode(type.fromObject(value)).finish();
}

function readElements(bytes: Uint8Array, dtype: number | undefined, what: string): number[] {
  if (dtype === DTYPE.float32) return readFloat32(bytes, what);
  if (dtype === DTYPE.int64) return readInt64(bytes, what);
  if (dtype === DTYPE.int32) return readInt32(bytes, what);
  if (dtype === DTYPE.bfloat16) return readBfloat16(bytes, what);
  throw new WireError(`${what}: unknown element type ${dtype ?? 0}`);
}
const nameOfDtype = (dtype: number | undefined): TensorData["dtype"] =>
  dtype === DTYPE.int64 || dtype === DTYPE.int32 ? "int64" : "float32";
const elementBytes = (values: readonly number[], dtype: TensorData["dtype"]): Uint8Array =>
  dtype === "int64" ? int64Bytes(values) : float32Bytes(values);

function encodeTensor({
  data,
  dtype,
  shape,
  sparse_crow_indices,
  sparse_col_indices,
}: TensorData): ProtoTensor {
  const values = elementBytes(data, dtype);
  const rest = { dtype: DTYPE[dtype], ...(shape && { shape }) };
  return sparse_crow_indices
    ? {
        sparse_csr: {
          values,
          crow_indices: int64Bytes(sparse_crow_indices),
          col_indices: int64Bytes(sparse_col_indices ?? []),
        },
        ...rest,
      }
    : { dense: values, ...rest };
}

function decodeTensor(tensor: ProtoTensor, name: string): TensorData {
  const { dense, sparse_csr: sparse, dtype, shape } = tensor;
  return {
    data: readElements(sparse?.values ?? dense ?? NOTHING, dtype, name),
    dtype: nameOfDtype(dtype),
    ...(shape && { shape: shape.map(Number) }),
    ...(sparse && {
      sparse_crow_indices: readInt64(sparse.crow_indices ?? NOTHING, `${name}, row indices`),
      sparse_col_indices: readInt64(sparse.col_indices ?? NOTHING, `${name}, column indices`),
    }),
  };
}

function encodeChunk(chunk: Chunk): ProtoChunk {
  switch (chunk.type) {
    case "encoded_text":
      return { encoded_text: { tokens: int32Bytes(chunk.tokens) } };
    case "image": {
      const { data, format, expected_tokens: expected } = chunk;
      return {
        image: {
          data: Buffer.from(data, "base64"),
          format,
          ...(typeof expected === "number" && { expected_tokens: expected }),
        },
      };
    }
    case "dmel":
      return { dmel: { dmel: Buffer.from(chunk.dmel, "base64") } };
    case "image_asset_pointer":
      throw new WireError("a pointer to an image has no protobuf form");
  }
}

function decodeChunk({ encoded_text: text, image, dmel }: ProtoChunk): Chunk {
  if (text) return { type: "encoded_text", tokens: readInt32(text.tokens ?? NOTHING, "tokens") };
  const base64 = (bytes: Uint8Array = NOTHING) => Buffer.from(bytes).toString("base64");
  if (image)
    return {
      type: "image",
      data: base64(image.data),
      format: image.format ?? "",
      ...(image.expected_tokens !== undefined && { expected_tokens: image.expected_tokens }),
    };
  if (dmel) return { type: "dmel", dmel: base64(dmel.dmel) };
  throw new WireError("a chunk of the input is of no known kind");
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A, key: string) => B) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

export function encodeTrainingRequest(request: TrainingRequest): Uint8Array {
  const { model_id, seq_id, data, loss_fn, loss_fn_config, forward_only } = request;
  return encode("ForwardBackwardRequest", {
    model_id,
    ...(seq_id !== null && { seq_id }),
    data: data.map(({ model_input, loss_fn_inputs }) => ({
      model_input: model_input.chunks.map(encodeChunk),
      loss_fn_inputs: mapValues(loss_fn_inputs, encodeTensor),
    })),
    loss_fn,
    ...(loss_fn_config && { loss_fn_config }),
    ...(forward_only && { forward_only }),
  });
}

/** `seq_id` 0 is how protobuf says none. */
export function decodeTrainingRequest(bytes: Uint8Array): TrainingRequest {
  const body = decode<ProtoRequest>("ForwardBackwardRequest", bytes);
  const config = body.loss_fn_config ?? {};
  return {
    model_id: body.model_id ?? "",
    seq_id: body.seq_id === undefined || body.seq_id === 0 ? null : body.seq_id,
    data: (body.data ?? []).map(({ model_input, loss_fn_inputs }): WireDatum => ({
      model_input: { chunks: (model_input ?? []).map(decodeChunk) },
      loss_fn_inputs: mapValues(loss_fn_inputs ?? {}, decodeTensor),
    })),
    loss_fn: body.loss_fn ?? "",
    loss_fn_config: Object.keys(config).length > 0 ? config : null,
    forward_only: body.forward_only ?? false,
  };
}

/** Every datum has the same fields, each of one dtype and of the same shape behind its first axis. */
export function encodeForwardBackwardOutput(output: ForwardBackwardOutput): Uint8Array {
  const { loss_fn_output_type, loss_fn_outputs, metrics } = output;
  const names = Object.keys(loss_fn_outputs[0] ?? {});
  const record = {
    fields: Object.fromEntries(
      names.map((name) => [name, encodeBatched(loss_fn_outputs.map((each) => each[name]!))]),
    ),
    num_datums: loss_fn_outputs.length,
  };
  return encode("ForwardBackwardOutput", {
    loss_fn_output_type,
    ...(loss_fn_outputs.length > 0 && { loss_fn_outputs: [record] }),
    ...(metrics && { metrics }),
  });
}

function encodeBatched(tensors: readonly TensorData[]): ProtoBatched {
  const { dtype, shape } = tensors[0]!;
  const slices = tensors.map(({ data }) => elementBytes(data, dtype));
  const offsets = [0];
  for (const slice of slices) offsets.push(offsets.at(-1)! + slice.byteLength);
  return {
    data: Buffer.concat(slices),
    offsets: int64Bytes(offsets),
    dtype: DTYPE[dtype],
    ...(shape && shape.length > 1 && { trailing_shape: shape.slice(1) }),
  };
}

export function decodeForwardBackwardOutput(bytes: Uint8Array): ForwardBackwardOutput {
  const body = decode<ProtoOutput>("ForwardBackwardOutput", bytes);
  return {
    loss_fn_output_type: body.loss_fn_output_type ?? "",
    loss_fn_outputs: (body.loss_fn_outputs ?? []).flatMap(({ fields, num_datums }) => {
      const datums = Number(num_datums ?? 0);
      const byField = Object.entries(fields ?? {}).map(
        ([name, tensor]) => [name, decodeBatched(tensor, datums, name)] as const,
      );
      return Array.from({ length: byField.length === 0 ? 0 : datums }, (_, i) =>
        Object.fromEntries(byField.map(([name, tensors]) => [name, tensors[i]!])),
      );
    }),
    metrics: body.metrics ?? {},
  };
}

function decodeBatched(
  { data = NOTHING, offsets = NOTHING, dtype, trailing_shape: trailing = [] }: ProtoBatched,
  datums: number,
  name: string,
): TensorData[] {
  const at = readInt64(offsets, `${name}, offsets`);
  const inOrder = at.every((offset, i) => offset >= (at[i - 1] ?? 0) && offset <= data.byteLength);
  if (at.length !== datums + 1 || !inOrder)
    throw new WireError(
      `${name}: offsets ${at.join(", ")} do not cut ${data.byteLength} bytes into ${datums}`,
    );
  const width = trailing.map(Number).reduce((product, length) => product * length, 1);
  return at.slice(1).map((end, i) => {
    const values = readElements(data.subarray(at[i], end), dtype, name);
    return {
      data: values,
      dtype: nameOfDtype(dtype),
      shape: [width === 0 ? 0 : values.length / width, ...trailing.map(Number)],
    };
  });
}

export function encodeSampleResponse(response: WireSampleResponse): Uint8Array {
  const { sequences, prompt_logprobs: prompt, topk_prompt_logprobs: topk } = response;
  return encode("SampleResponse", {
    sequences: sequences.map(({ stop_reason, tokens, logprobs }) => ({
      ...(stop_reason === "length" && { stop_reason: 1 }),
      tokens: int32Bytes(tokens),
      ...(logprobs && { logprobs: float32Bytes(logprobs) }),
    })),
    ...(prompt && { prompt_logprobs: float32Bytes(prompt.map((value) => value ?? Number.NaN)) }),
    ...(topk && { topk_prompt_logprobs: encodeTopk(topk) }),
  });
}

type Topk = NonNullable<WireSampleResponse["topk_prompt_logprobs"]>;

function encodeTopk(topk: Topk): NonNullable<ProtoSample["topk_prompt_logprobs"]> {
  const k = Math.max(0, ...topk.map((row) => row?.length ?? 0));
  const cells = topk.flatMap((row) => Array.from({ length: k }, (_, i) => row?.[i] ?? [0, EMPTY_CELL]));
  return {
    token_ids: int32Bytes(cells.map(([id]) => id!)),
    logprobs: float32Bytes(cells.map(([, logprob]) => logprob!)),
    k,
    prompt_length: topk.length,
  };
}

function decodeTopk(body: NonNullable<ProtoSample["topk_prompt_logprobs"]>): Topk {
  const { k = 0, prompt_length: length = 0 } = body;
  const ids = readInt32(body.token_ids ?? NOTHING, "topk_prompt_logprobs, ids");
  const logprobs = readFloat32(body.logprobs ?? NOTHING, "topk_prompt_logprobs");
  if (ids.length !== k * length || logprobs.length !== ids.length)
    throw new WireError(`topk_prompt_logprobs: ${ids.length} cells are not ${length} × ${k}`);
  return Array.from({ length }, (_, t) => {
    const row = Array.from({ length: k }, (__, i): [number, number] => [
      ids[t * k + i]!,
      logprobs[t * k + i]!,
    ]);
    const filled = row.filter(([, logprob]) => logprob > EMPTY_CELL);
    return filled.length > 0 ? filled : null;
  });
}

export function decodeSampleResponse(bytes: Uint8Array): WireSampleResponse {
  const { sequences = [], ...body } = decode<ProtoSample>("SampleResponse", bytes);
  const prompt = body.prompt_logprobs && readFloat32(body.prompt_logprobs, "prompt_logprobs");
  return {
    sequences: sequences.map(({ stop_reason: reason = 0, tokens = NOTHING, logprobs }) => {
      if (reason !== 0 && reason !== 1) throw new WireError(`unknown stop reason ${reason}`);
      return {
        stop_reason: reason === 1 ? "length" : "stop",
        tokens: readInt32(tokens, "tokens"),
        logprobs: logprobs ? readFloat32(logprobs, "logprobs") : null,
      };
    }),
    prompt_logprobs: prompt ? prompt.map((value) => (Number.isNaN(value) ? null : value)) : null,
    topk_prompt_logprobs: body.topk_prompt_logprobs ? decodeTopk(body.topk_prompt_logprobs) : null,
  };
}
