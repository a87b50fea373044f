import { describe, expect, it } from "vitest";
import type { Action } from "../core/action.ts";
import type { FaultCode } from "../core/errors.ts";
import { Fault } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { createFakeSite, fakeOracle, fakeTasks } from "../testing/index.ts";
import type { FakeSiteOptions } from "../testing/index.ts";
import { parseAction, printAction } from "../text/action.ts";
import { rolloutConfigSchema } from "./config.ts";
import type { EpisodeRecord } from "./episode.ts";
import { oraclePolicy } from "./oracle-policy.ts";
import type { Policy } from "./policy.ts";
import { rollout } from "./rollout.ts";

const config = rolloutConfigSchema.parse({ maxSteps: 5, parallel: 3 });
const requests = (tasks: Task[]) => tasks.map((task, i) => ({ id: `e${i}`, task, seed: 100 + i }));
const oracle = oraclePolicy({ oracleFor: (task) => actions(fakeOracle(task)) });
function* actions(list: Action[]) {
  yield* list;
}
/** Says the same in every turn. */
const says = (response: string): Policy => ({
  name: "parrot",
  begin: () => async () => ({ kind: "act", response, action: parseAction(response) }),
});

async function run(
  policy: Policy,
  options: { site?: FakeSiteOptions; tasks?: Task[]; config?: object } = {},
) {
  const site = createFakeSite(options.site);
  const seen: EpisodeRecord[] = [];
  const faults: FaultCode[] = [];
  const started: string[] = [];
  const records = await rollout({
    site,
    policy,
    requests: requests(options.tasks ?? fakeTasks("test")),
    config: { ...config, ...options.config },
    onStart: ({ id }) => void started.push(id),
    onEpisode: (record) => {
      expect(started).toContain(record.id);
      seen.push(record);
    },
    onFault: ({ code }) => void faults.push(code),
    pause: async () => {},
  });
  expect(site.open).toBe(0);
  // Once each, however often the world broke.
  expect(new Set(started).size).toBe(started.length);
  return { records, seen, faults };
}

describe("rollout", () => {
  it("returns the oracle's episodes in the requests' order, each reported once, with the verifier's verdict", async () => {
    const { records, seen } = await run(oracle);
    expect(records.map((record) => record.id)).toEqual(["e0", "e1", "e2", "e3"]);
    expect(seen.map((record) => record.id).sort()).toEqual(["e0", "e1", "e2", "e3"]);
    for (const record of records) {
      expect(record.truth?.success).toBe(true);
      expect(record.trajectory.ending).toMatchObject({ kind: "terminated", reason: "exit" });
      expect(record.trajectory.steps.length).toBe(record.trajectory.task.difficulty);
      expect(record.trajectory.steps.at(-1)!.response).toMatch(/^exit\(/);
    }
  });

  it("names every limit that ends an episode", async () => {
    const ending = async (response: string, change: object = {}) =>
      (await run(says(response), { tasks: fakeTasks("test").slice(0, 1), config: change })).records[0]!
        .trajectory.ending;
    const wait = printAction({ kind: "wait" });
    expect(await ending(wait)).toEqual({ kind: "truncated", reason: "repeated_action" });
    expect(await ending(wait, { repeatedAction: 99 })).toEqual({ kind: "truncated", reason: "max_steps" });
    expect(await ending("nonsense")).toEqual({ kind: "truncated", reason: "repeated_error" });
    const full: Policy = { name: "full", begin: () => async () => ({ kind: "context_full" }) };
    const { records } = await run(full);
    expect(records[0]!.trajectory.ending).toEqual({ kind: "truncated", reason: "context_full" });
    expect(records[0]!.truth?.success).toBe(false);
  });

  it("ends an episode that takes too long", async () => {
    let clock = 0;
    const [record] = await rollout({
      site: createFakeSite(),
      policy: says(printAction({ kind: "wait" })),
      requests: requests(fakeTasks("test").slice(0, 1)),
      config: { ...config, maxTimeMs: 1000 },
      now: () => (clock += 300),
    });
    expect(record!.trajectory.ending).toEqual({ kind: "truncated", reason: "max_time" });
  });

  it("tries a faulted episode again with the same seed, and counts it", async () => {
    const broken = new Set<string>();
    const starts: string[] = [];
    const { records, faults } = await run(oracle, {
      site: {
        failStart: (task, seed) => {
          starts.push(`${task.id} ${seed}`);
          if (broken.has(task.id)) return null;
          broken.add(task.id);
          return "site_down";
        },
      },
      config: { faultRateLimit: 1 },
    });
    expect(faults).toEqual(["site_down", "site_down", "site_down", "site_down"]);
    expect(new Set(starts).size).toBe(4);
    for (const record of records) {
      expect(record.truth?.success).toBe(true);
      expect(record.faults).toEqual([{ code: "site_down", message: expect.any(String) }]);
    }
  });

  it("moves episodes whose browser elsewhere is gone, without counting a retry, but not for ever", async () => {
    const tries = new Map<string, number>();
    const { records, faults } = await run(oracle, {
      site: {
        failStart: (task) => {
          const before = tries.get(task.id) ?? 0;
          tries.set(task.id, before + 1);
          return before < 3 ? "browser_lost" : null;
        },
      },
      config: { faultRateLimit: 0, faultRetries: 0 },
    });
    expect(records.map((record) => record.truth?.success)).toEqual([true, true, true, true]);
    expect(new Set(faults)).toEqual(new Set(["browser_lost"]));
    const { records: given } = await run(oracle, {
      site: { faultAt: (task) => (task.id.endsWith("/6") ? "browser_lost" : null) },
      config: { faultRateLimit: 1, faultRetries: 0 },
    });
    const faulted = given.filter(({ trajectory }) => trajectory.ending.kind === "faulted");
    expect(faulted.map(({ truth, faults: before }) => [truth, before.length])).toEqual([
      [null, 8],
      [null, 8],
    ]);
  });

  it("waits for browsers elsewhere up to the limit, and then stops the rollout", async () => {
    let clock = 0;
    const waited: number[] = [];
    const stopped = rollout({
      site: createFakeSite({ failStart: () => "browser_lost" }),
      policy: oracle,
      requests: requests(fakeTasks("test")),
      config: { ...config, siteDownMinutes: 10 },
      now: () => clock,
      pause: async (ms) => {
        clock += ms;
      },
      onOutage: (_, ms) => void waited.push(ms),
    });
    await expect(stopped).rejects.toMatchObject({ code: "browser_lost", retryable: false });
    expect(waited.at(-1)).toBeLessThan(10 * 60_000);
  });

  it("cuts the last episode a while after all others have ended: counted, without verdict or steps", async () => {
    const stuck = fakeTasks("test")[1]!.id;
    const pauses: number[] = [];
    const hangs: Policy = {
      name: "hangs",
      begin: (task, seed) => {
        if (task.id !== stuck) return oracle.begin(task, seed);
        return ({ signal }) =>
          new Promise((_, reject) => {
            signal?.addEventListener("abort", () => reject(signal.reason as Error));
          });
      },
    };
    const faults: string[] = [];
    const site = createFakeSite();
    const records = await rollout({
      site,
      policy: hangs,
      requests: requests(fakeTasks("test")),
      config: { ...config, stragglerMinutes: 2 },
      onFault: ({ code }) => void faults.push(code),
      pause: async (ms) => void pauses.push(ms),
    });
    expect(pauses).toEqual([120_000]);
    expect(faults).toEqual(["straggler_cut"]);
    expect(records.map(({ truth }) => truth?.success ?? null)).toEqual([true, null, true, true]);
    expect(records[1]!.trajectory).toMatchObject({
      steps: [],
      ending: { kind: "faulted", code: "straggler_cut" },
    });
    expect(site.open).toBe(0);
  });

  it("gives a task up after the last retry, without a verdict", async () => {
    const { records } = await run(oracle, {
      site: {
        faultAt: (task, _seed, step) => (task.id.endsWith("/6") && step === 1 ? "page_crashed" : null),
      },
      config: { faultRateLimit: 1, faultRetries: 1 },
    });
    const given = records.filter((record) => record.trajectory.ending.kind === "faulted");
    expect(given.length).toBe(2);
    for (const record of given) {
      expect(record.truth).toBeNull();
      expect(record.faults.length).toBe(1);
    }
  });

  it("stops when too many of the last episodes are broken", async () => {
    const tasks = fakeTasks("train");
    const stopped = run(oracle, {
      tasks,
      site: { failStart: () => "browser_crashed" },
      config: { parallel: 1, faultRetries: 0 },
    });
    await expect(stopped).rejects.toThrow(Fault);
    await expect(stopped).rejects.toThrow(/6 of the last 6 episodes were broken/);
  });

  it("waits for a site that is down, with growing pauses, and counts what broke with it neither as a retry nor in the rate", async () => {
    let clock = 0;
    let starts = 0;
    const pauses: number[] = [];
    const tried: number[] = [];
    // Down from the 4th start on until ten minutes have passed; episodes that run then break, too.
    const isDown = () => starts > 3 && clock < 600_000;
    const site = createFakeSite({
      failStart: () => (starts++, isDown() ? "site_down" : null),
      faultAt: () => (isDown() ? "site_down" : null),
    });
    const records = await rollout({
      site,
      policy: oracle,
      requests: requests(fakeTasks("train")),
      config: { ...config, parallel: 3, faultRetries: 0, faultRateLimit: 0.1, siteDownMinutes: 30 },
      onOutage: (_message, waitedMs) => void tried.push(waitedMs),
      pause: async (ms) => {
        pauses.push(ms);
        clock += ms;
      },
      now: () => clock,
    });
    expect(records.every((record) => record.truth?.success)).toBe(true);
    expect(records.some((record) => record.faults.length > 0)).toBe(true);
    // 1 + 2 + 4 + 8 + 16 + 32 s, then every minute.
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, ...Array<number>(9).fill(60_000)]);
    expect(tried.at(-1)).toBe(543_000);
    expect(site.open).toBe(0);
  });

  it("stops when a site stays down, and not before", async () => {
    let clock = 0;
    const stopped = rollout({
      site: createFakeSite({ failStart: () => "site_down" }),
      policy: oracle,
      requests: requests(fakeTasks("test")),
      config: { ...config, siteDownMinutes: 5 },
      pause: async (ms) => (clock += ms),
      now: () => clock,
    });
    await expect(stopped).rejects.toMatchObject({
      name: "Fault",
      retryable: false,
      message: "fake has not answered for 5 minutes: the fake site was told to fail",
    });
  });

  it("gives up a task whose own start page is broken while others work, also with one episode at a time", async () => {
    for (const parallel of [1, 3]) {
      const { records } = await run(oracle, {
        site: { failStart: (task) => (task.id === "fake.price/6" ? "site_down" : null) },
        config: { parallel, faultRateLimit: 1, faultRetries: 1 },
      });
      expect(records.map((record) => record.trajectory.ending.kind)).toEqual([
        "faulted",
        "terminated",
        "terminated",
        "terminated",
      ]);
      expect(records[0]!.faults).toHaveLength(1);
    }
  });

  it("leaves no episode open when it is aborted", async () => {
    const site = createFakeSite();
    const abort = new AbortController();
    const running = rollout({
      site,
      policy: oracle,
      requests: requests(fakeTasks("train")),
      config,
      onEpisode: () => abort.abort(new Error("enough")),
      signal: abort.signal,
    });
    await expect(running).rejects.toThrow("enough");
    expect(site.open).toBe(0);
  });

  it("passes a bug on instead of calling it a fault", async () => {
    const buggy: Policy = { name: "buggy", begin: () => () => Promise.reject(new TypeError("bug")) };
    await expect(run(buggy)).rejects.toThrow("bug");
  });
});

describe("oracle with mistakes", () => {
  it("recovers from its detours and marks them", async () => {
    const policy = oraclePolicy({ oracleFor: (task) => actions(fakeOracle(task)), detourRate: 0.5 });
    const { records } = await run(policy, { tasks: fakeTasks("train"), config: { maxSteps: 40 } });
    expect(records.every((record) => record.truth?.success)).toBe(true);
    expect(records.some((record) => record.mistakes.length > 0)).toBe(true);
    for (const { trajectory, mistakes } of records)
      expect(trajectory.steps.length).toBeGreaterThanOrEqual(trajectory.task.difficulty + mistakes.length);
  });

  it("spoils episodes on purpose, most of them for good", async () => {
    const policy = oraclePolicy({ oracleFor: (task) => actions(fakeOracle(task)), failRate: 1 });
    const tasks = [...fakeTasks("train"), ...fakeTasks("test"), ...fakeTasks("validation")];
    const { records } = await run(policy, { tasks, config: { maxSteps: 20 } });
    const failed = records.filter((record) => !record.truth?.success);
    expect(failed.length).toBeGreaterThan(records.length / 2);
    for (const record of failed) expect(record.mistakes.length).toBeGreaterThan(0);
  });

  it("throws where an oracle does not know its page, unless it is told what to do", async () => {
    const lost = (onStuck?: () => void) =>
      oraclePolicy({
        oracleFor: function* (task) {
          if (task.id !== "") throw new Error("no such button");
          yield { kind: "wait" };
        },
        ...(onStuck && { onStuck }),
      });
    await expect(run(lost())).rejects.toThrow("no such button");
    let stuck = 0;
    const { records } = await run(lost(() => stuck++));
    expect(stuck).toBe(4);
    expect(records.every((record) => record.truth?.success === false)).toBe(true);
  });
});
