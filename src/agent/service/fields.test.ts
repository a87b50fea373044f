import { expect, test } from "vitest";
import type { Field } from "./fields.ts";
import { checkValue, checkValues, fieldSchema, readValues } from "./fields.ts";

const field = (given: Partial<Field>): Field => fieldSchema.parse({ name: "x", label: "X", ...given });
const order = field({ name: "order", label: "Order number", pattern: "\\d{4}" });
const email = field({ name: "email", label: "E-mail", kind: "email" });
const reason = field({ name: "reason", label: "Reason", kind: "choice", options: ["Damaged", "Wrong item"] });

test("a value fits its pattern as a whole", () => {
  expect(checkValue(order, " 1361 ")).toEqual({ value: "1361" });
  for (const wrong of ["13611", "136", "1361/../1362", "1361\n1362", ""])
    expect(checkValue(order, wrong)).toHaveProperty("error");
});

test("an e-mail address, a number and a choice are checked by what they are", () => {
  expect(checkValue(email, "emma.lopez@mail.test")).toEqual({ value: "emma.lopez@mail.test" });
  expect(checkValue(email, "emma.lopez@mail.test or 1=1")).toHaveProperty("error");
  expect(checkValue(field({ kind: "number" }), "12")).toEqual({ value: "12" });
  expect(checkValue(field({ kind: "number" }), "1e3")).toHaveProperty("error");
  expect(checkValue(reason, "damaged")).toEqual({ value: "Damaged" });
  expect(checkValue(reason, "Other")).toHaveProperty("error");
  expect(checkValue(field({}), "x".repeat(201))).toHaveProperty("error");
});

test("what is missing is named", () => {
  expect(checkValues([order, email], { order: 1361 })).toEqual({
    values: { order: "1361" },
    errors: { email: "E-mail is missing." },
  });
});

test("values are read out of what a customer writes", () => {
  expect(readValues([order, email], "It is #1361, and I am emma.lopez@mail.test.")).toEqual({
    order: "1361",
    email: "emma.lopez@mail.test",
  });
  expect(readValues([reason], "it came damaged")).toEqual({ reason: "Damaged" });
  expect(readValues([reason], "Damaged or the wrong item, who knows")).toEqual({});
  expect(readValues([order, email], "hello")).toEqual({});
});

test("an invalid pattern, and a choice without options, are refused", () => {
  expect(fieldSchema.safeParse({ name: "x", label: "X", pattern: "(" }).success).toBe(false);
  expect(fieldSchema.safeParse({ name: "x", label: "X", kind: "choice" }).success).toBe(false);
});
