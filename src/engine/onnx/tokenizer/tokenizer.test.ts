import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ConfigError } from "../../../core/errors.ts";
import { checkTokenizerFits, createTokenizer, loadTokenizer } from "./load-tokenizer.ts";
import { defaultSpecialTokens, tokenizerConfig, trainBpe } from "./train-bpe.ts";

const texts = [
  "Orders - Store admin\nadmin.webrl.test/orders?status=pending\n---\n[link Dashboard] [link Orders] [link Products]",
  '[link Order 1041] | Ann Lee | $24.00 | Pending | [button Ship order 1041]\ndo(action="Click", element="link Order 1041")',
  "the order of the orders is the order that the customer ordered; naïve café – 東京 🦊",
];

describe("trainBpe", () => {
  const json = trainBpe(texts, { vocabSize: 340 });
  const tokenizer = createTokenizer(json, tokenizerConfig());

  it("gives the same file for the same texts in any order", () => {
    expect(JSON.stringify(trainBpe(texts.toReversed(), { vocabSize: 340 }))).toBe(JSON.stringify(json));
  });

  it("merges the most frequent pair first", () => {
    // aab ×3 and ab ×2: pairs aa 3, ab 5 → "ab" first; then a+ab.
    const merges = trainBpe(["aab", "aab", "aab", "ab", "ab"], { vocabSize: 300 }).model.merges;
    expect(merges).toEqual([
      ["a", "b"],
      ["a", "ab"],
    ]);
  });

  it("keeps YES, NO and every special token one token", () => {
    for (const word of ["YES", "NO", ...defaultSpecialTokens]) {
      expect(tokenizer.encode(word)).toEqual([tokenizer.idOf(word)]);
    }
    expect(tokenizer.encode("<|end_header_id|>\n\nYES").at(-1)).toBe(tokenizer.idOf("YES"));
  });

  it("holds no more tokens than asked for", () => {
    expect(tokenizer.vocabSize).toBeLessThanOrEqual(340);
    expect(() => trainBpe(texts, { vocabSize: 260 })).toThrow(/too small: bytes and reserved tokens need/);
  });

  it("cuts a link's words alike on the page and in an action", () => {
    const page = tokenizer.encode("[link Order 1041]");
    const action = tokenizer.encode('element="link Order 1041")');
    expect(action.join()).toContain(page.slice(1, -1).join());
  });

  it("round-trips any text, special tokens included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(`<|eot_id|>${text}<|pad|>`))).toBe(
          `<|eot_id|>${text}<|pad|>`,
        );
      }),
    );
  });

  it("the word cache changes nothing: ids equal those of the plain Hugging Face pipeline", () => {
    const plain = new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false });
    const idsOf = (text: string) => plain.encode(text, { add_special_tokens: false }).ids;
    for (const text of [...texts, ...texts]) expect(tokenizer.encode(text)).toEqual(idsOf(text));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(tokenizer.encode(text)).toEqual(idsOf(text));
      }),
    );
  });
});

describe("loadTokenizer", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "webrl-tokenizer-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("reads what trainBpe wrote", async () => {
    await writeFile(join(directory, "tokenizer.json"), JSON.stringify(trainBpe(texts, { vocabSize: 300 })));
    const tokenizer = await loadTokenizer(directory);
    expect(tokenizer.decode(tokenizer.encode(texts[0]!))).toBe(texts[0]);
    expect(tokenizer.idOf("no such token")).toBeUndefined();
  });

  it("names the file that is missing, broken or no tokenizer", async () => {
    await expect(loadTokenizer(join(directory, "nowhere"))).rejects.toThrow(
      /nowhere.*tokenizer\.json does not exist/,
    );
    await writeFile(join(directory, "tokenizer.json"), '{"model":');
    await expect(loadTokenizer(directory)).rejects.toThrow(/tokenizer\.json is not valid JSON/);
    await writeFile(join(directory, "tokenizer.json"), "{}");
    await expect(loadTokenizer(directory)).rejects.toThrow(ConfigError);
  });

  it("refuses a tokenizer with more ids than the embedding has rows", () => {
    const tokenizer = createTokenizer(trainBpe(texts, { vocabSize: 300 }));
    expect(() => checkTokenizerFits(tokenizer, tokenizer.vocabSize, "m")).not.toThrow();
    expect(() => checkTokenizerFits(tokenizer, tokenizer.vocabSize - 1, "m")).toThrow(
      /tokenizer\.json.*embedding/,
    );
  });
});
