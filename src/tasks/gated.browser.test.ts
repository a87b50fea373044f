import { afterAll, beforeAll, expect, it } from "vitest";
import { BrowserPool } from "../browser/pool.ts";
import { guardEach } from "../safety/episode-gate.ts";
import { parsePolicy } from "../safety/policy.ts";
import type { SafetySettings } from "../safety/policy.ts";
import { builtInSuite } from "./built-in-suite.ts";
import { createBuiltInSite } from "./world-site.ts";

let pool: BrowserPool;
beforeAll(() => {
  pool = new BrowserPool();
});
afterAll(() => pool[Symbol.asyncDispose]());

/** The oracle of a task whose end is an order, in a rollout with this policy. */
async function order(settings: SafetySettings | null) {
  const suite = builtInSuite();
  const task = suite
    .tasks({ site: "storefront" })
    .find(({ instruction }) => instruction.startsWith("Order one "))!;
  await using site = createBuiltInSite({
    pool,
    guard: guardEach(settings === null ? null : parsePolicy(settings)),
  });
  await using episode = await site.start(task, { seed: 0 });
  const oracle = suite.oracleFor(task, episode.first);
  const blocked: string[] = [];
  for (let turn = oracle.next(episode.first); !turn.done && turn.value.kind !== "exit";) {
    const next = await episode.step({ ok: true, action: turn.value, comments: [] });
    if (next.observation?.error?.code === "blocked") {
      blocked.push(next.observation.error.message);
      break;
    }
    turn = oracle.next(next.observation!);
  }
  return { success: (await episode.verify(""))?.success, blocked };
}

it("in training nobody is there to be asked: what has to be asked is refused, and the agent is told", async () => {
  const { success, blocked } = await order({});
  expect(success).toBe(false);
  expect(blocked).toEqual([expect.stringContaining("POST shop.webrl.test/checkout would buy")]);
});

it("what the policy allows is done as without one", async () => {
  expect(await order({ effects: { buy: "allow" } })).toEqual({ success: true, blocked: [] });
  expect(await order(null)).toEqual({ success: true, blocked: [] });
});
