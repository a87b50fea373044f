/** @file Model directories that are broken or made to do harm: each is refused soon, with the file and the field. */

import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WEBRL } from "../../cli/testing/command.ts";
import { ConfigError } from "../../core/errors.ts";
import { createChatTemplate, readChatTemplate } from "../../text/chat-template.ts";
import { writeAdapter } from "./checkpoint/adapter.ts";
import { readHeader, writeSafetensors, type TensorData } from "./checkpoint/safetensors.ts";
import { LocalEngine } from "./local-engine.ts";
import { describeModel } from "./describe-model.ts";
import { readBaseModel } from "./model-files.ts";
import { newLlamaConfig } from "./models/config.ts";
import { initWeights, parameterSpecs } from "./models/parameters.ts";

const shipped = fileURLToPath(new URL("../../../models/base/", import.meta.url));
let root: string;
let counter = 0;
let plain: string;

/** A small model as if from elsewhere: without a manifest and without our mark. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-hostile-"));
  plain = join(root, "plain");
  await mkdir(plain);
  const vocabSize = (await readBaseModel(shipped)).config.vocabSize;
  const config = newLlamaConfig({ vocabSize, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 16 });
  await writeFile(join(plain, "config.json"), JSON.stringify(config.raw));
  const weights = initWeights(config, 1);
  const tensors = parameterSpecs(config).map(({ name, shape }): [string, TensorData] => [
    name,
    { shape: [...shape], data: weights.get(name)! },
  ]);
  await writeSafetensors(join(plain, "model.safetensors"), new Map(tensors));
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    await cp(join(shipped, name), join(plain, name));
});
afterAll(() => rm(root, { recursive: true, force: true }));

type Json = Record<string, unknown>;
const copy = async () => {
  const directory = join(root, String(counter++));
  await cp(plain, directory, { recursive: true });
  return directory;
};
/** Changes a JSON file of the directory in place. */
const edit = (name: string, change: (json: Json) => unknown) => async (directory: string) => {
  const file = join(directory, name);
  const json = JSON.parse(await readFile(file, "utf8")) as Json;
  change(json);
  await writeFile(file, JSON.stringify(json));
};
const config = (change: Json) => edit("config.json", (json) => Object.assign(json, change));
const tokenizer = (change: (json: Json & { model: Json; added_tokens: Json[] }) => unknown) =>
  edit("tokenizer.json", change as (json: Json) => unknown);
const write = (name: string, content: string | Uint8Array) => (directory: string) =>
  writeFile(join(directory, name), content);
const replaceBy = (make: (path: string) => unknown, name: string) => async (directory: string) => {
  await rm(join(directory, name));
  await make(join(directory, name));
};
const pipe = (path: string) => execFileSync("mkfifo", [path]);
const link = (target: string) => (path: string) => symlink(target, path);

const weightsFile = "model.safetensors";
/** Weights with another header; the data stay. */
const header = (change: (header: Record<string, Json>) => unknown) => async (directory: string) => {
  const file = join(directory, weightsFile);
  const bytes = await readFile(file);
  const length = Number(bytes.readBigUInt64LE());
  const old = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<string, Json>;
  const changed = change(old);
  const text = Buffer.from(typeof changed === "string" ? changed : JSON.stringify(changed ?? old));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file, Buffer.concat([head, text, bytes.subarray(8 + length)]));
};
const embedding = "model.embed_tokens.weight";
/** Weights in which one number is changed. */
const number = (value: number) => async (directory: string) => {
  const file = join(directory, weightsFile);
  const entry = (await readHeader(file)).entries.get("model.norm.weight")!;
  const bytes = await readFile(file);
  bytes.writeFloatLE(value, entry.begin + 4);
  await writeFile(file, bytes);
};
const claim = (bytes: bigint) => (directory: string) => {
  const head = Buffer.alloc(64, "[");
  head.writeBigUInt64LE(bytes);
  return writeFile(join(directory, weightsFile), head);
};
const brackets = (directory: string) => {
  const head = Buffer.alloc(99_000_008, "[");
  head.writeBigUInt64LE(99_000_000n);
  return writeFile(join(directory, weightsFile), head);
};
const index = (map: unknown) => write("model.safetensors.index.json", JSON.stringify({ weight_map: map }));
const split = (regex: string) =>
  tokenizer((json) => {
    (json["pre_tokenizer"] as { pretokenizers: Json[] }).pretokenizers[0]!["pattern"] = { Regex: regex };
  });
const deep = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;

type Case = [string, (directory: string) => unknown, RegExp];
const cases: Case[] = [
  ["two million layers", config({ num_hidden_layers: 2_000_000 }), /config\.json .*num_hidden_layers/s],
  ["a hidden size of 2^31", config({ hidden_size: 2 ** 31 }), /config\.json .*hidden_size/s],
  ["a vocabulary of 2^40", config({ vocab_size: 2 ** 40 }), /config\.json .*vocab_size/s],
  ["a head of 2^30", config({ head_dim: 2 ** 30 }), /config\.json .*head_dim/s],
  ["2^30 heads", config({ num_attention_heads: 2 ** 30 }), /config\.json .*num_attention_heads/s],
  [
    "a context of 2^50",
    config({ max_position_embeddings: 2 ** 50 }),
    /config\.json .*max_position_embeddings/s,
  ],
  ["negative layers", config({ num_hidden_layers: -1 }), /config\.json .*num_hidden_layers/s],
  ["half a layer", config({ num_hidden_layers: 0.5 }), /config\.json .*num_hidden_layers/s],
  ["a size as text", config({ hidden_size: "16" }), /config\.json .*hidden_size/s],
  [
    "more layers than the weights",
    config({ num_hidden_layers: 1000 }),
    /tensor model\.layers\.1\..* is missing/,
  ],
  [
    "a RoPE factor of 0",
    config({ rope_scaling: { rope_type: "linear", factor: 0 } }),
    /config\.json .*factor/s,
  ],
  ["nothing to turn", config({ partial_rotary_factor: 1e-9 }), /config\.json: 0 dimensions/],
  ["an epsilon of 1e300", config({ rms_norm_eps: 1e300 }), /config\.json .*rms_norm_eps/s],
  ["a deep configuration", write("config.json", deep), /config\.json is not valid JSON: it is nested/],
  ["a list as configuration", write("config.json", "[]"), /config\.json does not hold a JSON object/],
  [
    "a configuration that is not UTF-8",
    write("config.json", Buffer.from([0x7b, 0xff, 0x7d])),
    /config\.json is not UTF-8/,
  ],
  ["a configuration of 17 MB", write("config.json", " ".repeat(17 << 20)), /config\.json has \d+ bytes/],
  ["a pipe as configuration", replaceBy(pipe, "config.json"), /config\.json is not a regular file/],
  ["a directory as configuration", replaceBy(mkdir, "config.json"), /config\.json is not a regular file/],
  [
    "a device as configuration",
    replaceBy(link("/dev/zero"), "config.json"),
    /config\.json is not a regular file/,
  ],
  [
    "a link to another file",
    replaceBy(link("/etc/hostname"), "config.json"),
    /config\.json is a symbolic link/,
  ],
  [
    "a link to itself",
    replaceBy((path) => symlink(path, path), "config.json"),
    /config\.json cannot be read/,
  ],

  ["a pipe as weights", replaceBy(pipe, weightsFile), /model\.safetensors is not a regular file/],
  [
    "a device as weights",
    replaceBy(link("/dev/zero"), weightsFile),
    /model\.safetensors is not a regular file/,
  ],
  [
    "a device that ends",
    replaceBy(link("/dev/null"), weightsFile),
    /model\.safetensors is not a regular file/,
  ],
  ["empty weights", write(weightsFile, ""), /model\.safetensors is truncated/],
  ["a header of 2^64 bytes", claim(2n ** 64n - 1n), /model\.safetensors is truncated or not/],
  ["a header of 99 MB of brackets", brackets, /model\.safetensors: the header has 99000000 bytes/],
  ["a deep header", header(() => "[".repeat(1 << 20)), /the header is not valid JSON: it is nested/],
  ["a header that is null", header(() => "null"), /the header is not a JSON object/],
  ["a header that is not UTF-8", claim(4n), /the header is not valid JSON/],
  ["an entry that is null", header(() => '{"x":null}'), /the header's x is not an object/],
  [
    "metadata that is text",
    header((h) => ({ ...h, __metadata__: "pt" })),
    /the header's __metadata__ is not an object/,
  ],
  [
    "another data type",
    header((h) => void (h[embedding]!["dtype"] = "F16")),
    /embed_tokens.*needs \d+ bytes/,
  ],
  [
    "a shape beyond any number",
    header((h) => void (h[embedding]!["shape"] = [2 ** 52, 2 ** 52])),
    /embed_tokens.* of shape \[4503599627370496/,
  ],
  ["a negative shape", header((h) => void (h[embedding]!["shape"] = [-1, 16])), /embed_tokens.*malformed/],
  [
    "negative offsets",
    header((h) => void (h[embedding]!["data_offsets"] = [-4, 0])),
    /embed_tokens.*malformed/,
  ],
  [
    "tensors that overlap",
    header((h) => {
      const own = h["model.norm.weight"]!;
      const other = h["model.layers.0.input_layernorm.weight"]!;
      own["data_offsets"] = other["data_offsets"];
    }),
    /tensor model\.\S+ begins at byte \d+, but tensor model\.\S+ ends at \d+/,
  ],
  [
    "a tensor beyond the end",
    header((h) => void (h["x"] = { dtype: "F32", shape: [1], data_offsets: [1e9, 1e9 + 4] })),
    /truncated: tensor x ends/,
  ],
  [
    "bytes of no tensor",
    header((h) => void delete h["model.norm.weight"]),
    /begins at byte|tensors end at byte/,
  ],
  [
    "weights that are cut",
    async (directory) => truncate(join(directory, weightsFile), 20_000),
    /model\.safetensors is truncated/,
  ],
  ["NaN", number(NaN), /tensor model\.norm\.weight holds NaN at index 1/],
  ["an infinity", number(-Infinity), /tensor model\.norm\.weight holds -Infinity at index 1/],
  [
    "shards elsewhere",
    index({ [embedding]: "../plain/model.safetensors" }),
    /index\.json: model\.embed_tokens\.weight is in "\.\.\/plain/,
  ],
  ["shards at a path", index({ [embedding]: "/etc/passwd" }), /index\.json: .*"\/etc\/passwd"/],
  ["shards that are numbers", index({ [embedding]: 7 }), /index\.json: .* is in 7/],
  ["an index without shards", index(7), /index\.json has no weight_map/],
  ["an empty index", index({}), /tensor model\.embed_tokens\.weight .*is missing/],

  [
    "a token id of 2^31",
    tokenizer((json) => json.added_tokens.push({ id: 2 ** 31, content: "<x>" })),
    /tokenizer\.json: added_tokens\[\d+\]\.id is 2147483648/,
  ],
  [
    "a negative token id",
    tokenizer((json) => json.added_tokens.push({ id: -1, content: "<x>" })),
    /added_tokens\[\d+\]\.id is -1/,
  ],
  [
    "a token id in the vocabulary of 2^31",
    tokenizer((json) => Object.assign(json.model["vocab"] as Json, { x1: 2 ** 31 })),
    /model\.vocab\["x1"\] is 2147483648/,
  ],
  [
    "an id twice",
    tokenizer((json) => Object.assign(json.model["vocab"] as Json, { x1: 300 })),
    /model\.vocab gives the id 300 to/,
  ],
  [
    "an id with two texts",
    tokenizer((json) => json.added_tokens.push({ id: 300, content: "<x>" })),
    /added_tokens\[\d+\]\.id 300 is "<x>"/,
  ],
  [
    "an id beyond the embedding",
    tokenizer((json) => json.added_tokens.push({ id: 100_000, content: "<x>" })),
    /token ids up to 100000/,
  ],
  [
    "an empty token",
    tokenizer((json) => json.added_tokens.push({ id: 0, content: "" })),
    /added_tokens\[\d+\]\.content is not a text/,
  ],
  [
    "a million added tokens",
    tokenizer((json) => {
      json.added_tokens = Array.from({ length: 1e6 }, (_, id) => ({ id: 5000 + id, content: `<${id}>` }));
    }),
    /added_tokens has 1000000 tokens/,
  ],
  ["no vocabulary", tokenizer((json) => void (json.model = {})), /model\.vocab is missing/],
  [
    "merges that are none",
    tokenizer((json) => void (json.model["merges"] = "ab")),
    /model\.merges is not a list/,
  ],
  ["a pattern that explodes", split("(a+)+$"), /tokenizer\.json: its patterns .*explode/],
  ["another one", split("(\\s*\\S?\\s*)*\\u0001"), /tokenizer\.json: its patterns .*explode/],
  ["a pattern that is none", split("("), /tokenizer\.json is not a tokenizer/],
  [
    "a normalizer that explodes",
    tokenizer((json) => {
      json["normalizer"] = { type: "Replace", pattern: { Regex: "(a|a)*b$" }, content: "" };
    }),
    /tokenizer\.json: its patterns .*explode/,
  ],
  ["a deep tokenizer", write("tokenizer.json", deep), /tokenizer\.json is not valid JSON: it is nested/],
  ["a pipe as tokenizer", replaceBy(pipe, "tokenizer.json"), /tokenizer\.json is not a regular file/],
  [
    "a pipe as the tokenizer's configuration",
    replaceBy(pipe, "tokenizer_config.json"),
    /tokenizer_config\.json is not a regular file/,
  ],
];

describe("a model with", () => {
  it.each(cases)("%s is refused", { timeout: 30_000 }, async (_, change, message) => {
    const directory = await copy();
    await change(directory);
    const error: unknown = await describeModel(directory).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
    await rm(directory, { recursive: true });
  });

  it("nothing wrong is taken, also in the layout of the hub's cache", async () => {
    const { parameters } = await describeModel(plain);
    const snapshot = join(root, "hub", "snapshots", "1");
    await cp(plain, join(root, "hub", "blobs"), { recursive: true });
    await mkdir(snapshot, { recursive: true });
    for (const name of ["config.json", weightsFile, "tokenizer.json", "tokenizer_config.json"])
      await symlink(join("../../blobs", name), join(snapshot, name));
    expect((await describeModel(snapshot)).parameters).toBe(parameters);
  });

  it("a pattern that explodes only on some page is stopped there", async () => {
    const directory = await copy();
    await split("(?:x+)+y|[a-z]")(directory);
    const { tokenizer: loaded } = await readBaseModel(directory);
    expect(loaded.encode("hello").length).toBeGreaterThan(0);
    expect(() => loaded.encode("x".repeat(60))).toThrow(/explode on a text of 60 characters/);
    expect(() => loaded.encode("x".repeat(60))).toThrow(ConfigError);
  });
});

describe("an adapter with", () => {
  const module = "model.layers.0.self_attn.q_proj";
  const tensor = (shape: [number, number], fill = 0.5): TensorData => ({
    shape,
    data: new Float32Array(shape[0] * shape[1]).fill(fill),
  });
  const open = async (
    change: (directory: string) => unknown,
    modules?: [string, { a: TensorData; b: TensorData }][],
  ) => {
    const directory = join(root, String(counter++));
    await writeAdapter(directory, {
      rank: 2,
      alpha: 2,
      targetModules: ["q_proj"],
      layers: null,
      baseModel: plain,
      modules: new Map(modules ?? [[module, { a: tensor([2, 16]), b: tensor([16, 2]) }]]),
    });
    await change(directory);
    await using engine = new LocalEngine({ provider: "cpu", memoryBudgetBytes: 2 ** 30 });
    return (await engine.open({ path: directory })).lora;
  };

  it("nothing wrong is taken", async () => {
    expect(await open(() => undefined)).toMatchObject({ options: { rank: 2 } });
  });

  it.each<[string, (directory: string) => unknown, RegExp, [string, { a: TensorData; b: TensorData }][]?]>([
    [
      "a flipped bit",
      async (directory) => {
        const file = join(directory, "adapter_model.safetensors");
        const bytes = await readFile(file);
        bytes[bytes.length - 1]! ^= 1;
        await writeFile(file, bytes);
      },
      /adapter_model\.safetensors is damaged/,
    ],
    [
      "its weights cut",
      (directory) => truncate(join(directory, "adapter_model.safetensors"), 100),
      /adapter_model\.safetensors is truncated/,
    ],
    ["no manifest", (directory) => rm(join(directory, "manifest.json")), /has no manifest\.json/],
    [
      "NaN",
      () => undefined,
      /lora_A\.weight holds NaN/,
      [[module, { a: tensor([2, 16], NaN), b: tensor([16, 2]) }]],
    ],
    [
      "another width",
      () => undefined,
      /lora_A has shape \[2, 8\]/,
      [[module, { a: tensor([2, 8]), b: tensor([16, 2]) }]],
    ],
    [
      "a module that the base lacks",
      () => undefined,
      /lora_A .*is missing|does not belong/,
      [["model.layers.7.self_attn.q_proj", { a: tensor([2, 16]), b: tensor([16, 2]) }]],
    ],
  ])("%s is refused", async (_, change, message, modules) => {
    const error: unknown = await open(change, modules).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });
});

describe("a chat template", () => {
  const messages = [{ role: "user" as const, content: "Hello." }];
  it.each([
    ["that loops", "{% for i in range(100000) %}{% for j in range(100000) %}{{ j }}{% endfor %}{% endfor %}"],
    ["that allocates", "{% for i in range(1000000000) %}{% endfor %}"],
    [
      "that doubles a text",
      "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    ],
    ["that is nested too deep", `${"{% if true %}".repeat(20_000)}${"{% endif %}".repeat(20_000)}`],
  ])("%s ends", { timeout: 30_000 }, (_, template) => {
    expect(() =>
      createChatTemplate({ source: template, variables: {}, name: "it" }).render(messages),
    ).toThrow(ConfigError);
  });

  it("that is a pipe or a device is refused", async () => {
    for (const make of [pipe, link("/dev/zero")]) {
      const directory = await copy();
      await make(join(directory, "chat_template.jinja"));
      await expect(readChatTemplate(directory)).rejects.toThrow(/chat_template\.jinja is not a regular file/);
    }
  });
});

it("the command line says it with exit code 2", { timeout: 120_000 }, async () => {
  const directory = await copy();
  await config({ num_hidden_layers: 2_000_000 })(directory);
  for (const command of [
    ["model", "info", directory],
    ["eval", "--model", directory, "--tasks", "1"],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [...WEBRL, ...command], {
      encoding: "utf8",
    });
    expect([command[0], status]).toEqual([command[0], 2]);
    expect(stderr).toMatch(/config\.json is not a model configuration: .*num_hidden_layers/s);
    expect(stderr).not.toContain("    at ");
  }
});
