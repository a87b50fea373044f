import { afterAll, beforeAll, expect, it } from "vitest";
import { BrowserPool } from "../browser/pool.ts";
import { guardEach } from "../safety/episode-gate.ts";
import { parsePolicy } from "../safety/policy.ts";
import type { SafetySettings } from "../safety/policy.ts";
import { SHIPPING } from "../sites/store/state.ts";
import { pristineState } from "../sites/world.ts";
import { builtInSuite } from "./built-in-suite.ts";
import { createBuiltInSite } from "./world-site.ts";

let pool: BrowserPool;
beforeAll(() => {
  pool = new BrowserPool();
});
afterAll(() => pool[Symbol.asyncDispose]());

const suite = builtInSuite();
const task = suite
  .tasks({ site: "storefront" })
  .find(({ instruction }) => instruction.startsWith("Order one "))!;

/** Runs the oracle of a task that ends with an order, in a rollout with this policy. */
async function order(settings: SafetySettings | null) {
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

it("in training there is nobody to ask: what needs a question is refused, and the agent learns that", async () => {
  const { success, blocked } = await order({});
  expect(success).toBe(false);
  expect(blocked).toEqual([expect.stringContaining("POST shop.webrl.test/checkout would buy")]);
});

it("what the policy allows is done as without one", async () => {
  expect(await order({ effects: { buy: "allow" } })).toEqual({ success: true, blocked: [] });
  expect(await order(null)).toEqual({ success: true, blocked: [] });
});

it("what counts is what is paid, shipping included", async () => {
  const { product, shipping } = task.params as { product: string; shipping: "Standard" | "Express" };
  const { price } = pristineState().store.products.find(({ name }) => name === product)!;
  const paid = (price + SHIPPING[shipping]) / 100;
  const upTo = (amountUpTo: number): SafetySettings => ({
    effects: { buy: "deny" },
    rules: [{ name: "small", effects: ["buy"], amountUpTo, verdict: "allow" }],
  });
  expect(await order(upTo(paid))).toEqual({ success: true, blocked: [] });
  expect((await order(upTo(paid - 0.01))).success).toBe(false);
});
