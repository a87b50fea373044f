import { cp, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { estimate } from "../engine/onnx/estimate.ts";
import { LocalEngine } from "../engine/onnx/local-engine.ts";
import { modelTemplate, writeTemplateNote } from "./prompt-template.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-template-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** An adapter as PEFT leaves it, without a tokenizer, moved together with its base. */
async function movedAdapter(): Promise<{ base: string; adapter: string }> {
  const before = join(root, "before");
  await cp("models/base", join(before, "base"), { recursive: true });
  await rm(join(before, "base", "prompt.json"), { force: true });
  await using engine = new LocalEngine({ provider: "cpu", threads: 1, memoryBudgetBytes: 2 ** 30 });
  await using model = await engine.open({
    path: join(before, "base"),
    lora: { rank: 1, alpha: 1, layers: 1, seed: 0 },
  });
  await model.save(join(before, "adapter"));
  const after = join(root, "after");
  await rename(before, after);
  const adapter = join(after, "adapter");
  for (const file of ["tokenizer.json", "tokenizer_config.json", "prompt.json"])
    await rm(join(adapter, file), { force: true });
  return { base: join(after, "base"), adapter };
}

it("an adapter reads what its note says, else its base's, else what the base is, wherever that was moved", async () => {
  const { base, adapter } = await movedAdapter();
  expect(await modelTemplate(adapter, "auto")).toBe("compact");
  await writeTemplateNote(base, "paper");
  expect(await modelTemplate(adapter, "auto")).toBe("paper");
  await writeTemplateNote(adapter, "compact");
  expect(await modelTemplate(adapter, "auto")).toBe("compact");
  expect(await modelTemplate(adapter, "paper")).toBe("paper");
  const work = { trained: { path: adapter }, batchSize: 1, sampled: 0, lengths: () => [10] };
  expect((await estimate(work)).trainedParameters).toBeGreaterThan(0);
});
