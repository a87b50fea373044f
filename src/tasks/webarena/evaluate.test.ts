import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { Fault } from "../../core/errors.ts";
import { listen } from "../../http/listen.ts";
import { parseCall } from "./calls.ts";
import { evaluate, pythonString, redditPostUrl } from "./evaluate.ts";
import type { AnswerJudge, EvaluatedPage } from "./evaluate.ts";
import { shopApi } from "./shop-api.ts";
import { needsJudge } from "./tasks.ts";
import { makeTask } from "./testing/make-task.ts";

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
    expect(needsJudge(makeTask({ reference_answers: { must_include: ["5"] } }))).toBe(false);
    expect(needsJudge(makeTask({ reference_answers: { fuzzy_match: ["five"] } }))).toBe(true);
    expect(needsJudge(makeTask({ program_html: [page] }))).toBe(true);
  });

  test("several keys multiply", async () => {
    const both = makeTask({ reference_answers: { must_include: ["5"], fuzzy_match: ["five"] } });
    expect(await evaluate(both, "5", { page: page(), judge: judge(true) })).toEqual([]);
    expect(await evaluate(both, "6", { page: page(), judge: judge(true) })).toHaveLength(1);
    expect(await evaluate(both, "6", { page: page(), judge: judge(false) })).toHaveLength(2);
  });
  test("N/A is accepted as it is, other refusals by their reason", async () => {
    const impossible = makeTask({
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
    const check = makeTask({
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
    const check = makeTask({
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
    const check = makeTask({
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
