import { afterEach, expect, test, vi } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

afterEach(() => void vi.unstubAllEnvs());

const SERVER = "openai:m@http://127.0.0.1:9/v1";
const NEVER = "runs/never.jsonl";

test.each([
  ["write it like", ["eval", "--model", "openai:"]],
  ["does not begin with http", ["eval", "--model", "openai:m@localhost:8000/v1"]],
  ["OPENAI_BASE_URL", ["eval", "--model", "openai:m"]],
  ["gets messages", ["eval", "--model", SERVER, "--template", "compact"]],
  ["there is no price", ["eval", "--model", SERVER, "--out", NEVER, "--llm", "budget.cost=1"]],
  ["Add --out FILE", ["eval", "--model", SERVER, "--llm", "budget.requests=5"]],
  ["the nearest is llm.retries", ["eval", "--model", SERVER, "--llm", "retrys=5"]],
  ["at most half of llm.contextTokens", ["eval", "--model", SERVER, "--max-new-tokens", "9000"]],
  ["none is named", ["eval", "--model", "models/base", "--llm", "retries=5"]],
  [
    "are two models",
    ["eval", "--model", SERVER, "--judge", "openai:j@http://127.0.0.1:9/v1", "--out", NEVER].concat(
      ['price={"input":1,"output":2}', "budget.cost=1"].flatMap((setting) => ["--llm", setting]),
    ),
  ],
  ["needs the weights", ["model", "sft", "--base", SERVER, "--demos", "x", "--out", "y"]],
  ["needs the weights", ["model", "info", SERVER]],
  ["models.base needs the weights", ["train", "--set", `models.base=${SERVER}`, "--run", "runs/never"]],
  ["--detour-rate", ["model", "demos", "--model", SERVER, "--out", NEVER, "--detour-rate", "0.1"]],
  ["Add --model", ["model", "demos", "--out", NEVER, "--judge", SERVER]],
])("%s: %j", async (why, args) => {
  vi.stubEnv("OPENAI_BASE_URL", "");
  expect(mistakeOf(await webrl(...args)).toLowerCase()).toContain(why.toLowerCase());
});
