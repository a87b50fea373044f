/**
 * @file What the server keeps on disk, so that a process that is killed loses nothing that it accepted:
 *
 * sessions/ID.json                 a session
 * models/ID/model.json             how a model was made
 * models/ID/state-N/               its weights and optimiser after request N, manifest last
 * models/ID/N.request, N.result    what was asked since, and what came of it
 * samplers/ID.json, samplers/ID/   a sampling session, and weights that only it has
 * checkpoints/ID/{weights,sampler_weights}/NAME/   what clients saved
 *
 * Every file appears whole, by a rename.
 */

import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../../../core/make-directory.ts";
import { parseJson } from "../../../core/json.ts";
import type { Outcome, ResultForm } from "./results.ts";

/** Ids have colons, which not every system allows in file names. Neither ids nor names may have dots. */
export const fileName = (id: string) => id.replaceAll(":", ".");

/** How a session's id looks; the ids of its models and samplers continue it with `:train:N` and `:sample:N`. */
export const ID = /^[a-z0-9]+(?::(?:train|sample):\d{1,9})?$/;

async function writeWhole(path: string, parts: readonly (string | Uint8Array)[]): Promise<void> {
  const part = `${path}.part`;
  try {
    await using file = await open(part, "w");
    for (const each of parts) await file.writeFile(each);
    await file.sync();
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await rename(part, path);
}

export const writeRecord = (path: string, record: object) =>
  writeWhole(path, [`${JSON.stringify(record, null, 1)}\n`]);

/** All JSON records of a directory; a directory that is not there has none. */
export async function readRecords<T>(directory: string): Promise<T[]> {
  const names = await list(directory);
  return Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map(async (name) => parseJson(await readFile(join(directory, name), "utf8")) as T),
  );
}

export async function list(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

/** A line of JSON, then bytes. */
async function writeFramed(path: string, head: object, body: Uint8Array): Promise<void> {
  await writeWhole(path, [`${JSON.stringify(head)}\n`, body]);
}

async function readFramed<T>(path: string): Promise<{ head: T; body: Uint8Array }> {
  const bytes = await readFile(path);
  const end = bytes.indexOf(0x0a);
  return { head: parseJson(bytes.subarray(0, end).toString("utf8")) as T, body: bytes.subarray(end + 1) };
}

export type TrainingVerb =
  | "forward"
  | "forward_backward"
  | "optim_step"
  | "save_weights"
  | "save_weights_for_sampler"
  | "load_weights";

/** A request as it came. */
export interface Journaled {
  verb: TrainingVerb;
  isProtobuf: boolean;
  digest: string;
  body: Uint8Array;
}

type ResultHead = { digest: string; verb: TrainingVerb } & (
  | { ok: true; form: ResultForm }
  | { ok: false; error: string; category: "user" | "server" }
);

/** The requests of one model, by number. */
export class Journal {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async create(): Promise<void> {
    await makeDirectory(this.directory);
  }

  writeRequest(seq: number, { body, ...head }: Journaled): Promise<void> {
    return writeFramed(this.#path(seq, "request"), head, body);
  }

  async readRequest(seq: number): Promise<Journaled> {
    const { head, body } = await readFramed<Omit<Journaled, "body">>(this.#path(seq, "request"));
    return { ...head, body };
  }

  writeResult(seq: number, about: { digest: string; verb: TrainingVerb }, outcome: Outcome): Promise<void> {
    const { body, ...head } = outcome.ok ? outcome : { ...outcome, body: new Uint8Array() };
    return writeFramed(this.#path(seq, "result"), { ...about, ...head }, body);
  }

  async readResult(seq: number): Promise<{ digest: string; verb: TrainingVerb; outcome: Outcome }> {
    const { head, body } = await readFramed<ResultHead>(this.#path(seq, "result"));
    const outcome: Outcome = head.ok
      ? { ok: true, form: head.form, body }
      : { ok: false, error: head.error, category: head.category };
    return { digest: head.digest, verb: head.verb, outcome };
  }

  /** Numbers that there are requests and results of, ascending. */
  async numbers(): Promise<{ requests: number[]; results: number[]; states: number[] }> {
    const names = await list(this.directory);
    const of = (pattern: RegExp) =>
      names
        .flatMap((name) => pattern.exec(name)?.[1] ?? [])
        .map(Number)
        .toSorted((a, b) => a - b);
    return {
      requests: of(/^(\d+)\.request$/),
      results: of(/^(\d+)\.result$/),
      states: of(/^state-(\d+)$/),
    };
  }

  statePath(seq: number): string {
    return join(this.directory, `state-${seq}`);
  }

  /** Call it when the state of request `seq` is on disk: what led to it is no longer needed. */
  async dropBefore(seq: number): Promise<void> {
    const { requests, states } = await this.numbers();
    for (const each of requests) if (each <= seq) await rm(this.#path(each, "request"), { force: true });
    for (const each of states)
      if (each < seq) await rm(this.statePath(each), { recursive: true, force: true });
  }

  async dropResult(seq: number): Promise<void> {
    await rm(this.#path(seq, "result"), { force: true });
  }

  #path(seq: number, kind: "request" | "result"): string {
    return join(this.directory, `${seq}.${kind}`);
  }
}
