/** @file `webrl bench scale`: how much one orchestrator can drive, and what reaches its limit first. */

import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import type { ScaleRun } from "../../bench/scale.ts";
import {
  anyNumber,
  examples,
  group,
  interruption,
  jsonOption,
  print,
  progress,
  share,
  table,
  wholeNumber,
} from "../command.ts";

interface ScaleCommand {
  parallel: number[];
  steps: number;
  pageChars: number;
  browserMs: number;
  browserRate: number;
  modelMs: number;
  modelRate: number;
  faults: number[];
  seed: number;
  json?: boolean;
}

export function register(program: Command): void {
  const bench = group(program, "bench");
  const command = bench
    .command("scale")
    .description(
      "Run thousands of episodes at once against simulated browsers and a simulated model server, in virtual time, to see what reaches its limit first and what the orchestrator costs.",
    )
    .option("--parallel <list>", "numbers of parallel episodes", list(wholeNumber()), [8, 64, 512, 4096])
    .option("--steps <n>", "steps in an episode", wholeNumber(), 6)
    .option("--page-chars <n>", "characters of a page as the model reads it", wholeNumber(), 4000)
    .option("--browser-ms <n>", "milliseconds that a browser's step takes", positive, 1500)
    .option("--browser-rate <n>", "steps that all browsers together take in a second", positive, 200)
    .option("--model-ms <n>", "milliseconds that a request to the model takes", positive, 1500)
    .option("--model-rate <n>", "requests that the model's server answers in a second", positive, 100)
    .option(
      "--faults <list>",
      "fractions of attempts that break: the first is used for every number of episodes, the others for one of them",
      list(share),
      [0, 0.01, 0.05, 0.2],
    )
    .option("--seed <n>", "decides which attempts break", wholeNumber(0), 1);
  examples(jsonOption(command), [
    "webrl bench scale",
    "webrl bench scale --parallel 512 --browser-rate 2000 --model-rate 2000 --json",
  ]).action(async (options: ScaleCommand) => {
    const { benchScale } = await import("../../bench/scale.ts");
    const bar = progress("bench scale");
    const runs = await benchScale({
      ...options,
      browserPerSecond: options.browserRate,
      modelPerSecond: options.modelRate,
      faultRates: options.faults,
      signal: interruption.signal,
      onProgress: bar.update,
    });
    bar.end();
    print(options, { runs }, ({ runs: found }) => scaleText(found));
  });
}

function list(parse: (text: string) => number): (text: string) => number[] {
  return (text) => text.split(",").map((one) => parse(one));
}

function positive(text: string): number {
  const value = anyNumber(text);
  if (value <= 0) throw new InvalidArgumentError("It must be more than 0.");
  return value;
}

const scaleText = (runs: readonly ScaleRun[]): string =>
  [
    table(
      [
        "episodes at once",
        "faults",
        "steps/s",
        "useful",
        "ends first",
        "browsers",
        "model",
        "orchestrator",
        "its steps/s on one core",
        "KiB/episode",
      ],
      runs.map((run) => [
        run.parallel,
        `${run.faultRate * 100}%`,
        run.stepsPerSecond.toFixed(1),
        run.usefulStepsPerSecond.toFixed(1),
        run.bottleneck,
        percentOf(run.used.browsers),
        percentOf(run.used.model),
        percentOf(run.used.orchestrator),
        Math.round(run.orchestratorStepsPerSecond),
        Math.round(run.kibPerEpisode),
      ]),
    ),
    "steps/s are computed as if the orchestrator took no time; it keeps up while it needs less than 100% of a core.",
  ].join("\n");

const percentOf = (used: number): string => `${Math.round(100 * used)}%`;
