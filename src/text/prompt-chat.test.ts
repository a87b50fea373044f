import { expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { CHAT_SYSTEM, policyMessages } from "./prompt-chat.ts";
import { parseAction } from "./action.ts";
import { markData } from "./page-data.ts";

const count = (text: string) => Math.ceil(text.length / 3);
const input = {
  instruction: "Buy the red lamp",
  history: [{ response: "do(one)" }, { response: "do(two)" }],
  observation: "Red lamp",
};

test("messages are the system prompt with the task, past rounds as pairs, and the current page", () => {
  const messages = policyMessages({ ...input, maxTokens: 4000, count });
  expect(messages.map((m) => m.role)).toEqual(["system", "user", "assistant", "user", "assistant", "user"]);
  expect(messages[0]!.content).toBe(`${CHAT_SYSTEM}\n\nThe task: Buy the red lamp`);
  expect(messages.slice(1).map((m) => m.content)).toEqual([
    "Round 0\n\n** Simplified html **",
    "do(one)",
    "Round 1\n\n** Simplified html **",
    "do(two)",
    `Round 2\n\n${markData("Red lamp")}`,
  ]);
});

test("the first turn has the instruction too", () => {
  const messages = policyMessages({ ...input, history: [], maxTokens: 4000, count });
  expect(messages).toHaveLength(2);
  expect(messages[0]!.content).toContain("Buy the red lamp");
});

test("what does not fit is the end of the page, then the oldest rounds", () => {
  const base = count(CHAT_SYSTEM) + 100;
  const history = Array.from({ length: 20 }, (_, i) => ({ response: `do(${i}) ${"y".repeat(60)}` }));
  const messages = policyMessages({
    ...input,
    history,
    observation: `start ${"x".repeat(9000)}`,
    maxTokens: base + 400,
    count,
  });
  const total = messages.reduce((sum, m) => sum + count(m.content) + 8, 0);
  expect(total).toBeLessThanOrEqual(base + 400);
  expect(messages.at(-1)!.content).toMatch(/^Round 20\n\n<page \w+>\nstart x+\n<\/page \w+>$/);
  expect(messages.at(-2)!.content).toContain("do(19)");
  expect(messages.length).toBeLessThan(42);
});

test("a context that cannot hold the system prompt is a user's mistake", () => {
  expect(() => policyMessages({ ...input, maxTokens: 100, count })).toThrow(ConfigError);
});

test("every example of the system prompt can be parsed", () => {
  const calls = CHAT_SYSTEM.slice(CHAT_SYSTEM.indexOf("Examples:"), CHAT_SYSTEM.indexOf("Rules:"))
    .split("\n")
    .filter((line) => /^(do|exit|go_)/.test(line));
  expect(calls).toHaveLength(7);
  for (const call of calls) expect(parseAction(call)).toMatchObject({ ok: true });
});

test("the system prompt lists every action that the parser knows", () => {
  const unknown = parseAction('do(action="Dance")');
  const names = unknown.ok ? [] : unknown.error.message.split("the actions are ")[1]!.split(", ");
  expect(names.length).toBeGreaterThan(20);
  for (const name of names)
    expect(CHAT_SYSTEM).toContain(
      name.startsWith("Go ") ? `go_${name.slice(3).toLowerCase()}()` : `"${name}"`,
    );
});
