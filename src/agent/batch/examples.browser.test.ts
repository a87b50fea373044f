import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runShop } from "../../../examples/agent-batch.ts";
import { runContent } from "../../../examples/agent-content.ts";
import { runRepeat } from "../../../examples/agent-repeat.ts";
import { clerk } from "./testing/clerk.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-examples-"))));
afterEach(() => rm(directory, { recursive: true }));

test("prices and order states", async () => {
  const said: string[] = [];
  const [dry, changed, undone, states] = await runShop(clerk, (text) => said.push(text), directory);
  const of = (result: typeof dry) =>
    Object.fromEntries(result!.items.map(({ key, status }) => [key, status]));
  expect(of(dry)).toEqual({ "Alder desk lamp": "planned", "Alder table lamp": "planned" });
  expect(of(changed)).toEqual({ "Alder desk lamp": "done", "Alder table lamp": "refused" });
  expect(of(undone)).toEqual({ "Alder desk lamp": "done" });
  expect(undone!.items[0]!.after).toEqual({ price: "$50.95" });
  expect(of(states)).toEqual({ "1399": "done", "1400": "done" });
  expect(said).toContain('  line 3: broken, price: "one hundred" is not a number');
});

test("pages that are written and published", async () => {
  const { counts, items } = await runContent(clerk, () => {}, directory);
  for (const { reason } of items) expect(reason).toContain("status not there -> Published");
  expect(counts).toMatchObject({ done: 2 });
});

test("a task that is done again with another value", async () => {
  expect(await runRepeat(clerk, () => {}, directory)).toMatchObject({
    outcome: "done",
    same: true,
    byModel: 0,
  });
});
