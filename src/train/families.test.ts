import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeCheckpoint } from "../engine/onnx/checkpoint/checkpoint.ts";
import { createOnnxEngine } from "../engine/onnx/engine.ts";
import { parseDecoderConfig } from "../engine/onnx/models/config.ts";
import { initWeights, parameterSpecs } from "../engine/onnx/models/parameters.ts";
import { familyFiles, type Family } from "../engine/onnx/testing/families.ts";
import { createRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { builtInSuite } from "../tasks/built-in-suite.ts";
import { llmConfigSchema } from "../chat/config.ts";
import { createFeasibilityJudge } from "../curriculum/llm.ts";
import { createContext } from "./context.ts";
import { train } from "./loop.ts";
import { openLocalChat, refuseBudget } from "./open-local-chat.ts";
import { chooseTemplates } from "./prompt-template.ts";
import { fakeConfig, fakeParts } from "./testing/fake-run.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-families-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Random weights of this architecture, as small as they can be, with the family's tokenizer. */
async function tinyModel(family: Family, architecture: object): Promise<string> {
  const directory = join(root, family);
  const { tokenizer, config: tokenizerConfig, endTokens } = await familyFiles(family);
  const { vocab } = tokenizer.model;
  const idOf = new Map([
    ...Object.entries(vocab),
    ...tokenizer.added_tokens.map(({ content, id }): [string, number] => [content, id]),
  ]);
  const config = parseDecoderConfig(
    {
      hidden_act: "silu",
      vocab_size: Math.max(...idOf.values()) + 1,
      hidden_size: 16,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 8,
      intermediate_size: 16,
      rms_norm_eps: 1e-5,
      max_position_embeddings: 2048,
      ...architecture,
    },
    "config.json",
  );
  const weights = initWeights(config, 1);
  await writeCheckpoint(directory, {
    config: config.raw,
    tensors: new Map(
      parameterSpecs(config).map(({ name, shape }) => [
        name,
        { shape: [...shape], data: weights.get(name)! },
      ]),
    ),
    files: new Map([
      ["tokenizer.json", JSON.stringify(tokenizer)],
      ["tokenizer_config.json", JSON.stringify(tokenizerConfig)],
      ["generation_config.json", JSON.stringify({ eos_token_id: endTokens.map((token) => idOf.get(token)) })],
    ]),
  });
  return directory;
}

it.each<[Family, object]>([
  ["llama3.1", { architectures: ["LlamaForCausalLM"], tie_word_embeddings: true }],
  ["qwen3", { architectures: ["Qwen3ForCausalLM"], tie_word_embeddings: true }],
  ["glm4", { architectures: ["Glm4ForCausalLM"] }],
])(
  "a phase of the loop runs with %s in its own chat format",
  { timeout: 240_000 },
  async (family, architecture) => {
    const base = await tinyModel(family, architecture);
    const config = await chooseTemplates(
      fakeConfig(base, {
        phases: 1,
        tasks: { initial: 2, perPhase: 2 },
        rollout: { parallel: 2, maxSteps: 2, maxNewTokens: 8 },
        evaluation: { tasks: 2 },
        // It learns from failures, too: a model that nobody trained has nothing else.
        actor: { objective: "paper" },
        models: { template: "auto", ormTemplate: "auto", judge: "llm" },
      }),
    );
    expect([config.models.template, config.observation.format]).toEqual(["chat", "compact"]);
    const directory = join(root, `run-${family}`);
    await using run = await createRun(directory, runInfo(config), () => {});
    await using engine = createOnnxEngine({ threads: 1 });
    const context = createContext(run, { ...fakeParts([]), engine });
    await using _models = context.models;
    const { evaluations } = await train(context);
    expect(evaluations.map(({ phase }) => phase)).toEqual([0, 1]);
    expect(await run.read(1, "values.jsonl")).not.toHaveLength(0);
    expect(await run.read(1, "advantages.jsonl")).not.toHaveLength(0);
  },
);

it("a model's directory is opened as judge of what is feasible, within its own context", async () => {
  const path = await tinyModel("smollm2", { architectures: ["LlamaForCausalLM"], tie_word_embeddings: true });
  await using engine = createOnnxEngine({ threads: 1 });
  const open = (settings: object) =>
    openLocalChat(engine, path, llmConfigSchema.parse(settings), "llm.model");
  await using local = await open({ maxTokens: 16 });
  expect(local.promptTokens).toBe(2048 - 16);
  const [task] = builtInSuite().tasks({ limit: 1 });
  const [verdict] = await createFeasibilityJudge(local.chat)([{ ...task!, templateId: null }]);
  // Random weights decide nothing.
  expect(verdict).toEqual({ feasible: false, reason: `${path} gave no decision` });
  await expect(open({ maxTokens: 1500 })).rejects.toThrow("leave too little of the 2048 tokens");
  expect(() => refuseBudget(llmConfigSchema.parse({ budget: { requests: 1 } }), "llm.model")).toThrow(
    "llm.budget limits what a server uses",
  );
});
