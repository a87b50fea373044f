import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ConfigError } from "../../../core/errors.ts";
import { isAdapterDirectory, readAdapter, readAdapterConfig, writeAdapter } from "./adapter.ts";
import { writeDirectory } from "./atomic-directory.ts";
import { writeManifest } from "./manifest.ts";
import { checkTensors, openCheckpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { readHeader, readNumbers, readTensor, writeSafetensors, type TensorData } from "./safetensors.ts";

let root: string;
let counter = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-checkpoint-"));
});
afterAll(() => rm(root, { recursive: true }));
const fresh = () => join(root, String(counter++));

const tensor = (shape: number[], ...data: number[]): TensorData => ({ shape, data: Float32Array.from(data) });
const weights = () =>
  new Map([
    ["b", tensor([2, 2], 1, -2.5, 3.25, 1e-20)],
    ["a", tensor([3], 0, -0, 65504)],
  ]);
const save = async (value = 1) => {
  const directory = fresh();
  await writeCheckpoint(directory, { config: { hidden_size: value }, tensors: weights() });
  return directory;
};

/** Makes the manifest anew, as for a directory that was changed on purpose. */
const seal = async (directory: string) => {
  await rm(join(directory, "manifest.json"));
  await writeManifest(directory);
};

/** A safetensors file from raw parts, to write what our writer would refuse to. */
async function raw(file: string, header: object, data: Uint8Array): Promise<void> {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([length, json, data]));
}

describe("safetensors", () => {
  it("writes and reads f32 without loss", async () => {
    const file = fresh();
    await writeSafetensors(file, weights(), { metadata: { step: "7" } });
    const { entries, metadata } = await readHeader(file);
    expect(metadata).toEqual({ format: "pt", step: "7" });
    expect([...entries.keys()]).toEqual(["a", "b"]);
    for (const [name, wanted] of weights()) expect(await readTensor(entries.get(name)!)).toEqual(wanted);
  });

  it("bf16 keeps eight bits of mantissa, rounds to nearest even, and keeps infinity and NaN", async () => {
    const file = fresh();
    // 1 + 2⁻⁸ lies half-way between 1 and 1 + 2⁻⁷: even is 1. 1 + 3·2⁻⁸ lies between 1 + 2⁻⁷ and 1 + 2⁻⁶: even is the
    // latter.
    const values = [1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -3.5, Infinity, NaN];
    await writeSafetensors(file, new Map([["x", tensor([6], ...values)]]), { dtype: "BF16" });
    const { data } = await readNumbers((await readHeader(file)).entries.get("x")!);
    expect([...data]).toEqual([1, 1, 1 + 2 ** -6, -3.5, Infinity, NaN]);
  });

  it("reads f16: normal, subnormal, largest, infinity", async () => {
    const file = fresh();
    const halves = Uint16Array.from([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000]);
    await raw(
      file,
      { x: { dtype: "F16", shape: [6], data_offsets: [0, 12] } },
      new Uint8Array(halves.buffer),
    );
    const { data } = await readNumbers((await readHeader(file)).entries.get("x")!);
    expect([...data]).toEqual([1, -2, 2 ** -24, 65504, Infinity, -0]);
  });

  it("writes f16: every one of them as it was, others to the nearest, ties to even", async () => {
    const bits = Uint16Array.from({ length: 2 * 0x7c00 }, (_, i) => (i >> 1) | ((i & 1) << 15));
    const [from, through] = [fresh(), fresh()];
    const shape = [bits.length];
    const bytes = new Uint8Array(bits.buffer);
    await raw(from, { x: { dtype: "F16", shape, data_offsets: [0, bytes.length] } }, bytes);
    const { data } = await readNumbers((await readHeader(from)).entries.get("x")!);
    const source = { shape, dtype: "F16" as const, read: () => Promise.resolve(data) };
    await writeSafetensors(through, new Map([["x", source]]));
    const entry = (await readHeader(through)).entries.get("x")!;
    expect(entry.dtype).toBe("F16");
    expect((await readFile(through)).subarray(entry.begin).equals(bytes)).toBe(true);

    // 2049 lies half-way between 2048 and 2050, 2051 between 2050 and 2052; 3·2⁻²⁵ between 2⁻²⁴ and 2⁻²³.
    const rounded = fresh();
    const numbers = tensor([5], 2049, 2051, 3 * 2 ** -25, 2 ** -25, 65519);
    await writeSafetensors(rounded, new Map([["x", numbers]]), { dtype: "F16" });
    const read = await readNumbers((await readHeader(rounded)).entries.get("x")!);
    expect([...read.data]).toEqual([2048, 2052, 2 ** -23, 0, 65504]);
    await expect(
      writeSafetensors(fresh(), new Map([["x", tensor([1], 65520)]]), { dtype: "F16" }),
    ).rejects.toThrow(/tensor x holds 65520/);
  });

  it("a bf16 round trip never moves a number by more than 2⁻⁸ of itself", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.float32Array({ minLength: 1, noNaN: true, min: -(2 ** 99), max: 2 ** 99 }),
        async (numbers) => {
          const file = fresh();
          const normal = numbers.map((x) => (Math.abs(x) < 1e-30 ? 0 : x));
          await writeSafetensors(file, new Map([["x", { shape: [normal.length], data: normal }]]), {
            dtype: "BF16",
          });
          const { data } = await readTensor((await readHeader(file)).entries.get("x")!);
          data.forEach((x, i) =>
            expect(Math.abs(x - normal[i]!)).toBeLessThanOrEqual(Math.abs(normal[i]!) * 2 ** -8),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    [
      "a quantised type",
      { x: { dtype: "I8", shape: [4], data_offsets: [0, 4] } },
      /tensor x has data type I8/,
    ],
    [
      "a shape that does not match its bytes",
      { x: { dtype: "F32", shape: [2], data_offsets: [0, 4] } },
      /tensor x .*needs 8 bytes/,
    ],
    ["data beyond the end", { x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, /truncated: tensor x/],
    ["an entry without offsets", { x: { dtype: "F32", shape: [1] } }, /tensor x has a malformed/],
  ])("names file and tensor for %s", async (_, header, message) => {
    const file = fresh();
    await raw(file, header, new Uint8Array(4));
    await expect(readHeader(file)).rejects.toThrow(message);
    await expect(readHeader(file)).rejects.toThrow(file);
    await expect(readHeader(file)).rejects.toThrow(ConfigError);
  });

  it("names a file that is cut anywhere", async () => {
    const file = fresh();
    await writeSafetensors(file, weights());
    const { size } = await stat(file);
    for (const length of [size - 1, size - 20, 60, 5, 0]) {
      await truncate(file, length);
      await expect(readHeader(file)).rejects.toThrow(/is truncated/);
    }
  });
});

describe("checkpoints", () => {
  it("reads back what was written, with config and further files", async () => {
    const directory = fresh();
    const extra = new Map([["m.safetensors", new Map([["m", tensor([1], 5)]])]]);
    const files = new Map([["tokenizer.json", "{}"]]);
    await writeCheckpoint(directory, {
      config: { hidden_size: 4 },
      tensors: weights(),
      files,
      extraTensors: extra,
    });
    const { config, tensors } = await readCheckpoint(directory);
    expect(config).toEqual({ hidden_size: 4, torch_dtype: "float32" });
    expect(Object.fromEntries(tensors)).toEqual(Object.fromEntries(weights()));
    expect((await readdir(directory)).toSorted()).toEqual([
      "config.json",
      "m.safetensors",
      "manifest.json",
      "model.safetensors",
      "tokenizer.json",
    ]);
  });

  it("the same weights give the same bytes", async () => {
    const [one, two] = [await save(), await save()];
    expect(await readFile(join(one, "model.safetensors"))).toEqual(
      await readFile(join(two, "model.safetensors")),
    );
  });

  it("reads shards through their index, one tensor at a time, and names a shard or tensor that is missing", async () => {
    const directory = fresh();
    await mkdir(directory);
    await writeFile(join(directory, "config.json"), "{}");
    const all = weights();
    await writeSafetensors(join(directory, "s1.safetensors"), new Map([["a", all.get("a")!]]));
    await writeSafetensors(join(directory, "s2.safetensors"), new Map([["b", all.get("b")!]]));
    const index = (weight_map: object) =>
      writeFile(join(directory, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
    await index({ a: "s1.safetensors", b: "s2.safetensors" });
    const checkpoint = await openCheckpoint(directory);
    expect(await checkpoint.read("b")).toEqual(all.get("b"));
    await expect(checkpoint.read("c")).rejects.toThrow(/no tensor c/);
    await index({ a: "s1.safetensors", b: "s1.safetensors" });
    await expect(openCheckpoint(directory)).rejects.toThrow(/s1\.safetensors: tensor b is missing/);
    await index({ a: "s3.safetensors" });
    await expect(openCheckpoint(directory)).rejects.toThrow(/s3\.safetensors does not exist/);
  });

  it("names missing, misshapen and extra tensors", () => {
    const entries = new Map([["w", { shape: [2, 3], file: "m.safetensors" }]]);
    const check = (expected: [string, number[]][]) => () => checkTensors(entries, new Map(expected), "dir");
    expect(check([["w", [2, 3]]])).not.toThrow();
    expect(check([["v", [1]]])).toThrow(/m\.safetensors: tensor v of shape \[1\] is missing/);
    expect(check([["w", [3, 2]]])).toThrow(/m\.safetensors: tensor w has shape \[2, 3\].*\[3, 2\]/);
    expect(check([])).toThrow(/m\.safetensors: tensor w does not belong/);
    expect(() => checkTensors(entries, new Map(), "dir", (name) => name === "w")).not.toThrow();
  });

  it("names what a directory lacks or has damaged", async () => {
    await expect(readCheckpoint(join(root, "nowhere"))).rejects.toThrow(/config\.json does not exist/);
    const directory = await save();
    const file = join(directory, "model.safetensors");
    await truncate(file, 40);
    await expect(readCheckpoint(directory)).rejects.toThrow(/model\.safetensors is truncated or damaged/);
    await rm(file);
    await expect(readCheckpoint(directory)).rejects.toThrow(/model\.safetensors is missing/);
    const other = await save();
    await writeFile(join(other, "config.json"), "{,");
    await seal(other);
    await expect(readCheckpoint(other)).rejects.toThrow(/config\.json is not valid JSON/);
  });
});

describe("manifests", () => {
  it("have the size and SHA-256 of every file, and one flipped bit anywhere is noticed", async () => {
    const directory = await save();
    const { files } = JSON.parse(await readFile(join(directory, "manifest.json"), "utf8")) as {
      files: Record<string, { bytes: number; sha256: string }>;
    };
    expect(Object.keys(files)).toEqual(["config.json", "model.safetensors"]);
    for (const [name, { bytes, sha256 }] of Object.entries(files)) {
      const content = await readFile(join(directory, name));
      expect([bytes, sha256]).toEqual([content.length, createHash("sha256").update(content).digest("hex")]);
      for (const at of [0, content.length >> 1, content.length - 1]) {
        const damaged = Buffer.from(content);
        damaged[at]! ^= 1;
        await writeFile(join(directory, name), damaged);
        await expect(openCheckpoint(directory)).rejects.toThrow(
          `${join(directory, name)} is damaged or was changed`,
        );
      }
      await writeFile(join(directory, name), content);
    }
    await openCheckpoint(directory);
  });

  it("are needed by what we wrote, and by what is loaded as a checkpoint; other models need none", async () => {
    const directory = await save();
    await rm(join(directory, "manifest.json"));
    await expect(openCheckpoint(directory)).rejects.toThrow(/written by webrl but has no manifest\.json/);
    const foreign = fresh();
    await mkdir(foreign);
    await writeFile(join(foreign, "config.json"), "{}");
    await writeSafetensors(join(foreign, "model.safetensors"), weights());
    await openCheckpoint(foreign);
    await expect(openCheckpoint(foreign, { saved: true })).rejects.toThrow(/is not a checkpoint/);
  });

  it.each<[string, (directory: string) => Promise<unknown>, RegExp]>([
    [
      "has sizes only, as earlier versions wrote it",
      (directory) => writeFile(join(directory, "manifest.json"), '{"files":{"config.json":51}}'),
      /lists sizes but no SHA-256/,
    ],
    [
      "names a file elsewhere",
      (directory) => writeFile(join(directory, "manifest.json"), '{"files":{"../config.json":{}}}'),
      /is not a name of a file/,
    ],
    [
      "is empty",
      (directory) => writeFile(join(directory, "manifest.json"), ""),
      /manifest\.json is not valid JSON/,
    ],
    ["lists nothing", (directory) => writeFile(join(directory, "manifest.json"), "{}"), /lists no files/],
    [
      "does not list a file that would be read",
      (directory) => writeFile(join(directory, "model.safetensors.index.json"), "{}"),
      /index\.json does not belong to this model/,
    ],
  ])("that %s is refused", async (_, change, message) => {
    const directory = await save();
    await change(directory);
    await expect(openCheckpoint(directory)).rejects.toThrow(message);
    await expect(openCheckpoint(directory)).rejects.toThrow(ConfigError);
  });
});

describe("saving over an older checkpoint", () => {
  const hidden = async (directory: string) => (await readCheckpoint(directory)).config["hidden_size"];

  it("replaces it whole and leaves nothing else behind", async () => {
    const parent = fresh();
    const directory = join(parent, "model");
    await writeCheckpoint(directory, { config: { hidden_size: 1 }, tensors: weights() });
    await writeCheckpoint(directory, { config: { hidden_size: 2 }, tensors: weights() });
    expect(await hidden(directory)).toBe(2);
    expect(await readdir(parent)).toEqual(["model"]);
  });

  it.runIf(process.platform === "linux")("a full disk leaves the old one whole and says so", async () => {
    const parent = fresh();
    const directory = join(parent, "model");
    await writeCheckpoint(directory, { config: { hidden_size: 1 }, tensors: weights() });
    const failing = writeDirectory(directory, async (temporary) => {
      await writeFile(join(temporary, "config.json"), "{}");
      // Every write to /dev/full fails with ENOSPC.
      await symlink("/dev/full", join(temporary, "model.safetensors"));
      await writeFile(join(temporary, "model.safetensors"), new Uint8Array(1000));
    });
    await expect(failing).rejects.toThrow(/the disk is full.*unchanged/);
    expect(await hidden(directory)).toBe(1);
    expect(await readdir(parent)).toEqual(["model"]);
  });

  it("a save removes what killed saves to the same place left, and nothing of one that lives", async () => {
    const parent = fresh();
    const directory = join(parent, "model");
    const neighbour = ".model2.new-999999999-x";
    for (const name of [".model.new-999999999-a", ".model.new-999999999-a.old", ".model.new-b", neighbour])
      await mkdir(join(parent, name), { recursive: true });
    const living = `.model.new-${process.ppid}-c`;
    await mkdir(join(parent, living));
    await writeCheckpoint(directory, { config: { hidden_size: 1 }, tensors: weights() });
    expect((await readdir(parent)).toSorted()).toEqual([living, neighbour, "model"].toSorted());
  });

  it("so does a failure in the middle of the weights", async () => {
    const parent = fresh();
    const directory = join(parent, "model");
    await writeCheckpoint(directory, { config: { hidden_size: 1 }, tensors: weights() });
    const misshapen = new Map([...weights(), ["z", tensor([9], 1)] as const]);
    await expect(writeCheckpoint(directory, { config: {}, tensors: misshapen })).rejects.toThrow(
      /z: 1 numbers for \[9\]/,
    );
    expect(await hidden(directory)).toBe(1);
    expect(await readdir(parent)).toEqual(["model"]);
  });
});

describe("adapters", () => {
  const adapter = () => ({
    rank: 1,
    alpha: 2,
    targetModules: ["v_proj", "q_proj"],
    layers: [0],
    baseModel: "base",
    modules: new Map([
      ["model.layers.0.self_attn.q_proj", { a: tensor([1, 3], 1, 2, 3), b: tensor([2, 1], 4, 5) }],
    ]),
  });
  const edit = async (change: object) => {
    const directory = fresh();
    await writeAdapter(directory, adapter());
    const file = join(directory, "adapter_config.json");
    await writeFile(
      file,
      JSON.stringify({ ...(JSON.parse(await readFile(file, "utf8")) as object), ...change }),
    );
    await seal(directory);
    return readAdapter(directory);
  };

  it("reads back what was written", async () => {
    const directory = fresh();
    await writeAdapter(directory, adapter());
    expect(await readAdapter(directory)).toEqual({
      ...adapter(),
      targetModules: ["q_proj", "v_proj"],
      baseBeside: null,
      baseFingerprint: null,
    });
    const { modules: _, ...config } = await readAdapter(directory);
    expect(await readAdapterConfig(directory)).toEqual(config);
    expect(await isAdapterDirectory(directory)).toBe(true);
    expect(await isAdapterDirectory(await save())).toBe(false);
  });

  it("reads PEFT's layers_to_transform: a list, one layer, none, and those of a pattern of names", async () => {
    expect((await edit({ layers_to_transform: [3, 5] })).layers).toEqual([3, 5]);
    expect((await edit({ layers_to_transform: 2, layers_pattern: "layers" })).layers).toEqual([2]);
    expect((await edit({ layers_to_transform: null })).layers).toBe(null);
    const pattern = await edit({ target_modules: ".*q_proj", layers_to_transform: null });
    expect(pattern).toMatchObject({ targetModules: ["q_proj"], layers: [0] });
    await expect(edit({ layers_to_transform: [] })).rejects.toThrow(/layers_to_transform is \[\]/);
    await expect(edit({ layers_to_transform: ["1"] })).rejects.toThrow(/layers_to_transform is \["1"\]/);
    await expect(edit({ layers_pattern: "blocks" })).rejects.toThrow(/layers_pattern is "blocks"/);
  });

  it("refuses variants whose arithmetic differs, and shapes that do not have the rank", async () => {
    await expect(edit({ use_dora: true })).rejects.toThrow(/adapter_config\.json: use_dora is set/);
    await expect(edit({ rank_pattern: { q_proj: 2 } })).rejects.toThrow(/rank_pattern is set/);
    await expect(edit({ peft_type: "IA3" })).rejects.toThrow(/peft_type is "IA3"/);
    await expect(edit({ r: 2 })).rejects.toThrow(/lora_A\.weight has shape \[1, 3\].*rank 2/);
  });
});
