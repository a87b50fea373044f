import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineJob } from "./definition.ts";
import { readTable } from "./table.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-table-"));
});
afterAll(() => rm(directory, { recursive: true }));

const job = defineJob({
  key: "sku",
  instruction: "Set the price of {sku} to {price}",
  effect: { open: "/p/{sku}", values: { price: { label: "Price", as: "number", wanted: "{price}" } } },
});

async function read(name: string, content: string | Uint8Array) {
  const path = join(directory, name);
  await writeFile(path, content);
  return readTable(path, job);
}

describe("a table in CSV", () => {
  test("gives its rows with their lines, whatever quotes, byte order mark and empty lines are in it", async () => {
    const { rows, broken } = await read(
      "a.csv",
      '\uFEFFsku,price,note\r\n"A,1",9.50,"two\r\nlines"\r\n\r\nB,8,\r\n',
    );
    expect(rows).toEqual([
      { line: 2, key: "A,1", values: { sku: "A,1", price: "9.50", note: "two\r\nlines" } },
      { line: 5, key: "B", values: { sku: "B", price: "8", note: "" } },
    ]);
    expect(broken).toEqual([]);
  });

  test("may have semicolons or tabs between its cells", async () => {
    expect((await read("b.csv", "sku;price\nA;9,50\n")).rows[0]!.values).toEqual({ sku: "A", price: "9,50" });
    expect((await read("b.tsv", "sku\tprice\nA\t9\n")).rows).toHaveLength(1);
  });

  test("names broken rows by their line, and the others go on", async () => {
    const { rows, broken } = await read("c.csv", "sku,price\nA,9\nB\nC,8,7\nD,cheap\n,5\nE,\nA,8\nF,3\n");
    expect(rows.map(({ key }) => key)).toEqual(["F"]);
    expect(broken).toEqual([
      { line: 2, reason: '"A" is named again in line 8' },
      { line: 3, reason: "it has 1 cell, but the header names 2 columns" },
      { line: 4, reason: "it has 3 cells, but the header names 2 columns" },
      { line: 5, reason: 'price: "cheap" is not a number' },
      { line: 6, reason: "sku is empty, but it identifies the item" },
      { line: 7, reason: 'price should be "{price}", but that is empty' },
      { line: 8, reason: '"A" is named again in line 2' },
    ]);
  });

  test.each([
    ["sku,prize\nA,9\n", 'no column "price", which instruction of the job names'],
    ["sku,price,price\nA,9,9\n", 'two columns "price"'],
    ["", "is empty"],
    ["sku,price\n", "has no rows"],
    ['sku,price\n"A,9\nB,8\n', "Quote Not Closed"],
  ])("is refused as a whole where nobody knows what it means: %j", async (content, message) => {
    await expect(read("d.csv", content)).rejects.toThrow(message);
  });

  test("is refused where it is not UTF-8", async () => {
    await expect(read("e.csv", Uint8Array.from([0x73, 0x6b, 0x75, 0xe4, 0x0a]))).rejects.toThrow(
      "is not UTF-8",
    );
  });

  test("tells the nearest column", async () => {
    const error = await read("f.csv", "sku,prize\nA,9\n").catch((e: unknown) => e);
    expect(error).toMatchObject({ hint: 'It has "sku", "prize"; the nearest is "prize".' });
  });
});

describe("a table in JSON Lines", () => {
  test("takes numbers, and names what is no row", async () => {
    const { rows, broken } = await read(
      "a.jsonl",
      '{"sku":"A","price":9.5}\n{"sku":"B"}\nnonsense\n[1]\n\n{"sku":"C","price":{"usd":1}}\n',
    );
    expect(rows).toEqual([{ line: 1, key: "A", values: { sku: "A", price: "9.5" } }]);
    expect(broken.map(({ line }) => line)).toEqual([2, 3, 4, 6]);
    expect(broken[0]!.reason).toBe("it has no price");
  });
});

test("other files are refused by what they are called", async () => {
  await expect(read("a.xlsx", "x")).rejects.toThrow("neither .csv nor .jsonl");
  await expect(readTable(join(directory, "none.csv"), job)).rejects.toThrow("does not exist");
});
