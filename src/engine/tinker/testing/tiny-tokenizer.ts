/** @file A directory with a tokenizer of few tokens and a `config.json`: what a client has of a remote model. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokenizerConfig, trainBpe } from "../../onnx/tokenizer/train-bpe.ts";

export function writeTinyTokenizer(): { directory: string } {
  const directory = mkdtempSync(join(tmpdir(), "webrl-tiny-tokenizer-"));
  const tokenizer = trainBpe(["The lamp costs $24.", "The lamp"], { vocabSize: 300 });
  const write = (name: string, value: object) => writeFileSync(join(directory, name), JSON.stringify(value));
  write("tokenizer.json", tokenizer);
  write("tokenizer_config.json", tokenizerConfig());
  write("config.json", { max_position_embeddings: 512 });
  return { directory };
}
