import { execFile } from "node:child_process";
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { isLoopback } from "../http/guard.ts";
import type { Comparison } from "./compare.ts";
import type { Curriculum } from "./curriculum.ts";
import type { EpisodeDetail, EpisodeSummary } from "./episodes.ts";
import type { Overview } from "./overview.ts";
import type { ReplayPhase } from "./replay.ts";
import { openRunList } from "./run-list.ts";
import { createDashboard } from "./server.ts";
import { makeRun } from "./testing/made-run.ts";

let world: string;
let app: Hono;

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-dashboard-"));
  await makeRun(join(world, "runs", "one"), { screenshots: true, seed: 1 });
  await makeRun(join(world, "runs", "two"), { seed: 2, method: "awr" });
  await makeRun(join(world, "runs", "half"), { seed: 3, unfinished: true });
  app = dashboard(join(world, "runs"));
}, 120_000);
afterAll(() => rm(world, { recursive: true, force: true }));

function dashboard(...paths: string[]): Hono {
  return createDashboard({
    runs: openRunList(paths),
    script: async () => "/* script */",
    style: "",
    tokenizer: async () => ({ decode: (tokens) => tokens.map((token) => `<${token}>`).join("") }),
  });
}

const base = "http://127.0.0.1";
async function get<T>(path: string, on: Hono = app): Promise<T> {
  const response = await on.request(base + path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

interface EpisodeList {
  total: number;
  all: number;
  items: EpisodeSummary[];
  facets: { site: string[]; template: string[]; phase: number[] };
}

describe("the dashboard's routes", () => {
  it("list runs inside a directory, with state and scores", async () => {
    const { runs } = await get<{
      runs: { key: string; progress: { state: string }; evaluations: unknown[] }[];
    }>("/api/runs");
    expect(runs.map(({ key, progress, evaluations }) => [key, progress.state, evaluations.length])).toEqual([
      ["half", "interrupted", 3],
      ["one", "finished", 4],
      ["two", "finished", 4],
    ]);
  });

  it("sum up what a chat model's server took, where one was asked", async () => {
    expect((await get<Overview>("/api/runs/one")).usage).toBeNull();
    const directory = join(await mkdtemp(join(world, "asked-")), "three");
    await makeRun(directory, { seed: 4 });
    const line = { phase: 1, stage: "judge", time: new Date(0).toISOString() };
    const asked = { "chat/requests": 3, "chat/prompt_tokens": 900, "chat/completion_tokens": 30 };
    await appendFile(
      join(directory, "metrics.jsonl"),
      [
        { ...line, ...asked, "chat/cost": 0.5 },
        { ...line, ...asked },
      ]
        .map((each) => `${JSON.stringify(each)}\n`)
        .join(""),
    );
    const { usage } = await get<Overview>("/api/runs/three", dashboard(dirname(directory)));
    expect(usage).toEqual({
      requests: 6,
      promptTokens: 1800,
      cachedTokens: 0,
      completionTokens: 60,
      cost: 0.5,
    });
  });

  it("sum a run up", async () => {
    const one = await get<Overview>("/api/runs/one");
    expect(one.evaluations.map(({ phase }) => phase)).toEqual([0, 1, 2, 3]);
    expect(one.byPhase["actor/kl"]?.points).toEqual([1, 2, 3].map((x) => ({ x, y: 0.02 * x })));
    expect(one.byStep["actor/loss"]!.points.length).toBeGreaterThan(5);
    expect(one.faults.byCode).toEqual({ page_crashed: 4 });
    const all = one.judge.find((row) => row.group === "all")!;
    const { truePositives, falsePositives, trueNegatives, falseNegatives } = all.confusion;
    expect(truePositives + falsePositives + trueNegatives + falseNegatives).toBe(4 * 23);
    expect(one.warnings.map(({ message }) => message)).toEqual(["the critic has collapsed"]);
    expect(one.problems).toEqual([]);
  });

  it("say where an interrupted run stood and what is missing of it", async () => {
    const half = await get<Overview>("/api/runs/half");
    expect(half.progress).toMatchObject({
      state: "interrupted",
      phase: 3,
      stage: "rollout",
      done: 13,
      total: 24,
    });
    expect(half.problems).toEqual(["phases/03/trajectories.jsonl ends in the middle of a line"]);
    expect((await get<EpisodeList>("/api/runs/half/episodes?phase=3&kind=rollout")).total).toBe(13);
  });

  it("open a run of which nearly everything is missing or damaged", async () => {
    const empty = join(world, "empty");
    await mkdir(join(empty, "phases", "00"), { recursive: true });
    const broken = join(world, "broken");
    await cp(join(world, "runs", "one"), broken, { recursive: true });
    await writeFile(join(broken, "config.json"), "{");
    await truncate(join(broken, "phases/02/evaluation.json"), 5);
    await rm(join(broken, "phases/01/verdicts.jsonl"));
    await rm(join(broken, "phases/01/screenshots"), { recursive: true });
    await appendFile(join(broken, "phases/01/trajectories.jsonl"), '{"id":7}\nnonsense\n');
    await appendFile(join(broken, "metrics.jsonl"), "\u0000\u0000\n");
    const on = dashboard(empty, broken);
    expect((await get<Overview>("/api/runs/empty", on)).problems).toEqual([
      "config.json is missing",
      "events.jsonl is missing or empty: nothing has happened yet",
    ]);
    expect((await get<EpisodeList>("/api/runs/broken/episodes?limit=500", on)).all).toBe(4 * 24 + 4 * 20);
    await get<Curriculum>("/api/runs/broken/curriculum", on);
    await get<ReplayPhase[]>("/api/runs/broken/replay", on);
    const detail = await get<EpisodeDetail>(
      "/api/runs/broken/episode?kind=rollout&phase=1&id=phase-01/0001",
      on,
    );
    expect(detail.steps.every((step) => step.screenshot === null)).toBe(true);
    const { problems } = await get<Overview>("/api/runs/broken", on);
    expect(problems).toEqual(
      expect.arrayContaining([
        "config.json is not complete JSON",
        "phases/02/evaluation.json is not complete JSON",
        "phases/01/trajectories.jsonl:25 cannot be read",
        "phases/01/trajectories.jsonl:26 cannot be read",
        "phases/01/verdicts.jsonl is missing, although judge is done",
      ]),
    );
    expect(problems.some((problem) => /^metrics\.jsonl:\d+ cannot be read$/.test(problem))).toBe(true);
  });

  it("serve and list nothing that lies behind a link, and wait for no pipe", async () => {
    const hostile = join(world, "hostile");
    const make = async (name: string, change: (run: string) => Promise<unknown>) => {
      await makeRun(join(hostile, name), { screenshots: true, seed: 4 });
      await change(join(hostile, name));
    };
    const secret = join(world, "secret.png");
    await writeFile(secret, "a secret");
    const picture = "phases/01/screenshots/phase-01-0001/0.png";
    const pipe = async (path: string) => {
      await rm(path, { recursive: true, force: true });
      await promisify(execFile)("mkfifo", [path]);
    };
    await make("link", async (run) => {
      await rm(join(run, picture));
      await symlink(secret, join(run, picture));
      await mkdir(join(run, "live"));
      await symlink(secret, join(run, "live", "x.0.png"));
    });
    await make("linked-directory", async (run) => {
      const screenshots = join(run, "phases/01/screenshots");
      await rename(screenshots, join(world, "moved"));
      await symlink(join(world, "moved"), screenshots);
    });
    for (const file of [
      "config.json",
      "events.jsonl",
      "lock-1.json",
      "phases/01/trajectories.jsonl",
      picture,
    ])
      await make(`pipe-${file.replaceAll("/", "-")}`, (run) => pipe(join(run, file)));
    await make("nulls", (run) => appendFile(join(run, "events.jsonl"), "null\n7\n[]\n"));
    await make("no-config", (run) => writeFile(join(run, "config.json"), '{"config":null}'));
    await make("odd-config", (run) => writeFile(join(run, "config.json"), '{"config":{"without":7}}'));
    const on = dashboard(hostile);
    const { runs } = await get<{
      runs: { key: string; progress: { reason: string | null }; problems: number }[];
    }>("/api/runs", on);
    expect(runs.map(({ key, problems }) => [key, problems > 0])).toEqual([
      ["link", false],
      ["linked-directory", false],
      ["no-config", true],
      ["nulls", true],
      ["odd-config", true],
      ["pipe-config.json", true],
      ["pipe-events.jsonl", true],
      ["pipe-lock-1.json", false],
      ["pipe-phases-01-screenshots-phase-01-0001-0.png", false],
      ["pipe-phases-01-trajectories.jsonl", true],
    ]);
    expect(runs.find(({ key }) => key === "odd-config")!.progress.reason).toContain("cannot be read: ");
    for (const { key } of runs) {
      const detail = await on.request(
        `${base}/api/runs/${key}/episode?kind=rollout&phase=1&id=phase-01/0001`,
      );
      expect([key, detail.status < 500]).toEqual([key, true]);
      if (key === "odd-config") continue;
      await get<Overview>(`/api/runs/${key}`, on);
    }
    for (const [run, path] of [
      ["link", picture],
      ["link", "live/x.0.png"],
      ["linked-directory", picture],
      ["pipe-phases-01-screenshots-phase-01-0001-0.png", picture],
    ] as const) {
      const sent = await on.request(`${base}/api/runs/${run}/screenshot?path=${encodeURIComponent(path)}`);
      expect([run, path, sent.status]).toEqual([run, path, 404]);
    }
  });

  it("filter episodes by what the viewer offers, in pages", async () => {
    const all = await get<EpisodeList>("/api/runs/one/episodes?limit=500");
    expect([all.total, all.items.length]).toEqual([176, 176]);
    expect(all.facets.site).toEqual(["forum", "map", "store-admin", "storefront"]);
    const page = await get<EpisodeList>("/api/runs/one/episodes?offset=30&limit=10");
    expect(page.items).toEqual(all.items.slice(30, 40));
    const query = async (text: string) =>
      (await get<EpisodeList>(`/api/runs/one/episodes?limit=500&${text}`)).items;
    for (const [text, rule] of [
      ["site=map", (e) => e.site === "map"],
      ["template=map.museum", (e) => e.templateId === "map.museum"],
      ["outcome=success", (e) => e.truth === true],
      ["outcome=faulted", (e) => e.ending === "faulted"],
      ["kind=evaluation&phase=2", (e) => e.kind === "evaluation" && e.phase === 2],
      ["disagreement=1", (e) => e.truth !== null && e.judged !== null && e.judged.success !== e.truth],
      ["text=museum%20costs", (e) => e.instruction.includes("museum")],
      ["task=test.task/4", (e) => e.taskId === "test.task/4"],
    ] as [string, (episode: EpisodeSummary) => boolean][]) {
      const found = await query(text);
      expect([text, found]).toEqual([text, all.items.filter(rule)]);
      expect([text, found.length > 0]).toEqual([text, true]);
    }
  });

  it("give an episode whole, with tokens, values, advantages and verdicts", async () => {
    const detail = await get<EpisodeDetail>("/api/runs/one/episode?kind=rollout&phase=1&id=phase-01/0001");
    const step = detail.steps[0]!;
    expect(step.tokens[0]!.text).toBe(`<${step.tokens[0]!.id}>`);
    expect(step.tokens.every((token) => token.logprob !== null && token.logprob <= 0)).toBe(true);
    expect(step.prompt).toMatch(/^(<\d+>)+$/);
    expect(step.value).toBeGreaterThan(0);
    expect(step.advantage).not.toBeNull();
    expect(step.observation.elements.map(({ name }) => name)).toContain(step.element);
    expect(step.screenshot).toMatchObject({ width: 320, height: 180 });
    expect(detail.truth?.by).toBe("verifier");
    expect(detail.judged?.by).toBe("orm");
    const missing = await app.request(`${base}/api/runs/one/episode?kind=rollout&phase=1&id=nothing`);
    expect(missing.status).toBe(404);
  });

  it("read an agent's tokens with the tokenizer of its model", async () => {
    const directory = join(world, "agent");
    await cp(join(world, "runs", "two"), directory, { recursive: true });
    const agent = { site: "storefront", model: "models/base" };
    const startedAt = new Date(0).toISOString();
    await writeFile(
      join(directory, "config.json"),
      JSON.stringify({ version: "0.1.0", revision: null, node: "v20", startedAt, agent }),
    );
    const asked: string[] = [];
    const on = createDashboard({
      runs: openRunList([directory]),
      script: async () => "",
      style: "",
      tokenizer: async (model) => {
        asked.push(model);
        return null;
      },
    });
    const { runs } = await get<{ runs: { key: string }[] }>("/api/runs", on);
    await get(`/api/runs/${runs[0]!.key}/episode?kind=rollout&phase=1&id=phase-01/0001`, on);
    expect(asked).toEqual(["models/base"]);
  });

  it("know the neighbours of an episode in a filtered list", async () => {
    const list = (await get<EpisodeList>("/api/runs/one/episodes?site=map&limit=500")).items;
    const at = 5;
    const { kind, id } = list[at]!;
    const found = await get<{ previous: EpisodeSummary; next: EpisodeSummary; index: number }>(
      `/api/runs/one/neighbours?site=map&of=${kind}&id=${encodeURIComponent(id)}`,
    );
    expect([found.previous.id, found.next.id, found.index]).toEqual([list[at - 1]!.id, list[at + 1]!.id, at]);
  });

  it("give screenshots of the run and no other file", async () => {
    const picture = (path: string) =>
      app.request(`${base}/api/runs/one/screenshot?path=${encodeURIComponent(path)}`);
    const good = await picture("phases/01/screenshots/phase-01-0001/0.png");
    expect([good.status, good.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(new Uint8Array(await good.arrayBuffer()).slice(1, 4)).toEqual(new Uint8Array([0x50, 0x4e, 0x47]));
    expect((await picture("phases/01/screenshots/phase-01-0001/99.png")).status).toBe(404);
    for (const path of [
      "config.json",
      "../two/config.json",
      "phases/01/screenshots/../../../config.json",
      "phases/01/screenshots/../0.png",
      "/etc/passwd",
    ])
      expect([path, (await picture(path)).status]).toEqual([path, 400]);
  });

  it("tell the lineage: every generated task below the failure that it grew from", async () => {
    const { nodes, roots, rates, outcomes } = await get<Curriculum>("/api/runs/one/curriculum");
    const byId = new Map(nodes.map((node) => [node.taskId, node]));
    const grown = nodes.filter((node) => node.parentId !== null);
    expect(grown.length).toBeGreaterThan(3 * 24 - 1);
    for (const node of grown) {
      const parent = byId.get(node.parentId!)!;
      expect(parent.children).toContain(node.taskId);
      expect(parent.attempts.length).toBe(1);
    }
    expect(roots.length + grown.length).toBe(nodes.length);
    const tried = nodes.filter((node) => node.outcome === "kept").map((node) => node.attempts.length);
    expect(new Set(tried)).toEqual(new Set([1]));
    expect(outcomes.map(({ phase, counts }) => [phase, counts["kept"]])).toEqual(
      [1, 2, 3].map((p) => [p, 24]),
    );
    const attempts = rates.site.flatMap((row) => Object.values(row.byPhase).map((cell) => cell.attempts));
    expect(attempts.reduce((sum, n) => sum + n, 0)).toBe(4 * 23);
  });

  it("show what replay looked at and chose", async () => {
    const { phases } = await get<{ phases: ReplayPhase[] }>("/api/runs/one/replay");
    const first = phases[0]!;
    const looked = Object.values(first.counts).reduce((sum, n) => sum + n, 0);
    const binned = first.bins.flatMap((bin) => Object.values(bin.values)).reduce((sum, n) => sum + n, 0);
    expect(binned).toBe(looked);
    const chosen = await get<{ total: number; items: { perplexity: number; outcome: string }[] }>(
      "/api/runs/one/replay/1?outcome=selected&limit=500",
    );
    expect(chosen.total).toBe(first.counts["selected"]);
    expect(chosen.items.every((step) => step.perplexity >= 1.053 && step.perplexity <= 2)).toBe(true);
  });

  it("compare runs, paired by task", async () => {
    const { differences, methods } = await get<Comparison>("/api/compare?runs=one,two");
    const outcomes = async (run: string) =>
      (await get<EpisodeList>(`/api/runs/${run}/episodes?kind=evaluation&phase=3&limit=500`)).items;
    const [one, two] = [await outcomes("one"), await outcomes("two")];
    const pairs = two.map((e, i) => Number(e.truth) - Number(one[i]!.truth));
    expect(differences[1]!.paired).toBe(20);
    expect(differences[1]!.difference).toBeCloseTo(pairs.reduce((sum, d) => sum + d, 0) / 20, 12);
    expect(differences[0]!.difference).toBeNull();
    expect(methods.map(({ method, seeds }) => [method, seeds])).toEqual([
      ["webrl", 1],
      ["awr", 1],
    ]);
    expect((await app.request(`${base}/api/compare?runs=one,nobody`)).status).toBe(404);
  });

  it("send what happens in a run as it is written", async () => {
    const live = join(world, "live");
    await makeRun(join(live, "run"), { unfinished: true, phases: 1, episodes: 6, tasks: 4 });
    const on = dashboard(live);
    const before = await get<Overview>("/api/runs/run", on);
    const response = await on.request(`${base}/api/live`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain('{"runs":[]}');
    const line = { time: "2026-03-02T00:00:00Z", kind: "fault", phase: 1, stage: "rollout", id: "x" };
    await appendFile(
      join(live, "run", "events.jsonl"),
      `${JSON.stringify({ ...line, code: "site_down", message: "down" })}\n`,
    );
    expect((await reader.read()).value).toContain('{"runs":["run"]}');
    await reader.cancel();
    const after = await get<Overview>("/api/runs/run", on);
    expect(before.faults.byCode["site_down"]).toBeUndefined();
    expect(after.faults.byCode["site_down"]).toBe(1);
  });

  it("tell a run at work from one that was killed by its process, however old its lock is", async () => {
    const place = join(world, "locks");
    const run = await makeRun(join(place, "run"), { unfinished: true, phases: 1, episodes: 6, tasks: 4 });
    const on = dashboard(place);
    const state = async (owner: object, lockAgeMs: number) => {
      const lock = join(run, "lock-1.json");
      const touched = new Date(Date.now() - lockAgeMs);
      await writeFile(lock, JSON.stringify(owner));
      await utimes(lock, touched, touched);
      return (await get<Overview>("/api/runs/run", on)).progress.state;
    };
    const [here, hour] = [hostname(), 3_600_000];
    expect(await state({ pid: process.pid, host: here, started: null }, hour)).toBe("running");
    // A number that was given to another process since.
    expect(await state({ pid: process.pid, host: here, started: "1" }, 0)).toBe("interrupted");
    expect(await state({ pid: 1, host: "elsewhere" }, 0)).toBe("running");
    expect(await state({ pid: 1, host: "elsewhere" }, hour)).toBe("interrupted");
    // Given back, or damaged.
    expect(await state({}, 0)).toBe("interrupted");
  });

  it("know which episodes are in flight: started and not ended, of this process", async () => {
    const live = join(world, "flight");
    const run = await makeRun(join(live, "run"), {
      unfinished: true,
      phases: 1,
      episodes: 6,
      tasks: 4,
      screenshots: true,
    });
    const on = dashboard(live);
    const inFlight = async () => (await get<Overview>("/api/runs/run", on)).openEpisodes;
    expect(await inFlight()).toEqual([]);
    await writeFile(join(run, "lock-1.json"), JSON.stringify({ pid: 1, host: "elsewhere" }));
    expect(await inFlight()).toMatchObject([{ id: "phase-01/0004", screenshot: null }]);

    const at = { time: "2026-03-02T00:00:00Z", phase: 1, stage: "rollout" };
    const tell = (...events: object[]) =>
      appendFile(
        join(run, "events.jsonl"),
        events.map((event) => `${JSON.stringify({ ...at, ...event })}\n`).join(""),
      );
    await tell({ kind: "run_resumed", version: "0" }, { kind: "stage_started" });
    expect(await inFlight()).toEqual([]);
    const ids = ["phase-01/0004", "phase-01/0005"];
    await tell(...ids.map((id) => ({ kind: "episode_started", id, taskId: "t", instruction: "Do it" })));
    await tell({ kind: "episode", id: ids[0], steps: 1, ending: "terminated", success: true });
    expect(await inFlight()).toMatchObject([{ id: ids[1], taskId: "t", instruction: "Do it" }]);

    const image = await readFile(join(run, "phases/01/screenshots/phase-01-0000/0.png"));
    await mkdir(join(run, "live"));
    const path = "live/phase-01-0005.3.png";
    await writeFile(join(run, path), image);
    await utimes(join(run, path), new Date(), new Date("2026-03-01T00:00:00Z"));
    // Older than the episode: left by a killed process.
    expect(await inFlight()).toMatchObject([{ id: ids[1], screenshot: null }]);
    await utimes(join(run, path), new Date(), new Date("2026-03-03T00:00:00Z"));
    expect(await inFlight()).toMatchObject([{ id: ids[1], screenshot: { path, step: 3 } }]);
    const picture = (name: string) =>
      on.request(`${base}/api/runs/run/screenshot?path=${encodeURIComponent(name)}`);
    const sent = await picture(path);
    expect([sent.status, sent.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(Buffer.from(await sent.arrayBuffer()).equals(image)).toBe(true);
    expect((await picture("live/phase-01-0005.4.png")).status).toBe(404);
    for (const name of ["live/../config.json", "live/x.1.json", "live/a/b.1.png", "live/"])
      expect([name, (await picture(name)).status]).toEqual([name, 400]);
  });

  it("lock scripts, frames and foreign names out", async () => {
    const page = await app.request(`${base}/`);
    const policy = page.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain("unsafe");
    expect(await page.text()).not.toMatch(/<script(?![^>]* src=)/);
    expect((await app.request("http://evil.test/api/runs")).status).toBe(403);
    expect((await app.request(`${base}/api/runs/nobody`)).status).toBe(404);
    expect(["localhost", "127.0.0.1", "[::1]", "127.evil.test", "10.0.0.1"].map(isLoopback)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("refuse a path that does not exist", () => {
    expect(() => openRunList([join(world, "nowhere")])).toThrow(ConfigError);
  });
});
