/**
 * @file Real runs: `webrl train` and `webrl resume` with the shipped model and a browser, in processes that are killed
 * at random moments and in the middle of writes, or asked to end. The result must equal the undisturbed run, and the
 * killed processes must leave nothing behind.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { WEBRL } from "../../src/cli/testing/command.ts";
import type { Rng } from "../../src/core/rng.ts";
import { isLocked } from "../../src/run/run-lock.ts";
import { runFacts } from "../../src/train/testing/run-facts.ts";
import type { RunFacts } from "../../src/train/testing/run-facts.ts";
import { differenceOf, filesOf } from "./fake-run.ts";
import type { Ended } from "./fake-run.ts";
import type { Part } from "./part.ts";
import { isBrowser, processesWith } from "./processes.ts";

/** Kills of one run; after that it is left in peace. */
const MOST_KILLS = 12;
/**
 * Few enough that most kills come before a process has ended: a run makes about a hundred writes, a checkpoint about
 * forty.
 */
const MOST_WRITES = 24;

const SETTINGS = [
  'suite.sites=["map"]',
  "models.judge=verifier",
  "phases=1",
  "tasks.initial=2",
  "tasks.perPhase=2",
  "evaluation.tasks=2",
  "rollout.parallel=2",
  "rollout.maxSteps=2",
  "rollout.maxNewTokens=16",
];

export const isStack = (text: string) => /^ {4}at /m.test(text);

/** `webrl train`, or `webrl resume` where the run has begun. */
export function startTraining(
  run: string,
  options: { signal: AbortSignal; env?: Record<string, string> },
): { kill: (signal: NodeJS.Signals) => void; ended: Promise<Ended> } {
  const args = existsSync(join(run, "config.json"))
    ? ["resume", run]
    : ["train", "--run", run, ...SETTINGS.flatMap((one) => ["--set", one])];
  const child = spawn(process.execPath, [...WEBRL, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const stop = () => child.kill("SIGTERM");
  options.signal.addEventListener("abort", stop, { once: true });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (code, signal) => {
      options.signal.removeEventListener("abort", stop);
      resolve({ code, signal, stderr });
    }),
  );
  return { kill: (signal) => child.kill(signal), ended };
}

interface Whole {
  home: string;
  facts: RunFacts;
  files: string[];
  ms: number;
  /** What is loaded before a process that is killed inside a write. */
  trouble: string;
}
let whole: Whole | undefined;

/** The same run, undisturbed. */
async function trainWhole(signal: AbortSignal): Promise<Whole> {
  const home = await mkdtemp(join(tmpdir(), "train-"));
  const run = join(home, "run");
  const started = performance.now();
  const { code, stderr } = await startTraining(run, { signal }).ended;
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${stderr}`);
  const ms = performance.now() - started;
  const trouble = join(home, "write-trouble.cjs");
  await build({
    entryPoints: [fileURLToPath(new URL("write-trouble.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    outfile: trouble,
  });
  return { home, facts: await runFacts(run), files: await filesOf(run), ms, trouble };
}

type Disturbance = "a random moment" | "a write" | "a checkpoint's write" | "asked to end";

/** What has more ways to go wrong comes more often. */
const DISTURBANCES: readonly Disturbance[] = [
  "a random moment",
  "a random moment",
  "a random moment",
  "a write",
  "a write",
  "a checkpoint's write",
  "a checkpoint's write",
  "asked to end",
];

/** Variables under which a process is killed inside a write of the run. */
function killInside(place: string, rng: Rng, { trouble }: Whole): Record<string, string> {
  return {
    NODE_OPTIONS: `--require ${trouble}`,
    SOAK_WRITE: `${1 + rng.int(MOST_WRITES)}:${rng.next()}:kill`,
    SOAK_WRITE_BELOW: place,
  };
}

export const training: Part = {
  name: "training",
  title: "webrl train, killed and asked to end at random moments, and resumed",
  async round({ rng, directory, signal, count, find, say }) {
    whole ??= await trainWhole(signal);
    const run = join(directory, "run");
    const token = `SOAK_TOKEN=${process.pid}-${rng.int(2 ** 31)}`;
    const temporary = await mkdtemp(join(tmpdir(), "t-"));
    const env = { SOAK_TOKEN: token.split("=")[1]!, TMPDIR: temporary };
    for (let killed = 0, done = false; !done;) {
      signal.throwIfAborted();
      const how = killed >= MOST_KILLS ? null : rng.pick(DISTURBANCES);
      const inside =
        how === "a write" ? run : how === "a checkpoint's write" ? join(run, "checkpoints") : null;
      const child = startTraining(run, {
        signal,
        env: { ...env, ...(inside !== null && killInside(inside, rng, whole)) },
      });
      const kind = how === "asked to end" ? rng.pick(["SIGTERM", "SIGINT"] as const) : "SIGKILL";
      const afterMs = 500 + rng.int(0.7 * whole.ms);
      const isTimed = how !== null && inside === null;
      const timer = isTimed ? setTimeout(() => child.kill(kind), afterMs) : undefined;
      const ended = await child.ended;
      clearTimeout(timer);
      signal.throwIfAborted();
      const when = isTimed ? `${kind} after ${afterMs} ms` : `a kill inside ${how}`;
      if (ended.code === 0) done = true;
      else if (ended.signal === "SIGKILL" || isTimed) {
        killed++;
        count(how === "asked to end" ? how : `kills at ${how}`);
        // Before the program listens, a signal ends it as it ends any other program.
        if (kind !== "SIGKILL" && ended.code !== 130 && ended.signal !== kind)
          find(`${when} ends with ${ended.code}: ${ended.stderr}`);
        if (isStack(ended.stderr)) find(`${when} ends with a stack: ${ended.stderr}`);
      } else {
        find(`the run cannot be resumed after ${killed} kills, exit code ${ended.code}: ${ended.stderr}`);
        break;
      }
      const left = await leftOf(token);
      if (left.length > 0) find(`after ${when}, processes are left: ${left.join("; ")}`);
    }
    count("runs");
    if (await isLocked(run)) find("the lock of a run that has ended is held");
    const difference = differenceOf(await runFacts(run), whole.facts);
    if (difference !== null) find(`the run is not the one that was never killed: ${difference}`);
    const files = await filesOf(run);
    const surplus = files.filter((name) => !whole!.files.includes(name));
    if (surplus.length > 0) find(`files are left over in the run: ${surplus.join(", ")}`);
    // What starts TypeScript keeps its translations here, and the directory of all profiles stays, though it is empty.
    const names = await readdir(temporary, { recursive: true });
    const leftovers = names.filter((name) => !/^tsx-|^webrl-[^/]*$/.test(name));
    if (leftovers.length > 0) find(`temporary files are left: ${leftovers.slice(0, 20).join(", ")}`);
    await rm(temporary, { recursive: true, force: true });
    say("a run was killed, resumed and compared");
  },
  async end() {
    if (whole) await rm(whole.home, { recursive: true, force: true });
    whole = undefined;
  },
};

/** Commands of processes of a killed run that are still there ten seconds later. */
async function leftOf(token: string): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const left = processesWith(token);
    if (left.length === 0 || tries === 20)
      return left.map((one) => (isBrowser(one) ? "browser" : one.command));
    await sleep(500);
  }
}
