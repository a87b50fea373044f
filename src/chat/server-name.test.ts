import { expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { isServerName, parseServerName } from "./server-name.ts";

const ELSEWHERE = "http://elsewhere:1/v1/";
const parse = (text: string, elsewhere: string | undefined = ELSEWHERE) => {
  const { model, baseUrl } = parseServerName(text, "--model", elsewhere);
  return [model, baseUrl];
};
const mistake = (text: string, elsewhere?: string) => {
  try {
    parseServerName(text, "--model", elsewhere);
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message} ${error.hint}`;
  }
  throw new Error(`${text} was taken`);
};

test("names have slashes, colons and @ in them", () => {
  const url = "http://127.0.0.1:8000/v1";
  expect(parse(`openai:Qwen/Qwen3-8B@${url}`)).toEqual(["Qwen/Qwen3-8B", url]);
  expect(parse(`openai:qwen3:8b@${url}/`)).toEqual(["qwen3:8b", url]);
  expect(parse(`openai:a@b:c/d@e@HTTPS://h.org/api/v1`)).toEqual(["a@b:c/d@e", "https://h.org/api/v1"]);
  expect(parse("openai:m@http://[::1]:80/v1")).toEqual(["m", "http://[::1]/v1"]);
});

test("without an address it is that of OPENAI_BASE_URL", () => {
  expect(parse("openai:gpt-4o")).toEqual(["gpt-4o", "http://elsewhere:1/v1"]);
  expect(parse("openai:llama3@latest")).toEqual(["llama3@latest", "http://elsewhere:1/v1"]);
  expect(mistake("openai:gpt-4o")).toContain("OPENAI_BASE_URL");
  expect(mistake("openai:gpt-4o", "localhost")).toContain("OPENAI_BASE_URL");
});

test.each([
  ["openai:", "names no model"],
  ["openai:@http://h/v1", "names no model"],
  ["openai:m@localhost:8000/v1", "http://"],
  ["openai:m@127.0.0.1:8000", "http://"],
  ["openai:m@http://", "not that of a server"],
  ["openai:m@http://user:pass@h/v1", "OPENAI_API_KEY"],
  ["openai:m@http://h/v1?version=2", "more than a path"],
  ["openai:m@http://h/v1/chat/completions", "that of a single endpoint"],
])("%s is refused", (text, why) => {
  expect(mistake(text, ELSEWHERE)).toContain(why);
});

test("a password is not repeated", () => {
  expect(mistake("openai:m@http://user:hunter2@h/v1", ELSEWHERE)).not.toContain("hunter2");
});

test("a directory is not a server", () => {
  expect(["models/base", "./openai", "openai/x", "openai:x"].map(isServerName)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});
