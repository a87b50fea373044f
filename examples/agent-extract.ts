/**
 * @file Reads all products of a store into a file, each with the place where it was read. The model reads a few of
 * them, rules read the rest:
 *
 *     npx tsx examples/agent-extract.ts openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1
 */

import { pathToFileURL } from "node:url";
import { z } from "zod";
import { createAgent } from "webrl/agent";
import type { AgentExtractOptions, ExtractSummary, Policy } from "webrl/agent";

export const productSchema = z.object({
  name: z.string(),
  category: z.string(),
  price: z.number().describe("in dollars"),
  stock: z.int().describe("how many there are"),
  status: z.enum(["Enabled", "Disabled"]),
});

/** What the products in stock are worth, and what it took to find out. */
export async function valueOfStock(
  model: string | Policy,
  { directory, ...options }: Pick<AgentExtractOptions, "reader" | "out"> & { directory?: string } = {},
): Promise<{ worth: number; summary: ExtractSummary }> {
  await using agent = await createAgent({ site: "store-admin", model, directory });
  const rows = agent.extract("all products", productSchema, { start: "/products", ...options });
  let worth = 0;
  for await (const { row, url, notes } of rows) {
    worth += (row.price ?? 0) * (row.stock ?? 0);
    for (const note of notes) console.log(`${url}: ${row.name ?? "?"}: ${note}`);
  }
  return { worth, summary: rows.summary };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [model] = process.argv.slice(2);
  if (model === undefined) {
    console.error(
      "Name a model that can read records, such as openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1.",
    );
    process.exit(2);
  }
  const { worth, summary } = await valueOfStock(model, { out: "products.csv" });
  const { rows, pages, modelCalls } = summary;
  console.log(
    `${rows} products from ${pages} pages with ${modelCalls} model calls; worth $${worth.toFixed(2)}`,
  );
}
