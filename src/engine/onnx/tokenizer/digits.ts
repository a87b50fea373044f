/**
 * @file The pre-tokenizer `Digits`. Hugging Face's `tokenizers` splits at every numeric character (½, ², Ⅷ, ٣), the
 * JavaScript package at 0 to 9 only; so it is put into a pattern of ours before the package sees it.
 * https://docs.rs/tokenizers: pre_tokenizers::digits
 */

interface Stage {
  type?: unknown;
  pretokenizers?: unknown;
  [key: string]: unknown;
}

/**
 * GPT-2's words with every numeric character alone: what `Digits` with `individual_digits` and then `ByteLevel` with
 * its own pattern make (SmolLM). A blank before a number stays apart from it, as at the end of a text.
 */
const wordsAndDigits =
  "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?![^\\s\\p{N}])|\\s+";
const split = (pattern: string) => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false,
});

/** `stage` with patterns instead of `Digits`; anything else as it is. */
export function withoutDigits<T>(stage: T): T {
  const { type, pretokenizers } = (stage ?? {}) as Stage;
  if (type === "Digits") return digits(stage as Stage) as T;
  if (type !== "Sequence" || !Array.isArray(pretokenizers)) return stage;
  const stages = pretokenizers as Stage[];
  const [first, second] = stages;
  if (
    stages.length === 2 &&
    first?.type === "Digits" &&
    first["individual_digits"] === true &&
    second?.type === "ByteLevel" &&
    second["add_prefix_space"] !== true &&
    second["use_regex"] !== false
  )
    return { ...stage, pretokenizers: [split(wordsAndDigits), { ...second, use_regex: false }] };
  return { ...stage, pretokenizers: stages.map((each) => withoutDigits(each)) };
}

const digits = ({ individual_digits: individual }: Stage) =>
  split(individual === true ? "\\p{N}" : "\\p{N}+");
