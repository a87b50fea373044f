import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PageDocument } from "./page-world.ts";
import { mainDocument } from "./page-world.ts";
import type { ValueReading, ValueRequest } from "./page/declared-value.ts";
import { BrowserPool } from "./pool.ts";
import { html } from "./test-support.ts";

const pool = new BrowserPool();
let body = "";
let context: Awaited<ReturnType<BrowserPool["openContext"]>>;
let page: Awaited<ReturnType<typeof context.newPage>>;
beforeAll(async () => {
  context = await pool.openContext({
    hosts: new Map([["shop.test", () => html(body)]]),
    allowedHosts: [],
    cookies: [],
    startUrl: "http://shop.test/",
  });
  page = await context.newPage();
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
  await pool[Symbol.asyncDispose]();
});

async function documentOf(content: string): Promise<PageDocument> {
  body = content;
  await page.goto("http://shop.test/");
  return mainDocument(page);
}

const read = async (content: string, request: ValueRequest): Promise<ValueReading> =>
  (await documentOf(content)).call("readValue", request);
const value = (text: string): ValueReading => ({ kind: "value", value: text });

const TABLE = `<table><thead><tr><th>Product<th>Price<th>Stock</thead>
  <tr><td><a href=/1>AB-1</a><td>$10.00<td><input aria-label=Stock value=5></tr>
  <tr><td><a href=/2>AB-12</a><td>$12.00<td><input aria-label=Stock value=7></tr></table>`;

describe("what is labelled", () => {
  test.each<[string, string, string, string]>([
    ["a field", `<label>Price <input value=9.50></label>`, "price", "9.50"],
    ["a field with a star", `<label for=p>Price *</label><input id=p value=9.50>`, "Price", "9.50"],
    [
      "a drop-down",
      `<label>Status <select><option>Draft<option selected>Live</select></label>`,
      "Status",
      "Live",
    ],
    ["a check box", `<label><input type=checkbox checked> Enabled</label>`, "Enabled", "checked"],
    [
      "radio buttons",
      `<fieldset><legend>Size</legend><label><input type=radio name=s>S</label><label><input type=radio name=s checked>M</label></fieldset>`,
      "Size",
      "M",
    ],
    ["a text area", `<label>Text <textarea>Two\nlines</textarea></label>`, "Text", "Two\nlines"],
    ["a term", `<dl><dt>Status<dd>Shipped</dl>`, "Status", "Shipped"],
    ["a heading of a row", `<table><tr><th>Total</th><td>$5.00</td></tr></table>`, "Total", "$5.00"],
    ["what stands beside it", `<div><span>Status:</span> <b>Shipped</b></div>`, "Status", "Shipped"],
    [
      "what stands beside its box",
      `<div><div><span>Status</span></div><div>Shipped</div></div>`,
      "Status",
      "Shipped",
    ],
    ["what follows a colon", `<p>Status: Shipped</p>`, "Status", "Shipped"],
    ["an emptied field", `<label>Note <input value=""></label>`, "Note", ""],
  ])("is read from %s", async (_, content, label, expected) => {
    expect(await read(content, { label })).toEqual(value(expected));
  });

  test("is read in the row that has a text, as a whole word", async () => {
    expect(await read(TABLE, { label: "Price", within: "AB-1" })).toEqual(value("$10.00"));
    expect(await read(TABLE, { label: "Stock", within: "AB-12" })).toEqual(value("7"));
    expect(await read(TABLE, { label: "Price", within: "AB" })).toEqual({ kind: "absent" });
  });

  test("is read in the card that has a text", async () => {
    const cards = `<div class=grid><div class=card><h3>Mug</h3><p>Price: $4</p></div><div class=card><h3>Pot</h3><p>Price: $9</p></div></div>`;
    expect(await read(cards, { label: "Price", within: "Pot" })).toEqual(value("$9"));
  });

  test("is not guessed where several things are called so", async () => {
    expect(await read(TABLE, { label: "Price" })).toEqual({ kind: "ambiguous", found: ["$10.00", "$12.00"] });
    expect(await read(`<ul><li>Mug red<li>Mug blue</ul>`, { label: "Price", within: "Mug" })).toMatchObject({
      kind: "ambiguous",
    });
  });

  test("is told apart from what nobody can see, and from what is called otherwise", async () => {
    const content = `<p hidden>Price: $1</p><p style="display:none">Price: $2</p><label>Prize <input value=3></label>`;
    expect(await read(content, { label: "Price" })).toEqual({ kind: "unlabelled", labels: ["Prize"] });
  });
});

describe("texts without a label", () => {
  const states = ["Draft", "Published"];
  test("one of them is shown, and lists to choose from show nothing", async () => {
    const filter = `<select><option>Draft<option>Published</select><button>Publish page</button>`;
    expect(await read(`${filter}<h1>Hours</h1><span class=badge>Draft</span>`, { texts: states })).toEqual(
      value("Draft"),
    );
    expect(await read(filter, { texts: states })).toEqual({ kind: "absent" });
  });

  test("two of them are too many", async () => {
    expect(await read(`<b>Draft</b><b>Published</b>`, { texts: states })).toMatchObject({
      kind: "ambiguous",
    });
    expect(
      await read(`<ul><li>A <b>Draft</b><li>B <b>Published</b></ul>`, { texts: states, within: "B" }),
    ).toEqual(value("Published"));
  });

  test("the beginning of a longer word or number is another one", async () => {
    expect(await read(`<p>Order 1001-B, 12.50</p>`, { texts: ["Order 1001"] })).toEqual({ kind: "absent" });
    expect(await read(`<p>12.50</p>`, { texts: ["12"] })).toEqual({ kind: "absent" });
    expect(await read(`<p>“Spring sale” is new.</p>`, { texts: ["Spring sale"] })).toEqual(
      value("Spring sale"),
    );
  });
});

test("links are found by their name, and the page's status is known", async () => {
  const document = await documentOf(
    `<a href=/a>Hours</a> <a href="/a">hours</a> <a href=/b>Hours and more</a>`,
  );
  expect(await document.call("linksCalled", "Hours")).toEqual(["http://shop.test/a"]);
  expect(await document.call("pageStatus")).toMatchObject({ status: 200 });
});
