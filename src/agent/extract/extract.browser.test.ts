import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { knowingReader } from "../../bench/extract-reader.ts";
import { html } from "../../browser/test-support.ts";
import type { HostFetch } from "../../browser/world.ts";
import { ConfigError } from "../../core/errors.ts";
import { parseAction } from "../../text/action.ts";
import { click, scriptedPolicy } from "../testing/scripted-policy.ts";
import { closeBrowser, testSession, testSite } from "../testing/test-site.ts";
import type { RecordReader } from "./ask.ts";
import { extract } from "./extract.ts";
import type { ExtractOptions, ExtractSummary } from "./options.ts";
import type { ExtractedRow } from "./row.ts";
import { card, lamps, list, pagedShop } from "./testing/small-shop.ts";
import type { SmallLamp } from "./testing/small-shop.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-extract-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));
afterAll(closeBrowser);

const schema = z.object({ name: z.string(), price: z.number() });
const reading = (rows: readonly Record<string, unknown>[]): RecordReader =>
  knowingReader(rows, (row, { text }) => text.includes(String(row["name"])));

interface Outcome {
  rows: ExtractedRow[];
  names: unknown[];
  summary: Readonly<ExtractSummary>;
}

interface Given extends ExtractOptions {
  schema?: unknown;
  isForeign?: boolean;
  /** Stop after this many rows, as a caller may do. */
  take?: number;
}

async function all(app: HostFetch, reader: RecordReader, given: Given = {}): Promise<Outcome> {
  const { schema: other = schema, isForeign = false, take = Infinity, ...options } = given;
  await using test = await testSession(testSite(app), scriptedPolicy([""]));
  const context = { session: test.session, reader, siteName: "shop", isForeign };
  const extraction = extract<Record<string, never>>("all lamps", other, context, options);
  const rows: ExtractedRow[] = [];
  for await (const row of extraction) {
    rows.push(row);
    if (rows.length >= take) break;
  }
  return { rows, names: rows.map(({ row }) => row["name"]), summary: extraction.summary };
}

const mistake = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message} ${error.hint}`;
    throw error;
  }
  throw new Error("it was taken");
};

const namesOf = (rows: readonly SmallLamp[]) => rows.map(({ name }) => name);

it("gives rows with the page and the element of each value, by rules: a thousand rows would cost as many calls as ten", async () => {
  const shop = lamps(30);
  const { rows, names, summary } = await all(
    pagedShop(shop, (page, pages) => (page < pages ? `<a href="/?page=${page + 1}">Next</a>` : "")),
    reading(shop),
  );
  expect(names).toEqual(namesOf(shop));
  expect(rows[10]).toMatchObject({
    row: shop[10],
    url: "http://shop.test/?page=2",
    sources: {
      name: {
        role: "link",
        name: "Lamp 010",
        path: "body > ul:nth-of-type(1) > li:nth-of-type(1) > a:nth-of-type(1)",
      },
      price: { name: "$20.50", url: "http://shop.test/?page=2" },
    },
    notes: [],
  });
  expect(summary).toMatchObject({ rows: 30, pages: 3, modelCalls: 2, layouts: 1, ended: "end of the list" });
});

it("begins on the page as it stands: what was done on it holds", async () => {
  const shop = lamps(8);
  const show = `document.body.innerHTML = ${JSON.stringify(list(shop)).replaceAll('"', "&quot;")}`;
  await using test = await testSession(
    testSite(() => html(`<button onclick="${show}">Show</button>`)),
    scriptedPolicy([""]),
  );
  await test.session.step(parseAction(click("button Show")));
  const context = { session: test.session, reader: reading(shop), siteName: "shop", isForeign: false };
  const names: unknown[] = [];
  for await (const { row } of extract<Record<string, never>>("all lamps", schema, context, {}))
    names.push(row["name"]);
  expect(names).toEqual(namesOf(shop));
});

describe("a list goes on", () => {
  const shop = lamps(30);
  it.each<[string, (page: number, pages: number) => string]>([
    [
      "by a link that is called next",
      (page, pages) =>
        `<a href="/?page=${page - 1}">Back</a>${page < pages ? `<a href="/?page=${page + 1}"><span>Next page ›</span></a>` : ""}`,
    ],
    [
      "by rel=next and a picture",
      (page, pages) =>
        page < pages ? `<a rel="nofollow next" href="/?page=${page + 1}"><img src="/x.png" alt=""></a>` : "",
    ],
    [
      "by numbers",
      (page, pages) =>
        `<div>${Array.from({ length: pages }, (_, i) => (i + 1 === page ? `<b>${i + 1}</b>` : `<a href="/?page=${i + 1}">${i + 1}</a>`)).join(" ")}</div>`,
    ],
    [
      "by a next that is disabled at the end",
      (page, pages) =>
        `<ul class="pagination"><li class="${page < pages ? "" : "disabled"}"><a href="/?page=${page < pages ? page + 1 : 1}">»</a></li></ul>`,
    ],
  ])("%s", async (_, more) => {
    const { names, summary } = await all(pagedShop(shop, more), reading(shop));
    expect(names).toEqual(namesOf(shop));
    expect(summary.ended).toBe("end of the list");
  });

  it("by an address that counts", async () => {
    const { names } = await all(
      pagedShop(shop, () => ""),
      reading(shop),
      { start: "http://shop.test/?page=1" },
    );
    expect(names).toEqual(namesOf(shop));
  });

  const growing =
    (grow: string): HostFetch =>
    (request) => {
      const url = new URL(request.url);
      if (url.pathname === "/more") {
        const from = Number(url.searchParams.get("from"));
        return new Response(
          shop
            .slice(from, from + 10)
            .map(card)
            .join(""),
          { headers: { "content-type": "text/html" } },
        );
      }
      return html(`${list(shop.slice(0, 10))}<div id=end></div><script>
      const ul = document.querySelector("ul");
      async function more() {
        const text = await (await fetch("/more?from=" + ul.children.length)).text();
        ul.insertAdjacentHTML("beforeend", text);
        return ul.children.length < ${shop.length};
      }
      ${grow}</script>`);
    };
  it("by a button that loads more", async () => {
    const { names, summary } = await all(
      growing(`const button = document.createElement("button"); button.textContent = "Load more"; end.append(button);
        button.onclick = async () => { if (!(await more())) button.remove(); };`),
      reading(shop),
    );
    expect(names).toEqual(namesOf(shop));
    expect(summary).toMatchObject({ duplicates: 30, ended: "end of the list" });
  });

  it("as one scrolls", async () => {
    const { names, summary } = await all(
      growing(`document.head.insertAdjacentHTML("beforeend", "<style>li { height: 150px }</style>"); let busy = false;
        addEventListener("scroll", async () => {
          if (busy || scrollY + innerHeight < document.body.scrollHeight - 200) return;
          busy = true;
          busy = !(await more());
        });`),
      reading(shop),
    );
    expect(names).toEqual(namesOf(shop));
    expect(summary.ended).toBe("end of the list");
  });
});

describe("a list ends", () => {
  const shop = lamps(30);
  const next = (page: number) => `<a href="/?page=${page + 1}">Next</a>`;
  it.each<[string, ExtractOptions, Partial<ExtractSummary>]>([
    ["after so many rows", { maxRows: 15 }, { rows: 15, ended: "max rows" }],
    ["after so many pages", { maxPages: 2 }, { rows: 20, ended: "max pages" }],
    ["after so much time", { maxMinutes: 0 }, { rows: 0, ended: "max time" }],
  ])("%s", async (_, options, expected) => {
    const { summary } = await all(
      pagedShop(shop, (page, pages) => (page < pages ? next(page) : "")),
      reading(shop),
      options,
    );
    expect(summary).toMatchObject(expected);
  });

  it("where the next page is one that was read, or pages say the same for ever", async () => {
    const loop = await all(
      pagedShop(shop, (page) => `<a href="/?page=${(page % 3) + 1}">Next</a>`),
      reading(shop),
    );
    expect(loop.summary).toMatchObject({ rows: 30, pages: 4, ended: "pages repeat" });
    const same: HostFetch = (request) => {
      const page = Number(new URL(request.url).searchParams.get("page") ?? 1);
      return html(list(shop.slice(0, 10)) + next(page));
    };
    const endless = await all(same, reading(shop));
    expect(endless.summary).toMatchObject({ rows: 10, duplicates: 20, pages: 3, ended: "pages repeat" });
  });
});

it("gives no row twice, by its key or by what it says", async () => {
  const shop = lamps(10);
  const again: HostFetch = (request) => {
    const page = Number(new URL(request.url).searchParams.get("page") ?? 1);
    const shown = page === 1 ? shop : [...shop.slice(5), ...lamps(5, 10), { name: "Lamp 000", price: 99 }];
    return html(list(shown) + (page === 1 ? `<a href="/?page=2">Next</a>` : ""));
  };
  const known = reading([...shop, ...lamps(5, 10)]);
  expect((await all(again, known)).names).toEqual([...namesOf(lamps(15)), "Lamp 000"]);
  expect((await all(again, known, { key: ["name"] })).names).toEqual(namesOf(lamps(15)));
});

describe("fields that only an item's own page has", () => {
  const shop = lamps(12).map((lamp, index) => ({ ...lamp, watts: index % 3 === 2 ? null : 5 + index }));
  const app: HostFetch = (request) => {
    const [, number] = /^\/lamp\/(\d+)$/.exec(new URL(request.url).pathname) ?? [];
    if (number === undefined) return html(list(shop));
    const lamp = shop[Number(number)]!;
    return html(
      `<h1>${lamp.name}</h1><table><tr><th>Price</th><td>$${lamp.price}</td></tr>${lamp.watts === null ? "" : `<tr><th>Power</th><td>${lamp.watts} W</td></tr>`}</table>`,
    );
  };
  // On the list a model sees no watts.
  const reader = (): RecordReader => {
    const known = reading(shop);
    return {
      ...known,
      read: async (request) => {
        const reply = await known.read(request);
        for (const { id, record } of request.asked) {
          const values = reply.get(id);
          if (values && "watts" in values && record.node.tag === "li") values["watts"] = null;
        }
        return reply;
      },
    };
  };
  const detailed = z.object({ name: z.string(), watts: z.int().nullable() });

  it("are read there, by a rule", async () => {
    const { rows } = await all(app, reader(), { schema: detailed });
    expect(rows.map(({ row }) => row)).toEqual(shop.map(({ name, watts }) => ({ name, watts })));
    expect(rows[4]!.sources["watts"]).toMatchObject({ url: "http://shop.test/lamp/004", role: "cell" });
  });

  it("are null if nobody may look", async () => {
    const { rows, summary } = await all(app, reader(), { schema: detailed, details: false });
    expect(rows.map(({ row }) => row["watts"])).toEqual(shop.map(() => null));
    expect(summary.unread).toEqual(["watts"]);
  });
});

describe("what is not on the page is null", () => {
  it("whatever the model says", async () => {
    const shop = lamps(10);
    const lying = reading(shop.map((lamp) => ({ ...lamp, maker: "Holm" })));
    const { rows, summary } = await all(
      pagedShop(shop, () => ""),
      lying,
      { schema: z.object({ name: z.string(), maker: z.string() }) },
    );
    expect(rows.every(({ row }) => row["maker"] === null)).toBe(true);
    expect(summary.unread).toEqual(["maker"]);
  });

  it("and so is what does not fit the schema, with why", async () => {
    const shop = lamps(10);
    const app: HostFetch = () => html(list(shop).replace("$13.50", "call us").replace("$15.50", "$-15.50"));
    const { rows } = await all(
      app,
      reading(shop.map((lamp, i) => ({ ...lamp, price: i === 3 || i === 5 ? null : lamp.price }))),
      { schema: z.object({ name: z.string(), price: z.number().positive() }) },
    );
    expect(rows[3]).toMatchObject({ row: { price: null }, notes: ['price: "call us" is not a number'] });
    expect(rows[5]!.row["price"]).toBeNull();
    expect(rows[5]!.notes[0]).toMatch(/^price: -15.5: /);
  });
});

describe("robots.txt", () => {
  const shop = lamps(20);
  const asked: string[] = [];
  const shopWith =
    (robots: string | number): HostFetch =>
    (request) => {
      const { pathname, search } = new URL(request.url);
      asked.push(pathname + search);
      if (pathname === "/robots.txt")
        return typeof robots === "number"
          ? new Response("", { status: robots })
          : new Response(robots, { headers: { "content-type": "text/plain" } });
      return pagedShop(shop, (page) => (page < 2 ? `<a href="/?page=2">Next</a>` : ""))(request);
    };
  const foreign = { isForeign: true, rate: null };

  it("is kept for a site of somebody else: what it forbids is not asked for, and named", async () => {
    asked.length = 0;
    const { names, summary } = await all(
      shopWith("User-agent: *\nDisallow: /*page=2"),
      reading(shop),
      foreign,
    );
    expect(names).toEqual(namesOf(shop.slice(0, 10)));
    expect(summary).toMatchObject({
      ended: "refused",
      skipped: [{ url: "http://shop.test/?page=2", reason: expect.stringContaining("robots.txt") as string }],
    });
    expect(asked).not.toContain("/?page=2");
  });

  it("is kept as the browser names itself, whatever it allows to this program, which the site cannot see", async () => {
    for (const robots of [
      "User-agent: HeadlessChrome\nUser-agent: Chrome\nDisallow: /",
      "User-agent: *\nDisallow: /\n\nUser-agent: webrl\nAllow: /",
    ])
      expect(await mistake(all(shopWith(robots), reading(shop), foreign))).toMatch(
        /disallowed by robots\.txt/,
      );
  });

  it("that forbids everything, or that a broken site cannot return, is a mistake with a message", async () => {
    expect(await mistake(all(shopWith("User-agent: webrl\nDisallow: /"), reading(shop), foreign))).toMatch(
      /disallowed by robots\.txt.*--no-robots/,
    );
  });

  it("that is not there, or that belongs to your own site, allows everything", async () => {
    expect((await all(shopWith(404), reading(shop), foreign)).names).toHaveLength(20);
    asked.length = 0;
    expect((await all(shopWith("User-agent: *\nDisallow: /"), reading(shop))).names).toHaveLength(20);
    expect(asked).not.toContain("/robots.txt");
  });
});

describe("an output", () => {
  const shop = lamps(30);
  const app = pagedShop(shop, (page, pages) => (page < pages ? `<a href="/?page=${page + 1}">Next</a>` : ""));
  const out = () => join(directory, "rows.jsonl");
  const written = async () =>
    (await readFile(out(), "utf8"))
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as ExtractedRow).row["name"]);

  it("goes on where it was left, without asking the model again, and is done once", async () => {
    const first = reading(shop);
    await all(app, first, { out: out(), take: 12 });
    expect(await written()).toEqual(namesOf(shop.slice(0, 20)));
    const second = reading(shop);
    const rest = await all(app, second, { out: out() });
    expect(rest.names).toEqual(namesOf(shop));
    expect(await written()).toEqual(namesOf(shop));
    expect(second.calls).toBe(0);
    const again = await all(app, second, { out: out() });
    expect(again.summary).toMatchObject({ rows: 30, requests: 0, ended: "end of the list" });
  });

  it("is healed where the process ended in the middle of a row", async () => {
    await all(app, reading(shop), { out: out(), maxPages: 1 });
    const text = await readFile(out(), "utf8");
    await writeFile(out(), text.slice(0, text.length - 37));
    await all(app, reading(shop), { out: out() });
    expect(await written()).toEqual(namesOf(shop));
  });

  it("with more rows allowed gives those that were left of a page", async () => {
    await all(app, reading(shop), { out: out(), maxRows: 13 });
    expect(await written()).toEqual(namesOf(shop.slice(0, 13)));
    await all(app, reading(shop), { out: out(), maxRows: 25 });
    expect(await written()).toEqual(namesOf(shop.slice(0, 25)));
  });

  it("is refused where it is somebody's, was changed, or is of another extraction", async () => {
    await writeFile(out(), "mine\n");
    expect(await mistake(all(app, reading(shop), { out: out() }))).toContain("exists already");
    await rm(out());
    await all(app, reading(shop), { out: out(), maxPages: 1 });
    expect(
      await mistake(all(app, reading(shop), { out: out(), schema: z.object({ name: z.string() }) })),
    ).toContain("another schema");
    expect(await mistake(all(app, reading(shop), { out: out(), key: ["name"] }))).toContain(
      'another key: [], now ["name"]',
    );
    await writeFile(out(), "changed\n");
    expect(await mistake(all(app, reading(shop), { out: out() }))).toContain("has been changed");
    expect(await mistake(all(app, reading(shop), { out: join(directory, "rows.txt") }))).toContain(
      "neither that of a JSON Lines nor of a CSV file",
    );
  });

  it("is written by one process at a time", async () => {
    await using test = await testSession(testSite(app), scriptedPolicy([""]));
    const context = { session: test.session, reader: reading(shop), siteName: "shop", isForeign: false };
    const running = extract("all lamps", schema, context, { out: out() })[Symbol.asyncIterator]();
    await running.next();
    expect(await mistake(all(app, reading(shop), { out: out() }))).toContain("in use by process");
    await running.return!();
  });

  it("as CSV quotes what it must, and lets no page write a formula", async () => {
    const odd = lamps(10);
    odd[2]!.name = '=HYPERLINK("http://evil.test","002")';
    const csv = join(directory, "rows.csv");
    await all(() => html(list(odd)), reading(odd), { out: csv });
    const lines = (await readFile(csv, "utf8")).split("\r\n");
    expect(lines[0]).toBe("name,price,url,notes,sources");
    expect(lines[1]).toMatch(/^Lamp 000,10\.5,http:\/\/shop\.test\/,,"\{""name"":/);
    expect(lines[3]).toMatch(/^"'=HYPERLINK\(""http:\/\/evil\.test"",""002""\)",12\.5,/);
  });
});

describe("mistakes have messages", () => {
  const shop = lamps(10);
  const app = pagedShop(shop, () => "");
  it("nothing on the page is wanted", async () => {
    expect(await mistake(all(app, reading([])))).toMatch(
      /no list on http:\/\/shop\.test\/ matches what was asked.*10 × "Lamp 000/,
    );
    expect(await mistake(all(() => html("<p>Hello"), reading(shop)))).toContain("has no lists");
    const gone = () => html("<p>There is no such page", { status: 404 });
    expect(await mistake(all(gone, reading(shop)))).toContain("answered with status 404, has no lists");
  });
  it("a site that asks to sign in", async () => {
    const login: HostFetch = (request) =>
      new URL(request.url).search === ""
        ? html(`${list(shop)}<a href="/?page=2">Next</a>`)
        : html(
            `<form><label>User <input></label><label>Password <input type=password></label><button>Sign in</button></form>`,
          );
    const out = join(directory, "rows.jsonl");
    expect(await mistake(all(login, reading(shop), { out }))).toMatch(
      /asks to sign in.*continues where it was/,
    );
    expect((await readFile(out, "utf8")).trim().split("\n")).toHaveLength(10);
  });
  it.each<[string, unknown, ExtractOptions, string]>([
    ["a schema that is none", 5, {}, "the schema is a number"],
    ["one without fields", z.object({}), {}, "no fields"],
    ["one of nested rows", z.object({ a: z.object({ b: z.string() }) }), {}, "fields are flat"],
    ["one that JSON cannot hold", z.object({ a: z.date() }), {}, "z.iso.date()"],
    ["a key that is not a field", schema, { key: ["nme"] }, "is not a field of the schema"],
    ["a rate of nothing", schema, { rate: 0 }, "which allows no pages"],
  ])("%s", async (_, other, options, words) => {
    expect(await mistake(all(app, reading(shop), { schema: other, ...options }))).toContain(words);
  });
});
