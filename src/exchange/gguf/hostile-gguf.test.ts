/**
 * @file GGUF files that are broken or made to do harm: each is refused soon, with the file and the field, and leaves
 * nothing behind.
 */

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { importModel } from "../import-model.ts";

const good = fileURLToPath(new URL("fixtures/smollm.gguf", import.meta.url));
let root: string;
let bytes: Buffer;
let counter = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-hostile-gguf-"));
  bytes = await readFile(good);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const u32 = (value: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
};
const u64 = (value: bigint | number) => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
};
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
/** A file of a header alone. */
const header = (tensors: bigint | number, entries: bigint | number, ...rest: Buffer[]) =>
  Buffer.concat([Buffer.from("GGUF"), u32(3), u64(tensors), u64(entries), ...rest]);
/** The good file with other bytes at `at`. */
const patched = (at: number, value: Buffer) => {
  const out = Buffer.from(bytes);
  value.copy(out, at);
  return out;
};
/** Where the value of a metadata key begins, behind its type. */
const valueOf = (key: string) => bytes.indexOf(text(key)) + 8 + key.length + 4;
/** Where the description of a tensor begins, behind its name: count of dimensions, dimensions, type, offset. */
const tensorAt = (name: string) => bytes.lastIndexOf(text(name)) + 8 + name.length;
const q = "blk.0.attn_q.weight";
/** The good file with one text exchanged for another of the same length. */
const renamed = (from: string, to: string) => patched(bytes.indexOf(from), Buffer.from(to));
const tokenAt = (index: number) => {
  let at = valueOf("tokenizer.ggml.tokens") + 12;
  for (let i = 0; i < index; i++) at += 8 + Number(bytes.readBigUInt64LE(at));
  return at;
};

const cases: [string, () => Buffer, RegExp][] = [
  ["nothing in it", () => Buffer.alloc(0), /is truncated: it ends after 0 bytes/],
  ["another magic", () => patched(0, Buffer.from("GGML")), /is not a GGUF file/],
  ["version 1", () => patched(4, u32(1)), /version is 1/],
  ["version 4", () => patched(4, u32(4)), /version is 4/],
  ["big-endian numbers", () => patched(4, Buffer.from([0, 0, 0, 3])), /big-endian/],
  ["10^9 tensors", () => patched(8, u64(10n ** 9n)), /tensor_count has 1000000000 tensors/],
  ["2^64 - 1 entries", () => patched(16, u64(2n ** 64n - 1n)), /metadata_kv_count has 18446744073709551615/],
  ["more tensors than it describes", () => header(60_000, 0), /is truncated: .* in the name of tensor 0/],
  ["more entries than it has", () => header(0, 60_000), /is truncated: .* in the key of metadata entry 0/],
  ["a key of 4 GB", () => header(0, 1, u64(2 ** 32)), /the key of metadata entry 0 has 4294967296 bytes/],
  [
    "a text of 4 GB",
    () => header(0, 1, text("general.name"), u32(8), u64(2 ** 32)),
    /"general\.name" has 4294967296 bytes/,
  ],
  [
    "an array of 2^40 texts",
    () => header(0, 1, text("tokenizer.ggml.tokens"), u32(9), u32(8), u64(2 ** 40)),
    /"tokenizer\.ggml\.tokens" has 1099511627776 elements/,
  ],
  [
    "an array that claims more than there is",
    () => header(0, 1, text("tokenizer.ggml.tokens"), u32(9), u32(8), u64(4_000_000)),
    /is truncated: .* in "tokenizer\.ggml\.tokens"/,
  ],
  ["arrays in arrays", () => header(0, 1, text("x"), u32(9), u32(9), u64(1)), /"x" is an array of arrays/],
  ["a value of an unknown type", () => header(0, 1, text("x"), u32(77)), /"x" has the value type 77/],
  [
    "a key twice",
    () => header(0, 2, text("x"), u32(7), Buffer.from([1]), text("x")),
    /"x" occurs twice in the metadata/,
  ],
  [
    "a number beyond 2^53",
    () => header(0, 1, text("x"), u32(10), u64(2n ** 60n)),
    /"x" is 1152921504606846976/,
  ],
  ["nine dimensions", () => patched(tensorAt(q), u32(9)), /tensor blk\.0\.attn_q\.weight has 9 dimensions/],
  [
    "2^50 rows",
    () => patched(tensorAt(q) + 12, u64(2n ** 50n)),
    /tensor blk\.0\.attn_q\.weight has 1125899906842624 rows/,
  ],
  [
    "more rows than the file",
    () => patched(tensorAt(q) + 12, u64(2n ** 36n)),
    /truncated or damaged: tensor blk\.0\.attn_q\.weight of shape \[68719476736, 32\]/,
  ],
  [
    "a tensor of another size than the others",
    () => patched(tensorAt(q) + 12, u64(16)),
    /self_attn\.q_proj\.weight has shape \[16, 32\], config\.json asks for \[32, 32\]/,
  ],
  [
    "rows of half a block",
    () => patched(tensorAt(q) + 4, u64(16)),
    /attn_q\.weight has rows of 16 numbers, which is not a multiple of a block of Q4_1/,
  ],
  ["an unknown type", () => patched(tensorAt(q) + 20, u32(99)), /attn_q\.weight has the data type number 99/],
  [
    "a type that is not read",
    () => patched(tensorAt(q) + 20, u32(23)),
    /the data type IQ4_XS, which is not supported/,
  ],
  [
    "an offset of 2^63",
    () => patched(tensorAt(q) + 24, u64(2n ** 63n)),
    /truncated or damaged: tensor blk\.0\.attn_q\.weight/,
  ],
  [
    "tensors that overlap",
    () => patched(tensorAt(q) + 24, u64(0)),
    /tensor \S+ begins at byte \d+, but tensor \S+ ends at/,
  ],
  [
    "a tensor twice",
    () => renamed("blk.1.attn_q.weight", q),
    /tensor blk\.0\.attn_q\.weight occurs twice in the file/,
  ],
  [
    "a foreign tensor",
    () => renamed("blk.1.attn_q.weight", "blk.1.attn_z.weight"),
    /attn_z\.weight does not belong/,
  ],
  [
    "a layer too many",
    () => renamed("blk.1.attn_q.weight", "blk.9.attn_q.weight"),
    /layers\.1\.self_attn\.q_proj\.weight .*is missing/,
  ],
  [
    "an unknown architecture",
    () => patched(valueOf("general.architecture") + 8, Buffer.from("lambo")),
    /architecture "lambo" is unknown/,
  ],
  [
    "an architecture named __proto__",
    () => renamed("general.architecture", "general.architecturf"),
    /"general\.architecture" is missing/,
  ],
  ["two million layers", () => patched(valueOf("llama.block_count"), u32(2_000_000)), /num_hidden_layers/],
  [
    "no heads",
    () => patched(valueOf("llama.attention.head_count"), u32(0)),
    /head|not a model configuration/,
  ],
  [
    "NaN as epsilon",
    () => patched(valueOf("llama.attention.layer_norm_rms_epsilon"), u32(0x7fc00000)),
    /rms_norm_eps/,
  ],
  [
    "NaN as a scale",
    () => patched(dataOf(q), Buffer.from([0, 0x7e])),
    /tensor blk\.0\.attn_q\.weight holds NaN/,
  ],
  [
    "another kind of tokenizer",
    () => patched(valueOf("tokenizer.ggml.model") + 8, Buffer.from("bert")),
    /"tokenizer\.ggml\.model" is "bert"/,
  ],
  [
    "unknown words",
    () => patched(valueOf("tokenizer.ggml.pre") + 8, Buffer.from("smurfs")),
    /"tokenizer\.ggml\.pre" is "smurfs"/,
  ],
  [
    "a token twice",
    () => patched(tokenAt(3) + 8, bytes.subarray(tokenAt(2) + 8, tokenAt(2) + 9)),
    /"tokenizer\.ggml\.tokens" has ".*" at 2 and 3/,
  ],
  [
    "an end that is not a token",
    () => patched(valueOf("tokenizer.ggml.eos_token_id"), u32(9999)),
    /eos_token_id" is 9999; there are 320 tokens/,
  ],
  [
    "a template that is none",
    () => renamed("{% for m in", "{% fox m in"),
    /"tokenizer\.chat_template" cannot be parsed/,
  ],
];
const dataOf = (name: string) => {
  // Tensors begin at the first multiple of 32 behind the last description.
  const last = [
    ...bytes.toString("latin1").matchAll(/(?:blk\.\d|token_embd|output_norm)[\w.]*\.(?:weight|bias)/g),
  ].at(-1)!;
  const end = last.index + last[0].length;
  const headerEnd = end + 4 + 8 * bytes.readUInt32LE(end) + 4 + 8;
  const at = tensorAt(name);
  return (
    Math.ceil(headerEnd / 32) * 32 + Number(bytes.readBigUInt64LE(at + 4 + 8 * bytes.readUInt32LE(at) + 4))
  );
};

/** Imports, expects a refusal, and returns it; nothing may be left. */
async function refusal(source: string): Promise<Error> {
  const out = join(root, `out-${counter++}`);
  const error: unknown = await importModel({ source, out, dtype: null }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ConfigError);
  expect((await readdir(root)).filter((name) => name.includes("out-"))).toEqual([]);
  return error as Error;
}

describe("a GGUF file with", () => {
  it.each(cases)("%s is refused", { timeout: 20_000 }, async (_, make, message) => {
    const file = join(root, `${counter++}.gguf`);
    await writeFile(file, make());
    expect((await refusal(file)).message).toMatch(message);
    await rm(file);
  });

  it("its end cut off is refused, wherever that is", async () => {
    const file = join(root, "cut.gguf");
    for (let size = 1; size < bytes.length; size += 977) {
      await writeFile(file, bytes);
      await truncate(file, size);
      expect((await refusal(file)).message).toMatch(/cut\.gguf.* is truncated/);
    }
    await rm(file);
  });

  it(
    "any byte of its header changed is refused or taken, and never breaks",
    { timeout: 60_000 },
    async () => {
      const file = join(root, "flipped.gguf");
      const out = join(root, "flipped");
      for (let at = 0; at < 12_000; at += 131) {
        await writeFile(file, patched(at, Buffer.from([bytes[at]! ^ 0xff])));
        const error: unknown = await importModel({ source: file, out, dtype: null }).catch(
          (cause: unknown) => cause,
        );
        expect(error === undefined || error instanceof ConfigError ? null : error).toBeNull();
      }
      await rm(file);
      await rm(out, { recursive: true, force: true });
    },
  );
});

describe("instead of a GGUF file", () => {
  it.each<[string, (path: string) => unknown, RegExp]>([
    ["a pipe", (path) => execFileSync("mkfifo", [path]), /is not a regular file/],
    ["a device", (path) => symlink("/dev/zero", path), /is not a regular file/],
    ["an empty directory", (path) => mkdir(path), /has no config\.json/],
    ["nothing", () => undefined, /there is no/],
  ])("%s is refused", async (_, make, message) => {
    const path = join(root, `${counter++}.gguf`);
    await make(path);
    expect((await refusal(path)).message).toMatch(message);
  });
});
