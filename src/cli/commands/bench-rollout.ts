/**
 * @file `webrl bench rollout`: measures how fast episodes run, and how close that is to what the browser alone can do.
 */

import type { Command } from "commander";
import { ConfigError } from "../../core/errors.ts";
import type { RolloutBench } from "../../bench/rollout.ts";
import {
  examples,
  group,
  interruption,
  jsonOption,
  openSuite,
  print,
  progress,
  suiteOptions,
  table,
  timesText,
  wholeNumber,
} from "../command.ts";
import type { SuiteOptions } from "../command.ts";

export function register(program: Command): void {
  const bench = group(program, "bench");
  const command = suiteOptions(
    bench
      .command("rollout")
      .description("Measure episodes per hour and steps per second, and compare them with bare Playwright."),
  )
    .option("--parallel <list>", "numbers of parallel episodes", numbers, [1, 2, 4, 8])
    .option("--seconds <n>", "seconds for each measurement", wholeNumber(), 20)
    .option("--agents <list>", "agents: random, oracle", names, ["random", "oracle"])
    .option("--seed <n>", "seed of tasks and of the random agent", wholeNumber(0), 1);
  examples(jsonOption(command), [
    "webrl bench rollout",
    "webrl bench rollout --parallel 2,8 --seconds 60 --agents oracle --json",
  ]).action(
    async (
      options: SuiteOptions & {
        parallel: number[];
        seconds: number;
        agents: ("random" | "oracle")[];
        seed: number;
        json?: boolean;
      },
    ) => {
      const { benchRollout } = await import("../../bench/rollout.ts");
      const bar = progress("bench rollout");
      const result = await benchRollout(await openSuite(options), {
        ...options,
        signal: interruption.signal,
        onProgress: bar.update,
      });
      bar.end();
      print(options, result, benchText);
    },
  );
}

function numbers(text: string): number[] {
  return text.split(",").map(wholeNumber());
}

function names(text: string): string[] {
  const list = text.split(",");
  const wrong = list.find((name) => name !== "random" && name !== "oracle");
  if (wrong !== undefined)
    throw new ConfigError(`no agent ${JSON.stringify(wrong)}`, "Choose from random, oracle.");
  return list;
}

const shareText = (share: number | null) => (share === null ? "" : `${Math.round(share * 100)}%`);

function benchText(result: RolloutBench): string {
  const head = [
    "agent",
    "parallel",
    "episodes/h",
    "steps/s",
    "of bare",
    "episodes",
    "start ms",
    "step ms",
    "p95",
    "act",
    "wait",
    "observe",
    "click",
    "type",
    "look",
    "MiB",
  ];
  const rows = result.runs.map((run) => [
    run.agent,
    run.parallel,
    run.episodesPerHour,
    run.stepsPerSecond,
    shareText(run.fractionOfBare),
    shareText(run.episodesOfBare),
    run.startMs.p50,
    run.stepMs.p50,
    run.stepMs.p95,
    run.actMs.p50,
    run.waitMs.p50,
    run.observeMs.p50,
    run.clickMs.p50,
    run.typeMs.p50,
    run.lookMs.p50,
    run.peakMiB ?? "",
  ]);
  const bare = result.bare
    .map(
      ({ parallel, stepsPerSecond, episodesPerHour }) =>
        `${stepsPerSecond} steps/s and ${episodesPerHour} episodes/h with ${parallel}`,
    )
    .join(", ");
  return [
    table(head, rows),
    ...(bare ? [`Bare Playwright on the same pages: ${bare}`] : []),
    `Times: ${timesText(result)}; contexts that leaked: ${result.leakedContexts}.`,
  ].join("\n");
}
