import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { imitationSamples, readEpisodes, tokenizeSample } from "../imitation/demonstrations.ts";
import { answerTokens, valuePromptOf } from "./prompt.ts";
import { ormInput, ormPrompt } from "./prompt-orm.ts";

const base = fileURLToPath(new URL("../../models/base/", import.meta.url));

/** Made by the version that trained the shipped models: with other prompts they would have to be trained anew. */
it.each([
  ["compact", 2048, "1218ddc0d8f355818359953242d1c74ccea260690474bd45696f7043e15fda6c"],
  ["paper", 700, "be3f4feb6fc35b38dde2ddf1f61a14267e6bec5608ef534b429b070f5a69a332"],
] as const)(
  "recorded pages have the prompts that they had: %s",
  async (template, contextTokens, expected) => {
    const tokenizer = await loadTokenizer(base);
    const records = (await readEpisodes(`${base}demonstrations.jsonl.gz`)).slice(0, 100);
    const hash = createHash("sha256");
    for (const sample of imitationSamples(records)) {
      const { promptTokens, responseTokens } = tokenizeSample(sample, {
        tokenizer,
        contextTokens,
        maxNewTokens: 96,
        template,
      });
      hash.update(JSON.stringify([promptTokens, responseTokens, valuePromptOf(tokenizer, promptTokens)]));
    }
    for (const { trajectory } of records)
      hash.update(JSON.stringify(ormPrompt({ ...ormInput(trajectory), tokenizer, contextTokens, template })));
    hash.update(JSON.stringify(answerTokens(tokenizer)));
    expect(hash.digest("hex")).toBe(expected);
  },
);
