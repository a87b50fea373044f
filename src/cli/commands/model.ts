/** @file `webrl model …`: demonstrations, and how the shipped models are made and looked at. */

import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import type { Register } from "../command.ts";
import {
  examples,
  group,
  interruption,
  jsonOption,
  print,
  suiteOptions,
  table,
  wholeNumber,
} from "../command.ts";
import type { SuiteOptions } from "../command.ts";
import type { ImitateConfig, ImitateProgress } from "../../train/imitate.ts";
import { lineLog } from "../progress.ts";

const number = (text: string) => {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
};
const list = (text: string, before: string[] = []) => [...before, text];
const percent = (value: number | null | undefined) =>
  value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)}%`;
/** The command as it was typed, for model cards. */
const typed = () => `webrl ${process.argv.slice(2).join(" ")}`;

export const register: Register = (program) => {
  const model = group(program, "model", "models and how the shipped ones were made");
  registerDemos(model);
  registerRollouts(model);
  registerPretrain(model);
  registerSft(model);
  registerOrm(model);
  registerInfo(model);
};

interface CollectCommand extends SuiteOptions {
  out: string;
  episodes: number;
  parallel: number;
  seed: number;
  split: "train" | "validation" | "test";
  site?: string;
  template?: string;
  maxSteps: number;
  json?: boolean;
}

function collectOptions(command: Command): Command {
  return suiteOptions(command)
    .requiredOption("--out <file>", "JSON lines, one episode each; what it holds already is kept")
    .option("--episodes <n>", "episodes that the file shall hold", wholeNumber(), 1000)
    .option("--parallel <n>", "episodes at once", wholeNumber(), 4)
    .option("--seed <n>", "order of tasks and everything random", wholeNumber(0), 0)
    .option("--split <name>", "train, validation or test", "train")
    .option("--site <name>", "only tasks of this site")
    .option("--template <id>", "only tasks of this template")
    .option("--max-steps <n>", "turns before an episode is cut", wholeNumber(), 20);
}

async function openWorld(options: CollectCommand) {
  const { loadSuite } = await import("../../tasks/load-suite.ts");
  const suite = await loadSuite(options.suite, options.file);
  const tasks = suite.tasks({
    split: options.split,
    ...(options.site !== undefined && { site: options.site }),
    ...(options.template !== undefined && { template: options.template }),
  });
  return { suite, tasks, site: await suite.createSite() };
}

function registerDemos(model: Command): void {
  const command = collectOptions(
    model.command("demos").description("collect demonstrations: the oracles at work in the browser"),
  )
    .option("--detour-rate <p>", "probability, per turn, of a mistake that is then made good", number, 0.08)
    .option(
      "--fail-rate <p>",
      "share of episodes that are spoiled on purpose, for the reward model",
      number,
      0,
    );
  jsonOption(command);
  examples(command, [
    "webrl model demos --out runs/demos.jsonl --episodes 3000 --parallel 4",
    "webrl model demos --out runs/negatives.jsonl --episodes 1500 --fail-rate 1 --seed 1",
  ]);
  command.action(async (options: CollectCommand & { detourRate: number; failRate: number }) => {
    const { collectDemonstrations } = await import("../../train/demonstrations.ts");
    const { rolloutConfigSchema } = await import("../../rollout/config.ts");
    const { suite, tasks, site } = await openWorld(options);
    await using _site = site;
    await mkdir(dirname(options.out), { recursive: true });
    const log = lineLog();
    let [good, faulted] = [0, 0];
    const started = performance.now();
    let made = 0;
    const stuck = new Set<string>();
    const result = await collectDemonstrations({
      site,
      tasks: tasks.filter((task) => suite.hasOracle(task)),
      oracleFor: (task, first) => suite.oracleFor(task, first),
      episodes: options.episodes,
      seed: options.seed,
      file: options.out,
      detourRate: options.detourRate,
      failRate: options.failRate,
      rollout: rolloutConfigSchema.parse({
        parallel: options.parallel,
        maxSteps: options.maxSteps,
        repeatedAction: 20,
        repeatedError: 20,
      }),
      onEpisode: (record, done) => {
        made++;
        if (record.trajectory.ending.kind === "faulted") faulted++;
        else if (record.truth?.success) good++;
        const perSecond = (1000 * made) / (performance.now() - started);
        log.update(
          `${done}/${options.episodes} episodes, ${good}/${made} successful, ${faulted} faulted, ${perSecond.toFixed(2)}/s`,
        );
      },
      onStuck: (task, error) => {
        const template = task.templateId ?? task.id;
        if (stuck.has(template)) return;
        stuck.add(template);
        log.now(`the oracle of ${template} is stuck: ${String((error as Error).message).split("\n")[0]}`);
      },
      signal: interruption.signal,
    });
    log.end();
    print(
      options,
      { file: options.out, ...result, successful: good, faulted, stuckTemplates: [...stuck] },
      (r) =>
        `${r.file}: ${r.held + r.made} episodes (${r.made} new, ${good} of them successful, ${faulted} faulted)`,
    );
  });
}

function registerRollouts(model: Command): void {
  const command = collectOptions(
    model.command("rollouts").description("collect a model's episodes with the verifiers' verdicts"),
  )
    .requiredOption("--model <directory>", "the model that acts")
    .option("--temperature <t>", "sampling temperature", number, 1)
    .option("--max-new-tokens <n>", "tokens of a response", wholeNumber(), 96);
  jsonOption(command);
  examples(command, ["webrl model rollouts --model models/base --out runs/rollouts.jsonl --episodes 1000"]);
  command.action(
    async (options: CollectCommand & { model: string; temperature: number; maxNewTokens: number }) => {
      const { collectRollouts } = await import("../../train/collect-rollouts.ts");
      const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
      const { tasks, site } = await openWorld(options);
      await using _site = site;
      await using engine = createOnnxEngine();
      await mkdir(dirname(options.out), { recursive: true });
      const log = lineLog();
      let good = 0;
      let made = 0;
      const started = performance.now();
      const result = await collectRollouts({
        engine,
        site,
        tasks,
        model: options.model,
        file: options.out,
        episodes: options.episodes,
        parallel: options.parallel,
        maxSteps: options.maxSteps,
        maxNewTokens: options.maxNewTokens,
        temperature: options.temperature,
        seed: options.seed,
        onEpisode: (record, done) => {
          made++;
          if (record.truth?.success) good++;
          const perSecond = (1000 * made) / (performance.now() - started);
          log.update(
            `${done}/${options.episodes} episodes, ${good}/${made} successful, ${perSecond.toFixed(2)}/s`,
          );
        },
        signal: interruption.signal,
      });
      log.end();
      print(
        options,
        { file: options.out, ...result, successful: good },
        (r) => `${r.file}: ${r.held + r.made} episodes (${r.made} new, ${good} of them successful)`,
      );
    },
  );
}

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
    .requiredOption("--demos <file>", "demonstrations (.jsonl or .jsonl.gz); may be given again", list)
    .requiredOption("--out <directory>", "the new model; OUT.work holds checkpoints until it is done")
    .option("--steps <n>", "optimiser steps", wholeNumber())
    .option("--minutes <m>", "minutes instead of steps", number)
    .option("--epochs <n>", "passes over the data, without --steps and --minutes", number, 1)
    .option("--batch-size <n>", "actions per optimiser step", wholeNumber(), 32)
    .option("--learning-rate <x>", "peak, after warm-up and before the cosine", number, rate)
    .option("--weight-decay <x>", "decoupled weight decay", number, 0.01)
    .option("--page-weight <x>", "weight of page tokens in the loss, against 1 of the action's", number, 0)
    .option("--covered <p>", "share of the templates that are demonstrated in full", number, 1)
    .option("--few <n>", "demonstrations kept of each other template", wholeNumber(0), 4)
    .option("--seed <n>", "order of the data", wholeNumber(0), 0)
    .option("--held-out-actions <n>", "actions sampled in an evaluation", wholeNumber(0), 192)
    .option("--max-new-tokens <n>", "tokens kept free for a response", wholeNumber(), 96)
    .option("--threads <n>", "threads of the engine; default all cores", wholeNumber());
}

const imitateConfig = async (options: ImitateCommand): Promise<ImitateConfig> => {
  const { imitateConfigSchema } = await import("../../train/imitate.ts");
  const { parseConfig } = await import("../../train/parse-config.ts");
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

async function readAll(files: readonly string[]) {
  const { readEpisodes } = await import("../../train/demonstrations.ts");
  return (await Promise.all(files.map((file) => readEpisodes(file)))).flat();
}

function showTraining() {
  const log = lineLog();
  return (p: ImitateProgress) => {
    const score = p.score
      ? `; held out: exact ${percent(p.score.exact)} (seen pages ${percent(p.score.exactSeenPages)}, new ${percent(p.score.exactNewPages)}), loss ${p.score.loss.toFixed(3)}`
      : "";
    const line = `step ${p.step}${p.steps === null ? "" : `/${p.steps}`} (${(100 * p.progress).toFixed(0)}%), loss ${p.loss.toFixed(4)}, ${Math.round(p.tokensPerSecond)} tokens/s, ${(p.seconds / 60).toFixed(1)} min${score}`;
    if (p.score) log.now(line);
    else log.update(line);
  };
}

function registerPretrain(model: Command): void {
  const command = imitateOptions(
    model
      .command("pretrain")
      .description("a tokenizer and a small model from nothing, on drills of recorded pages"),
    1.5e-3,
  )
    .option("--base <directory>", "a pre-trained model to go on from; the sizes below are then its own")
    .option("--hidden <n>", "width", wholeNumber(), 128)
    .option("--layers <n>", "layers", wholeNumber(), 4)
    .option("--heads <n>", "attention heads", wholeNumber(), 4)
    .option("--vocab <n>", "tokens of the vocabulary", wholeNumber(), 2048)
    .option("--context <n>", "longest sequence", wholeNumber(), 2048)
    .option("--drills <n>", "exercises per page", wholeNumber(0), 12)
    .option(
      "--renamed <n>",
      "copies of each demonstration, names exchanged, within --covered and --few",
      wholeNumber(0),
      0,
    );
  jsonOption(command);
  examples(command, ["webrl model pretrain --demos runs/demos.jsonl --out runs/pretrained --minutes 60"]);
  command.action(
    async (
      options: ImitateCommand & {
        hidden: number;
        layers: number;
        heads: number;
        vocab: number;
        context: number;
        drills: number;
        renamed: number;
        base?: string;
      },
    ) => {
      const { pretrain } = await import("../../train/make-model.ts");
      const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
      const { createModel } = await import("../../engine/onnx/create-model.ts");
      const { trainBpe, tokenizerConfig } = await import("../../engine/onnx/tokenizer/train-bpe.ts");
      await using engine = createOnnxEngine(options.threads ? { threads: options.threads } : {});
      const made = await pretrain({
        engine,
        out: options.out,
        records: await readAll(options.demos),
        coverage: options,
        imitate: await imitateConfig(options),
        template: "compact",
        maxNewTokens: options.maxNewTokens,
        drillsPerPage: options.drills,
        renamedCopies: options.renamed,
        base: options.base,
        createModel: async (directory, texts) => {
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
        },
        command: typed(),
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

function registerSft(model: Command): void {
  const command = imitateOptions(
    model.command("sft").description("imitate demonstrations of the train split, starting from a base"),
    5e-4,
  )
    .requiredOption("--base <directory>", "the model to start from")
    .option("--keep <n>", "demonstrations stored with the model, for the replay buffer", wholeNumber(0), 300);
  jsonOption(command);
  examples(command, [
    "webrl model sft --demos runs/demos.jsonl --base runs/pretrained --out models/base --covered 0.5 --few 4",
  ]);
  command.action(async (options: ImitateCommand & { base: string; keep: number }) => {
    const { sft } = await import("../../train/make-model.ts");
    const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
    await using engine = createOnnxEngine(options.threads ? { threads: options.threads } : {});
    const made = await sft({
      engine,
      base: options.base,
      out: options.out,
      records: await readAll(options.demos),
      coverage: options,
      imitate: await imitateConfig(options),
      template: "compact",
      maxNewTokens: options.maxNewTokens,
      keepDemonstrations: options.keep,
      command: typed(),
      onProgress: showTraining(),
      signal: interruption.signal,
    });
    print(
      options,
      made,
      (m) => `${m.directory}: ${m.steps} steps on ${m.samples} actions, exact ${percent(m.score?.exact)}`,
    );
  });
}

function registerOrm(model: Command): void {
  const command = model
    .command("orm")
    .description("train the outcome reward model on rollouts that verifiers have labelled")
    .requiredOption(
      "--rollouts <file>",
      "episodes of policies of different strength; may be given again",
      list,
    )
    .requiredOption("--base <directory>", "the model to start from")
    .requiredOption("--out <directory>", "the new model; report.json is written into it")
    .option("--epochs <n>", "passes over the data", wholeNumber(), 4)
    .option("--batch-size <n>", "episodes per optimiser step", wholeNumber(), 32)
    .option("--learning-rate <x>", "peak, after warm-up and before the cosine", number, 3e-4)
    .option("--held-out <p>", "share of the templates that the report is made on", number, 0.15)
    .option("--seed <n>", "order of the data and choice of the held-out templates", wholeNumber(0), 0)
    .option("--checkpoint-minutes <m>", "minutes between checkpoints", number, 4)
    .option("--threads <n>", "threads of the engine; default all cores", wholeNumber());
  jsonOption(command);
  examples(command, [
    "webrl model orm --rollouts runs/demos.jsonl --rollouts runs/rollouts.jsonl --base models/base --out models/orm",
  ]);
  command.action(
    async (options: {
      rollouts: string[];
      base: string;
      out: string;
      epochs: number;
      batchSize: number;
      learningRate: number;
      heldOut: number;
      seed: number;
      checkpointMinutes: number;
      threads?: number;
      json?: boolean;
    }) => {
      const { makeOrm } = await import("../../train/make-model.ts");
      const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
      await using engine = createOnnxEngine(options.threads ? { threads: options.threads } : {});
      const log = lineLog();
      const { report, ...made } = await makeOrm({
        engine,
        base: options.base,
        out: options.out,
        records: await readAll(options.rollouts),
        epochs: options.epochs,
        batchSize: options.batchSize,
        learningRate: options.learningRate,
        heldOutFraction: options.heldOut,
        seed: options.seed,
        checkpointMinutes: options.checkpointMinutes,
        command: typed(),
        onStep: ({ step, steps, loss }) => log.update(`step ${step}/${steps}, loss ${loss.toFixed(4)}`),
        signal: interruption.signal,
      });
      log.end();
      print(options, { ...made, report }, () => {
        const line = (name: string, r: typeof report.overall) => [
          name,
          r.count,
          percent(r.accuracy),
          percent(r.precision),
          percent(r.recall),
          r.calibrationError.toFixed(3),
          `${r.confusion.truePositives}/${r.confusion.falsePositives}/${r.confusion.trueNegatives}/${r.confusion.falseNegatives}`,
        ];
        return [
          `${made.directory}: trained on ${made.examples} labelled rollouts; on held-out templates:`,
          table(
            ["", "rollouts", "accuracy", "precision", "recall", "calibration error", "TP/FP/TN/FN"],
            [
              line("all", report.overall),
              ...Object.entries(report.bySite).map(([site, r]) => line(site, r)),
              ...Object.entries(report.byPolicy).map(([policy, r]) => line(`policy ${policy}`, r)),
            ],
          ),
          ...(report.collapse === null ? [] : [`collapsed: ${report.collapse}`]),
        ].join("\n");
      });
    },
  );
}

function registerInfo(model: Command): void {
  const command = model
    .command("info")
    .description("what a model directory holds")
    .argument("[directory]", "the model", "models/base");
  jsonOption(command);
  command.action(async (directory: string, options: { json?: boolean }) => {
    const { modelInfo } = await import("../../train/model-info.ts");
    const info = await modelInfo(directory);
    print(options, info, (i) =>
      [
        `${i.directory}: ${i.architecture}, ${i.parameters.toLocaleString("en")} parameters, vocabulary ${i.vocabSize}, context ${i.contextTokens}`,
        ...i.files.map((file) => `${file.sha256}  ${file.name}  ${file.sizeBytes} bytes`),
        ...(i.card === null ? [] : ["", i.card.trimEnd()]),
      ].join("\n"),
    );
  });
}
