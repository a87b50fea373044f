/** @file `webrl model pretrain` and `webrl model sft`: train models to imitate demonstrations. */

import { Option } from "commander";
import type { Command } from "commander";
import type { ImitateConfig, ImitateProgress } from "../../imitation/imitate.ts";
import { anyNumber, examples, interruption, jsonOption, print, share, wholeNumber } from "../command.ts";
import { lineLog } from "../progress.ts";
import { percent } from "../../core/percent.ts";
import type { TemplateSetting } from "../../text/template-names.ts";
import type { EngineCommand } from "./model-parts.ts";
import {
  engineOption,
  loraCommand,
  openTraining,
  readAll,
  collectOption,
  templateOption,
  readTypedCommand,
} from "./model-parts.ts";

interface ImitateCommand {
  demos: string[];
  out: string;
  steps?: number;
  minutes?: number;
  epochs: number;
  batchSize: number;
  learningRate: number;
  weightDecay: number;
  pageWeight: number;
  covered: number;
  few: number;
  seed: number;
  heldOutActions: number;
  maxNewTokens: number;
  threads?: number;
  json?: boolean;
}

function imitateOptions(command: Command, rate: number): Command {
  return command
    .requiredOption("--demos <file>", "demonstrations (.jsonl or .jsonl.gz); repeatable", collectOption)
    .requiredOption("--out <directory>", "the new model; checkpoints are in OUT.work until it is done")
    .option("--steps <n>", "optimiser steps", wholeNumber())
    .addOption(
      new Option("--minutes <m>", "train for this many minutes instead of --steps")
        .argParser(anyNumber)
        .conflicts("steps"),
    )
    .option("--epochs <n>", "passes over the data, without --steps and --minutes", anyNumber, 1)
    .option("--batch-size <n>", "actions per optimiser step", wholeNumber(), 32)
    .option(
      "--learning-rate <x>",
      "peak learning rate, after the warm-up and before the cosine decay",
      anyNumber,
      rate,
    )
    .option("--weight-decay <x>", "decoupled weight decay", anyNumber, 0.01)
    .option(
      "--page-weight <x>",
      "weight of page tokens in the loss; an action's tokens have weight 1",
      anyNumber,
      0,
    )
    .option("--covered <p>", "fraction of the templates whose demonstrations are all used", share, 1)
    .option("--few <n>", "demonstrations used of each remaining template", wholeNumber(0), 4)
    .option("--seed <n>", "seed for the order of the data", wholeNumber(0), 0)
    .option("--held-out-actions <n>", "actions sampled in an evaluation", wholeNumber(0), 192)
    .option("--max-new-tokens <n>", "tokens reserved for a response", wholeNumber(), 96)
    .option("--threads <n>", "threads of the engine; default all cores", wholeNumber());
}

const imitateConfig = async (options: ImitateCommand): Promise<ImitateConfig> => {
  const { imitateConfigSchema } = await import("../../imitation/imitate.ts");
  const { parseConfig } = await import("../../run/parse-config.ts");
  return parseConfig(imitateConfigSchema, {
    steps: options.steps ?? null,
    minutes: options.minutes ?? null,
    epochs: options.epochs,
    batchSize: options.batchSize,
    learningRate: options.learningRate,
    weightDecay: options.weightDecay,
    pageWeight: options.pageWeight,
    heldOutActions: options.heldOutActions,
    seed: options.seed,
  });
};

function showTraining() {
  const log = lineLog();
  return (p: ImitateProgress) => {
    const score = p.score
      ? `; held out: exact ${percent(p.score.exact)} (seen pages ${percent(p.score.exactSeenPages)}, new ${percent(p.score.exactNewPages)}), loss ${p.score.loss.toFixed(3)}, judged actions ${percent(p.score.judgedActions)}, episodes ${percent(p.score.judgedEpisodes)}`
      : "";
    const line = `step ${p.step}${p.steps === null ? "" : `/${p.steps}`} (${(100 * p.progress).toFixed(0)}%), loss ${p.loss.toFixed(4)}, ${Math.round(p.tokensPerSecond)} tokens/s, ${(p.seconds / 60).toFixed(1)} min${score}`;
    if (p.score) log.now(line);
    else log.update(line);
  };
}

export function registerPretrain(model: Command): void {
  const command = imitateOptions(
    model
      .command("pretrain")
      .description("Train a tokenizer and a small model from scratch, on drills about recorded pages."),
    1.5e-3,
  )
    .option(
      "--base <directory>",
      "a pre-trained model to continue; it keeps its size, so the size options do not apply",
    )
    .option(
      "--copy-warmup <n>",
      "steps in which a new model first learns to copy random tokens",
      wholeNumber(0),
      1200,
    )
    .option("--hidden <n>", "width", wholeNumber(), 128)
    .option("--layers <n>", "layers", wholeNumber(), 4)
    .option("--heads <n>", "attention heads", wholeNumber(), 4)
    .option("--vocab <n>", "tokens of the vocabulary", wholeNumber(), 2048)
    .option("--context <n>", "longest sequence", wholeNumber(), 2048)
    .option("--drills <n>", "exercises per page", wholeNumber(0), 12)
    .option("--questions <n>", "further questions about the page of each exercise", wholeNumber(0), 6)
    .option(
      "--episodes <n>",
      "episodes to judge, constructed from each demonstration; limited by --covered and --few",
      wholeNumber(0),
      8,
    )
    .option(
      "--renamed <n>",
      "copies of each demonstration with other names, limited by --covered and --few",
      wholeNumber(0),
      0,
    );
  jsonOption(command);
  examples(command, ["webrl model pretrain --demos runs/demos.jsonl --out runs/pretrained --minutes 60"]);
  command.action(
    async (
      options: ImitateCommand &
        NewModel & {
          drills: number;
          questions: number;
          episodes: number;
          renamed: number;
          copyWarmup: number;
          base?: string;
        },
    ) => {
      const { pretrain } = await import("../../imitation/make-model.ts");
      const { builtInTasks } = await import("../../tasks/built-in-tasks.ts");
      const { modelPath } = await import("../../train/open-parts.ts");
      const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
      await using engine = createOnnxEngine(options.threads ? { threads: options.threads } : {});
      const warmup = lineLog();
      const made = await pretrain({
        engine,
        out: options.out,
        records: await readAll(options.demos),
        coverage: options,
        imitate: await imitateConfig(options),
        template: "compact",
        retellings: (task) => builtInTasks().retellings(task),
        maxNewTokens: options.maxNewTokens,
        drillsPerPage: options.drills,
        questionsPerPage: options.questions,
        episodesPerDemonstration: options.episodes,
        renamedCopies: options.renamed,
        copyWarmupSteps: options.copyWarmup,
        onWarmup: ({ step, steps, loss }) =>
          warmup.update(`copy warm-up: step ${step} of ${steps}, loss ${loss.toFixed(3)}`),
        base: options.base === undefined ? undefined : modelPath(options.base, "--base"),
        createModel: (directory, texts) => createFrom(directory, texts, options),
        command: readTypedCommand(),
        onProgress: showTraining(),
        signal: interruption.signal,
      });
      print(
        options,
        made,
        (m) => `${m.directory}: ${m.steps} steps on ${m.samples} samples, exact ${percent(m.score?.exact)}`,
      );
    },
  );
}

interface NewModel {
  hidden: number;
  layers: number;
  heads: number;
  vocab: number;
  context: number;
  seed: number;
}

/** A new model with random weights, and a tokenizer trained on these texts. */
async function createFrom(directory: string, texts: Iterable<string>, options: NewModel): Promise<void> {
  const { createModel } = await import("../../engine/onnx/create-model.ts");
  const { trainBpe, tokenizerConfig } = await import("../../engine/onnx/tokenizer/train-bpe.ts");
  const tokenizer = trainBpe(texts, { vocabSize: options.vocab });
  await createModel({
    directory,
    seed: options.seed,
    tokenizerFiles: new Map([
      ["tokenizer.json", JSON.stringify(tokenizer)],
      ["tokenizer_config.json", JSON.stringify(tokenizerConfig({ contextTokens: options.context }))],
    ]),
    model: {
      vocabSize: Object.keys(tokenizer.model.vocab).length + tokenizer.added_tokens.length,
      hiddenSize: options.hidden,
      layers: options.layers,
      heads: options.heads,
      contextTokens: options.context,
    },
  });
}

export function registerSft(model: Command): void {
  const command = engineOption(
    loraCommand(
      imitateOptions(
        model.command("sft").description("Teach a base model to imitate demonstrations of the train split."),
        5e-4,
      ),
    ),
  )
    .requiredOption("--base <directory>", "the model to start from, or an adapter to train further")
    .addOption(templateOption())
    .option("--keep <n>", "demonstrations stored with the model, for the replay buffer", wholeNumber(0), 300);
  jsonOption(command);
  examples(command, [
    "webrl model sft --demos runs/demos.jsonl --base runs/pretrained --out models/base --covered 0.5 --few 4",
    "webrl model sft --demos runs/demos.jsonl --base models/smollm2 --lora-rank 16 --out models/smollm2-sft",
  ]);
  command.action(
    async (options: ImitateCommand & EngineCommand & { keep: number; template?: TemplateSetting }) => {
      const { sft } = await import("../../imitation/make-model.ts");
      const { builtInTasks } = await import("../../tasks/built-in-tasks.ts");
      await using training = await openTraining(options, options.demos);
      const made = await sft({
        ...training.shared,
        out: options.out,
        coverage: options,
        imitate: await imitateConfig(options),
        retellings: (task) => builtInTasks().retellings(task),
        maxNewTokens: options.maxNewTokens,
        keepDemonstrations: options.keep,
        onProgress: showTraining(),
      });
      print(
        options,
        { ...made, estimate: training.estimate() },
        (m) => `${m.directory}: ${m.steps} steps on ${m.samples} actions, exact ${percent(m.score?.exact)}`,
      );
    },
  );
}
