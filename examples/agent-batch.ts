/**
 * @file Shop operations: prices and order states from a table, on the built-in store admin. It first shows what would
 * be changed, then changes what a rule approves, and then takes the prices back.
 *
 *     npx tsx examples/agent-batch.ts openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1
 */

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createAgent } from "webrl/agent";
import type { BatchResult, JobInput, Policy } from "webrl/agent";

/** A product is found by its name; its price is read in its row of the list. */
const prices: JobInput = {
  key: "product",
  instruction: "Set the price of {product} to {price}",
  start: "/products?q={product}",
  effect: {
    open: "/products?q={product}",
    shows: "Products",
    values: { price: { label: "Price", in: "{product}", as: "number", wanted: "{price}" } },
  },
};

const states: JobInput = {
  key: "order",
  instruction: "Set the status of order {order} to {status}",
  effect: {
    open: "/orders/{order}",
    values: { status: { label: "Status", wanted: "{status}" } },
  },
};

const PRICES = `product,price
Alder desk lamp,52.50
Alder floor lamp,one hundred
Alder table lamp,999
`;

const STATES = `order,status
1399,Processing
1400,Processing
`;

/**
 * `model`: a directory, `openai:NAME@URL`, or a policy. `work`: where tables and records go, by default a new temporary
 * directory.
 */
export async function runShop(
  model: string | Policy,
  log: (text: string) => void,
  work?: string,
): Promise<BatchResult[]> {
  work ??= await mkdtemp(join(tmpdir(), "webrl-shop-"));
  const [priceTable, stateTable] = [join(work, "prices.csv"), join(work, "states.csv")];
  await writeFile(priceTable, PRICES);
  await writeFile(stateTable, STATES);
  const results: BatchResult[] = [];
  const tell = (what: string, result: BatchResult) => {
    results.push(result);
    log(what);
    for (const { line, reason } of result.broken) log(`  line ${line}: broken, ${reason}`);
    for (const { line, key, status, reason } of result.items)
      log(`  line ${line}: ${key}: ${status}, ${reason}`);
    log(`  ${result.files.report}`);
  };
  {
    await using agent = await createAgent({ site: "store-admin", model, directory: join(work, "prices") });
    const job = { table: priceTable, job: prices };
    tell("What would be changed:", await agent.batch({ ...job, dryRun: true }));
    tell("Changes of up to 10%:", await agent.batch({ ...job, approve: ["price<=10%"] }));
    tell("Taken back:", await agent.undoBatch({ approve: ["all"] }));
  }
  {
    await using agent = await createAgent({ site: "store-admin", model, directory: join(work, "states") });
    tell("Order states:", await agent.batch({ table: stateTable, job: states, approve: ["all"] }));
  }
  return results;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  await runShop(process.argv[2] ?? "models/base", console.log);
