/**
 * @file The process that is killed: `child.js SITE STORAGE DIRECTORY`, where DIRECTORY has both tables. Exits with code
 * 0 when both batches are over.
 */

import { join } from "node:path";
import { createAgent } from "../../agent/agent.ts";
import { NOTES, PRICES, shopPolicy } from "./jobs.ts";

const [site, storageState, directory] = process.argv.slice(2) as [string, string, string];
for (const [name, job] of [
  ["prices", PRICES],
  ["notes", NOTES],
] as const) {
  await using agent = await createAgent({
    site,
    storageState,
    model: shopPolicy,
    directory: join(directory, name),
  });
  await agent.batch({ table: join(directory, `${name}.csv`), job, approve: ["all"] });
}
