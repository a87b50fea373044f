/**
 * @file A run directory that no training made, for tests of the dashboard: any size, with the shapes of a real one.
 * Seeded. The numbers in it mean nothing.
 */

import { appendFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { rateStandardError } from "../../algo/statistics.ts";
import type { Observation } from "../../core/observation.ts";
import { createRng } from "../../core/rng.ts";
import type { Rng } from "../../core/rng.ts";
import type { Category, Task } from "../../core/task.ts";
import type { Step } from "../../core/trajectory.ts";
import { trainConfigSchema } from "../../run/config.ts";
import type {
  AdvantageLine,
  CurriculumRecord,
  EpisodeRecord,
  SelectionLine,
  VerdictLine,
} from "../../run/records.ts";

export interface MadeRunOptions {
  phases?: number;
  /** Episodes of each phase's rollout. */
  episodes?: number;
  /** Tasks of each evaluation. */
  tasks?: number;
  steps?: number;
  seed?: number;
  /** Characters of each page, about. */
  pageChars?: number;
  screenshots?: boolean;
  /** Put into instructions, pages, responses, answers and messages. */
  hostile?: string;
  /** Stop in the middle of the last phase's rollout, as a killed run does. */
  unfinished?: boolean;
  method?: string;
  judge?: "orm" | "verifier";
  without?: string[];
}

const SITES: [site: string, category: Category, noun: string][] = [
  ["storefront", "shopping", "kettle"],
  ["store-admin", "shop operations", "order"],
  ["forum", "customer service", "thread"],
  ["map", "navigation", "museum"],
];

export async function makeRun(directory: string, options: MadeRunOptions = {}): Promise<string> {
  const { phases = 3, episodes = 24, tasks = 20, seed = 0, hostile = "" } = options;
  const rng = createRng(`made run ${seed}`);
  let time = Date.parse("2026-03-01T09:00:00Z");
  const stamp = (seconds: number) => new Date((time += 1000 * seconds)).toISOString();
  await mkdir(join(directory, "phases"), { recursive: true });
  const config = trainConfigSchema.parse({
    phases,
    seed,
    method: options.method ?? "webrl",
    models: { judge: options.judge ?? "orm" },
    without: options.without ?? [],
    tasks: { initial: episodes, perPhase: episodes },
    evaluation: { tasks },
  });
  const info = { version: "0.0.0", revision: "0".repeat(40), node: "v20", startedAt: stamp(0), config };
  await writeFile(join(directory, "config.json"), JSON.stringify(info, null, 2));
  const append = (file: string, ...values: unknown[]) =>
    appendFileSync(join(directory, file), values.map((value) => `${JSON.stringify(value)}\n`).join(""));
  const event = (seconds: number, value: object) =>
    append("events.jsonl", { time: stamp(seconds), ...value });
  const picture = options.screenshots ? pngOf(320, 180) : null;

  const makeTask = (id: string, index: number, split: "train" | "test", lineage?: Task["lineage"]): Task => {
    const [site, category, noun] = SITES[index % SITES.length]!;
    return {
      id,
      sites: [site],
      instruction: `Find ${noun} number ${index} and say what it costs${hostile}`,
      startUrl: `http://${site}.webrl.test/`,
      templateId: `${site}.${noun}`,
      params: { number: index },
      category,
      difficulty: 2 + (index % 6),
      split,
      ...(lineage && { lineage }),
    };
  };

  const start = (phase: number, stage: string, id: string, { id: taskId, instruction }: Task) =>
    event(0, { kind: "episode_started", phase, stage, id, taskId, instruction });

  const episode = async (
    phase: number,
    stage: "rollout" | "evaluate",
    index: number,
    task: Task,
    success: boolean,
  ): Promise<EpisodeRecord> => {
    const id = `${stage === "rollout" ? "phase" : "evaluation"}-${two(phase)}/${String(index).padStart(4, "0")}`;
    const count = options.steps ?? 2 + rng.int(6);
    start(phase, stage, id, task);
    const steps: Step[] = [];
    for (let i = 0; i < count; i++) {
      const step = makeStep(rng, task, i, i === count - 1, options);
      if (picture) {
        const path = `phases/${two(phase)}/screenshots/${id.replaceAll("/", "-")}/${i}.png`;
        await mkdir(join(directory, path, ".."), { recursive: true });
        await writeFile(join(directory, path), picture);
        step.screenshot = path;
      }
      steps.push(step);
    }
    const faulted = stage === "rollout" && index % 23 === 22;
    const ending: EpisodeRecord["trajectory"]["ending"] = faulted
      ? { kind: "faulted", code: "page_crashed", message: `the page crashed${hostile}` }
      : index % 7 === 6 && !success
        ? { kind: "truncated", reason: "max_steps" }
        : { kind: "terminated", reason: "exit", answer: success ? "$12" : `$13${hostile}` };
    const truth = faulted
      ? null
      : {
          by: "verifier",
          success,
          probability: success ? 1 : 0,
          reasons: success ? [] : [`expected "$12"${hostile}`],
        };
    const name = stage === "rollout" ? "rollout" : "evaluate";
    if (faulted)
      event(0, { kind: "fault", phase, stage: name, id, code: "page_crashed", message: "the page crashed" });
    event(0.7 * count, {
      kind: "episode",
      phase,
      stage: name,
      id,
      taskId: task.id,
      instruction: task.instruction,
      steps: count,
      ending: ending.kind === "truncated" ? ending.reason : ending.kind,
      success: truth?.success ?? null,
    });
    return {
      id,
      trajectory: {
        id,
        task,
        policy: `phase-${phase}`,
        seed: rng.int(1e9),
        steps,
        ending,
        finalObservation: faulted ? null : pageOf(rng, task, count, options),
        blockedHosts: index % 5 === 0 ? { "tracker.example": 3 } : {},
      },
      truth,
      faults: [],
      mistakes: [],
      wallMs: 700 * count,
    };
  };

  const stage = async (
    phase: number,
    name: string,
    seconds: number,
    metrics: Record<string, number>,
    body?: () => Promise<void>,
  ) => {
    event(0.1, { kind: "stage_started", phase, stage: name });
    await body?.();
    append("metrics.jsonl", { phase, stage: name, ...metrics, "time/stage_s": seconds });
    event(seconds, { kind: "stage_finished", phase, stage: name, seconds, metrics });
    await writeFile(
      join(directory, "phases", two(phase), `${name}.done.json`),
      JSON.stringify({ output: null, seconds, metricLines: 1 }),
    );
  };

  const testTasks = Array.from({ length: tasks }, (_, i) => makeTask(`test.task/${i}`, i, "test"));
  event(0, { kind: "run_started", method: config.method, phases });
  let failed: Task[] = [];
  let judged: VerdictLine[] = [];
  for (let phase = 0; phase <= phases; phase++) {
    const folder = join("phases", two(phase));
    await mkdir(join(directory, folder), { recursive: true });
    const skill = 0.25 + (0.5 * phase) / Math.max(1, phases);
    const score = () =>
      stage(phase, "evaluate", 30, {}, async () => {
        const records: EpisodeRecord[] = [];
        for (const [i, task] of testTasks.entries())
          records.push(await episode(phase, "evaluate", i, task, rng.next() < skill));
        append(join(folder, "evaluation.jsonl"), ...records);
        await writeFile(
          join(directory, folder, "evaluation.json"),
          JSON.stringify({ split: "test", ...scoreOf(records) }),
        );
      });
    if (phase === 0) await score();

    const roots = phase === 0 || failed.length === 0;
    const chosen: Task[] = [];
    await stage(phase, "curriculum", 4, {}, async () => {
      const lines: CurriculumRecord[] = [];
      for (let i = 0; chosen.length < episodes; i++) {
        if (roots) {
          chosen.push(makeTask(`train.task/${phase}-${i}`, i, "train"));
          continue;
        }
        const parent = failed[i % failed.length]!;
        const value = phase === 1 ? null : rng.next();
        const outcome =
          value === null ? "kept" : value < 0.05 ? "too_hard" : value > 0.75 ? "too_easy" : "kept";
        const lineage = { parentId: parent.id, phase, proposer: "evolve", value };
        const task = makeTask(`train.task/${phase}-${i}@${phase}`, rng.int(400), "train", lineage);
        lines.push({
          phase,
          task,
          parentId: parent.id,
          value,
          kept: outcome === "kept",
          outcome,
          reason: outcome === "kept" ? "new" : `V(s₀) = ${value!.toFixed(2)}`,
        });
        if (outcome === "kept") chosen.push(task);
      }
      append(join(folder, "tasks.jsonl"), ...chosen);
      if (lines.length > 0) append(join(folder, "curriculum.jsonl"), ...lines);
    });

    const records: EpisodeRecord[] = [];
    const stop = options.unfinished === true && phase === phases;
    if (stop) event(0.1, { kind: "stage_started", phase, stage: "rollout" });
    const roll = async () => {
      for (const [i, task] of chosen.entries()) {
        if (stop && i > chosen.length / 2) {
          start(phase, "rollout", `phase-${two(phase)}/${String(i).padStart(4, "0")}`, task);
          break;
        }
        const record = await episode(phase, "rollout", i, task, rng.next() < skill);
        records.push(record);
        append(join(folder, "trajectories.jsonl"), record);
      }
    };
    if (stop) {
      await roll();
      appendFileSync(join(directory, folder, "trajectories.jsonl"), '{"id":"phase-99/0001","trajec');
      return directory;
    }
    await stage(
      phase,
      "rollout",
      90,
      {
        "rollout/episodes": episodes,
        "rollout/success_rate": skill,
        "rollout/steps_mean": 5 - 0.3 * phase,
        "rollout/truncated_rate": 0.3 - 0.05 * phase,
        "rollout/mistake_rate": 0.12 - 0.02 * phase,
        "faults/attempts": 1,
        "faults/given_up": 1,
      },
      roll,
    );
    const usable = records.filter((record) => record.truth !== null);
    judged = usable.map((record) => {
      const probability = Math.min(
        0.99,
        Math.max(0.01, (record.truth!.success ? 0.8 : 0.2) + 0.25 * rng.normal()),
      );
      return {
        id: record.id,
        taskId: record.trajectory.task.id,
        success: probability >= 0.5,
        probability,
        by: "orm",
        reasons: [],
        truth: record.truth!.success,
      };
    });
    append(join(folder, "verdicts.jsonl"), ...judged);
    await stage(phase, "judge", 6, { "judge/accuracy": 0.85, "judge/precision": 0.8, "judge/recall": 0.9 });
    failed = usable.filter((_, i) => !judged[i]!.success).map((record) => record.trajectory.task);
    if (phase === 0) continue;

    const data = usable.flatMap((record) => record.trajectory.steps.map((step) => ({ id: record.id, step })));
    const selection = data.map(({ id, step }): SelectionLine => {
      const perplexity = 1 + 1.6 * rng.next() ** 2;
      const outcome = perplexity < 1.053 ? "too_familiar" : perplexity > 2 ? "too_hard" : "selected";
      return { trajectoryId: id.replace(/-\d+/, "-00"), index: step.index, perplexity, outcome };
    });
    append(join(folder, "selection.jsonl"), ...selection);
    await stage(phase, "select", 8, {
      "replay/size": 400 * phase,
      "replay/mean_perplexity": 1.6 - 0.1 * phase,
      "experience/new_steps": data.length,
      "experience/replayed_steps": data.length,
    });
    append(
      join(folder, "values.jsonl"),
      ...data.map(({ id, step }) => ({ trajectoryId: id, index: step.index, value: rng.next() })),
    );
    append(
      join(folder, "advantages.jsonl"),
      ...data.map(({ id, step }): AdvantageLine => ({
        trajectoryId: id,
        index: step.index,
        source: "new",
        value: 0.5,
        advantage: rng.next() - 0.5,
      })),
    );
    for (const name of ["critic", "actor"] as const) {
      const updates = Math.ceil((2 * data.length) / 32);
      await stage(
        phase,
        name,
        40,
        name === "actor"
          ? { "actor/kl": 0.02 * phase, "actor/mean_advantage": 0.1, "actor/positive_rate": 0.6 }
          : { "critic/mean_value": skill, "critic/explained_variance": 0.3 + 0.1 * phase, "critic/auc": 0.8 },
        async () => {
          for (let step = 1; step <= updates; step++)
            append("metrics.jsonl", {
              phase,
              stage: name,
              step,
              [`${name}/loss`]: 1 / (1 + step / 10) + 0.05 * rng.normal(),
              [`${name}/gradient_norm`]: 1 + 0.1 * rng.normal(),
              ...(name === "actor" && { "actor/log_ratio": 0.01 * rng.normal() }),
            });
          if (phase === 2 && name === "critic")
            event(0, { kind: "warning", phase, stage: name, message: `the critic has collapsed${hostile}` });
        },
      );
    }
    await score();
  }
  event(0, { kind: "run_finished" });
  return directory;
}

const two = (phase: number) => String(phase).padStart(2, "0");

function pageOf(rng: Rng, task: Task, index: number, options: MadeRunOptions): Observation {
  const site = task.sites[0]!;
  const rows = Math.max(4, Math.ceil((options.pageChars ?? 400) / 32));
  const names = Array.from({ length: rows }, (_, i) => `link Item ${i} ${rng.int(1000)}`);
  return {
    format: "compact",
    url: `http://${site}.webrl.test/page/${index}`,
    title: `Page ${index}${options.hostile ?? ""}`,
    tabs: [],
    scroll: { top: 0, viewport: 720, page: 1400 },
    focused: null,
    error:
      index === 2
        ? { code: "unknown_element", message: `no element "Nothing"${options.hostile ?? ""}` }
        : null,
    text: `${site}\n---\n${names.map((name) => `[${name}]`).join("\n")}${options.hostile ?? ""}`,
    elements: names.slice(0, 12).map((name, i) => ({
      name,
      role: "link",
      label: name.slice(5),
      box: [80 + 300 * (i % 4), 120 + 160 * Math.floor(i / 4), 220, 60],
    })),
  };
}

function makeStep(rng: Rng, task: Task, index: number, last: boolean, options: MadeRunOptions): Step {
  const observation = pageOf(rng, task, index, options);
  const element = rng.pick(observation.elements).name;
  const hostile = options.hostile ?? "";
  const response = last ? `exit(message="$12${hostile}")` : `do(action="Click", element="${element}")`;
  const responseTokens = Array.from({ length: 12 }, () => rng.int(4096));
  return {
    index,
    observation,
    response,
    action: last
      ? { ok: true, action: { kind: "exit", message: "$12" }, comments: [] }
      : { ok: true, action: { kind: "click", element }, comments: [] },
    promptTokens: Array.from({ length: Math.ceil((options.pageChars ?? 400) / 4) }, () => rng.int(4096)),
    responseTokens,
    logprobs: responseTokens.map(() => -2 * rng.next() ** 3),
    time: { sampleMs: 200 + rng.int(300), actMs: 60 + rng.int(100) },
  };
}

function scoreOf(records: readonly EpisodeRecord[]) {
  const score = (some: readonly EpisodeRecord[]) => {
    const successes = some.filter((record) => record.truth?.success).length;
    const success = successes / some.length;
    return {
      tasks: some.length,
      successes,
      success,
      standardError: rateStandardError(successes, some.length),
    };
  };
  const group = (key: (record: EpisodeRecord) => string) =>
    Object.fromEntries(
      [...new Set(records.map(key))].map((name) => [name, score(records.filter((r) => key(r) === name))]),
    );
  return {
    ...score(records),
    faults: 0,
    stepsMean: 4,
    bySite: group((record) => record.trajectory.task.sites[0]!),
    byCategory: group((record) => record.trajectory.task.category),
    byNovelty: {},
  };
}

/** A grey picture with a darker bar on top. */
function pngOf(width: number, height: number): Buffer {
  const rows = Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(1 + 3 * width, y < height / 10 ? 0x66 : 0xe4);
    row[0] = 0;
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a channel, RGB.
  header.set([8, 2], 8);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
