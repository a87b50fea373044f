import { describe, expect, test } from "vitest";
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
