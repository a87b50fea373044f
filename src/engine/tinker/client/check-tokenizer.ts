/**
 * @file Checks whether the local tokenizer is that of a model elsewhere. In its own tokens, a model finds a text
 * likelier than the same text with some tokens exchanged; in a foreign tokenizer's tokens, it sees no difference.
 */

import type { Datum, Tokenizer } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { createRng } from "../../../core/rng.ts";

/** What models are trained on: prose, actions, programs. One that a model knows is enough. */
const TEXTS = [
  "The page shows a list of products with their prices. Open the first one, read what it costs, and tell the price to the customer who asked for it. If there is no such product, say that it cannot be found.",
  'do(action="Click", element="12")\ndo(action="Type", argument="blue kettle", element="7")\ndo(action="Click", element="link Add to cart")\nexit(message="$31.00")',
  'import json\n\ndef read(path):\n    with open(path) as file:\n        return json.load(file)\n\nfor i in range(10):\n    print(i, read(f"{i}.json"))\n',
];
const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
const EXCHANGES = 3;
/**
 * By how many nats a token the text itself has to be likelier. With the right tokenizer it is likelier by 11
 * (SmolLM2-135M) or 3.8 (the shipped models, which know our actions only); one exchange compared with the others, by
 * 1.3 at most.
 */
const LIKELIER = 2;
/**
 * A model that has learned something finds nonsense less likely than a die does, by at least this many nats a token.
 */
const LEARNED = 2.5;

/**
 * Returns `null`, or why it cannot be decided. @throws ConfigError if the model cannot read text in this tokenizer's
 * tokens.
 */
export async function checkTokenizer(
  model: {
    tokenizer: Tokenizer;
    contextTokens: number;
    logprobs(datums_B: Datum[]): Promise<Float32Array[]>;
  },
  name: string,
): Promise<string | null> {
  const { tokenizer, contextTokens } = model;
  const { vocabSize } = tokenizer;
  const exchanges = Array.from({ length: EXCHANGES }, (_, i) =>
    createRng(i + 1).shuffle(Array.from({ length: vocabSize }, (__, token) => token)),
  );
  const datums = TEXTS.flatMap((text) => {
    const itself_T = tokenizer.encode(text).slice(0, contextTokens);
    return [itself_T, ...exchanges.map((other) => itself_T.map((token) => other[token]!))].map(
      (tokens_T): Datum => ({
        tokens_T,
        positions_N: tokens_T.slice(1).map((_, n) => n),
        targets_N: tokens_T.slice(1),
      }),
    );
  });
  const means_B = (await model.logprobs(datums)).map((each) => mean([...each]));
  const texts = TEXTS.map((_, i) => {
    const [itself, ...exchanged] = means_B.slice(i * (1 + EXCHANGES), (i + 1) * (1 + EXCHANGES));
    const nonsense = mean(exchanged);
    return { likelier: itself! - nonsense, learned: -Math.log(vocabSize) - nonsense };
  });
  const likelier = Math.max(...texts.map((each) => each.likelier));
  if (likelier >= LIKELIER) return null;
  const learned = Math.max(...texts.map((each) => each.learned));
  if (learned < LEARNED)
    return `whether the tokenizer is that of ${name} cannot be told: to this model all texts are alike, as to one that was never trained`;
  throw new ConfigError(
    `the tokenizer is not that of ${name}: its texts are ${likelier.toFixed(1)} nats a token likelier to the model than the same with tokens exchanged, and the model's own would be by ${LIKELIER} or more`,
    "Name the directory of the served model's own tokenizer.",
  );
}
