import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { html } from "../../browser/test-support.ts";
import { closeBrowser, testSession, testSite } from "../testing/test-site.ts";
import type { AgentSite } from "../site.ts";
import type { BatchOptions } from "./batch.ts";
import type { BatchResult } from "./result.ts";
import { runBatch, undoBatch } from "./batch.ts";
import type { TestShop } from "./testing/test-shop.ts";
import { POSTS, PRICES, shopkeeper, testShop } from "./testing/test-shop.ts";

afterAll(closeBrowser);
const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "webrl-batch-"));
  directories.push(directory);
  return directory;
}

async function tableOf(text: string): Promise<string> {
  const path = join(await scratch(), "jobs.csv");
  await writeFile(path, text);
  return path;
}

interface Call extends Partial<BatchOptions> {
  directory?: string;
  policy?: ReturnType<typeof shopkeeper>;
}

async function batch(shop: TestShop, table: string, call: Call = {}): Promise<BatchResult> {
  const { directory, policy, ...options } = call;
  await using opened = await testSession(testSite(shop.app), policy ?? shopkeeper(), {
    directory: directory ?? (await scratch()),
  });
  return await runBatch(opened.session, { table, job: PRICES, approve: ["all"], ...options });
}

const outcomes = ({ items }: BatchResult) =>
  Object.fromEntries(items.map(({ key, status }) => [key, status]));

describe("a batch", () => {
  test("changes what differs, leaves what is as wanted, and reads back what it did", async () => {
    const shop = testShop(["mug", "pot", "pan"]);
    const table = await tableOf("sku,price,stock\nmug,12.50,5\npot,10,5\nlid,9,1\npan,11,7\n");
    const result = await batch(shop, table);
    expect(outcomes(result)).toEqual({ mug: "done", pot: "already", lid: "failed", pan: "done" });
    expect(result.items[0]).toMatchObject({
      before: { price: "$10.00" },
      after: { price: "$12.50" },
      line: 2,
    });
    expect(result.items[2]!.reason).toContain("the item does not exist");
    expect(shop.writes).toEqual(["mug 12.50 5", "pan 11.00 7"]);
    const csv = await readFile(result.files.csv, "utf8");
    expect(csv.split("\n")[1]).toMatch(
      /^2,mug,done,price \$10\.00 -> \$12\.50,\$10\.00,12\.50,\$12\.50,5,5,5,/,
    );
  });

  test("is learned on its first item: the others are done without the model, with their own values", async () => {
    const shop = testShop(["mug", "pot", "pan", "jug"]);
    let turns = 0;
    const model = shopkeeper(() => void turns++);
    const table = await tableOf("sku,price,stock\nmug,12.50,3\npot,11,8\npan,7.25,9\njug,12.50,4\n");
    await using opened = await testSession(testSite(shop.app), model);
    const how = { table, job: PRICES, approve: ["all"] };
    const result = await runBatch(opened.session, how, { model });
    expect(outcomes(result)).toEqual({ mug: "done", pot: "done", pan: "done", jug: "done" });
    expect(shop.writes).toEqual(["mug 12.50 3", "pot 11.00 8", "pan 7.25 9", "jug 12.50 4"]);
    expect(result.items.map((item) => item.turns)).toEqual([4, 0, 0, 0]);
    expect(turns).toBe(4);
    // The undo, too, repeats what was learned.
    const undone = await undoBatch(opened.session, { approve: ["all"] }, { model });
    expect(undone.items.map((item) => [item.status, item.turns])).toEqual([
      ["done", 4],
      ["done", 0],
      ["done", 0],
      ["done", 0],
    ]);
  });

  test("asks the model again where it is not clear which value is which", async () => {
    const shop = testShop(["mug", "pot", "pan"]);
    const model = shopkeeper();
    // 7 and 7: nobody knows which of the two is the price.
    const table = await tableOf("sku,price,stock\nmug,7,7\npot,11,8\npan,12,9\n");
    await using opened = await testSession(testSite(shop.app), model);
    const result = await runBatch(opened.session, { table, job: PRICES, approve: ["all"] }, { model });
    expect(result.items.map((item) => [item.status, item.turns])).toEqual([
      ["done", 4],
      ["done", 4],
      ["done", 0],
    ]);
    expect(shop.writes).toEqual(["mug 7.00 7", "pot 11.00 8", "pan 12.00 9"]);
  });

  test("as a dry run shows the differences and changes nothing", async () => {
    const shop = testShop(["mug", "pot"]);
    const table = await tableOf("sku,price,stock\nmug,12.50,5\npot,10,5\n");
    const directory = await scratch();
    const dry = await batch(shop, table, { dryRun: true, directory });
    expect(outcomes(dry)).toEqual({ mug: "planned", pot: "already" });
    expect(dry.items[0]!.reason).toBe("price $10.00 -> 12.50");
    expect(shop.writes).toEqual([]);
    expect(outcomes(await batch(shop, table, { directory }))).toEqual({ mug: "done", pot: "already" });
  });

  test("that was only looked at may be changed", async () => {
    const shop = testShop(["mug"]);
    const directory = await scratch();
    await batch(shop, await tableOf("sku,price,stock\nmug,12.50,5\n"), { dryRun: true, directory });
    const other = await tableOf("sku,price,stock\nmug,9,5\n");
    expect(outcomes(await batch(shop, other, { directory }))).toEqual({ mug: "done" });
  });

  test("asks about what no rule approves, and nobody to ask is a no", async () => {
    const shop = testShop(["mug", "pot"]);
    const table = await tableOf("sku,price,stock\nmug,11,5\npot,12,5\n");
    const directory = await scratch();
    const first = await batch(shop, table, { directory, approve: ["price<=10%"] });
    expect(outcomes(first)).toEqual({ mug: "done", pot: "refused" });
    const asked: string[] = [];
    const second = await batch(shop, table, {
      directory,
      approve: ["price<=10%"],
      ask: ({ words }) => {
        asked.push(words);
        return Promise.resolve({ approved: true, by: "Ann" });
      },
    });
    expect(asked).toEqual(["price $10.00 -> 12"]);
    expect(outcomes(second)).toEqual({ mug: "done", pot: "done" });
    expect(shop.writes).toEqual(["mug 11.00 5", "pot 12.00 5"]);
  });

  test("says what came out otherwise than wanted", async () => {
    const shop = testShop(["mug"]);
    shop.instead = (request) => {
      if (request.method !== "POST") return undefined;
      shop.products.get("mug")!.price = "99.00";
      return html("saved");
    };
    const [item] = (await batch(shop, await tableOf("sku,price,stock\nmug,12,5\n"))).items;
    expect(item).toMatchObject({ status: "failed", after: { price: "$99.00" } });
    expect(item!.reason).toContain("it came out otherwise: price $99.00 -> 12");
  });

  test("takes back what it did, and not what somebody has changed since", async () => {
    const shop = testShop(["mug", "pot"]);
    const directory = await scratch();
    await batch(shop, await tableOf("sku,price,stock\nmug,12.50,5\npot,11,5\n"), { directory });
    shop.products.get("pot")!.price = "8.00";
    await using opened = await testSession(testSite(shop.app), shopkeeper(), { directory });
    const undone = await undoBatch(opened.session, { approve: ["all"] });
    expect(outcomes(undone)).toEqual({ mug: "done", pot: "undecided" });
    expect(shop.products.get("mug")).toEqual({ price: "10.00", stock: "5" });
    expect(shop.products.get("pot")!.price).toBe("8.00");
    expect(undone.items[1]!.reason).toContain("somebody else has changed it");
  });
});

test("what was taken back can be done again, and taken back again", async () => {
  const shop = testShop(["mug"]);
  const directory = await scratch();
  const table = await tableOf("sku,price,stock\nmug,12.50,5\n");
  const undo = async () => {
    await using opened = await testSession(testSite(shop.app), shopkeeper(), { directory });
    return outcomes(await undoBatch(opened.session, { approve: ["all"] }));
  };
  for (let round = 0; round < 2; round++) {
    expect(outcomes(await batch(shop, table, { directory }))).toEqual({ mug: "done" });
    expect(shop.products.get("mug")!.price).toBe("12.50");
    expect(await undo()).toEqual({ mug: "done" });
    expect(shop.products.get("mug")!.price).toBe("10.00");
  }
  // Nothing is left to undo.
  expect(await undo()).toEqual({});
});

describe("a batch that was ended in the middle", () => {
  /** Ends the batch as a kill does: nothing more of it reaches the journal. */
  async function killed(
    shop: TestShop,
    table: string,
    directory: string,
    when: (url: string, steps: number) => boolean,
    job = PRICES,
  ) {
    const policy = shopkeeper((turn) => {
      if (when(turn.observation.url, turn.history.length)) throw new Error("killed");
    });
    const opened = await testSession(testSite(shop.app), policy, { directory });
    await expect(runBatch(opened.session, { table, job, approve: ["all"] })).rejects.toThrow("killed");
    await opened[Symbol.asyncDispose]();
  }

  test("does not do again what it did, though it had not come to write so", async () => {
    const shop = testShop([]);
    const table = await tableOf("title\nSpring sale\nOpening hours\n");
    const directory = await scratch();
    await killed(shop, table, directory, (_, steps) => steps === 2 && shop.posts.length === 1, POSTS);
    expect(shop.posts).toEqual(["Spring sale"]);
    const result = await batch(shop, table, { directory, job: POSTS });
    expect(shop.posts).toEqual(["Spring sale", "Opening hours"]);
    expect(outcomes(result)).toEqual({ "Spring sale": "done", "Opening hours": "done" });
    expect(result.items[0]!.reason).toBe("it was done before the interruption");
  });

  test("does what it had only announced", async () => {
    const shop = testShop(["mug", "pot"]);
    const table = await tableOf("sku,price,stock\nmug,12.50,5\npot,11,5\n");
    const directory = await scratch();
    await killed(shop, table, directory, (url, steps) => url.endsWith("/pot") && steps === 1);
    expect(outcomes(await batch(shop, table, { directory }))).toEqual({ mug: "done", pot: "done" });
    expect(shop.writes).toEqual(["mug 12.50 5", "pot 11.00 5"]);
  });

  test("leaves to a person what is neither as before nor as wanted", async () => {
    const shop = testShop(["mug"]);
    const table = await tableOf("sku,price,stock\nmug,12.50,5\n");
    const directory = await scratch();
    await killed(shop, table, directory, (_, steps) => steps === 1);
    shop.products.get("mug")!.price = "7.00";
    const again = await batch(shop, table, { directory });
    expect(outcomes(again)).toEqual({ mug: "undecided" });
    expect(outcomes(await batch(shop, table, { directory }))).toEqual({ mug: "undecided" });
    expect(shop.writes).toEqual([]);
  });

  test("does not take an error page for an item that is not there", async () => {
    const shop = testShop([]);
    const table = await tableOf("title\nSpring sale\n");
    const directory = await scratch();
    await killed(shop, table, directory, (_, steps) => steps === 2, POSTS);
    shop.instead = () => html("<h1>Too many requests</h1>", { status: 429 });
    expect(outcomes(await batch(shop, table, { directory, job: POSTS }))).toEqual({
      "Spring sale": "undecided",
    });
    shop.instead = () => html("<h1>We are moving</h1>");
    expect(outcomes(await batch(shop, table, { directory, job: POSTS }))).toEqual({
      "Spring sale": "undecided",
    });
    shop.instead = null;
    expect(outcomes(await batch(shop, table, { directory, job: POSTS }))).toEqual({ "Spring sale": "done" });
    expect(shop.posts).toEqual(["Spring sale"]);
  });
});

describe("an effect in a frame", () => {
  /** The list of products is in frames of the page, and nowhere else. */
  function framedShop(frames: (query: string) => string) {
    const shop = testShop(["mug"]);
    shop.instead = (request) => {
      const { pathname, search } = new URL(request.url);
      return pathname === "/products" ? html(`<h1>Products</h1>${frames(search)}`) : undefined;
    };
    const list = testShop([]);
    list.products = shop.products;
    const hosts = new Map([
      ["shop.test", shop.app],
      ["frames.test", list.app],
      ["broken.test", () => html("<h1>Too many requests</h1>", { status: 429 })],
    ]);
    const site: AgentSite = {
      ...testSite(shop.app),
      world: ({ startUrl = "http://shop.test/" }) =>
        Promise.resolve({ hosts, allowedHosts: [], cookies: [], startUrl }),
    };
    return { shop, site };
  }
  const run = async (site: AgentSite) => {
    const table = await tableOf("sku,price,stock\nmug,12.50,5\n");
    await using opened = await testSession(site, shopkeeper());
    const { items } = await runBatch(opened.session, { table, job: PRICES, approve: ["all"] });
    return items[0]!;
  };
  const frame = (src: string, more = "width=600 height=300") => `<iframe ${more} src="${src}"></iframe>`;
  const framed = (markup: string) => `<iframe width=600 height=300 srcdoc='${markup}'></iframe>`;
  const table = (price: string) =>
    `<table><thead><tr><th>Product<th>Price<th>Stock</thead><tr><td>mug<td>${price}<td>5</table>`;

  test("is read there: of another host, below the window's end, with a hidden one beside it", async () => {
    const { shop, site } = framedShop(
      (query) =>
        `${frame("data:text/html,mug", "style=display:none")}<p style="height:2000px">${frame(`http://frames.test/products${query}`)}`,
    );
    expect(await run(site)).toMatchObject({ status: "done", after: { price: "$12.50" } });
    expect(shop.writes).toEqual(["mug 12.50 5"]);
  });

  test("is read in a frame of a frame of the same host", async () => {
    const { site } = framedShop(() => framed(framed(table("$12.50")).replaceAll("'", '"')));
    expect(await run(site)).toMatchObject({ status: "already" });
  });

  test("is not told where two frames differ, or one does not answer", async () => {
    const two = framedShop(() => framed(table("$10.00")) + framed(table("$11.00")));
    expect(await run(two.site)).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("several for price"),
    });
    const broken = framedShop(() => frame("http://broken.test/"));
    expect(await run(broken.site)).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("answers with status 429"),
    });
    expect([...two.shop.writes, ...broken.shop.writes]).toEqual([]);
  });
});

describe("a batch refuses to go on", () => {
  test("with a table or a job that has changed, and says what has", async () => {
    const shop = testShop(["mug", "pot"]);
    const directory = await scratch();
    await batch(shop, await tableOf("sku,price,stock\nmug,12.50,5\npot,10,5\n"), { directory });
    const other = await tableOf("sku,price,stock\nmug,13,5\npan,10,5\n");
    await expect(batch(shop, other, { directory })).rejects.toThrow(
      "mug is changed; pot is gone; pan is new",
    );
    await expect(
      batch(shop, await tableOf("sku,price,stock\nmug,12.50,5\npot,10,5\n"), {
        directory,
        instruction: "Do {sku}",
      }),
    ).rejects.toThrow("instruction");
  });

  test("while another process has the directory, or with one of another version", async () => {
    const shop = testShop(["mug"]);
    const directory = await scratch();
    const table = await tableOf("sku,price,stock\nmug,12.50,5\n");
    {
      await using _opened = await testSession(testSite(shop.app), shopkeeper(), { directory });
      await expect(batch(shop, table, { directory })).rejects.toThrow("in use by process");
    }
    await writeFile(join(directory, "batch.json"), `{"format":99}`);
    await expect(batch(shop, table, { directory })).rejects.toThrow("format 99");
  });
});
