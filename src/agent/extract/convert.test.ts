import { describe, expect, it, test } from "vitest";
import { z } from "zod";
import { convert, numbersIn } from "./convert.ts";
import { readSchema } from "./schema.ts";
import type { Field } from "./schema.ts";

const base = "https://shop.test/list";
const fieldOf = (type: z.ZodType): Field => readSchema(z.object({ a: type })).fields[0]!;
const read = (text: string, type: z.ZodType, how: { decimal?: "." | ","; order?: "day first" } = {}) => {
  const read = convert(text, fieldOf(type), { decimal: ".", order: "month first", ...how }, base);
  return "value" in read ? read.value : `! ${read.reason}`;
};

test.each<[string, number]>([
  ["$1,299.00", 1299],
  ["1.299,00 €", 1299],
  ["1 299,50 kr", 1299.5],
  ["1'299.50 CHF", 1299.5],
  ["1,299", 1299],
  ["12,99", 12.99],
  ["0.125 kg", 0.125],
  ["0,125 kg", 0.125],
  ["−5 °C", -5],
  ["from $12 to $15", 12],
  ["A-4 paper", 4],
  ["4 out of 5 stars", 4],
  ["Rated 4.5", 4.5],
  ["1,234,567", 1_234_567],
  ["1.234.567", 1_234_567],
  ["12.5k views", 12_500],
  ["1.2M", 1_200_000],
  ["5 m", 5],
  ["★★★★☆", 4],
  ["★★★½☆", 3.5],
  ["☆☆☆☆☆", 0],
  ["star-rating Three", 3],
  ["2 030 items", 2030],
])("the number in %s is %d", (text, number) => {
  expect(read(text, z.number())).toBe(number);
});

it("reads thousands and decimals that look alike as the samples do", () => {
  expect(read("1.299 €", z.number())).toBe(1.299);
  expect(read("1.299 €", z.number(), { decimal: "," })).toBe(1299);
  expect(read("1,299 €", z.number(), { decimal: "," })).toBe(1.299);
});

it("tells numbers of one text apart", () => {
  expect(numbersIn("4.5 of 5 (1 203 reviews, 12-15 days)")).toEqual(["4.5", "5", "1 203", "12", "15"]);
  expect(numbersIn("10 20 30")).toEqual(["10", "20", "30"]);
});

test.each<[string, string]>([
  ["2025-03-12", "2025-03-12"],
  ["2025-03-12T08:30:00Z", "2025-03-12"],
  ["12 March 2025", "2025-03-12"],
  ["Posted on March 12th, 2025 by Ann", "2025-03-12"],
  ["Mar 12, 2025", "2025-03-12"],
  ["12. März 2025", "2025-03-12"],
  ["12 de marzo de 2025", "2025-03-12"],
  ["12 mars 2025", "2025-03-12"],
  ["12.03.2025", "2025-03-12"],
  ["3/12/2025", "2025-03-12"],
  ["25/12/2025", "2025-12-25"],
  ["2025年3月12日", "2025-03-12"],
])("the date in %s", (text, date) => {
  expect(read(text, z.iso.date())).toBe(date);
});

describe("dates", () => {
  it("in numbers are read in the order of the samples", () => {
    expect(read("3/12/2025", z.iso.date(), { order: "day first" })).toBe("2025-12-03");
  });
  it("with a time keep it", () => {
    expect(read("12 March 2025, 8:05 pm", z.iso.datetime())).toBe("2025-03-12T20:05:00Z");
    expect(read("2025-03-12 08:30", z.iso.datetime())).toBe("2025-03-12T08:30:00Z");
  });
  it.each(["3 days ago", "31 February 2025", "12/2025", "Version 1.2.3"])("%s is not one", (text) => {
    expect(read(text, z.iso.date())).toMatch(/^! .* has no readable date/);
  });
});

test.each<[string, boolean]>([
  ["In stock", true],
  ["out of stock", false],
  ["Not available", false],
  ["✓", true],
  ["✗", false],
  ["Yes", true],
  ["no", false],
  ["Verified purchase", true],
])("%s is %s", (text, value) => {
  expect(read(text, z.boolean())).toBe(value);
});

it("says of everything else why it is not a value", () => {
  expect(read("call us", z.number())).toBe('! "call us" is not a number');
  expect(read("4.5", z.int())).toBe('! "4.5" is not a whole number');
  expect(read("perhaps", z.boolean())).toBe('! "perhaps" says neither yes nor no');
  expect(read("blue", z.enum(["red", "green"]))).toBe('! "blue" is none of red, green');
});

it("finds the choice that a text means", () => {
  const state = z.enum(["shipped", "not shipped", "new"]);
  expect(read("Status: Shipped", state)).toBe("shipped");
  expect(read("not shipped yet", state)).toBe("not shipped");
  expect(read("renewed", state)).toMatch(/^!/);
});

it("makes addresses whole", () => {
  expect(read("/lamp/1", z.url())).toBe("https://shop.test/lamp/1");
});
