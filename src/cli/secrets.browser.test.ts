import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WEBRL } from "./testing/command.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { openRunList } from "../dashboard/run-list.ts";
import { createDashboard } from "../dashboard/server.ts";
import { readJsonLines } from "../run/json-lines.ts";
import type { EventLine } from "../run/records.ts";
import { leaksIn, PASSWORD, VARIABLE } from "./testing/leaky/spellings.ts";

const site = fileURLToPath(new URL("testing/leaky/site.ts", import.meta.url));
const MARK = "[redacted: secret]";

let world: string;
beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-leaky-"));
});
afterAll(() => rm(world, { recursive: true, force: true }));

function webrl(
  how: string,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...WEBRL, ...args], {
      env: { ...process.env, [VARIABLE]: PASSWORD, LEAKY: how },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** What leaks, with where it does. */
const leaks = (texts: Record<string, string>) =>
  Object.entries(texts).flatMap(([name, text]) => leaksIn(text).map((leak) => `${name}: ${leak}`));

async function filesOf(directory: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    texts[`name of ${path}`] = path.slice(directory.length);
    if (entry.isFile() && !/\.(safetensors|jpg|png)$/.test(path)) texts[path] = await readFile(path, "utf8");
  }
  return texts;
}

describe("the password of a site that gives it away in every spelling", () => {
  it("is found by the test's own search", () => {
    expect(leaksIn(`x ${PASSWORD} y`)).not.toEqual([]);
    expect(leaksIn(JSON.stringify(Array.from(PASSWORD).join("\n")))).not.toEqual([]);
  });

  it("is in no file of a run, nor on the terminal, in the report or an answer of the dashboard", async () => {
    const run = join(world, "runs", "leaky");
    const settings = {
      "suite.name": "own",
      "suite.file": site,
      phases: 1,
      "models.judge": "verifier",
      "models.demonstrations": "null",
      "tasks.initial": 4,
      "tasks.perPhase": 3,
      "evaluation.tasks": 6,
      "rollout.parallel": 1,
      "rollout.maxSteps": 2,
      "rollout.maxNewTokens": 24,
      "rollout.screenshots": "all",
      "rollout.faultRateLimit": 1,
      "rollout.faultRetries": 1,
    };
    const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    const trained = await webrl("", "train", "--run", run, ...set);
    expect([trained.code, trained.stderr]).toEqual([0, expect.anything()]);
    const reported = await webrl("", "report", run);
    expect(reported.code).toBe(0);

    const files = await filesOf(run);
    const answers = await askDashboard(join(world, "runs"), run);
    const printed = Object.values({ ...trained, ...reported }).join("\n") + trained.stdout + trained.stderr;
    expect(leaks({ ...files, ...answers, printed })).toEqual([]);

    // All of it was there to be found.
    const records = await readJsonLines<EpisodeRecord>(join(run, "phases", "00", "evaluation.jsonl"));
    const pages = records.flatMap(({ trajectory }) => trajectory.steps.map(({ observation }) => observation));
    expect(pages.some(({ title }) => title === `You are ${MARK}`)).toBe(true);
    expect(pages.some(({ url }) => url.includes(`/arrived/${MARK}`))).toBe(true);
    expect(pages.some(({ text }) => text.split(MARK).length > 15)).toBe(true);
    expect(records.some(({ truth }) => truth?.reasons.includes(MARK))).toBe(true);
    const events = await readJsonLines<EventLine>(join(run, "events.jsonl"));
    const faults = events.flatMap((event) => (event.kind === "fault" ? [event.message] : []));
    expect(faults.join("\n")).toMatch(/a redirect to \/login\?why=\[redacted/);
    expect(faults.join("\n")).toMatch(/broken\/\[redacted: secret\].* answered 503/);
    expect(files[join(run, "report.html")]).toContain("<html");
  }, 400_000);

  it.each([
    ["its server's last words", "crash", 2, /ended before .* answered/],
    ["what a check throws, with its cause", "throw", 2, /check 1 of leaky\.\w+ threw/],
    ["what the definition prints and warns of", "print", 1, /Warning: \[redacted: secret\] is old/],
    ["an error that nobody handles", "unhandled", 1, /Error: \[redacted: secret\]/],
    ["why a verdict failed, blocked hosts, downloads and dialogs", "", 1, /\[redacted: secret\]/],
  ])("is not in %s", async (_, how, code, said) => {
    const got = await webrl(
      how,
      "suite",
      "check",
      "--suite",
      "own",
      "--file",
      site,
      "--instances",
      "2",
      "--json",
    );
    expect(leaks({ stdout: got.stdout, stderr: got.stderr })).toEqual([]);
    expect(`${got.stderr}${got.stdout}`).toMatch(said);
    expect(got.code).toBe(code);
  });
});

/** Every answer about the run, by its path. */
async function askDashboard(runs: string, run: string): Promise<Record<string, string>> {
  const app = createDashboard({ runs: openRunList([runs]), script: async () => "", style: "" });
  const answers: Record<string, string> = {};
  const ask = async (path: string) => {
    const response = await app.request(`http://127.0.0.1${path}`);
    expect([path, response.status]).toEqual([path, 200]);
    return (answers[path] = await response.text());
  };
  const { runs: listed } = JSON.parse(await ask("/api/runs")) as { runs: { key: string }[] };
  const at = `/api/runs/${encodeURIComponent(listed[0]!.key)}`;
  for (const path of ["", "/curriculum", "/episodes", "/replay"]) await ask(`${at}${path}`);
  for (const [phase, kind, file] of [
    [0, "evaluation", "phases/00/evaluation.jsonl"],
    [1, "rollout", "phases/01/trajectories.jsonl"],
  ] as const)
    for (const { id } of await readJsonLines<EpisodeRecord>(join(run, file)))
      await ask(`${at}/episode?phase=${phase}&kind=${kind}&id=${encodeURIComponent(id)}`);
  return answers;
}
