/** @file What the commands that make or use models share. */

import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { LoraSettings } from "../../core/engine.ts";
import { ConfigError } from "../../core/errors.ts";
import { FORMATS, TEMPLATES } from "../../text/template-names.ts";
import { anyNumber, wholeNumber } from "../command.ts";

export interface LoraCommand {
  loraRank?: number;
  loraAlpha?: number;
  loraLayers?: number | number[];
}

/** Alpha where none is given, as of the setting models.lora.alpha. */
const ALPHA = 32;

/** The settings `models.lora` as options. */
export const loraCommand = (command: Command): Command =>
  command
    .option(
      "--lora-rank <n>",
      "train an adapter of this rank on the frozen base, not all weights",
      wholeNumber(),
    )
    .option("--lora-alpha <x>", `scale of the adapter: alpha/rank times B·A (default: ${ALPHA})`, anyNumber)
    .option(
      "--lora-layers <n>",
      "adapters on the last n layers, or on those of a list such as 20,25,29",
      layers,
    );

function layers(text: string): number | number[] {
  if (/^\d+$/.test(text)) return Number(text);
  if (/^\d+(,\d+)+,?$|^\d+,$/.test(text)) return text.split(",").filter(Boolean).map(Number);
  throw new InvalidArgumentError("a number of layers, or a list of layers with commas");
}

/** `undefined` to train all weights of a model, or to go on with an adapter. */
export function loraOf({ loraRank, loraAlpha, loraLayers }: LoraCommand): LoraSettings | undefined {
  if (loraRank !== undefined) return { rank: loraRank, alpha: loraAlpha ?? ALPHA, layers: loraLayers };
  if (loraAlpha === undefined && loraLayers === undefined) return undefined;
  throw new ConfigError(
    `${loraAlpha === undefined ? "--lora-layers" : "--lora-alpha"} says how an adapter is, but none is asked for`,
    "Give --lora-rank as well.",
  );
}

/** Parser of an option that may be given again. */
export const repeated = (text: string, before: string[] = []) => [...before, text];

/** `--template`: the layout of a model's prompts. */
export const templateOption = (flag = "--template") =>
  new Option(
    `${flag} <name>`,
    "layout of the prompts; default auto: compact for models made by webrl, paper for WebRL's checkpoints, else the model's own chat format",
  ).choices(TEMPLATES);

/** `--observation`: the format of pages. */
export const observationOption = () =>
  new Option(
    "--observation <format>",
    "how pages are written; default auto: webrl for the template paper, else compact",
  ).choices(FORMATS);

/** The command as it was typed, for model cards. */
export const typed = () => `webrl ${process.argv.slice(2).join(" ")}`;

/** The episodes of all files. */
export async function readAll(files: readonly string[]) {
  const { readEpisodes } = await import("../../imitation/demonstrations.ts");
  return (await Promise.all(files.map((file) => readEpisodes(file)))).flat();
}
