/**
 * @file The safetensors format: an 8-byte little-endian header length, a JSON header (`name → {dtype, shape,
 * data_offsets}`), then the tensors' bytes. Tensors are read by offset, so a tensor that is not requested costs
 * nothing. https://huggingface.co/docs/safetensors
 */

import { open, type FileHandle } from "node:fs/promises";

import { ConfigError, invariant } from "../../../core/errors.ts";
import { parseJson } from "../../../core/json.ts";
import { damagedHint, openModelFile } from "./read-file.ts";

export type TensorDtype = "F32" | "F16" | "BF16";

/** A tensor in memory: row-major, always f32. */
export interface TensorData {
  shape: number[];
  data: Float32Array;
}

/** A tensor that is read only when it is written, so that a whole model need not be in memory. */
export interface TensorSource {
  shape: readonly number[];
  /** Type on disk; default: the file's. */
  dtype?: TensorDtype;
  /** Called once. */
  read(): Promise<Float32Array>;
}

/** The position of a tensor. `begin` and `end` are bytes from the start of `file`. */
export interface TensorEntry {
  file: string;
  name: string;
  dtype: TensorDtype;
  shape: number[];
  begin: number;
  end: number;
}

const bytesPerElement: Record<TensorDtype, number> = { F32: 4, F16: 2, BF16: 2 };
/** The reference implementation allows 100 MB; the longest known header, of 90,000 tensors, has 12. */
const longestHeaderBytes = 16 << 20;
const chunkBytes = 4 << 20;

/** Header of a file, checked against the file's size. Throws a `ConfigError` naming file and tensor. */
export async function readHeader(
  file: string,
): Promise<{ entries: Map<string, TensorEntry>; metadata: Record<string, unknown> }> {
  await using handle = await openModelFile(file);
  const { size } = await handle.stat();
  const start = await readExactly(handle, file, 0, Math.min(8, size));
  if (start.byteLength < 8)
    throw new ConfigError(`${file} is truncated: ${size} bytes hold no header`, damagedHint);
  const headerBytes = Number(start.readBigUInt64LE());
  if (8 + headerBytes > size) {
    throw new ConfigError(
      `${file} is truncated or not a safetensors file: its header claims ${headerBytes} bytes, the file has ${size}`,
      damagedHint,
    );
  }
  if (headerBytes > longestHeaderBytes)
    throw new ConfigError(
      `${file}: the header has ${headerBytes} bytes, and ${longestHeaderBytes} is the limit`,
      damagedHint,
    );
  const header = parseHeader(file, await readExactly(handle, file, 8, headerBytes));
  const entries = new Map<string, TensorEntry>();
  let metadata: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(header)) {
    if (!isObject(value))
      throw new ConfigError(`${file}: the header's ${name} is not an object`, damagedHint);
    if (name === "__metadata__") metadata = value;
    else entries.set(name, entryOf(file, name, value, 8 + headerBytes, size));
  }
  checkLayout(file, entries, 8 + headerBytes, size);
  return { entries, metadata };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseHeader(file: string, bytes: Buffer): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ConfigError(
      `${file}: the header is not valid JSON: ${(cause as Error).message.slice(0, 120)}`,
      damagedHint,
      { cause },
    );
  }
  if (!isObject(header)) throw new ConfigError(`${file}: the header is not a JSON object`, damagedHint);
  return header;
}

/** In this format, tensors follow one another without overlap or gap until the end of the file. */
function checkLayout(
  file: string,
  entries: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
  size: number,
): void {
  let end = dataStart;
  let previous = "the header";
  for (const [name, entry] of [...entries].toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end)
      throw new ConfigError(
        `${file}: tensor ${name} begins at byte ${entry.begin}, but ${previous} ends at ${end}`,
        damagedHint,
      );
    end = entry.end;
    previous = `tensor ${name}`;
  }
  if (end !== size)
    throw new ConfigError(`${file}: the tensors end at byte ${end}, the file at ${size}`, damagedHint);
}

function entryOf(
  file: string,
  name: string,
  { dtype, shape, data_offsets: offsets }: Record<string, unknown>,
  dataStart: number,
  size: number,
): TensorEntry {
  const isSizes = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw new ConfigError(`${file}: tensor ${name} has a malformed header entry`, damagedHint);
  }
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
    throw new ConfigError(
      `${file}: tensor ${name} has data type ${String(dtype)}`,
      "Convert the model to F32, F16 or BF16 (quantised checkpoints cannot be trained).",
    );
  }
  const [begin, end] = [dataStart + offsets[0]!, dataStart + offsets[1]!];
  const wanted = shape.reduce((a, b) => a * b, bytesPerElement[dtype]);
  if (end - begin !== wanted) {
    throw new ConfigError(
      `${file}: tensor ${name} of shape [${shape.slice(0, 8).join(", ")}] needs ${wanted} bytes, the header gives ${end - begin}`,
      damagedHint,
    );
  }
  if (end > size) {
    throw new ConfigError(
      `${file} is truncated: tensor ${name} ends at byte ${end}, the file has ${size}`,
      damagedHint,
    );
  }
  return { file, name, dtype, shape, begin, end };
}

/** Reads one tensor as f32. Throws a `ConfigError` if it contains a number that is not finite. */
export async function readTensor(entry: TensorEntry): Promise<TensorData> {
  const tensor = await readNumbers(entry);
  const { buffer, byteOffset, length } = tensor.data;
  const bits = new Uint32Array(buffer, byteOffset, length);
  for (let i = 0; i < length; i++)
    // All ones in the exponent: NaN or an infinity.
    if ((bits[i]! & 0x7f800000) === 0x7f800000)
      throw new ConfigError(
        `${entry.file}: tensor ${entry.name} holds ${tensor.data[i]} at index ${i}`,
        "Its training diverged or the file is damaged: use another checkpoint.",
      );
  return tensor;
}

/** Reads the numbers without checking that they are finite. */
export async function readNumbers(entry: TensorEntry): Promise<TensorData> {
  const elements = (entry.end - entry.begin) / bytesPerElement[entry.dtype];
  const data = new Float32Array(elements);
  await using handle = await openModelFile(entry.file);
  if (entry.dtype === "F32") {
    await readInto(handle, entry.file, entry.begin, Buffer.from(data.buffer));
    return { shape: [...entry.shape], data };
  }
  const convert = entry.dtype === "BF16" ? convertBf16 : convertF16;
  for (let at = entry.begin, done = 0; at < entry.end; at += chunkBytes) {
    const bytes = await readExactly(handle, entry.file, at, Math.min(chunkBytes, entry.end - at));
    const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
    convert(halves, data, done);
    done += halves.length;
  }
  return { shape: [...entry.shape], data };
}

function convertBf16(from: Uint16Array, to: Float32Array, offset: number): void {
  const bits = new Uint32Array(to.buffer, to.byteOffset + offset * 4, from.length);
  for (let i = 0; i < from.length; i++) bits[i] = from[i]! << 16;
}

function convertF16(from: Uint16Array, to: Float32Array, offset: number): void {
  const bits = new Uint32Array(to.buffer, to.byteOffset + offset * 4, from.length);
  for (let i = 0; i < from.length; i++) bits[i] = bitsOfHalf[from[i]!]!;
}

/** f32 bits of every f16. */
const bitsOfHalf = (() => {
  const table = new Uint32Array(65_536);
  const bits = new DataView(new ArrayBuffer(4));
  for (let half = 0; half < table.length; half++) {
    const [sign, exponent, mantissa] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
    const magnitude =
      exponent === 31
        ? mantissa === 0
          ? Infinity
          : NaN
        : exponent === 0
          ? mantissa * 2 ** -24
          : (1 + mantissa / 1024) * 2 ** (exponent - 15);
    bits.setFloat32(0, sign * magnitude);
    table[half] = bits.getUint32(0);
  }
  return table;
})();

/**
 * Writes a new file and flushes it to the disk. bf16 and f16 round to nearest, ties to even; a number that f16 cannot
 * hold is refused. The data section starts at a multiple of 8 bytes.
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, TensorData | TensorSource>,
  options: { dtype?: TensorDtype; metadata?: Record<string, string> } = {},
): Promise<void> {
  const dtypeOf = (tensor: TensorData | TensorSource): TensorDtype =>
    ("read" in tensor ? tensor.dtype : undefined) ?? options.dtype ?? "F32";
  // Python readers expect the "pt" mark; names are sorted so that the same weights give the same bytes.
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...options.metadata } };
  // The wider types first: then every tensor begins at a multiple of its numbers' size.
  const names = [...tensors.keys()].toSorted();
  const written = [
    ...names.filter((name) => dtypeOf(tensors.get(name)!) === "F32"),
    ...names.filter((name) => dtypeOf(tensors.get(name)!) !== "F32"),
  ];
  let offset = 0;
  for (const name of written) {
    const tensor = tensors.get(name)!;
    const dtype = dtypeOf(tensor);
    const end = offset + elementsOf(tensor) * bytesPerElement[dtype];
    header[name] = { dtype, shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const head = Buffer.alloc(8 + padded, " ");
  head.writeBigUInt64LE(BigInt(padded));
  json.copy(head, 8);
  await using handle = await open(file, "wx");
  await handle.writeFile(head);
  for (const name of written) {
    const tensor = tensors.get(name)!;
    const data = "read" in tensor ? await tensor.read() : tensor.data;
    invariant(
      data.length === elementsOf(tensor),
      `${name}: ${data.length} numbers for [${tensor.shape.join(", ")}]`,
    );
    const toBytes = bytesOf[dtypeOf(tensor)];
    const numbersPerChunk = chunkBytes / 4;
    for (let at = 0; at < data.length; at += numbersPerChunk)
      await handle.writeFile(toBytes(data.subarray(at, at + numbersPerChunk), name));
  }
  await handle.sync();
}

const elementsOf = ({ shape }: { shape: readonly number[] }): number => shape.reduce((a, b) => a * b, 1);

const bytesOf: Record<TensorDtype, (data: Float32Array, name: string) => Buffer> = {
  F32: (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  F16: f16Bytes,
  BF16: bf16Bytes,
};

function f16Bytes(data: Float32Array, name: string): Buffer {
  const out = new Uint16Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const value = data[i]!;
    const size = Math.abs(value);
    // Half a unit above the largest f16 rounds to infinity.
    if (!(size < 65_520))
      throw new ConfigError(
        `tensor ${name} holds ${value}, and float16 ends at 65504`,
        "Use bfloat16 or float32.",
      );
    // Numbers of one exponent lie 2^(exponent − 10) apart, subnormal ones 2⁻²⁴.
    const exponent = Math.max(-14, Math.floor(Math.log2(size)));
    const units = roundToEven(size * 2 ** (10 - exponent));
    out[i] = ((exponent + 14) << 10) + units + (value < 0 || Object.is(value, -0) ? 0x8000 : 0);
  }
  return Buffer.from(out.buffer);
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

function bf16Bytes(data: Float32Array): Buffer {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const out = new Uint16Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const value = bits[i]!;
    // A NaN must not round into infinity.
    if ((value & 0x7fffffff) > 0x7f800000) out[i] = (value >>> 16) | 0x40;
    else out[i] = (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return Buffer.from(out.buffer);
}

/** A fresh, 8-aligned buffer of exactly `length` bytes. */
async function readExactly(
  handle: FileHandle,
  file: string,
  position: number,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.from(new ArrayBuffer(length));
  await readInto(handle, file, position, buffer);
  return buffer;
}

async function readInto(handle: FileHandle, file: string, position: number, buffer: Buffer): Promise<void> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0)
      throw new ConfigError(`${file} is truncated at byte ${position + done}`, damagedHint);
    done += bytesRead;
  }
}
