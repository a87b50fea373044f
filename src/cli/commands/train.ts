/** @file `webrl train`: trains an agent in the self-evolving loop. */

import type { Command } from "commander";
import type { Register } from "../command.ts";
import { examples, jsonOption, print } from "../command.ts";
import { beforeAndAfter, learningCurve } from "../run-view.ts";
import type { RunResult } from "../../train/loop.ts";

export interface ConfigOptions {
  config?: string;
  set: string[];
}

interface TrainOptions extends ConfigOptions {
  run?: string;
  plan?: boolean;
  settings?: boolean;
  json?: boolean;
}

const list = (text: string, before: string[] = []) => [...before, text];

/** `--config FILE --set a.b=c`: defaults < file < settings. */
export function configOptions(command: Command): Command {
  return command
    .option("--config <file>", "JSON file with settings")
    .option(
      "--set <key=value>",
      "one setting, e.g. actor.beta=0.5; repeatable (`webrl train --settings` lists them)",
      list,
      [],
    );
}

/** `runs/webrl-20260316-100000`. */
export function newRunDirectory(name: string): string {
  const stamp = new Date().toISOString().replace(/\..*/, "").replace(/[-:]/g, "").replace("T", "-");
  return `runs/${name}-${stamp}`;
}

export const register: Register = (program) => {
  const train = configOptions(
    program
      .command("train")
      .description("Train an agent by its own attempts: rollouts, rewards, updates and new tasks."),
  )
    .option("--run <directory>", "the run's directory; default runs/METHOD-TIME")
    .option(
      "--plan",
      "print an estimate of what the training will take (requests, tokens, hours, money, disk) without starting it",
    )
    .option("--settings", "print all settings with their defaults and meaning, and exit");
  jsonOption(train);
  examples(train, [
    "webrl train",
    "webrl train --plan --config examples/recipes/hosted-tinker.json",
    "webrl train --set method=awr --set phases=8 --run runs/awr",
    "webrl train --set 'suite.sites=[\"map\"]' --set rollout.parallel=4",
  ]);
  train.action(async (options: TrainOptions) => {
    const { loadConfig } = await import("../../run/parse-config.ts");
    if (options.settings) {
      const { describeSettings } = await import("../../run/describe-settings.ts");
      print(options, describeSettings(), (settings) =>
        settings.map((s) => `${s.key} = ${JSON.stringify(s.default)}\n    ${s.description}`).join("\n"),
      );
      return;
    }
    const config = await loadConfig({ file: options.config, set: options.set });
    if (options.plan) {
      const { planTraining } = await import("../../train/plan.ts");
      const { planText } = await import("../plan-text.ts");
      print(options, planTraining(config), planText);
      return;
    }
    const { trainRun } = await import("../train-run.ts");
    const directory = options.run ?? newRunDirectory(config.method);
    showResult(options, directory, await trainRun({ directory, config }));
  });
};

/** What is printed at the end of a training, for people and for machines. */
export function showResult(options: { json?: boolean }, directory: string, result: RunResult): void {
  print(options, { run: directory, ...result }, ({ evaluations }) =>
    [
      learningCurve(evaluations),
      "",
      beforeAndAfter(evaluations[0]!.evaluation, evaluations.at(-1)!.evaluation),
      "",
      `The run is in ${directory}. Look at it with \`webrl dashboard ${directory}\`.`,
    ].join("\n"),
  );
}
