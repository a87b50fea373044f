/**
 * @file Runs the scripted solvers over the pages: `tsx scripts/miniwob/solve.ts HTML_DIRECTORY [--seeds 5] [--max-steps
 * 40] [--parallel 2] [--json FILE] [--trace] [--look] [NAME…]`. Reports, for each of the 125 tasks, on how many seeds
 * its solver succeeded and what ended the other attempts. With `--trace`, prints the pages and actions of attempts that
 * failed; with `--look`, only the first page of each problem.
 */

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Episode } from "../../src/core/episode.ts";
import { hash32 } from "../../src/core/rng.ts";
import { SOLVERS } from "../../src/tasks/miniwob/solvers/index.ts";
import { Stuck } from "../../src/tasks/miniwob/solvers/hands.ts";
import { loadMiniwobSuite } from "../../src/tasks/miniwob/suite.ts";
import { parseAction } from "../../src/text/action.ts";

const print = (text: string) => process.stdout.write(`${text}\n`);

interface Attempt {
  task: string;
  seed: number;
  solved: boolean;
  steps: number;
  /**
   * `solved`, `wrong` (the page's reward is not positive), `stuck` (what is needed is not in the text), `error`,
   * `fault`, `steps`.
   */
  outcome: string;
  detail: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "5" },
    "max-steps": { type: "string", default: "40" },
    parallel: { type: "string", default: "2" },
    json: { type: "string" },
    trace: { type: "boolean", default: false },
    look: { type: "boolean", default: false },
  },
});
const [directory, ...names] = positionals;
if (!directory) throw new Error("the directory of MiniWoB++'s pages is missing");
const maxSteps = Number(values["max-steps"]);

const suite = await loadMiniwobSuite(directory);
await using site = await suite.createSite();
const pages = [...new Set(suite.tasks().map(({ templateId }) => templateId!))];
const tasks = pages
  .map((id) => suite.task(id))
  .filter(({ id }) => names.length === 0 || names.includes(short(id)));
const queue = tasks.flatMap((task) =>
  Array.from({ length: Number(values.seeds) }, (_, seed) => ({ task, seed: seed + 1 })),
);
const attempts: Attempt[] = [];
const worker = async () => {
  for (let next = queue.shift(); next; next = queue.shift())
    attempts.push(await attempt(next.task.id, next.seed));
};
await Promise.all(Array.from({ length: Number(values.parallel) }, worker));
report();
if (values.json) await writeFile(values.json, JSON.stringify(attempts, null, 1));

function short(id: string): string {
  return id.slice("miniwob.".length);
}

async function attempt(id: string, seed: number): Promise<Attempt> {
  const result: Attempt = { task: short(id), seed, solved: false, steps: 0, outcome: "", detail: "" };
  const trace: string[] = [];
  const end = (outcome: string, detail = "") =>
    Object.assign(result, { outcome, detail, solved: outcome === "solved" });
  const solver = SOLVERS[result.task];
  if (!solver) return end("none", "no solver: what the task asks about is only in a picture");
  try {
    await using episode = await site.start(suite.task(id), { seed: hash32(`${id} ${seed}`) });
    trace.push(episode.task.instruction, episode.first.text);
    if (values.look) end("looked at");
    else await run(episode, solver(episode.task.instruction, episode.first), result, trace, end);
  } catch (error) {
    end("fault", String(error));
  }
  if ((values.trace || values.look) && !result.solved)
    print(`##### ${result.task} seed ${seed}: ${result.outcome} ${result.detail}\n${trace.join("\n")}\n`);
  return result;
}

async function run(
  episode: Episode,
  solver: Generator<string, void, Episode["first"]>,
  result: Attempt,
  trace: string[],
  end: (outcome: string, detail?: string) => void,
): Promise<void> {
  let error = "";
  try {
    for (let next = solver.next(); !next.done;) {
      if (result.steps++ >= maxSteps) return end("steps", `not done after ${maxSteps} steps`);
      trace.push(`>>> ${next.value}`);
      const time = await episode.step(parseAction(next.value));
      trace.push(time.observation?.text ?? "no observation");
      if (time.kind === "last") {
        if (time.ending.kind === "faulted")
          return end("fault", `${time.ending.code}: ${time.ending.message}`);
        const verdict = await episode.verify(null);
        return verdict?.success ? end("solved") : end("wrong", verdict?.reasons.join("; "));
      }
      error = time.observation.error?.message ?? "";
      next = solver.next(time.observation);
    }
    end("unfinished", error || "the page did not end");
  } catch (thrown) {
    if (!(thrown instanceof Stuck)) throw thrown;
    end("stuck", error ? `${thrown.message}; ${error}` : thrown.message);
  }
}

function report(): void {
  const rows = tasks.map(({ id }) => attempts.filter((one) => one.task === short(id)));
  for (const row of rows) {
    const solved = row.filter((one) => one.solved);
    const failed = row.find((one) => !one.solved);
    const steps = Math.max(...row.map((one) => one.steps));
    print(
      `${row[0]!.task.padEnd(30)} ${solved.length}/${row.length} ${String(steps).padStart(3)} steps${failed ? `  ${failed.outcome}: ${failed.detail.slice(0, 150)}` : ""}`,
    );
  }
  const always = rows.filter((row) => row.every((one) => one.solved));
  const short_ = always.filter((row) => row.every((one) => one.steps <= 10));
  const never = rows.filter((row) => row.every((one) => !one.solved));
  const tried = rows.filter((row) => row[0]!.outcome !== "none");
  print(
    `${rows.length} tasks, ${tried.length} with a solver: ${always.length} solved on every seed (${short_.length} within 10 steps), ` +
      `${rows.length - always.length - never.length} on some, ${never.length} on none`,
  );
  const kinds = new Map<string, number>();
  for (const one of attempts) kinds.set(one.outcome, (kinds.get(one.outcome) ?? 0) + 1);
  print([...kinds].map(([kind, count]) => `${kind} ${count}`).join(", "));
}
