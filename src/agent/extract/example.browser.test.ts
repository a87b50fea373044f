import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { valueOfStock } from "../../../examples/agent-extract.ts";
import { createWorld } from "../../sites/world.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import { tableChat } from "./testing/table-chat.ts";

it("examples/agent-extract.ts adds up all products of the store", async () => {
  const reader = tableChat({
    name: "Product",
    category: "Category",
    price: "Price",
    stock: "Stock",
    status: "Status",
  });
  const directory = await mkdtemp(join(tmpdir(), "webrl-extract-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { worth, summary } = await valueOfStock(scriptedPolicy([""]), { reader, directory });
  const { products } = createWorld(["store-admin"]).state.store;
  expect(worth).toBeCloseTo(
    products.reduce((sum, { price, stock }) => sum + (price / 100) * stock, 0),
    2,
  );
  expect(summary).toMatchObject({ rows: products.length, modelCalls: 2, ended: "end of the list" });
});
