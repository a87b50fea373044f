import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { ConfigError, Fault } from "../../core/errors.ts";
import { listen } from "../../http/listen.ts";
import { parseCall } from "./calls.ts";
import { evaluate, pythonString, redditPostUrl } from "./evaluate.ts";
import type { AnswerJudge, EvaluatedPage } from "./evaluate.ts";
import { parseInstructions } from "./instructions.ts";
import { createAnswerJudge } from "./judge.ts";
import { readSettings } from "./settings.ts";
import { shopApi } from "./shop-api.ts";
import { createSiteLocks } from "./site-locks.ts";
import { changesState, fillUrls, isImpossible, needsJudge, parseTasks, toTask } from "./tasks.ts";
import type { WebArenaTask } from "./tasks.ts";
import { clean, textRules, tokenize } from "./text.ts";

describe("tokens are NLTK's", () => {
  test.each([
    ["n/a", ["n/a"]],
    ["10:30", ["10:30"]],
    ["1,000", ["1,000"]],
    ["557m", ["557m"]],
    ["3/4", ["3/4"]],
    ["9:45pm", ["9:45pm"]],
    ["rock-and-roll", ["rock-and-roll"]],
    ["$5.00", ["$", "5.00"]],
    ["50%", ["50", "%"]],
    ["5, 6", ["5", ",", "6"]],
    ["(65)", ["(", "65", ")"]],
    ["#12", ["#", "12"]],
    ["don't", ["do", "n't"]],
    ["it's", ["it", "'s"]],
    ["the end.", ["the", "end", "."]],
    ["it is 5. then 6", ["it", "is", "5.", "then", "6"]],
    ["one done. two left", ["one", "done", ".", "two", "left"]],
  ])("%s", (text, tokens) => {
    expect(tokenize(text)).toEqual(tokens);
  });
});

const lite = textRules("webarena-lite", "published");
const corrected = textRules("webarena-lite", "strict");
const original = textRules("webarena", "published");

describe("string rules of WebArena-Lite", () => {
  test("outer quotes and case go, white space stays; strictly it goes", () => {
    expect(clean(`"Hello World"`)).toBe("hello world");
    expect(clean(`"half`)).toBe(`"half`);
    expect(lite.exactMatch("N/A", "n/a")).toBe(true);
    expect(lite.exactMatch("N/A", "n/a ")).toBe(false);
    expect(corrected.exactMatch("N/A", "n/a ")).toBe(true);
  });
  test("a one-token reference must be a token, a longer one a substring", () => {
    const includes = (reference: string, text: string) => lite.mustInclude(reference, text, false);
    expect(includes("12", "it costs $12")).toBe(true);
    expect(includes("12.00", "it costs $12")).toBe(false);
    expect(includes("1,200", "there are 1200")).toBe(false);
    expect(includes("5", "about 15 minutes")).toBe(false);
    expect(includes("guest", "guest/owner")).toBe(true);
    expect(includes("wrong |OR| right answer", "the right answers")).toBe(true);
    expect(lite.mustExclude("guest", "guest/owner")).toBe(true);
    expect(lite.mustExclude("guest", "a guest")).toBe(false);
    expect(lite.oneOf(["a b", "c d"], "x C D y")).toBe(true);
  });
  test("required values are inequalities over an integer; as published, < and > allow the value itself", () => {
    expect(lite.requiredValue("<= 700", "699")).toBe(true);
    expect(lite.requiredValue("> 1000 |OR| == 5", "5")).toBe(true);
    expect(lite.requiredValue(">= 1000", "1,000")).toBe(true);
    expect(lite.requiredValue("<= 0", "many")).toBe(false);
    expect([lite.requiredValue("< 5", "5"), corrected.requiredValue("< 5", "5")]).toEqual([true, false]);
    expect(() => lite.requiredValue("about 5", "5")).toThrow(RangeError);
  });
  test("addresses: equal by default, a substring where asked; strictly, one that ends there", () => {
    expect(lite.urlMatch("http://localhost:1/x", "http://127.0.0.1:1/x/", undefined)).toBe(true);
    expect(lite.urlMatch("http://a/x", "http://a/x/y", undefined)).toBe(false);
    expect(lite.urlMatch("http://a/z |OR| http://a/x", "http://a/x/y", "GOLD in PRED")).toBe(true);
    const order = (rules: typeof lite) =>
      rules.urlMatch("http://a/order/1", "http://a/order/12", "GOLD in PRED");
    expect([order(lite), order(corrected)]).toEqual([true, false]);
    expect(corrected.urlMatch("http://a/order/1", "http://a/order/1?x=2", "GOLD in PRED")).toBe(true);
    expect(() => lite.urlMatch("a", "a", "NEARLY")).toThrow(RangeError);
  });
});

describe("string rules of WebArena", () => {
  test("white space goes; tokens only of a single character that stands alone; no alternatives in answers", () => {
    expect(original.exactMatch("Yes", " yes ")).toBe(true);
    expect([original.mustInclude("5", "15", true), original.mustInclude("5", "15", false)]).toEqual([
      false,
      true,
    ]);
    expect(original.mustInclude("12", "it was 512", true)).toBe(true);
    expect(original.mustInclude("a |OR| b", "b", true)).toBe(false);
    expect(original.pageIncludes("a |OR| b", "xbx")).toBe(true);
    expect(original.ofPage("Q&amp;A &#39;x&#39;")).toBe("Q&A 'x'");
  });
  test("addresses: path of one alternative, parameters of any; strictly, one alternative as a whole", () => {
    const match = (reference: string, url: string, rules = original) =>
      rules.urlMatch(reference, url, undefined);
    expect(match("http://a/x?p=1", "http://a/x/y?q=2&p=1")).toBe(true);
    expect(match("http://a/x?p=1", "http://a/x/y?p=2")).toBe(false);
    const mixed = "http://a/x?p=1 |OR| http://a/y?p=2";
    expect([
      match(mixed, "http://a/x?p=2"),
      match(mixed, "http://a/x?p=2", textRules("webarena", "strict")),
    ]).toEqual([true, false]);
    expect(() => original.urlMatch("a", "a", "EXACT")).toThrow(RangeError);
  });
});

const task = (evaluation: Partial<WebArenaTask["eval"]>): WebArenaTask => ({
  task_id: 1,
  sites: ["shopping"],
  start_url: "http://shop/",
  intent: "Do it",
  eval: { eval_types: ["string_match"], ...evaluation },
});
const page = (values: Record<string, unknown> = {}, opened: string[] = []): EvaluatedPage => ({
  url: () => opened.at(-1) ?? "http://forum/f/books/12/a-title",
  open: async (url) => void opened.push(url),
  html: async () => "<html>Total $5.00</html>",
  evaluate: async (expression) => {
    if (expression in values) return values[expression];
    throw new Error("no such element");
  },
});
const judge = (same: boolean): AnswerJudge => ({
  sameAnswer: async () => same,
  sameReason: async () => same,
});

describe("evaluators", () => {
  test("a task that a language model compares is told from the others, before it begins", () => {
    const page = { url: "last", locator: "", required_contents: { fuzzy_match: "five" } };
    expect(needsJudge(task({ reference_answers: { must_include: ["5"] } }))).toBe(false);
    expect(needsJudge(task({ reference_answers: { fuzzy_match: ["five"] } }))).toBe(true);
    expect(needsJudge(task({ program_html: [page] }))).toBe(true);
  });

  test("several keys multiply", async () => {
    const both = task({ reference_answers: { must_include: ["5"], fuzzy_match: ["five"] } });
    expect(await evaluate(both, "5", { page: page(), judge: judge(true) })).toEqual([]);
    expect(await evaluate(both, "6", { page: page(), judge: judge(true) })).toHaveLength(1);
    expect(await evaluate(both, "6", { page: page(), judge: judge(false) })).toHaveLength(2);
  });
  test("N/A is accepted as it is, other refusals by their reason", async () => {
    const impossible = task({
      reference_answers: { fuzzy_match: "N/A" },
      string_note: "there is no such product",
    });
    expect(await evaluate(impossible, "N/A", { page: page(), judge: null })).toEqual([]);
    expect(await evaluate(impossible, "not sold", { page: page(), judge: judge(true) })).toEqual([]);
    expect(await evaluate(impossible, "too lazy", { page: page(), judge: judge(false) })).toHaveLength(1);
    await expect(evaluate(impossible, "not sold", { page: page(), judge: null })).rejects.toThrow(Fault);
  });
  test("page targets open their pages in order; an element that is missing is an empty text", async () => {
    const opened: string[] = [];
    const check = task({
      eval_types: ["url_match", "program_html"],
      reference_url: "http://forum/f/books/12/a-title",
      program_html: [
        {
          url: "func:reddit_get_post_url('__last_url__')",
          locator: "document.title",
          required_contents: { exact_match: "Books" },
        },
        { url: "last", locator: "", required_contents: { must_include: ["5.00"] } },
        {
          url: "http://forum/x",
          locator: "document.querySelector('p').innerText",
          required_contents: { exact_match: "" },
        },
      ],
    });
    expect(
      await evaluate(check, "", { page: page({ "document.title": "books" }, opened), judge: null }),
    ).toEqual([]);
    expect(opened).toEqual(["http://forum/f/books/12/", "http://forum/x"]);
  });
  test("the shop's newest order is asked for by its REST API", async () => {
    const asked: string[] = [];
    const magento = new Hono();
    magento.post("/rest/default/V1/integration/admin/token", async (c) =>
      c.json((await c.req.json<{ username: string }>()).username === "admin" ? "t0k3n" : null),
    );
    magento.get("/rest/V1/orders", (c) => {
      asked.push(
        c.req.header("authorization") ?? "",
        c.req.query("searchCriteria[sortOrders][0][direction]") ?? "",
      );
      return c.json({ items: [{ increment_id: "000000189" }] });
    });
    magento.get("/rest/V1/products/B1/reviews", (c) =>
      c.json(
        ["Bob", "Ada"].map((nickname) => ({ nickname, ratings: [{ rating_name: "Rating", percent: 80 }] })),
      ),
    );
    await using listening = await listen(magento.fetch, { port: 0 });
    const shoppingUrl = `http://127.0.0.1:${listening.port}/`;
    const admin = { username: "admin", password: "admin1234" };
    const shop = shopApi({ ...admin, url: shoppingUrl });
    const check = task({
      eval_types: ["program_html"],
      program_html: [
        {
          url: "func:shopping_get_latest_order_url()",
          locator: "",
          required_contents: { must_include: ["Total"] },
        },
      ],
    });
    const opened: string[] = [];
    expect(await evaluate(check, "", { page: page({}, opened), judge: null, shop })).toEqual([]);
    expect(opened).toEqual([`${shoppingUrl}sales/order/view/order_id/189/`]);
    expect(asked).toEqual(["Bearer t0k3n", "DESC"]);
    expect(await shop.latestReviewAuthor("B1")).toBe("Ada");
    expect(await shop.latestReviewRating("B1")).toBe("80");
    const gone = shopApi({ ...admin, url: `${shoppingUrl}gone/` });
    const down = evaluate(check, "", { page: page(), judge: null, shop: gone });
    await expect(down).rejects.toThrow(/newest order: .* answers 404/);
    await expect(down).rejects.toMatchObject({ code: "site_down", retryable: true });
  });
  test("what the page gives is compared as Python prints it", () => {
    expect(pythonString(null)).toBe("None");
    expect(pythonString(["a", "it's", 1, true])).toBe(`['a', "it's", 1, True]`);
  });
  test("function strings are read, not run", () => {
    expect(parseCall("func:gitlab_get_project_memeber_role(__page__, 'vinta')")).toEqual({
      name: "gitlab_get_project_memeber_role",
      args: ["__page__", "vinta"],
    });
    expect(() => parseCall("func:x(process.exit())")).toThrow(RangeError);
    expect(redditPostUrl("http://a:9/f/books/12/title?x=1")).toBe("http://a:9/f/books/12/");
    expect(redditPostUrl("http://a/f/books/submit")).toBe("http://a/f/books/submit/");
    expect(redditPostUrl("http://a/user/x")).toBe("http://a/user/x");
  });
  test("an account that looks like code stays a text", async () => {
    const asked: string[] = [];
    const spy: EvaluatedPage = {
      ...page(),
      evaluate: async (expression) => (asked.push(expression), "Guest"),
    };
    const check = task({
      eval_types: ["program_html"],
      program_html: [
        {
          url: "last",
          locator: `func:gitlab_get_project_memeber_role(__page__, 'a"+alert(1)+"')`,
          required_contents: { must_include: ["Guest"] },
        },
      ],
    });
    await expect(evaluate(check, "", { page: spy, judge: null })).rejects.toThrow(RangeError);
    expect(asked).toEqual([]);
  });
});

describe("the judge's contract", () => {
  const saying = (...texts: string[]) => {
    let calls = 0;
    return createAnswerJudge({
      name: "fake",
      chat: async () => ({ text: texts[Math.min(calls++, texts.length - 1)]!, stop: "stop" as const }),
    });
  };

  test("partial is not correct, and only the last line counts", async () => {
    const grade = (text: string) => saying(text).sameAnswer("q", "r", "a");
    expect(await grade("Correct")).toBe(true);
    expect(await grade("Nothing is incorrect here.\nAnswer: correct")).toBe(true);
    expect(await grade("Answer: partially correct")).toBe(false);
    expect(await grade("It looks correct at first.\nAnswer: incorrect")).toBe(false);
    expect(await saying("Answer: same").sameReason("q", "r", "a")).toBe(true);
    expect(await saying("Not the same. Answer: different").sameReason("q", "r", "a")).toBe(false);
  });

  test("what is unclear is asked again once, then it is a fault", async () => {
    expect(await saying("hm", "Answer: correct").sameAnswer("q", "r", "a")).toBe(true);
    await expect(saying("the answer is correct, so").sameAnswer("q", "r", "a")).rejects.toThrow(Fault);
    const cut = createAnswerJudge({
      name: "fake",
      chat: async () => ({ text: "Answer: correct", stop: "length" as const }),
    });
    await expect(cut.sameAnswer("q", "r", "a")).rejects.toMatchObject({ code: "judge_failed" });
  });
});

test("as published a judge's reply is read by the words in it, strictly by its last line", async () => {
  const judges = (["published", "strict"] as const).map((evaluator) =>
    createAnswerJudge(
      { name: "fake", chat: async () => ({ text: "I say it is correct.", stop: "stop" }) },
      evaluator,
    ),
  );
  expect(await judges[0]!.sameAnswer("q", "r", "a")).toBe(true);
  await expect(judges[1]!.sameAnswer("q", "r", "a")).rejects.toThrow(Fault);
});

test("who changes a site has it alone, and nobody passes one who waits", async () => {
  const locks = createSiteLocks();
  const order: string[] = [];
  const enter = async (name: string, sites: string[], alone: boolean) => {
    const leave = await locks.enter(sites, alone);
    order.push(name);
    return leave;
  };
  const readers = await Promise.all([enter("a", ["shop"], false), enter("b", ["shop"], false)]);
  const writer = enter("writer", ["shop"], true);
  const late = enter("late", ["shop", "map"], false);
  const elsewhere = await enter("elsewhere", ["forum"], true);
  for (const leave of readers) leave();
  const leave = await writer;
  elsewhere();
  expect(order).toEqual(["a", "b", "elsewhere", "writer"]);
  leave();
  await late;
  expect(order.at(-1)).toBe("late");
});

test("who has all sites alone waits for everybody, and everybody for it", async () => {
  const locks = createSiteLocks();
  const order: string[] = [];
  const enter = async (name: string, sites: readonly string[] | "all", alone: boolean) => {
    const leave = await locks.enter(sites, alone);
    order.push(name);
    return leave;
  };
  const reader = await enter("reader", ["shop"], false);
  const resetter = enter("resetter", "all", true);
  const late = enter("late", ["forum"], false);
  await Promise.resolve();
  expect(order).toEqual(["reader"]);
  reader();
  const leave = await resetter;
  expect(order).toEqual(["reader", "resetter"]);
  leave();
  (await late)();
  expect(order.at(-1)).toBe("late");
});

describe("instructions to train on", () => {
  const read = (text: string) => parseInstructions(text, "train.json", "webarena-lite");
  test("an array or lines; the first site's start page where none is given", () => {
    const lamp = { intent: "Show the cheapest lamp", sites: ["shopping"] };
    const post = { intent: "Write a post", sites: ["reddit"], start_url: "__REDDIT__/f/books", task_id: 7 };
    const tasks = read(JSON.stringify([lamp, post]));
    expect(tasks.map(({ id, startUrl, split, templateId }) => [id, startUrl, split, templateId])).toEqual([
      ["webarena-lite.train/0", "__SHOPPING__/", "train", null],
      ["webarena-lite.train/1", "__REDDIT__/f/books", "train", null],
    ]);
    expect(read(`${JSON.stringify(lamp)}\n\n${JSON.stringify(post)}\n`)).toEqual(tasks);
  });
  test("WebRL's released file: an array, indented, with a bare placeholder to start on", () => {
    const released = [
      { intent: "Show the newest order.", sites: ["shopping_admin"], start_url: "__SHOPPING_ADMIN__" },
      { intent: " Where is the museum? ", sites: ["map"], start_url: "__MAP__" },
    ];
    const tasks = read(JSON.stringify(released, null, 4));
    expect(tasks.map(({ instruction, sites, startUrl }) => [instruction, sites, startUrl])).toEqual([
      ["Show the newest order.", ["shopping_admin"], "__SHOPPING_ADMIN__"],
      ["Where is the museum?", ["map"], "__MAP__"],
    ]);
    const urls = { SHOPPING_ADMIN: "http://h:7780/admin" };
    expect(fillUrls({ start_url: tasks[0]!.startUrl }, urls).filled?.start_url).toBe("http://h:7780/admin");
  });
  test("lines as WebRL's generator writes them, with its names of the sites", () => {
    const tasks = read('{"task": "Show all orders", "web": "cms"}\n{"task": "Find a lamp", "web": "oss"}\n');
    expect(tasks.map(({ instruction, sites, startUrl }) => [instruction, sites, startUrl])).toEqual([
      ["Show all orders", ["shopping_admin"], "__SHOPPING_ADMIN__/"],
      ["Find a lamp", ["shopping"], "__SHOPPING__/"],
    ]);
    expect(() => read('{"task": "x", "web": "shop"}')).toThrow(/entry 1 at web/);
  });
  test("what cannot be read is named with its place", () => {
    expect(() => read("")).toThrow(/no instructions/);
    expect(() => read("[]")).toThrow(/no instructions/);
    expect(() => read('{"intent": "x", "sites": ["reddit"]}\n{')).toThrow(/not JSON in line 2/);
    expect(() => read('[{"intent": "x", "sites": ["shop"]}]')).toThrow(/entry 1 at sites\.0/);
    expect(() => read('["x"]')).toThrow(/entry 1 at the whole/);
  });
  test.each(["foo", "http://", "https://[bad", "__SHOPING__/cart", "__SHOPPING__ |AND| cart"])(
    "a start page that is no address is named with its entry: %s",
    (start_url) => {
      const good = { intent: "x", sites: ["shopping"] };
      expect(() => read(JSON.stringify([good, { ...good, start_url }]))).toThrow(
        /^train.json is malformed in entry 2 at start_url: .*(no address|the nearest is __SHOPPING__)/,
      );
    },
  );
  test("a site's name that is not known is said, with the nearest", () => {
    expect(() => read('[{"intent": "x", "sites": ["redit"]}]')).toThrow(
      'found "redit"; the nearest is "reddit"',
    );
  });
});

describe("settings", () => {
  const read = async (settings: object, env = {}, before = "") => {
    const directory = await mkdtemp(join(tmpdir(), "webrl-settings-"));
    const path = join(directory, "s.json");
    await writeFile(join(directory, "t.json"), "[]");
    await writeFile(path, before + JSON.stringify({ tasks: "t.json", ...settings }));
    try {
      return await readSettings(path, env);
    } finally {
      await rm(directory, { recursive: true });
    }
  };
  test.each([
    [{ evaluater: "strict" }, "s.json: there is no setting evaluater; the nearest is evaluator"],
    [{ urls: { shoping: "http://h:1" } }, "there is no setting urls.shoping; the nearest is urls.shopping"],
    [{ accounts: { redit: {} } }, "there is no setting accounts.redit; the nearest is accounts.reddit"],
    [
      { accounts: { reddit: { usernam: "a" } } },
      "there is no setting accounts.reddit.usernam; the nearest is accounts.reddit.username",
    ],
    [{ urls: { map: "h:1" } }, "s.json is malformed at urls.map: "],
    [{ nothingLikeIt: 1 }, "there is no setting nothingLikeIt"],
    [
      { evaluator: "loose" },
      's.json is malformed at evaluator: must be one of "published", "strict", found "loose"',
    ],
    [{ evaluator: "strikt" }, 'found "strikt"; the nearest is "strict"'],
    [{ resetMinutes: "long" }, ', found "long"'],
  ])("%j", async (settings, message) => {
    await expect(read(settings)).rejects.toThrow(message);
  });
  test("an empty environment variable counts as absent", async () => {
    const names = [
      "WEBARENA_AUTH",
      "WEBARENA_SHOPPING_PASSWORD",
      "WEBARENA_SHOPPING_SITE_ADMIN_PASSWORD",
      "MAP",
    ];
    const settings = await read({}, Object.fromEntries(names.map((name) => [name, ""])));
    expect(settings.auth).toMatch(/webrl-settings-.*\.auth$/);
    expect(settings.password("shopping")).toBeNull();
    expect(settings.password("shopping_site_admin")).toBe("admin1234");
    expect(settings.urls).toEqual({});
  });
  test("a byte-order mark is skipped", async () => {
    expect((await read({ evaluator: "strict" }, {}, "\uFEFF")).evaluator).toBe("strict");
  });
});

describe("task files", () => {
  const read = (...tasks: unknown[]) => parseTasks(JSON.stringify(tasks), "t.json");
  test("placeholders are filled from base URLs; one that is missing is named", () => {
    const [entry] = read({ ...task({}), start_url: "__SHOPPING__/cart" });
    const one = entry!.task;
    expect(fillUrls(one, { SHOPPING: "http://h:7770/" }).filled?.start_url).toBe("http://h:7770/cart");
    expect(fillUrls(one, {})).toEqual({ filled: null, missing: "SHOPPING" });
  });
  test("what is wrong with one task is said of it alone", () => {
    const wrong = { ...task({}), task_id: 2, eval: { eval_types: ["page_image_query"] } };
    const unknown = (id: number, evaluation: unknown, more = {}) => ({
      ...task({}),
      task_id: id,
      eval: evaluation,
      ...more,
    });
    const target = { url: "last", locator: "", required_contents: { exact_match: "x" } };
    const entries = read(
      { ...task({ reference_answers: { exact_match: "x" } }), task_id: 1 },
      wrong,
      unknown(3, {
        eval_types: ["program_html"],
        program_html: [{ ...target, locator: "func:rm(__page__)" }],
      }),
      unknown(4, { eval_types: ["url_match"], reference_url: "x", url_note: "NEARLY" }),
      unknown(
        5,
        { eval_types: ["string_match"], reference_answers: { exact_match: "x" } },
        { geolocation: {} },
      ),
      unknown(6, { eval_types: ["string_match"], reference_answers: { exact_match: "x" } }, { surprise: 1 }),
      unknown(7, { eval_types: ["string_match"], reference_answers: { required_values: ["about 5"] } }),
      unknown(
        8,
        { eval_types: ["string_match"], reference_answers: { exact_match: "x" } },
        { start_url: "__SHOPING__/cart" },
      ),
      unknown(
        9,
        { eval_types: ["string_match"], reference_answers: { exact_match: "x" } },
        { start_url: "__SHOPPING__ |AND| cart" },
      ),
    );
    expect(entries.map(({ unusable }) => unusable)).toEqual([
      null,
      expect.stringMatching(/eval\.eval_types/),
      "eval: unknown evaluator function rm",
      expect.stringMatching(/eval\.url_note/),
      expect.stringMatching(/geolocation/),
      expect.stringMatching(/surprise/),
      expect.stringMatching(/about 5/),
      "start_url: unknown placeholder __SHOPING__; the nearest is __SHOPPING__",
      'start_url: "cart" is no address',
    ]);
  });
  test("a malformed file says where", () => {
    expect(() => parseTasks("{", "t.json")).toThrow(ConfigError);
    expect(() => parseTasks("[{}]", "t.json")).toThrow(/malformed at 0\./);
    expect(() => read(task({}), task({}))).toThrow(/task 1 twice/);
  });
  test.each(["[]", "null", '"x"', '{"tasks":"t.json"}'])(
    "a file that is no list says what it is: %s",
    (text) => {
      expect(() => parseTasks(text, "t.json")).toThrow(`, found ${text}`);
      expect(() => parseTasks(text, "t.json")).toThrow("t.json is malformed at the whole: ");
    },
  );
  test("a byte-order mark is skipped", () => {
    expect(parseTasks(`\uFEFF${JSON.stringify([task({})])}`, "t.json")).toHaveLength(1);
  });

  const answer = { eval_types: ["string_match"], reference_answers: { exact_match: "x" } };
  const requires = (reference_answers: unknown) => ({ eval: { ...answer, reference_answers } });
  const checks = (target: object) => ({
    eval: {
      eval_types: ["program_html"],
      program_html: [{ url: "last", locator: "", required_contents: { exact_match: "" }, ...target }],
    },
  });
  const compares = (reference_url: string) => ({ eval: { eval_types: ["url_match"], reference_url } });
  test.each([
    [{ start_url: "http://" }, 'start_url: "http://" is no address'],
    [{ start_url: "https://[bad" }, 'start_url: "https://[bad" is no address'],
    [{ start_url: "javascript:alert(1)" }, "is no address"],
    [{ start_url: "__SHOPPING__ |AND| " }, 'start_url: "" is no address'],
    [{ sites: [] }, "sites: Too small"],
    [{ sites: ["shoping"] }, 'found "shoping"; the nearest is "shopping"'],
    [{ sites: undefined }, "sites: "],
    [{ intent: 5 }, ", found 5"],
    [{ eval: { eval_types: ["url_mach"] } }, 'found "url_mach"; the nearest is "url_match"'],
    [checks({ url: "nonsense" }), 'eval.program_html.0.url: "nonsense" is no address'],
    [checks({ url: "http://" }), 'eval.program_html.0.url: "http://" is no address'],
    [checks({ url: "__REDIT__/f" }), "the nearest is __REDDIT__"],
    [checks({ required_contents: {} }), "eval.program_html.0.required_contents: it requires nothing"],
    [checks({ required_contents: { must_include: [] } }), "must_include is empty"],
    [requires({ must_include: [""] }), "must_include is empty, or has an empty part"],
    [requires({ must_include: ["a", "b |OR| "] }), "must_include is empty, or has an empty part"],
    [requires({ must_include: "" }), "must_include is empty"],
    [requires({ must_exclude: [] }), "must_exclude is empty"],
    [requires({ one_of: [" "] }), "one_of is empty"],
    [requires({ required_values: [] }), "required_values is empty"],
    [requires({ fuzzy_match: [] }), "fuzzy_match is empty"],
    [requires({ fuzzy_match: "" }), "fuzzy_match is empty"],
    [compares("/"), "url_match has no reference_url, or an empty one"],
    [compares("__SHOPPING__/a |OR| http://"), "url_match has no reference_url, or an empty one"],
  ])("%j makes its task unusable", (change, why) => {
    const [entry] = read({ ...task({}), eval: answer, ...change });
    expect(entry!.unusable).toContain(why);
  });
  test.each([
    { start_url: "http://127.0.0.1:7770/" },
    { start_url: "__MAP__#map=7/42/-71 |AND| __WIKIPEDIA__" },
    checks({}),
    checks({ url: "__GITLAB__/x" }),
    checks({ url: "func:shopping_get_latest_order_url()" }),
    requires({ exact_match: "" }),
    compares("/orders |OR| __SHOPPING__"),
  ])("%j can be used", (change) => {
    const [entry] = read({ ...task({}), eval: answer, ...change });
    expect(entry!.unusable).toBeNull();
  });

  const file = new URL("../../../../shared/data/webarena-lite/test_webarena_lite.raw.json", import.meta.url);
  test.skipIf(!existsSync(file))("all 165 tasks of WebArena-Lite are read, with the published counts", () => {
    const entries = parseTasks(readFileSync(file, "utf8"), "lite");
    expect(entries.filter(({ unusable }) => unusable !== null)).toEqual([]);
    const tasks = entries.map((entry) => entry.task as WebArenaTask);
    expect(tasks).toHaveLength(165);
    const count = (type: string) =>
      tasks.filter((t) => t.eval.eval_types.includes(type as "string_match")).length;
    expect([count("string_match"), count("program_html"), count("url_match")]).toEqual([80, 67, 39]);
    expect(tasks.filter(isImpossible).map((t) => t.task_id)).toEqual([
      27, 51, 56, 59, 74, 86, 91, 114, 161, 162,
    ]);
    expect(tasks.filter(needsJudge)).toHaveLength(40);
    expect(tasks.filter(changesState)).toHaveLength(63);
    expect(new Set(entries.map((entry) => toTask(entry, "webarena-lite").id)).size).toBe(165);
  });
});
