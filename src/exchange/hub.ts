/**
 * @file Models on the Hugging Face hub, or on a mirror that `HF_ENDPOINT` names: only the files that a model is read from, into a folder where a
 * second start goes on. Every file is compared with the checksum that the hub gives of it.
 */

import { createHash, type Hash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, statfs, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileDownloadInfo, listFiles, modelInfo } from "@huggingface/hub";
import type { ListFileEntry } from "@huggingface/hub";
import { ConfigError } from "../core/errors.ts";
import { isModelFile } from "../engine/onnx/checkpoint/manifest.ts";
import { readJsonObject } from "../engine/onnx/checkpoint/read-file.ts";
import { createHubClient, type HubClient, type HubModel, type Patience } from "./hub-client.ts";

/** `org/name[@revision]`, also with `hf:` before it; `null` for what is no name of the hub's. */
export function parseHubModel(source: string): HubModel | null {
  const match = /^(?:hf:)?([\w][\w.-]*\/[\w][\w.-]*)(?:@([\w][\w./-]*))?$/.exec(source);
  if (!match || source.includes("..")) return null;
  return { name: match[1]!, revision: match[2] ?? "main" };
}

export interface DownloadOptions {
  /** Of an earlier, unfinished start, or not there. */
  folder: string;
  /** Only what says how the model is and how it reads. */
  withoutWeights?: boolean;
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
  /** Other than the defaults in tests. */
  patience?: Partial<Patience>;
}

/** Beside the files: what they belong to. */
const sourceName = "source.json";
const mostFiles = 10_000;
const indexName = "model.safetensors.index.json";

/**
 * Brings all files of `model` into `folder` and returns the commit that they are of. Throws a `ConfigError` where the hub refuses or is
 * not there; what was brought stays for the next start.
 */
export async function downloadModel(model: HubModel, options: DownloadOptions): Promise<string> {
  const hub = createHubClient(model, options);
  options.onProgress?.(`asking ${hub.url}`);
  const repo = { type: "model", name: model.name } as const;
  const shared = { ...hub.credentials, hubUrl: hub.url, fetch: hub.fetch };
  const commit = await hub.ask(async () => {
    const info = await modelInfo({
      ...shared,
      name: model.name,
      revision: model.revision,
      additionalFields: ["sha"],
    });
    if (!/^[0-9a-f]{40}$/.test(String(info.sha))) throw hub.nonsense("names no commit");
    return info.sha;
  });
  const files = await hub.ask(async () => {
    const found = new Map<string, ListFileEntry>();
    for await (const file of listFiles({ ...shared, repo, revision: commit })) {
      if (found.size >= mostFiles) throw hub.nonsense(`lists more than ${mostFiles} files`);
      if (file.type === "file" && isModelFile(file.path)) found.set(file.path, file);
      else if (file.type === "file" && /\.(gguf|bin)$/.test(file.path)) found.set(file.path, file);
    }
    return found;
  });
  checkFiles(model, files, { url: hub.url, withoutWeights: options.withoutWeights ?? false });
  await openFolder(options.folder, { name: model.name, commit });
  const bring = async (names: readonly string[]) => {
    for (const name of names)
      await bringFile(hub, files.get(name)!, options, async () => {
        const info = await fileDownloadInfo({ ...shared, repo, path: name, revision: commit });
        if (!info) throw hub.nonsense(`lists ${name} and does not have it`);
        return info.url;
      });
  };
  const small = [...files.keys()].filter((name) => isModelFile(name) && !name.endsWith(".safetensors"));
  await bring(small);
  if (options.withoutWeights) return commit;
  const weights = files.has(indexName)
    ? await shardsOf(join(options.folder, indexName), files)
    : ["model.safetensors"];
  await checkSpace(
    options.folder,
    weights.reduce((sum, name) => sum + files.get(name)!.size, 0),
  );
  await bring(weights);
  return commit;
}

function checkFiles(
  { name }: HubModel,
  files: ReadonlyMap<string, ListFileEntry>,
  { url, withoutWeights }: { url: string; withoutWeights: boolean },
): void {
  const refuse = (what: string, hint: string) => {
    throw new ConfigError(`${name} on ${url} ${what}`, hint);
  };
  const has = (ending: string) => [...files.keys()].filter((path) => path.endsWith(ending));
  if (!withoutWeights && !files.has("model.safetensors") && !files.has(indexName)) {
    const [gguf] = has(".gguf");
    if (gguf !== undefined)
      refuse(
        "has GGUF files only",
        `Download one, such as ${url}/${name}/resolve/main/${gguf}, and import the file.`,
      );
    if (files.has("adapter_config.json"))
      refuse("is an adapter, not a model", "Import the base that its adapter_config.json names.");
    refuse(
      has(".bin").length > 0
        ? "has weights as .bin only, which are programs"
        : "has no weights as safetensors",
      "Import a model that has model.safetensors.",
    );
  }
  for (const needed of ["config.json", "tokenizer.json"])
    if (!files.has(needed))
      refuse(`has no ${needed}`, "Import a model that has one, or make it with transformers.");
}

/** The shards that the index names, all of which must be there. */
async function shardsOf(index: string, files: ReadonlyMap<string, ListFileEntry>): Promise<string[]> {
  const { weight_map: map } = await readJsonObject(index);
  const shards = [...new Set(Object.values((map ?? {}) as Record<string, unknown>))];
  return shards.map((shard) => {
    if (typeof shard === "string" && files.has(shard) && shard.endsWith(".safetensors")) return shard;
    throw new ConfigError(
      `${index} names ${JSON.stringify(shard)}, which the model does not have`,
      "Import another revision of the model.",
    );
  });
}

/** Goes on in the folder of an earlier start for the same commit; any other is emptied. */
async function openFolder(folder: string, source: { name: string; commit: string }): Promise<void> {
  const file = join(folder, sourceName);
  const text = JSON.stringify(source);
  const found = await readFile(file, "utf8").catch(() => null);
  if (found === text) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeFile(file, text);
}

async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes > bavail * bsize)
    throw new ConfigError(
      `the weights have ${megabytes(bytes)} MB, and the disk of ${folder} has room for ${megabytes(bavail * bsize)}`,
      "Free some space on that disk, or name another --out.",
    );
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1e6).toLocaleString("en");
const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** A file has its own name once it is complete and compared; until then `.part` behind it. */
async function bringFile(
  hub: HubClient,
  file: ListFileEntry,
  { folder, onProgress }: DownloadOptions,
  findUrl: () => Promise<string>,
): Promise<void> {
  const target = join(folder, file.path);
  if ((await sizeOf(target)) === file.size && (await isWhole(target, file))) return;
  const part = `${target}.part`;
  for (let attempt = 0; attempt < 2; attempt++) {
    if ((await sizeOf(part)) > file.size) await truncate(part, 0);
    await hub.ask(async (getSomewhere) => {
      if ((await sizeOf(part)) === file.size) return;
      // Addresses of stored files expire: each time a new one.
      const url = await hub.ask(findUrl);
      await appendRest(hub, part, file, url, (bytes) => {
        getSomewhere();
        onProgress?.(`${file.path}: ${megabytes(bytes)} of ${megabytes(file.size)} MB`);
      });
    });
    if (await isWhole(part, file)) return rename(part, target);
    await rm(part, { force: true });
  }
  throw new ConfigError(
    `${hub.url} sends another ${file.path} than the one it lists: size or checksum differ`,
    "Try again later, or use another mirror (HF_ENDPOINT).",
  );
}

/** Asks for what is missing of `part`. Ends early where the server does: the caller asks again. */
async function appendRest(
  hub: HubClient,
  part: string,
  file: ListFileEntry,
  url: string,
  onBytes: (done: number) => void,
): Promise<void> {
  let done = await sizeOf(part);
  const { body, isRange } = await hub.get(url, done);
  // A server that knows no ranges sends all of it again.
  if (!isRange && done > 0) await truncate(part, (done = 0));
  await using handle = await open(part, "a");
  for await (const chunk of body) {
    if (done + chunk.length > file.size)
      throw hub.nonsense(`sends more of ${file.path} than its ${file.size} bytes`);
    await handle.write(chunk);
    done += chunk.length;
    onBytes(done);
  }
  if (done < file.size) throw new Error(`the connection ended after ${done} of ${file.size} bytes`);
}

/** Large files have a SHA-256; of small ones the hub knows git's SHA-1. */
async function isWhole(path: string, { size, lfs, oid }: ListFileEntry): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  const hash: Hash = lfs ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  await using handle = await open(path, "r");
  for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
  return hash.digest("hex") === (lfs?.oid ?? oid);
}
