/**
 * @file The supported data types of GGUF tensors, and how to dequantise their blocks. Layouts and names are ggml's
 * (ggml-common.h, ggml-quants.c); a file's numbers are bit for bit those that ggml's reference computes in f32.
 */

/** Writes the numbers of `count` blocks, which begin at byte `at`, starting at index `to`. */
type Dequantise = (bytes: Buffer, at: number, count: number, out: Float32Array, to: number) => void;

export interface BlockType {
  name: string;
  /** Numbers per block, and bytes per block. */
  numbers: number;
  bytes: number;
  dequantise: Dequantise;
}

/** f32 of every f16. */
const half = (() => {
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < table.length; bits++) {
    const [sign, exponent, mantissa] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) table[bits] = mantissa === 0 ? sign * Infinity : NaN;
    else if (exponent === 0) table[bits] = sign * mantissa * 2 ** -24;
    else table[bits] = sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  }
  return table;
})();
const halfAt = (bytes: Buffer, at: number): number => half[bytes[at]! | (bytes[at + 1]! << 8)]!;

/** A type of one number per block. */
const plain = (name: string, bytes: number, read: (from: Buffer, at: number) => number): BlockType => ({
  name,
  numbers: 1,
  bytes,
  dequantise(from, at, count, out, to) {
    for (let i = 0; i < count; i++) out[to + i] = read(from, at + i * bytes);
  },
});

/** A type whose blocks are dequantised by `one`. */
const blocks = (
  name: string,
  numbers: number,
  bytes: number,
  one: (from: Buffer, at: number, out: Float32Array, to: number) => void,
): BlockType => ({
  name,
  numbers,
  bytes,
  dequantise(from, at, count, out, to) {
    for (let i = 0; i < count; i++) one(from, at + i * bytes, out, to + i * numbers);
  },
});

const bf16Bits = new Uint32Array(1);
const bf16Number = new Float32Array(bf16Bits.buffer);

/** Low four bits are the first half of the block, high four bits the second: x = d·(q − 8). */
const q4_0 = blocks("Q4_0", 32, 18, (from, at, out, to) => {
  const d = halfAt(from, at);
  for (let i = 0; i < 16; i++) {
    const byte = from[at + 2 + i]!;
    out[to + i] = d * ((byte & 15) - 8);
    out[to + 16 + i] = d * ((byte >> 4) - 8);
  }
});

/** x = d·q + m. */
const q4_1 = blocks("Q4_1", 32, 20, (from, at, out, to) => {
  const d = halfAt(from, at);
  const m = halfAt(from, at + 2);
  for (let i = 0; i < 16; i++) {
    const byte = from[at + 4 + i]!;
    out[to + i] = d * (byte & 15) + m;
    out[to + 16 + i] = d * (byte >> 4) + m;
  }
});

/** As Q4, with a fifth bit for each number in 32 separate bits: x = d·(q − 16). */
const q5_0 = blocks("Q5_0", 32, 22, (from, at, out, to) => {
  const d = halfAt(from, at);
  const high = from.readUInt32LE(at + 2);
  for (let i = 0; i < 16; i++) {
    const byte = from[at + 6 + i]!;
    out[to + i] = d * (((byte & 15) | (((high >>> i) & 1) << 4)) - 16);
    out[to + 16 + i] = d * (((byte >> 4) | (((high >>> (i + 16)) & 1) << 4)) - 16);
  }
});

/** x = d·q + m. */
const q5_1 = blocks("Q5_1", 32, 24, (from, at, out, to) => {
  const d = halfAt(from, at);
  const m = halfAt(from, at + 2);
  const high = from.readUInt32LE(at + 4);
  for (let i = 0; i < 16; i++) {
    const byte = from[at + 8 + i]!;
    out[to + i] = d * ((byte & 15) | (((high >>> i) & 1) << 4)) + m;
    out[to + 16 + i] = d * ((byte >> 4) | (((high >>> (i + 16)) & 1) << 4)) + m;
  }
});

/** x = d·q. */
const q8_0 = blocks("Q8_0", 32, 34, (from, at, out, to) => {
  const d = halfAt(from, at);
  for (let i = 0; i < 32; i++) out[to + i] = d * from.readInt8(at + 2 + i);
});

/** Scale and minimum of sub-block `j` of eight: six bits each, in twelve bytes from `at` on. */
function scaleAndMin(from: Buffer, at: number, j: number): [scale: number, min: number] {
  if (j < 4) return [from[at + j]! & 63, from[at + 4 + j]! & 63];
  const low = from[at + 4 + j]!;
  return [(low & 15) | ((from[at + j - 4]! >> 6) << 4), (low >> 4) | ((from[at + j]! >> 6) << 4)];
}

/**
 * Eight sub-blocks of 32: x = d·scale·q − dmin·min. With a fifth bit of each number in 32 bytes at `high`, where there
 * are some.
 */
const kBlock =
  (quants: number, high: number | null) => (from: Buffer, at: number, out: Float32Array, to: number) => {
    const d = halfAt(from, at);
    const dMin = halfAt(from, at + 2);
    for (let j = 0; j < 8; j++) {
      const [scale, min] = scaleAndMin(from, at + 4, j);
      const a = d * scale;
      const b = dMin * min;
      const bytes = at + quants + (j >> 1) * 32;
      for (let i = 0; i < 32; i++) {
        const byte = from[bytes + i]!;
        const fifth = high === null ? 0 : ((from[at + high + i]! >> j) & 1) << 4;
        out[to + 32 * j + i] = a * ((j & 1 ? byte >> 4 : byte & 15) | fifth) - b;
      }
    }
  };
const q4_K = blocks("Q4_K", 256, 144, kBlock(16, null));
const q5_K = blocks("Q5_K", 256, 176, kBlock(48, 16));

/**
 * Sixteen sub-blocks of 16 with scales of eight bits; four low bits in 128 bytes, two high bits in 64: x = d·scale·(q −
 * 32).
 */
const q6_K = blocks("Q6_K", 256, 210, (from, at, out, to) => {
  const d = halfAt(from, at + 208);
  for (let k = 0; k < 256; k++) {
    const part = k >> 7;
    const quarter = (k >> 5) & 3;
    const i = k & 31;
    const low = from[at + 64 * part + (quarter & 1) * 32 + i]!;
    const high = (from[at + 128 + 32 * part + i]! >> (2 * quarter)) & 3;
    const q = ((quarter < 2 ? low & 15 : low >> 4) | (high << 4)) - 32;
    out[to + k] = d * from.readInt8(at + 192 + (k >> 4)) * q;
  }
});

/** By ggml's number. */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map([
  [0, plain("F32", 4, (from, at) => from.readFloatLE(at))],
  [1, plain("F16", 2, halfAt)],
  [2, q4_0],
  [3, q4_1],
  [6, q5_0],
  [7, q5_1],
  [8, q8_0],
  [12, q4_K],
  [13, q5_K],
  [14, q6_K],
  [
    30,
    plain("BF16", 2, (from, at) => {
      bf16Bits[0] = (from[at]! << 16) | (from[at + 1]! << 24);
      return bf16Number[0]!;
    }),
  ],
]);

/** Names of the types that are not read, for messages. */
const otherNames: Readonly<Record<number, string>> = {
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};
export const typeName = (type: number): string =>
  blockTypes.get(type)?.name ?? otherNames[type] ?? `number ${type}`;
