/**
 * @file The GGUF format: a header of metadata and tensor descriptions, then the tensors' blocks. Everything that the
 * header claims is checked against the file's size before it is used.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */

import type { FileHandle } from "node:fs/promises";
import { ConfigError } from "../../core/errors.ts";
import { IrregularFile, openRegular, readFrom } from "../../core/regular-file.ts";
import { blockTypes, typeName, type BlockType } from "./block-types.ts";

/** The values that are kept: arrays only of texts and whole numbers, and only if the caller reads them. */
export type MetadataValue = number | boolean | string | string[] | number[] | { elements: number };

export interface GgufTensor {
  name: string;
  /** Row-major, outermost first: the reverse of what the file says. */
  shape: number[];
  type: BlockType;
  /** Bytes from the start of the file. */
  begin: number;
  end: number;
}

export interface Gguf {
  file: string;
  metadata: ReadonlyMap<string, MetadataValue>;
  tensors: ReadonlyMap<string, GgufTensor>;
  /** All numbers of a tensor. Throws a `ConfigError` if one is not finite. */
  read(tensor: GgufTensor): Promise<Float32Array>;
}

/** Far beyond every known model: a vocabulary of 262,144 tokens takes 10 MB, the largest has 2,000 tensors. */
const longestHeaderBytes = 64 << 20;
const mostEntries = 1 << 16;
const mostElements = 1 << 22;
const mostDimensions = 4;
const chunkBytes = 4 << 20;
export const damagedHint = "Download the file again; the page that offers it shows its size and SHA-256.";
/** Arrays to keep. All others, such as scores of tokens, are skipped. */
const keptArrays = new Set(["tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.token_type"]);

/** Thrown when more of the file must be read. */
class TooShort extends Error {}

/** Opens `file` while `use` runs. Throws a `ConfigError` that names the file and the field. */
export async function withGguf<T>(file: string, use: (gguf: Gguf) => Promise<T>): Promise<T> {
  await using handle = await openFile(file);
  const { size } = await handle.stat();
  const header = await readHeader(file, handle, size);
  return await use({
    file,
    ...header,
    read: (tensor) => readTensor(file, handle, tensor),
  });
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await openRegular(file);
  } catch (cause) {
    if (cause instanceof IrregularFile)
      throw new ConfigError(`${file} ${cause.message}`, "Name a .gguf file.", { cause });
    throw new ConfigError(
      `${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`,
      "Check the path and its permissions.",
      { cause },
    );
  }
}

/** Reads as much as the header turns out to need: 1, 8, then 64 MB. */
async function readHeader(file: string, handle: FileHandle, size: number) {
  for (let bytes = 1 << 20; ; bytes *= 8) {
    const cursor = new Cursor(file, await readFrom(handle, 0, Math.min(bytes, size)));
    try {
      return parseHeader(cursor, size);
    } catch (cause) {
      if (!(cause instanceof TooShort)) throw cause;
      if (bytes >= size)
        throw new ConfigError(
          `${file} is truncated: it ends after ${size} bytes, in ${cursor.field}`,
          damagedHint,
          { cause },
        );
      if (bytes >= longestHeaderBytes)
        throw new ConfigError(
          `${file}: the header is longer than ${longestHeaderBytes} bytes, in ${cursor.field}`,
          damagedHint,
          { cause },
        );
    }
  }
}

/** Reads field by field; `field` is the current one. */
class Cursor {
  readonly file: string;
  field = "the first eight bytes";
  at = 0;
  readonly #bytes: Buffer;

  constructor(file: string, bytes: Buffer) {
    this.file = file;
    this.#bytes = bytes;
  }

  fail(what: string): never {
    throw new ConfigError(`${this.file}: ${this.field} ${what}`, damagedHint);
  }

  /** Skips `length` bytes and returns where they begin. */
  skip(length: number): number {
    const start = this.at;
    if (length > this.#bytes.length - start) throw new TooShort();
    this.at += length;
    return start;
  }

  u32 = (): number => this.#bytes.readUInt32LE(this.skip(4));
  u64 = (): bigint => this.#bytes.readBigUInt64LE(this.skip(8));

  /** A u64 that counts something, with an upper limit. */
  count(most: number, of: string): number {
    const value = this.u64();
    if (value > BigInt(most)) this.fail(`has ${value} ${of}; ${most} is the limit`);
    return Number(value);
  }

  text(most = longestHeaderBytes): string {
    const length = this.count(most, "bytes");
    const start = this.skip(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  /** One value of ggml's type `type`. Whole numbers beyond 2⁵³ are refused. */
  scalar(type: number): number | boolean | string {
    const b = this.#bytes;
    switch (type) {
      case 0:
        return b.readUInt8(this.skip(1));
      case 1:
        return b.readInt8(this.skip(1));
      case 2:
        return b.readUInt16LE(this.skip(2));
      case 3:
        return b.readInt16LE(this.skip(2));
      case 4:
        return this.u32();
      case 5:
        return b.readInt32LE(this.skip(4));
      case 6:
        return b.readFloatLE(this.skip(4));
      case 7:
        return b.readUInt8(this.skip(1)) !== 0;
      case 8:
        return this.text();
      case 10:
      case 11: {
        const value = type === 10 ? this.u64() : b.readBigInt64LE(this.skip(8));
        if (!Number.isSafeInteger(Number(value)))
          this.fail(`is ${value}, which is not a number of this format`);
        return Number(value);
      }
      case 12:
        return b.readDoubleLE(this.skip(8));
      default:
        return this.fail(`has the value type ${type}, which does not exist in this format`);
    }
  }

  value(key: string): MetadataValue {
    const type = this.u32();
    if (type !== 9) return this.scalar(type);
    const elementType = this.u32();
    if (elementType === 9) this.fail("is an array of arrays");
    const elements = this.count(mostElements, "elements");
    const keep = keptArrays.has(key);
    const fixed = elementBytes[elementType];
    if (fixed !== undefined && !keep) {
      this.skip(fixed * elements);
      return { elements };
    }
    const kept: (number | string)[] = [];
    for (let i = 0; i < elements; i++) {
      if (elementType === 8 && !keep) this.skip(this.count(longestHeaderBytes, "bytes"));
      else {
        const element = this.scalar(elementType);
        if (keep) kept.push(element as number | string);
      }
    }
    return keep ? (kept as number[] | string[]) : { elements };
  }
}

/** Bytes of an array's element, by ggml's number of its type; texts have no fixed size. */
const elementBytes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

function parseHeader(cursor: Cursor, size: number): Pick<Gguf, "metadata" | "tensors"> {
  if (cursor.u32() !== 0x46554747)
    throw new ConfigError(
      `${cursor.file} is not a GGUF file: it does not begin with "GGUF"`,
      "Name a .gguf file.",
    );
  cursor.field = "version";
  const version = cursor.u32();
  if (version !== 2 && version !== 3)
    cursor.fail(
      version & 0xffff
        ? `is ${version}; only 2 and 3 are supported`
        : "is that of a big-endian file, which is not supported",
    );
  cursor.field = "tensor_count";
  const tensorCount = cursor.count(mostEntries, "tensors");
  cursor.field = "metadata_kv_count";
  const entryCount = cursor.count(mostEntries, "entries");
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < entryCount; i++) {
    cursor.field = `the key of metadata entry ${i}`;
    const key = cursor.text(1 << 16);
    cursor.field = JSON.stringify(key.slice(0, 80));
    if (metadata.has(key)) cursor.fail("occurs twice in the metadata");
    metadata.set(key, cursor.value(key));
  }
  const described: { name: string; shape: number[]; type: number; offset: bigint }[] = [];
  for (let i = 0; i < tensorCount; i++) {
    cursor.field = `the name of tensor ${i}`;
    const name = cursor.text(1 << 10);
    cursor.field = `tensor ${name}`;
    const dimensions = cursor.u32();
    if (dimensions > mostDimensions)
      cursor.fail(`has ${dimensions} dimensions; ${mostDimensions} is the limit`);
    const shape: number[] = [];
    for (let d = 0; d < dimensions; d++) shape.unshift(cursor.count(2 ** 40, "rows or columns"));
    described.push({ name, shape, type: cursor.u32(), offset: cursor.u64() });
  }
  const alignment = metadata.get("general.alignment") ?? 32;
  cursor.field = '"general.alignment"';
  if (typeof alignment !== "number" || !(alignment > 0) || alignment > 1 << 20 || alignment % 8 !== 0)
    cursor.fail(`is ${JSON.stringify(alignment)}, which is not a multiple of 8`);
  const start = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const { name, shape, type, offset } of described) {
    cursor.field = `tensor ${name}`;
    if (tensors.has(name)) cursor.fail("occurs twice in the file");
    tensors.set(name, placeTensor(cursor, { name, shape, type, offset }, start, size));
  }
  checkOverlap(cursor, tensors);
  return { metadata, tensors };
}

function placeTensor(
  cursor: Cursor,
  { name, shape, type: number, offset }: { name: string; shape: number[]; type: number; offset: bigint },
  start: number,
  size: number,
): GgufTensor {
  const type = blockTypes.get(number);
  if (!type)
    throw new ConfigError(
      `${cursor.file}: tensor ${name} has the data type ${typeName(number)}, which is not supported`,
      `Use a file of the same model in one of ${[...blockTypes.values()].map((known) => known.name).join(", ")}.`,
    );
  const elements = shape.reduce((product, dim) => product * dim, 1);
  const inRow = shape.at(-1) ?? 1;
  if (inRow % type.numbers !== 0)
    cursor.fail(
      `has rows of ${inRow} numbers, which is not a multiple of a block of ${type.name} (${type.numbers})`,
    );
  const bytes = (elements / type.numbers) * type.bytes;
  // An offset beyond 2⁵³ is inexact here, and far beyond the end in any case.
  const begin = start + Number(offset);
  if (!(begin + bytes <= size))
    throw new ConfigError(
      `${cursor.file} is truncated or damaged: tensor ${name} of shape [${shape.join(", ")}] in ${type.name} needs the bytes ${begin} to ${begin + bytes}, but the file has ${size}`,
      damagedHint,
    );
  return { name, shape, type, begin, end: begin + bytes };
}

function checkOverlap(cursor: Cursor, tensors: ReadonlyMap<string, GgufTensor>): void {
  let before: GgufTensor | null = null;
  for (const tensor of [...tensors.values()].toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    cursor.field = `tensor ${tensor.name}`;
    if (before && tensor.begin < before.end)
      cursor.fail(`begins at byte ${tensor.begin}, but tensor ${before.name} ends at ${before.end}`);
    before = tensor;
  }
}

async function readTensor(file: string, handle: FileHandle, tensor: GgufTensor): Promise<Float32Array> {
  const { name, type, begin, end } = tensor;
  const out = new Float32Array(((end - begin) / type.bytes) * type.numbers);
  const step = Math.floor(chunkBytes / type.bytes) * type.bytes;
  let done = 0;
  for (let at = begin; at < end; at += step) {
    const length = Math.min(step, end - at);
    const bytes = await readFrom(handle, at, length);
    if (bytes.length < length)
      throw new ConfigError(`${file} was cut while it was read: tensor ${name} is incomplete`, damagedHint);
    const count = length / type.bytes;
    type.dequantise(bytes, 0, count, out, done);
    done += count * type.numbers;
  }
  for (let i = 0; i < out.length; i++)
    if (!Number.isFinite(out[i]))
      throw new ConfigError(`${file}: tensor ${name} holds ${out[i]} at index ${i}`, damagedHint);
  return out;
}
