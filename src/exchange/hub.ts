/**
 * @file Downloads models from the Hugging Face hub, or from a mirror that `HF_ENDPOINT` names: only the files that make
 * up a model, into a folder where a second start can continue. Every file is checked against the hub's checksum.
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

/** `org/name[@revision]`, optionally with the prefix `hf:`; `null` if this is not a name on the hub. */
export function parseHubModel(source: string): HubModel | null {
  const match = /^(?:hf:)?([\w][\w.-]*\/[\w][\w.-]*)(?:@([\w][\w./-]*))?$/.exec(source);
  if (!match || source.includes("..")) return null;
  return { name: match[1]!, revision: match[2] ?? "main" };
}

export interface DownloadOptions {
  /** The folder of an earlier, unfinished start, or one that does not exist. */
  folder: string;
  /** Only configuration, tokenizer and chat template. */
  withoutWeights?: boolean;
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
  /** For tests; otherwise the defaults. */
  patience?: Partial<Patience>;
}

/** A file beside the others that says what they belong to. */
const sourceName = "source.json";
const mostFiles = 10_000;
const indexName = "model.safetensors.index.json";

/**
 * Downloads all files of `model` into `folder` and returns their commit. Throws a `ConfigError` if the hub refuses or
 * does not answer; what was downloaded stays for the next start.
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
        ? "has weights only as .bin files, which can run code"
        : "has no weights in safetensors files",
      "Import a model that has model.safetensors.",
    );
  }
  for (const needed of ["config.json", "tokenizer.json"])
    if (!files.has(needed))
      refuse(`has no ${needed}`, "Import a model that has one, or make it with transformers.");
}

/** The shards that the index names; all of them must exist. */
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

/** Continues in the folder of an earlier start for the same commit; empties any other folder. */
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
      `the weights have ${megabytes(bytes)} MB, but the disk of ${folder} has room for ${megabytes(bavail * bsize)}`,
      "Free some space on that disk, or name another --out.",
    );
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1e6).toLocaleString("en");
const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** A file gets its name once it is complete and checked; until then it ends in `.part`. */
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
      // Addresses of stored files expire, so get a new one each time.
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
    `${hub.url} sent a ${file.path} whose size or checksum differs from what it lists`,
    "Try again later, or use another mirror (HF_ENDPOINT).",
  );
}

/** Requests the missing rest of `part`. Ends early if the server does; then the caller tries again. */
async function appendRest(
  hub: HubClient,
  part: string,
  file: ListFileEntry,
  url: string,
  onBytes: (done: number) => void,
): Promise<void> {
  let done = await sizeOf(part);
  const { body, isRange } = await hub.get(url, done);
  // A server without support for ranges sends the whole file again.
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

/** The hub gives a SHA-256 for large files and git's SHA-1 for small ones. */
async function isWhole(path: string, { size, lfs, oid }: ListFileEntry): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  const hash: Hash = lfs ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  await using handle = await open(path, "r");
  for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
  return hash.digest("hex") === (lfs?.oid ?? oid);
}
