import { expect, it } from "vitest";

import { createTokenizer } from "../tokenizer/load-tokenizer.ts";
import { trainBpe } from "../tokenizer/train-bpe.ts";
import { StopWatcher } from "./stop-watcher.ts";

const tokenizer = createTokenizer(trainBpe(["a b c"], { vocabSize: 264 }));
const base = { prompt_T: [0], maxTokens: 99, temperature: 1, seed: 1 };

/** Feeds the tokens of `text` one by one; gives the number of tokens at which it stopped, and the text. */
function watch(text: string, options: object) {
  const watcher = new StopWatcher(tokenizer, { ...base, ...options });
  const tokens_T = tokenizer.encode(text);
  for (let n = 1; n <= tokens_T.length; n++) {
    const stop = watcher.after(tokens_T.slice(0, n));
    if (stop) return { stop, tokens: n, text: watcher.text(tokens_T.slice(0, n), stop) };
  }
  return { stop: null, tokens: tokens_T.length, text: watcher.text(tokens_T, "length") };
}

it("sees a stop string of many-byte characters as soon as its last byte is there, and not before", () => {
  // Every byte is one token: é is two, 東 three, 🦊 four.
  expect(watch("aé🦊東z", { stopStrings: ["🦊東"] })).toEqual({
    stop: "string",
    tokens: 1 + 2 + 4 + 3,
    text: "aé",
  });
  expect(watch("aé🦊", { stopStrings: ["🦊東"] })).toEqual({ stop: null, tokens: 7, text: "aé🦊" });
});

it("cuts before the earliest of several stop strings", () => {
  expect(watch("one two", { stopStrings: ["two", "e tw"] })).toEqual({
    stop: "string",
    tokens: 6,
    text: "on",
  });
});

it("a stop string far from the beginning of a long text is found", () => {
  expect(watch(`${"x".repeat(500)}STOP`, { stopStrings: ["STOP"] })).toMatchObject({
    stop: "string",
    text: "x".repeat(500),
  });
});

it("a stop token ends, is counted, and is not text; empty stop strings are ignored", () => {
  const stopTokens = [tokenizer.idOf("<|eot_id|>")!];
  expect(watch("ab<|eot_id|>c", { stopTokens, stopStrings: [""] })).toEqual({
    stop: "token",
    tokens: 3,
    text: "ab",
  });
});
