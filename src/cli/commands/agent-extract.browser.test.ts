import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WEBRL } from "../testing/command.ts";
import type { ExtractSummary } from "../../agent/extract/options.ts";
import type { ExtractedRow } from "../../agent/extract/row.ts";
import { replyToTable } from "../../agent/extract/testing/table-chat.ts";
import { completion, fakeServer } from "../../chat/testing/fake-server.ts";
import type { Answer, FakeServer } from "../../chat/testing/fake-server.ts";
import { createWorld } from "../../sites/world.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let directory: string;
let schema: string;
let out: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-extract-"));
  out = join(directory, "rows.jsonl");
  schema = join(directory, "schema.json");
  const properties = { name: { type: "string" }, price: { type: "number" }, stock: { type: "integer" } };
  await writeFile(schema, JSON.stringify({ type: "object", properties }));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const HEADERS = { name: "Product", price: "Price", stock: "Stock" };
const reading: Answer = (c, _, body) =>
  c.json(completion(replyToTable(body.messages.at(-1)!.content, HEADERS)));
const argsOf = (server: FakeServer, ...more: string[]) =>
  `agent extract --site store-admin --start /products --model openai:m@${server.url}`
    .split(" ")
    .concat("--record", join(directory, "agent"), "--schema", schema, more, "all products");
const truth = () =>
  createWorld(["store-admin"]).state.store.products.map(({ name, price, stock }) => ({
    name,
    price: price / 100,
    stock,
  }));
const written = async () =>
  (await readFile(out, "utf8"))
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as ExtractedRow).row);

describe("webrl agent extract", () => {
  test("writes all rows of a list with two model calls, and says what it took", async () => {
    await using server = await fakeServer(reading);
    const { status, stdout } = await webrl(...argsOf(server, "--out", out));
    expect(status).toBe(0);
    expect(await written()).toEqual(truth());
    expect(server.requests).toHaveLength(2);
    expect(stdout).toContain(`${truth().length} rows in ${out} from 40 pages`);
    expect(stdout).toMatch(/2 model calls \(\d+ tokens\)/);
    const again = jsonOf<ExtractSummary>(await webrl(...argsOf(server, "--out", out, "--json")));
    expect(again).toMatchObject({ rows: truth().length, requests: 0, ended: "end of the list" });
  });

  test("without --out rows go to stdout", async () => {
    await using server = await fakeServer(reading);
    const { stdout, stderr } = await webrl(...argsOf(server, "--max-rows", "3"));
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as ExtractedRow).row);
    expect(rows).toEqual(truth().slice(0, 3));
    expect(stderr).toContain("3 rows from 1 pages");
  });

  test("killed at any moment it loses no row and writes none twice", async () => {
    await using server = await fakeServer(reading);
    for (const rows of [1, 60, 150]) {
      const child = execFile(process.execPath, [...WEBRL, ...argsOf(server, "--out", out)], () => {});
      const ended = new Promise((resolve) => child.once("exit", resolve));
      let over = false;
      void ended.then(() => (over = true));
      while (!over && (existsSync(out) ? (await readFile(out, "utf8")).split("\n").length : 0) <= rows)
        await sleep(5);
      child.kill("SIGKILL");
      await ended;
    }
    expect((await webrl(...argsOf(server, "--out", out))).status).toBe(0);
    expect(await written()).toEqual(truth());
  }, 240_000);
});

test("a model's budget that is used up ends it with exit code 3, and the same command goes on", async () => {
  await using server = await fakeServer(reading);
  const args = argsOf(server, "--out", out, "--max-rows", "3");
  const spent = await webrl(...args, "--llm", "budget.requests=1");
  expect(spent.status).toBe(3);
  expect(spent.stderr).toContain("Give the same command again to continue");
  expect((await webrl(...args)).status).toBe(0);
  expect(await written()).toEqual(truth().slice(0, 3));
});

describe("what is wrong is said, with exit code 2", () => {
  const mistake = async (...args: string[]) =>
    mistakeOf(await webrl("agent", "extract", ...args, "all products"));
  const model = ["--model", "openai:m@http://127.0.0.1:1/v1"];

  test("a site, a schema or an output that cannot be", async () => {
    expect(await mistake(...model, "--schema", schema)).toContain("neither --site nor --url");
    expect(await mistake(...model, "--schema", schema, "--url", "shop")).toContain("is not an address");
    const site = ["--site", "store-admin", ...model];
    expect(await mistake(...site, "--schema", join(directory, "none.json"))).toContain("does not exist");
    await writeFile(schema, "{");
    expect(await mistake(...site, "--schema", schema)).toContain("cannot be read");
    await writeFile(schema, JSON.stringify({ type: "object", properties: { a: { type: "text" } } }));
    expect(await mistake(...site, "--schema", schema)).toContain('"text"');
    await writeFile(schema, JSON.stringify({ type: "object", properties: { a: { type: "string" } } }));
    await writeFile(out, "mine\n");
    expect(await mistake(...site, "--schema", schema, "--out", out)).toContain("exists already");
    expect(existsSync(`${out}.journal`)).toBe(false);
  });

  test("a schema that nothing on the page matches: what is there is named", async () => {
    const properties = { colour: { type: "string" }, weight: { type: "number" } };
    await writeFile(schema, JSON.stringify({ type: "object", properties }));
    await using server = await fakeServer((c, _, body) =>
      c.json(completion(replyToTable(body.messages.at(-1)!.content, { colour: "Colour", weight: "Weight" }))),
    );
    expect(mistakeOf(await webrl(...argsOf(server, "--out", out)))).toMatch(
      /no list on .*\/products matches what was asked \("all products" with colour, weight\); its lists are \d+ × "/,
    );
  });

  test("a model that gives actions alone, and one that answers nonsense", async () => {
    expect(
      await mistake(
        "--site",
        "store-admin",
        "--model",
        "models/base",
        "--schema",
        schema,
        "--record",
        join(directory, "agent"),
      ),
    ).toContain("cannot read records");
    await using server = await fakeServer((c) => c.json(completion("I would love to help!")));
    expect(mistakeOf(await webrl(...argsOf(server)))).toMatch(
      /did not give the records as JSON, asked twice: there is no JSON object/,
    );
  });
});
