import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { PageRecord } from "./records.ts";
import { learnField, readField } from "./rule.ts";
import { readSchema } from "./schema.ts";
import { el } from "./testing/tree.ts";
import type { PageNode } from "./tree.ts";

const base = "https://shop.test/list";
const record = (node: PageNode): PageRecord => ({ node, columns: null });

/** Learns from the first records, and reads all of them. */
function learn(type: z.ZodType, nodes: readonly PageNode[], said: readonly unknown[]): unknown[] | string {
  const field = readSchema(z.object({ a: type })).fields[0]!;
  const records = nodes.map(record);
  const samples = said.map((value, index) => ({ record: records[index]!, values: { a: value } }));
  const { rule } = learnField(field, samples, records.slice(said.length), base);
  return rule === null ? "no rule" : records.map((one) => readField(rule, one, field, base).value);
}

describe("a rule reads of all records what it was shown of some", () => {
  it("by a class, also where others are missing before it", () => {
    const card = (price: string, old?: string) =>
      el("li.card", el("h3", "Lamp"), ...(old ? [el("s.old", old)] : []), el("b.price", price));
    expect(learn(z.number(), [card("$5"), card("$7", "$9"), card("$1", "$2"), card("$3")], [5, 7])).toEqual([
      5, 7, 1, 3,
    ]);
  });

  it("by the label before it, in whatever place", () => {
    const item = (...lines: [string, string][]) =>
      el("li", el("dl", ...lines.flatMap(([term, text]) => [el("dt", term), el("dd", text)])));
    const nodes = [
      item(["Maker", "Holm"], ["Price", "5 €"]),
      item(["Price", "7 €"], ["Maker", "Brand"]),
      item(["Weight", "2 kg"], ["Price", "9 €"]),
    ];
    expect(learn(z.number(), nodes, [5, 7])).toEqual([5, 7, 9]);
    expect(learn(z.string(), nodes, ["Holm", "Brand"])).toEqual(["Holm", "Brand", null]);
  });

  it("by a label in the text, and by one beside it", () => {
    const inText = (maker: string) => el("li", el("p", el("b", "Maker:"), ` ${maker}`), el("p", "Price: 3"));
    expect(learn(z.string(), [inText("Holm"), inText("Brand"), inText("Kōbō")], ["Holm", "Brand"])).toEqual([
      "Holm",
      "Brand",
      "Kōbō",
    ]);
    const beside = (maker: string) =>
      el(
        "li",
        el("div", el("span", "Price"), el("span", "3")),
        el("div", el("span", "Maker"), el("span", maker)),
      );
    expect(learn(z.string(), [beside("Holm"), beside("Brand"), beside("Kōbō")], ["Holm", "Brand"])).toEqual([
      "Holm",
      "Brand",
      "Kōbō",
    ]);
  });

  it("by what stands around it in a text", () => {
    const review = (text: string) => el("li", el("p.by", text));
    const nodes = [
      review("by Ann on 3 March 2025"),
      review("by Bo Li on 12 May 2024"),
      review("by C. Dent on 1 June 2023"),
    ];
    expect(learn(z.string(), nodes, ["Ann", "Bo Li"])).toEqual(["Ann", "Bo Li", "C. Dent"]);
    expect(learn(z.iso.date(), nodes, ["2025-03-03", "2024-05-12"])).toEqual([
      "2025-03-03",
      "2024-05-12",
      "2023-06-01",
    ]);
  });

  it("by its place among the numbers of a text", () => {
    const rated = (text: string) => el("li", el("span", text));
    const nodes = [
      rated("4.5 of 5 (1,203 reviews)"),
      rated("2 of 5 (7 reviews)"),
      rated("3 of 5 (88 reviews)"),
    ];
    expect(learn(z.int(), nodes, [1203, 7])).toEqual([1203, 7, 88]);
  });

  it("of attributes, classes, counts and widths", () => {
    const stars = (make: (n: number) => PageNode) =>
      [4, 2, 5, 1].map((n) => el("li", el("a", "Lamp"), make(n)));
    const makers: ((n: number) => PageNode)[] = [
      (n) => el("span.rating", { "aria-label": `Rated ${n} out of 5 stars` }),
      (n) => el(`span.rating.stars-${n}`),
      (n) => el(`p.star-rating.${["Zero", "One", "Two", "Three", "Four", "Five"][n]!}`),
      (n) =>
        el("div.rating", ...Array.from({ length: 5 }, (_, i) => el(i < n ? "i.star.full" : "i.star.empty"))),
      (n) => el("div.bar", el("div.fill", { style: `width: ${n * 20}%` })),
      (n) => el("span", { "data-stars": String(n) }),
      (n) => el("span", "★".repeat(n) + "☆".repeat(5 - n)),
    ];
    for (const make of makers) expect(learn(z.number(), stars(make), [4, 2])).toEqual([4, 2, 5, 1]);
  });

  it("by whether a mark is there", () => {
    const item = (sold: boolean) =>
      el("li.item", el("a", "Lamp"), ...(sold ? [el("span.badge", "gone")] : []));
    expect(
      learn(z.boolean(), [item(false), item(true), item(true), item(false)], [true, false, false]),
    ).toEqual([true, false, false, true]);
  });

  it("as a list", () => {
    const item = (...tags: string[]) =>
      el("li", el("a", "Lamp"), el("p", ...tags.map((tag) => el("span.tag", tag))));
    expect(
      learn(
        z.array(z.string()),
        [item("a", "b"), item("c"), item("d", "e", "f"), item()],
        [["a", "b"], ["c"]],
      ),
    ).toEqual([["a", "b"], ["c"], ["d", "e", "f"], null]);
  });

  it("of an address, however the model writes it", () => {
    const item = (n: number) => el("li", el("a", { href: `https://shop.test/lamp/${n}` }, "Lamp"));
    expect(learn(z.url(), [item(1), item(2), item(3)], ["/lamp/1", "https://shop.test/lamp/2"])).toEqual(
      [1, 2, 3].map((n) => `https://shop.test/lamp/${n}`),
    );
  });
});

describe("what a model says", () => {
  const item = (name: string) => el("li", el("b.name", name));
  const nodes = ["Ann", "Bo", "Cy", "Di"].map(item);
  it("is not a value where it is not on the page", () => {
    expect(learn(z.string(), nodes, ["Xaver", "Yolanda", "Zoe"])).toBe("no rule");
  });
  it("may be wrong about one of several", () => {
    expect(learn(z.string(), nodes, ["Ann", "Bo", "Dora", "Di"])).toEqual(["Ann", "Bo", "Cy", "Di"]);
  });
  it("may be cut short, of a long text", () => {
    const long = (n: number) => `${n}: ${"it shines and shines ".repeat(10)}`.trim();
    const said = [1, 2].map((n) => `${long(n).slice(0, 60)}…`);
    expect(
      learn(
        z.string(),
        [1, 2, 3].map((n) => item(long(n))),
        said,
      ),
    ).toEqual([1, 2, 3].map(long));
  });
});
