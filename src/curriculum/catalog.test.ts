import { describe, expect, test } from "vitest";
import { normaliseInstruction } from "./catalog.ts";

describe("normalised instructions", () => {
  test("case, white space and punctuation do not make a new task; numbers do", () => {
    expect(normaliseInstruction("  Buy the  RED lamp! ")).toBe(normaliseInstruction("buy the red lamp."));
    expect(normaliseInstruction("Pay $1.50")).not.toBe(normaliseInstruction("Pay $150"));
    expect(normaliseInstruction("Open #12")).not.toBe(normaliseInstruction("Open #13"));
  });
});
