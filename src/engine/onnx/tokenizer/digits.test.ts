import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { characterOfByte } from "./byte-level.ts";
import { withoutDigits } from "./digits.ts";
import { createTokenizer } from "./load-tokenizer.ts";

const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
const digits = { type: "Digits", individual_digits: true };
/** GPT-2's words, as `ByteLevel` has them. */
const gpt2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

describe("Digits", () => {
  it("and then GPT-2's words are one pattern that makes the same words", () => {
    const { pretokenizers } = withoutDigits({ type: "Sequence", pretokenizers: [digits, bytes] as object[] });
    const [words, last] = pretokenizers as [{ pattern: { Regex: string } }, object];
    expect(last).toEqual({ ...bytes, use_regex: false });
    const pattern = new RegExp(words.pattern.Regex, "gu");
    const twice = (text: string) =>
      text
        .split(/(\p{N})/u)
        .flatMap((piece) => (/^\p{N}$/u.test(piece) ? [piece] : (piece.match(gpt2) ?? [])));
    expect(" ½ 12\n\n1.1".match(pattern)).toEqual([" ", "½", " ", "1", "2", "\n\n", "1", ".", "1"]);
    const unit = fc.constantFrom(...Array.from(" \t\n'.,stld re19½²Ⅷ٣aZéß中한🙂\u0301"));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        expect(text.match(pattern) ?? []).toEqual(twice(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("a tokenizer does not join a blank and the number behind it", () => {
    // ½ is C2 BD; the blank is written Ġ, C2 is written Â.
    const vocab = Object.fromEntries([...characterOfByte, "ĠÂ"].map((token, id) => [token, id]));
    const json = {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: "Sequence", pretokenizers: [digits, bytes] },
      post_processor: null,
      decoder: { type: "ByteLevel" },
      model: { type: "BPE", vocab, merges: [["Ġ", "Â"]] },
    };
    expect(createTokenizer(json).encode(" ½ «")).toEqual([0x20, 0xc2, 0xbd, 256, 0xab]);
  });

  it("elsewhere split at every number, one by one or in groups", () => {
    const patternOf = (stage: unknown) =>
      (withoutDigits(stage) as { pattern?: { Regex: string } }).pattern?.Regex;
    expect(patternOf(digits)).toBe("\\p{N}");
    expect(patternOf({ ...digits, individual_digits: false })).toBe("\\p{N}+");
  });

  it.each([null, undefined, bytes, { type: "Sequence", pretokenizers: [bytes] }])(
    "not there: %j stays",
    (stage) => {
      expect(withoutDigits(stage)).toEqual(stage);
    },
  );
});
