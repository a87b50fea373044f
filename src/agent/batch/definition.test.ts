import { describe, expect, test } from "vitest";
import { parseRules, approveByRules, changeOf } from "./approve.ts";
import { parseNumber } from "../../core/parse-number.ts";
import { isSame } from "./compare.ts";
import { columnsOf, defineJob } from "./definition.ts";
import { columnsIn, fill } from "./template.ts";

const effect = { open: "/p/{sku}", values: { price: { label: "Price", as: "number", wanted: "{price}" } } };
const valid = { key: "sku", instruction: "Set {sku} to {price}", effect };

describe("a job", () => {
  test("names the columns that it needs", () => {
    const job = defineJob({ ...valid, undo: { instruction: "Set {sku} to {was.price} because {why}" } });
    expect([...columnsOf(job).keys()]).toEqual(["sku", "price", "why"]);
  });

  test.each([
    [{ ...valid, instrution: "x" }, 'there is no "instrution"; the nearest is "instruction"'],
    [{ ...valid, instruction: "Set {sku to" }, "names no column"],
    [{ ...valid, instruction: undefined }, "instruction"],
    [{ ...valid, effect: { values: effect.values } }, "effect.open is not given"],
    [{ ...valid, effect: { open: "/", values: {} } }, "names no value to read"],
    [{ ...valid, effect: { open: "/", values: { price: { wanted: "{price}" } } } }, "neither label nor text"],
    [
      { ...valid, effect: { open: "/", values: { price: { label: "a", text: "b", wanted: "c" } } } },
      "both label and text",
    ],
    [{ ...valid, undo: { instruction: "Back to {was.prize}" } }, "has no prize"],
    [null, "must be an object"],
  ])("is refused where it contradicts itself: %j", (input, message) => {
    expect(() => defineJob(input)).toThrow(message);
  });
});

describe("templates", () => {
  test("fill in values, and write them as addresses need them", () => {
    expect(fill("Set {a} to {{{b}}}", { a: "x/y", b: "2" })).toBe("Set x/y to {2}");
    expect(fill("/p/{a}?q={b}", { a: "x/y", b: "ä b" }, true)).toBe("/p/x%2Fy?q=%C3%A4%20b");
    expect(columnsIn("{a} {{b}} { c }", "it")).toEqual(["a", "c"]);
  });
});

describe("numbers", () => {
  test.each([
    ["$1,234.50", 1234.5],
    ["1.234,50 €", 1234.5],
    ["1'234.5", 1234.5],
    ["1 234,50 €", 1234.5],
    ["CHF 1'200", 1200],
    ["-3", -3],
    ["12", 12],
    ["12,5", 12.5],
    ["1,200", 1200],
    ["1.200.000", 1_200_000],
    ["−3.5 °C", -3.5],
    ["0.125", 0.125],
    ["EUR 19.90", 19.9],
    ["two", null],
    ["2 of 3", null],
    ["", null],
  ])("%j is %j", (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  test("are the same however they are written; texts are not", () => {
    expect(isSame("$19.90", "19.9", "number")).toBe(true);
    expect(isSame("$19.90", "19.9", "text")).toBe(false);
    expect(isSame("a\n b", "a b", "text")).toBe(true);
    expect(isSame("sold out", "sold out", "number")).toBe(false);
    expect(isSame(null, null, "number")).toBe(true);
  });
});

describe("rules of approval", () => {
  const job = defineJob({
    ...valid,
    effect: { ...effect, values: { ...effect.values, name: { label: "Name", wanted: "{name}" } } },
  });
  const change = (from: string, to: string, more: string[] = []) =>
    changeOf("A", { price: from, name: "a" }, { price: to, name: "b" }, ["price", ...more]);

  test("speak for changes within them, and for nothing else", () => {
    const rules = parseRules(["price<=10%"], job);
    expect(approveByRules(rules, change("$10.00", "11"))).toEqual({ approved: true, by: "rule price<=10%" });
    expect(approveByRules(rules, change("$10.00", "9"))?.approved).toBe(true);
    expect(approveByRules(rules, change("$10.00", "11.01"))).toBeNull();
    expect(approveByRules(rules, change("$10.00", "10.50", ["name"]))).toBeNull();
    expect(approveByRules(rules, change("sold out", "10"))).toBeNull();
    expect(approveByRules(parseRules(["price<=50%", "price<=2"], job), change("10", "13"))).toBeNull();
  });

  test("are refused where they cannot be meant", () => {
    expect(() => parseRules(["price<10"], job)).toThrow("not a rule of approval");
    expect(() => parseRules(["stock<=1"], job)).toThrow("does not read that");
    expect(() => parseRules(["name<=1"], job)).toThrow("does not read that as a number");
    expect(() => parseRules(["all", "price<=1"], job)).toThrow("contradict each other");
  });
});
