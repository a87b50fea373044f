/** @file Options that the commands which make or use models share. */

import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { LoraSettings } from "../../core/engine.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Estimate } from "../../engine/onnx/estimate.ts";
import type { TemplateSetting } from "../../text/template-names.ts";
import { FORMATS, TEMPLATES } from "../../text/template-names.ts";
import { anyNumber, interruption, wholeNumber } from "../command.ts";

export interface LoraCommand {
  loraRank?: number;
  loraAlpha?: number;
  loraLayers?: number | number[];
}

/** The default alpha, the same as that of the setting models.lora.alpha. */
const ALPHA = 32;

/** The settings `models.lora` as options. */
export const loraCommand = (command: Command): Command =>
  command
    .option(
      "--lora-rank <n>",
      "train an adapter of this rank on the frozen base instead of all weights",
      wholeNumber(),
    )
    .option("--lora-alpha <x>", `scale of the adapter: alpha/rank times B·A (default: ${ALPHA})`, anyNumber)
    .option(
      "--lora-layers <n>",
      "put adapters on the last n layers, or on a list of layers such as 20,25,29",
      layers,
    );

/** `--engine KEY=VALUE`: a server that trains instead of this process. `openTraining` opens it. */
export const engineOption = (command: Command): Command =>
  command.option(
    "--engine <setting>",
    "train on a server that speaks the Tinker protocol: url=http://HOST:8000, model=NAME, rank=16, apiKeyEnv=NAME, or a JSON file with several; repeatable (docs/engines.md)",
    collectOption,
    [],
  );

export interface EngineCommand extends LoraCommand {
  engine: string[];
  base: string;
  seed: number;
  threads?: number;
}

/** @throws ConfigError for options about training in this process when a server trains. */
async function openTrainerOf(
  options: EngineCommand,
  { base, signal }: { base: string; signal: AbortSignal },
) {
  const { openTrainer } = await import("../../train/open-engine.ts");
  const { loadEngine } = await import("../../run/parse-config.ts");
  const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
  const { threads, seed } = options;
  const settings = await loadEngine(options.engine);
  const trainer = await openTrainer(settings, {
    base,
    seed,
    here: () => createOnnxEngine(threads ? { threads } : {}),
    onTrouble: (message) => process.stderr.write(`${message}\n`),
    signal,
  });
  if (!trainer.isHere && (threads !== undefined || loraOf(options) !== undefined)) {
    await trainer[Symbol.asyncDispose]();
    throw new ConfigError(
      `${threads === undefined ? "--lora-rank" : "--threads"} applies to training in this process, but a server trains`,
      "Leave it out; --engine rank=N is the rank of adapters on the server.",
    );
  }
  return trainer;
}

/** What `model sft` and `model orm` begin with: the model to start from, the data, and who trains. */
export async function openTraining(
  options: EngineCommand & { template?: TemplateSetting },
  files: readonly string[],
) {
  const { modelPath } = await import("../../train/open-parts.ts");
  const { checkResources } = await import("../check-resources.ts");
  const base = modelPath(options.base, "--base");
  const records = await readAll(files);
  const { signal } = interruption;
  const trainer = await openTrainerOf(options, { base, signal });
  let estimate: Estimate | null = null;
  return {
    /** The options of the training. */
    shared: {
      engine: trainer.engine,
      base,
      records,
      lora: loraOf(options),
      template: options.template ?? "auto",
      command: readTypedCommand(),
      onPlan: async (work: Omit<Parameters<typeof checkResources>[0], "threads">) => {
        if (trainer.isHere) estimate = await checkResources({ ...work, threads: options.threads });
      },
      signal,
    },
    /** What training in this process was estimated to need. */
    estimate: () => estimate,
    [Symbol.asyncDispose]: () => trainer[Symbol.asyncDispose](),
  };
}

function layers(text: string): number | number[] {
  if (/^\d+$/.test(text)) return Number(text);
  if (/^\d+(,\d+)+,?$|^\d+,$/.test(text)) return text.split(",").filter(Boolean).map(Number);
  throw new InvalidArgumentError("a number of layers, or a comma-separated list of layers");
}

/** `undefined` to train all weights of a model, or to train an adapter further. */
function loraOf({ loraRank, loraAlpha, loraLayers }: LoraCommand): LoraSettings | undefined {
  if (loraRank !== undefined) return { rank: loraRank, alpha: loraAlpha ?? ALPHA, layers: loraLayers };
  if (loraAlpha === undefined && loraLayers === undefined) return undefined;
  throw new ConfigError(
    `${loraAlpha === undefined ? "--lora-layers" : "--lora-alpha"} describes an adapter, but --lora-rank does not ask for one`,
    "Give --lora-rank as well.",
  );
}

/** Parser of a repeatable option. */
export const collectOption = (text: string, before: string[] = []) => [...before, text];

/** `--template`: the layout of a model's prompts. */
export const templateOption = () =>
  new Option(
    "--template <name>",
    "layout of the prompts; default auto: compact for models made by webrl, paper for WebRL's checkpoints, otherwise the model's own chat format",
  ).choices(TEMPLATES);

/** `--observation`: the format of pages. */
export const observationOption = () =>
  new Option(
    "--observation <format>",
    "how pages are written; default auto: webrl with the template paper, otherwise compact",
  ).choices(FORMATS);

/** The command line as typed, for model cards. */
export const readTypedCommand = () => `webrl ${process.argv.slice(2).join(" ")}`;

/** The episodes of all files. */
export async function readAll(files: readonly string[]) {
  const { readEpisodes } = await import("../../imitation/demonstrations.ts");
  return (await Promise.all(files.map((file) => readEpisodes(file)))).flat();
}
