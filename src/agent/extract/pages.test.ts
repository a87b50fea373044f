import { describe, expect, it } from "vitest";
import { countOn, findNext } from "./pages.ts";
import { createPace, readRobots } from "./robots.ts";
import { el, pageOf } from "./testing/tree.ts";
import type { PageNode } from "./tree.ts";

const URL = "https://shop.test/list";
const next = (...nodes: PageNode[]) => findNext(pageOf(URL, ...nodes), new Set(), 1);
const link = (name: string, path: string, more: Record<string, string> = {}) =>
  el("a", { href: `https://shop.test${path}`, ...more }, name);

describe("how a list goes on", () => {
  it.each([
    "Next",
    "next »",
    "Next page",
    "Older posts",
    "Nächste Seite",
    "Suivant →",
    "Siguiente",
    "Go to next page",
  ])("%s leads there", (name) => {
    expect(next(link("Previous", "/a"), link(name, "/b"))).toEqual({
      kind: "open",
      url: "https://shop.test/b",
    });
  });
  it.each(["Next generation lamps", "What's next?", "Previous", "Next steps for you"])(
    "%s does not",
    (name) => {
      expect(next(link(name, "/b"))).toBeNull();
    },
  );
  it("a sign does in a pager only, and not in a gallery", () => {
    expect(next(el("nav", link("›", "/b")))).toMatchObject({ url: "https://shop.test/b" });
    expect(next(el("p", link("›", "/b")))).toBeNull();
    expect(next(el("div.carousel", link("Next", "/b")))).toBeNull();
  });
  it("what is disabled, or leads to the page itself, does not", () => {
    expect(next(link("Next", "/b", { "aria-disabled": "true" }))).toBeNull();
    expect(next(el("li.disabled", link("Next", "/b")))).toBeNull();
    expect(next(link("Next", "/list#"))).toMatchObject({ kind: "click" });
  });
  it("numbers do from the page that is marked, whatever page it is", () => {
    const pager = el(
      "ul.pages",
      el("li", link("1", "/1")),
      el("li.active", link("2", "/2")),
      el("li", link("3", "/3")),
    );
    expect(next(pager)).toEqual({ kind: "open", url: "https://shop.test/3" });
    expect(next(el("div", link("1", "/1"), " ", el("span", "2")))).toBeNull();
  });
  it("a button for more does below the rows, not above or in them", () => {
    const row = el("li", el("button", "Show more"));
    const more = { ...el("button", "Load 20 more reviews"), box: [0, 500, 10, 10] as PageNode["box"] };
    const tree = pageOf(URL, el("button", "See more"), row, more);
    row.box = [0, 300, 10, 10];
    expect(findNext(tree, new Set([row]), 1)).toEqual({
      kind: "click",
      name: "Load 20 more reviews",
      top: 500,
    });
  });
  it("an address does that counts", () => {
    expect(countOn("https://a.test/?q=x&page=2", 10)).toBe("https://a.test/?q=x&page=3");
    expect(countOn("https://a.test/?offset=20", 10)).toBe("https://a.test/?offset=30");
    expect(countOn("https://a.test/lamps/page/4/", 10)).toBe("https://a.test/lamps/page/5/");
    expect(countOn("https://a.test/lamps/4", 10)).toBeNull();
    expect(countOn("https://a.test/?id=4", 10)).toBeNull();
  });
});

describe("robots.txt", () => {
  const url = "https://a.test/robots.txt";
  const given = (text: string, status = 200, contentType = "text/plain") =>
    readRobots(url, { status, contentType, text });
  it("is read for every name that the browser gives itself, and the slowest pace is kept", () => {
    const text =
      "User-agent: *\nDisallow: /all\n\nUser-agent: webrl\nDisallow: /private\n\nUser-agent: HeadlessChrome\nDisallow: /robots\nCrawl-delay: 3";
    const robots = readRobots(
      "https://a.test/robots.txt",
      { status: 200, contentType: "text/plain", text },
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/147.0.0.0 Safari/537.36",
    );
    const allows = (path: string) => robots.allows(`https://a.test${path}`);
    expect(["/list", "/all", "/private", "/robots"].map(allows)).toEqual([true, false, false, false]);
    expect(robots.crawlDelay()).toBe(3);
  });

  it("is read for this program before all programs", () => {
    const robots = given(
      "User-agent: *\nDisallow: /\n\nUser-agent: webrl\nDisallow: /private\nCrawl-delay: 3",
    );
    expect([
      robots.allows("https://a.test/list"),
      robots.allows("https://a.test/private/1"),
      robots.crawlDelay(),
    ]).toEqual([true, false, 3]);
  });
  it("that is not there allows everything, that cannot be had nothing", () => {
    expect([404, 403, 500, 0].map((status) => given("", status).allows(`${url}/x`))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(given("<p>Disallow: /</p>", 200, "text/html").allows("https://a.test/")).toBe(true);
  });
});

it("pages are asked for no more often than said", async () => {
  let now = 0;
  const pace = createPace(
    2,
    () => now,
    (ms) => Promise.resolve((now += ms)),
  );
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    await pace.wait();
    times.push(now);
  }
  pace.slowTo(3);
  for (let i = 0; i < 2; i++) {
    await pace.wait();
    times.push(now);
  }
  expect(times).toEqual([0, 500, 1000, 1500, 4500]);
});
