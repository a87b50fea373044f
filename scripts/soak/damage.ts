/**
 * @file Damages every file of a run's directory in every way, for a run that has ended and for one that was killed in
 * the middle of a phase. `webrl resume` must either finish the run as it would have been, or say in a sentence what is
 * damaged.
 */

import { execFile } from "node:child_process";
import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileError } from "../../src/cli/file-error.ts";
import { describeFileTrouble } from "../../src/cli/train-run.ts";
import { ConfigError } from "../../src/core/errors.ts";
import type { Rng } from "../../src/core/rng.ts";
import { openRun } from "../../src/run/run-directory.ts";
import { createContext } from "../../src/train/context.ts";
import { train } from "../../src/train/loop.ts";
import { fakeParts } from "../../src/train/testing/fake-run.ts";
import type { FakeRuns } from "./fake-run.ts";
import { filesOf, openFakeRuns } from "./fake-run.ts";
import type { Part } from "./part.ts";

type Damage = (file: string, rng: Rng) => Promise<unknown>;

const at = async (file: string, change: (bytes: Buffer) => Buffer) =>
  writeFile(file, change(await readFile(file)));
const put = (bytes: Buffer, index: number, insert: Buffer) =>
  Buffer.concat([bytes.subarray(0, index), insert, bytes.subarray(index)]);
/** After the line end that follows the middle. */
const middleLine = (bytes: Buffer) => bytes.indexOf("\n", bytes.length >> 1) + 1;

const DAMAGES: Record<string, Damage> = {
  removed: (file) => rm(file),
  emptied: (file) => truncate(file),
  halved: async (file) => truncate(file, (await readFile(file)).length >> 1),
  "without its last byte": async (file) => truncate(file, Math.max(0, (await readFile(file)).length - 1)),
  "a bit flipped": (file, rng) =>
    at(file, (bytes) => {
      if (bytes.length > 0) bytes[rng.int(bytes.length)]! ^= 1 << rng.int(8);
      return bytes;
    }),
  "zeros at its end": (file) =>
    at(file, (bytes) =>
      Buffer.concat([bytes.subarray(0, bytes.length >> 1), Buffer.alloc(bytes.length >> 1)]),
    ),
  "garbage behind": (file) => appendFile(file, "garbage\n{"),
  "a line of garbage": (file) =>
    at(file, (bytes) => put(bytes, middleLine(bytes), Buffer.from("gar\u0000bage\n"))),
  "a line that is no object": (file) =>
    at(file, (bytes) => put(bytes, middleLine(bytes), Buffer.from("null\n42\n"))),
  "a line twice": (file) => at(file, (bytes) => put(bytes, 0, bytes.subarray(0, bytes.indexOf("\n") + 1))),
  "an empty object": (file) => writeFile(file, "{}\n"),
  "no UTF-8": (file) => at(file, (bytes) => put(bytes, bytes.length >> 1, Buffer.from([0xff, 0xfe, 0xc0]))),
  "a directory": async (file) => {
    await rm(file);
    await mkdir(file);
  },
  "a pipe": async (file) => {
    await rm(file);
    await promisify(execFile)("mkfifo", [file]);
  },
  "a link to nothing": async (file) => {
    await rm(file);
    await symlink("/nowhere/at/all", file);
  },
};

let runs: FakeRuns | undefined;

export const damage: Part = {
  name: "damage",
  title: "every file of a run in every kind of damage",
  async round({ rng, directory, signal, count, find, say }) {
    runs ??= await openFakeRuns();
    const parent = join(directory, "half");
    await mkdir(parent);
    await runs.prepare(parent);
    // The middle of everything that a run writes, or near it.
    const half = join(parent, "run");
    for (let tries = 0; tries < 2; tries++) await runs.start(half, { write: `${60 + rng.int(60)}:0.5:kill` });
    for (const [state, source] of [
      ["ended", runs.whole],
      ["killed", half],
    ] as const)
      // Damaged checkpoints of the real engine are tested with the engine; those of the fakes have no checksums.
      for (const name of (await filesOf(source)).filter((one) => !one.startsWith("checkpoints"))) {
        say(`${name} of a run that was ${state}`);
        count("files");
        for (const [kind, apply] of Object.entries(DAMAGES)) {
          signal.throwIfAborted();
          const copy = join(directory, "copy");
          await cp(source, copy, { recursive: true });
          const number = (await readdir(copy)).find((one) => one.startsWith("lock-"));
          await apply(join(copy, name === "lock-N.json" ? number! : name), rng);
          const what = await resume(runs, copy, name);
          count(what.outcome);
          if (what.wrong) find(`${name} of a run that was ${state}, ${kind}: ${what.wrong}`);
          await rm(copy, { recursive: true });
        }
      }
  },
  async end() {
    await runs?.[Symbol.asyncDispose]();
    runs = undefined;
  },
};

async function resume(
  runs: FakeRuns,
  directory: string,
  damaged: string,
): Promise<{ outcome: string; wrong?: string | null }> {
  let warned = false;
  try {
    const observer = (event: { kind: string }) => void (warned ||= event.kind === "warning");
    await using run = await openRun(directory, observer, { version: "soak" });
    await train(createContext(run, fakeParts(runs.demonstrations)));
  } catch (error) {
    // The command explains these errors in a sentence and ends with exit code 2.
    const said = describeFileTrouble(error, directory) ?? fileError(error) ?? "";
    if (error instanceof ConfigError || said.includes(directory))
      return { outcome: "refused with a sentence" };
    return { outcome: "ended with a stack", wrong: (error as Error).stack };
  }
  const difference = await runs.differsFrom(directory);
  if (difference === null) return { outcome: warned ? "goes on, with a warning" : "goes on" };
  // It is only used for curves, and the warning says what they lack.
  if (damaged === "metrics.jsonl" && warned && difference.startsWith("metrics"))
    return { outcome: "goes on, with a warning" };
  return { outcome: "goes on as another run", wrong: difference };
}
