/**
 * @file The oracles, which solve every task, play episodes of the built-in tasks while the world breaks: documents
 * answer 5xx, break off, never come or come late; applications throw; renderers and browsers are killed. Each episode
 * must end solved, or faulted after it was tried often enough. An episode that counts as failed means that the agent is
 * blamed for a fault of the world.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { startBrowserEpisode } from "../../src/browser/episode.ts";
import { BrowserPool } from "../../src/browser/pool.ts";
import type { HostFetch } from "../../src/browser/world.ts";
import type { Site } from "../../src/core/episode.ts";
import type { Rng } from "../../src/core/rng.ts";
import { createRng } from "../../src/core/rng.ts";
import { rolloutConfigSchema } from "../../src/rollout/config.ts";
import { isFaulted } from "../../src/rollout/episode.ts";
import type { EpisodeRecord } from "../../src/rollout/episode.ts";
import { oraclePolicy } from "../../src/rollout/oracle-policy.ts";
import { rollout } from "../../src/rollout/rollout.ts";
import { createWorld, pristineState } from "../../src/sites/world.ts";
import { builtInSuite } from "../../src/tasks/built-in-suite.ts";
import { builtInTasks } from "../../src/tasks/built-in-tasks.ts";
import type { Part, Round } from "./part.ts";
import { isBrowser, isMainBrowser, processesBelow } from "./processes.ts";

const A_ROUND = 24;
const PARALLEL = 3;
/** Share of documents with trouble. */
const TROUBLE_RATE = 0.12;
const LIMITS = { navigationMs: 6000, responseMs: 12_000 };

const suite = builtInSuite();
const templates = builtInTasks();
let pool: BrowserPool | undefined;

/** Sends a part of the document, and then an error. */
function breakOff(whole: Response, after: number): Response {
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const bytes = new Uint8Array(await whole.arrayBuffer());
      controller.enqueue(bytes.subarray(0, Math.floor(bytes.length * after)));
      await sleep(30);
      controller.error(new Error("the connection broke"));
    },
  });
  return new Response(body, { status: whole.status, headers: whole.headers });
}

/** What happens to an answer. */
export const TROUBLES: Record<
  string,
  (answer: () => Promise<Response>, rng: Rng, request: Request) => Promise<Response>
> = {
  "answered 5xx": async (_, rng) =>
    new Response("<h1>Oops</h1>", {
      status: rng.pick([500, 502, 503, 504]),
      headers: { "content-type": "text/html" },
    }),
  "5xx after the work was done": async (answer) => {
    await answer();
    return new Response("gateway", { status: 502 });
  },
  "broke off": async (answer, rng) => breakOff(await answer(), rng.next()),
  threw: async () => {
    throw new Error("SELECT failed: connection to the database lost");
  },
  "never came": (_, __, request) =>
    new Promise((_resolve, reject) =>
      request.signal.addEventListener("abort", () => reject(new Error("gave up")), { once: true }),
    ),
  "came late": async (answer, rng) => {
    await sleep(200 + rng.int(2000));
    return answer();
  },
};

/** The host; now and then, one of its documents meets trouble. */
const troubleDocuments: MakeTrouble = (host, rng, count) => async (request) => {
  // Other requests of a page do not ask for HTML first; `Sec-Fetch-Dest` is not sent over plain HTTP.
  const isDocument = request.headers.get("accept")?.startsWith("text/html");
  if (!isDocument || rng.next() >= TROUBLE_RATE) return host(request);
  const name = rng.pick(Object.keys(TROUBLES));
  count(`documents: ${name}`);
  return TROUBLES[name]!(async () => host(request), rng, request);
};

/** The host as the browser meets it. */
export type MakeTrouble = (host: HostFetch, rng: Rng, count: Round["count"]) => HostFetch;

/** Like `createBuiltInSite`, but with trouble, which differs at each attempt. */
function troubledSite(pool: BrowserPool, trouble: MakeTrouble, rng: Rng, count: Round["count"]): Site {
  let attempts = 0;
  return {
    name: "built-in",
    start: (task, { seed, signal }) => {
      const template = templates.template(task.templateId!);
      const world = createWorld(template.signedOut ? [] : template.sites);
      const own = rng.fork(attempts++);
      const initial = pristineState();
      count("attempts");
      return startBrowserEpisode(
        pool,
        task,
        {
          hosts: new Map([...world.hosts].map(([name, host]) => [name, trouble(host, own, count)])),
          allowedHosts: [],
          cookies: world.cookies,
          startUrl: task.startUrl,
          verify: (answer, { url, pageText }) =>
            templates.verify(task, {
              answer,
              url,
              pageText,
              state: world.snapshot(),
              initial,
              volatile: world.volatile,
            }),
        },
        { format: "compact", seed, limits: LIMITS, ...(signal && { signal }) },
      );
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Kills a renderer every few seconds, and now and then the browser, until the signal is aborted. */
async function killNowAndThen(rng: Rng, count: Round["count"], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(2000 + rng.int(6000), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const whole = rng.next() < 0.2;
    const candidates = processesBelow().filter(
      (child) =>
        isBrowser(child) && (whole ? isMainBrowser(child) : child.command.includes("--type=renderer")),
    );
    if (candidates.length === 0) continue;
    try {
      process.kill(rng.pick(candidates).pid, "SIGKILL");
      count(whole ? "browsers killed" : "renderers killed");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** What is wrong with an episode; `null` if nothing is. */
function wrongWith(record: EpisodeRecord): string | null {
  if (isFaulted(record)) return record.truth === null ? null : `${record.id} is faulted and has a verdict`;
  if (record.truth?.success !== true)
    return `${record.id} (${record.trajectory.task.id}, seed ${record.trajectory.seed}) is ${JSON.stringify(record.trajectory.ending)} and counts as failed: ${record.truth?.reasons.join("; ")}; faults before: ${JSON.stringify(record.faults)}`;
  const shown = record.trajectory.steps.find((step) =>
    /SELECT failed|connection broke/.test(step.observation.text),
  );
  return shown ? `${record.id} shows the agent the error of the application` : null;
}

/**
 * Lets the oracles play episodes in that world and returns a record of each; reports episodes that were lost and
 * contexts that are still open.
 */
export async function playEpisodes(
  { rng, signal, count, find, say }: Round,
  trouble: MakeTrouble,
): Promise<EpisodeRecord[]> {
  pool ??= new BrowserPool();
  const tasks = rng.shuffle(suite.tasks()).slice(0, A_ROUND);
  const requests = tasks.map((task, i) => ({ id: `episode-${i}`, task, seed: rng.int(2 ** 31) }));
  const ended = new Map<string, number>();
  const config = {
    ...rolloutConfigSchema.parse({}),
    parallel: PARALLEL,
    faultRateLimit: 1,
    maxTimeMs: 900_000,
  };
  const records = await rollout({
    site: troubledSite(pool, trouble, createRng(rng.int(2 ** 31)), count),
    policy: oraclePolicy({
      oracleFor: function* (task, first) {
        yield* suite.oracleFor(task, first);
      },
      onStuck: (task, error) => find(`the oracle of ${task.id} does not know its page: ${String(error)}`),
    }),
    requests,
    config,
    signal,
    onFault: ({ code }) => count(`faults: ${code}`),
    onEpisode: ({ id }) => void ended.set(id, (ended.get(id) ?? 0) + 1),
    // How pauses grow is tested elsewhere.
    pause: () => sleep(100),
  });
  if (requests.some(({ id }) => ended.get(id) !== 1) || records.length !== requests.length)
    find("an episode was lost or came twice");
  count("episodes", records.length);
  if (pool.open > 0) find(`${pool.open} contexts are open after all episodes`);
  say(`${records.length} episodes, ${pool.launches} browsers so far`);
  return records;
}

export async function closeBrowsers(): Promise<void> {
  await pool?.[Symbol.asyncDispose]();
  pool = undefined;
}

export const episodes: Part = {
  name: "episodes",
  title: "episodes in a world that breaks, with a browser that is killed",
  async round(round) {
    const { rng, signal, count, find } = round;
    const killing = new AbortController();
    const killer = killNowAndThen(rng.fork("kills"), count, AbortSignal.any([signal, killing.signal]));
    try {
      for (const record of await playEpisodes(round, troubleDocuments)) {
        const wrong = wrongWith(record);
        if (wrong !== null) find(wrong);
        count(isFaulted(record) ? "given up as faulted" : "solved");
        if (record.faults.length > 0 || isFaulted(record)) count("episodes with faults");
      }
    } finally {
      killing.abort();
      await killer;
    }
  },
  end: closeBrowsers,
};
