/**
 * @file Batches under `kill -9`: the process that runs them is killed at random moments and started again, and the
 * site's data and log show what was lost and what was done twice.
 */

import { spawn } from "node:child_process";
import { createReadStream, existsSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { JOURNAL_FILE, readJournal } from "../../agent/journal.ts";
import { historiesIn } from "../../agent/batch/events.ts";
import { createRng } from "../../core/rng.ts";
import { invariant } from "../../core/errors.ts";
import { noteOf, priceOf } from "./jobs.ts";
import { serveAdmin } from "./site.ts";
import type { ServedAdmin } from "./site.ts";

export interface KillOptions {
  /** Of both batches together. */
  items: number;
  kills: number;
  seed: number;
  /** Longest time from when a process begins its batch to its kill. */
  maxSeconds: number;
  onProgress?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface KillResult {
  items: number;
  kills: number;
  /** Kills that fell between an intent and its result. */
  inTheMiddle: number;
  /** Items that are not as they should be in the site's data. */
  lost: number;
  /** Notes that are there more than once. */
  doubled: number;
  /** Prices that were sent more than once, which changes nothing. */
  sentAgain: number;
  /** Results of the batches that are not `done`. */
  notDone: number;
  seconds: number;
}

export async function measureKills(options: KillOptions): Promise<KillResult> {
  const { items, kills, seed, onProgress, signal, maxSeconds } = options;
  const directory = await mkdtemp(join(tmpdir(), "webrl-kill-"));
  const half = Math.ceil(items / 2);
  const started = performance.now();
  try {
    await using admin = await serveAdmin(half, directory);
    const products = admin.store.products.slice(0, half).map(({ id }) => id);
    const orders = admin.store.orders.slice(0, items - half).map(({ id }) => id);
    await writeFile(join(directory, "prices.csv"), csv("price", products, priceOf));
    await writeFile(join(directory, "notes.csv"), csv("note", orders, noteOf));
    const rng = createRng(seed).fork("kills");
    let killed = 0;
    let inTheMiddle = 0;
    for (;;) {
      signal?.throwIfAborted();
      const end = killed < kills ? rng.next() * maxSeconds * 1000 : null;
      const finished = await live(admin, directory, end, signal);
      if (finished) break;
      killed++;
      if (await isInTheMiddle(directory)) inTheMiddle++;
      onProgress?.(`killed ${killed} times, ${admin.writes.length} writes`);
    }
    return {
      items,
      kills: killed,
      inTheMiddle,
      ...judge(admin, products, orders),
      notDone: await countNotDone(directory, items),
      seconds: Math.round((performance.now() - started) / 1000),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const csv = (column: string, ids: readonly number[], value: (id: number) => string) =>
  `id,${column}\n${ids.map((id) => `${id},"${value(id)}"\n`).join("")}`;

/** Runs one process. `true`: it finished; `false`: it was killed `end` ms after it began a batch. */
async function live(
  admin: ServedAdmin,
  directory: string,
  end: number | null,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const own = import.meta.url.endsWith(".ts") ? ["--import", "tsx"] : [];
  const script = fileURLToPath(new URL(`child${import.meta.url.slice(-3)}`, import.meta.url));
  const child = spawn(process.execPath, [...own, script, admin.url, admin.storageState, directory], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const stop = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  let wasKilled = false;
  const before = sizesOf(directory);
  const kill = async () => {
    while (child.exitCode === null && !(await hasStarted(directory, before))) await sleep(20);
    await sleep(end!);
    wasKilled = child.kill("SIGKILL");
  };
  const killing = end === null ? undefined : kill();
  const code = await exited;
  await killing;
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
  if (wasKilled && code === null) return false;
  invariant(code === 0, `the batch ended with ${code}: ${said.slice(-2000)}`);
  return true;
}

const journalsIn = (directory: string): string[] =>
  ["prices", "notes"].map((name) => join(directory, name, JOURNAL_FILE));

const sizesOf = (directory: string): number[] =>
  journalsIn(directory).map((path) => (existsSync(path) ? statSync(path).size : 0));

/**
 * Whether a batch has begun since the journals had these sizes. Reads only what is new, because it is called all the
 * time.
 */
async function hasStarted(directory: string, before: readonly number[]): Promise<boolean> {
  const now = sizesOf(directory);
  for (const [i, path] of journalsIn(directory).entries()) {
    if (now[i]! <= before[i]!) continue;
    const added = createReadStream(path, { start: before[i]!, encoding: "utf8" });
    if ((await text(added)).includes('"batch/started"')) return true;
  }
  return false;
}

async function isInTheMiddle(directory: string): Promise<boolean> {
  for (const name of ["prices", "notes"]) {
    if (!existsSync(join(directory, name))) continue;
    const histories = historiesIn(await readJournal(join(directory, name)), "do");
    if ([...histories.values()].some(({ open }) => open !== null)) return true;
  }
  return false;
}

function judge({ store, writes }: ServedAdmin, products: readonly number[], orders: readonly number[]) {
  const price = (id: number) => (store.products.find((one) => one.id === id)!.price / 100).toFixed(2);
  const notes = (id: number) =>
    store.orders.find((one) => one.id === id)!.notes.filter(({ text }) => text === noteOf(id)).length;
  const countSent = (id: number) => writes.filter(({ path }) => path === `/products/${id}`).length;
  return {
    lost:
      products.filter((id) => price(id) !== priceOf(id)).length +
      orders.filter((id) => notes(id) === 0).length,
    doubled: orders.filter((id) => notes(id) > 1).length,
    sentAgain: products.filter((id) => countSent(id) > 1).length,
  };
}

async function countNotDone(directory: string, items: number): Promise<number> {
  let done = 0;
  for (const name of ["prices", "notes"]) {
    const histories = historiesIn(await readJournal(join(directory, name)), "do");
    for (const { result } of histories.values())
      if (result?.status === "done" || result?.status === "already") done++;
  }
  return items - done;
}
