/** @file A random two-layer Llama for tests of the server. */

import { createModel } from "../../../onnx/create-model.ts";
import { tokenizerConfig, trainBpe } from "../../../onnx/tokenizer/train-bpe.ts";

const texts = [
  "The lamp costs $24. Open the page of the kettle, then say what it costs. It is $31.",
  "a b c",
];

export async function makeTinyModel(directory: string, { seed = 1, layers = 2 } = {}): Promise<void> {
  const tokenizer = trainBpe(texts, { vocabSize: 300 });
  const ids = [...Object.values(tokenizer.model.vocab), ...tokenizer.added_tokens.map(({ id }) => id)];
  await createModel({
    directory,
    model: {
      vocabSize: Math.max(...ids) + 1,
      hiddenSize: 32,
      layers,
      heads: 4,
      kvHeads: 2,
      contextTokens: 128,
    },
    tokenizerFiles: new Map([
      ["tokenizer.json", JSON.stringify(tokenizer)],
      ["tokenizer_config.json", JSON.stringify(tokenizerConfig({ contextTokens: 128 }))],
    ]),
    seed,
  });
}
