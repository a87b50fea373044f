/**
 * @file A task that was done once is done again without the model, and with other values.
 *
 *     npx tsx examples/agent-repeat.ts openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1
 */

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createAgent } from "webrl/agent";
import type { Policy, RepeatResult } from "webrl/agent";

const TASK = "Set the status of order 1400 to Processing";

/** `directory`: where the record goes, by default a new temporary one. */
export async function runRepeat(
  model: string | Policy,
  log: (text: string) => void,
  directory?: string,
): Promise<RepeatResult | null> {
  directory ??= await mkdtemp(join(tmpdir(), "webrl-repeat-"));
  await using agent = await createAgent({ site: "store-admin", model, start: "/orders?q=1400", directory });
  const first = await agent.run(TASK);
  log(`The first time: ${first.outcome}, ${first.usage.steps} steps, ${first.usage.seconds.toFixed(1)} s`);
  if (first.outcome !== "done") return null;
  // Repeats the last run that was done; "Processing" occurs in the instruction and in a step.
  const again = await agent.repeat(null, { values: { Processing: "Shipped" } });
  log(
    `With another value: ${again.outcome}, ${again.repeated} steps as recorded, ${again.byModel} turns of the model, ${again.usage.seconds.toFixed(1)} s`,
  );
  for (const why of again.handedOver) log(`  the model was asked: ${why}`);
  for (const what of again.differences) log(`  otherwise than recorded: ${what}`);
  return again;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  await runRepeat(process.argv[2] ?? "models/base", console.log);
