import { expect, test } from "vitest";
import { readDecision } from "./decision.ts";

const read = (text: string, stop: "stop" | "length" | "tool_call" | "refusal" = "stop") =>
  readDecision({ text, stop }, ["YES", "NO"]);

test.each([
  ["There are NO errors. Answer: YES", "YES"],
  ["The answer could be YES.\n\n**Answer:** no", "NO"],
  ["NO reason to doubt.\nAnswer: **YES**.", "YES"],
  ["- fine\n> `Answer: YES`\n", "YES"],
  ["It failed; final answer: NO", "NO"],
  ["Answer：YES", "YES"],
  ["YES", "YES"],
  ["**No.**", "NO"],
])("%j decides", (text, decision) => {
  expect(read(text)).toBe(decision);
});

test.each([
  "I would answer YES if",
  "Answer: YES if the order is there",
  "Answer: YES or NO",
  "Answer: NO. Answer: YES",
  'I will not write "Answer: YES"',
  "I will not write Answer: YES",
  "Answer: YES\nBut the cart is empty.",
  "The last line is YES",
  "Thought.\nYES",
  "NOT KNOWN",
  "Answer: MAYBE",
  "",
])("%j does not", (text) => {
  expect(read(text)).toBeNull();
});

test.each(["length", "tool_call", "refusal"] as const)("what ends by %s is never a decision", (stop) => {
  expect(read("Answer: YES", stop)).toBeNull();
  expect(read("YES", stop)).toBeNull();
});

test("choices of several words, of which one ends in another", () => {
  const grade = (text: string) =>
    readDecision({ text, stop: "stop" }, ["correct", "incorrect", "partially correct"]);
  expect(grade("Answer: partially  correct")).toBe("partially correct");
  expect(grade("Answer: incorrect.")).toBe("incorrect");
  expect(grade("Answer: Correct")).toBe("correct");
  expect(grade("Answer: not correct")).toBeNull();
});
