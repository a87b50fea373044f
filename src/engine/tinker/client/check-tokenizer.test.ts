import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { serveEngine, type EngineServer } from "../server/serve.ts";
import { makeTinyModel } from "../server/testing/tiny-model.ts";
import { createTinkerEngine } from "./engine.ts";

const TRAINED = "models/base";
let root: string;
let server: EngineServer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-tokenizer-"));
  await makeTinyModel(join(root, "tiny"));
  server = await serveEngine({
    models: [TRAINED, join(root, "tiny")],
    directory: join(root, "work"),
    port: 0,
    engine: { threads: 1 },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

async function open(model: string, tokenizer: string): Promise<string[]> {
  const told: string[] = [];
  const onTrouble = (message: string) => void told.push(message);
  await using engine = createTinkerEngine({ url: server.url, model, tokenizer, rank: 2, onTrouble });
  await using _model = await engine.open({ path: tokenizer });
  return told;
}

/** A tokenizer of the same size and the same tokens, whose ids are others. */
async function renumbered(seed: number): Promise<string> {
  const directory = join(root, `renumbered-${seed}`);
  await mkdir(directory);
  for (const file of ["config.json", "tokenizer_config.json"])
    await copyFile(join(TRAINED, file), join(directory, file));
  const tokenizer = JSON.parse(await readFile(join(TRAINED, "tokenizer.json"), "utf8")) as {
    model: { vocab: Record<string, number> };
  };
  const { vocab } = tokenizer.model;
  const ids = createRng(seed).shuffle(Object.values(vocab));
  tokenizer.model.vocab = Object.fromEntries(Object.keys(vocab).map((token, i) => [token, ids[i]!]));
  await writeFile(join(directory, "tokenizer.json"), JSON.stringify(tokenizer));
  return directory;
}

it("a trained model knows its own tokenizer", async () => {
  expect(await open("base", TRAINED)).toEqual([]);
});

it.each([1, 2, 3])("a tokenizer of the same size that is not the model's is refused (%i)", async (seed) => {
  await expect(open("base", await renumbered(seed))).rejects.toThrow(
    /the tokenizer is not that of base at http.*: its texts are -?[01]\.\d nats a token likelier/,
  );
});

it("of a model that was never trained it cannot be told, and that is said", async () => {
  expect(await open("tiny", join(root, "tiny"))).toEqual([
    expect.stringMatching(/^whether the tokenizer is that of tiny .* cannot be told/),
  ]);
});
