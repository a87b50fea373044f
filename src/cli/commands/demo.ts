/** @file `webrl demo`: the main job, from the shipped base model to a better agent in one command. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Register } from "../command.ts";
import { examples, jsonOption, print } from "../command.ts";
import { duration } from "../../core/duration.ts";
import { ConfigError } from "../../core/errors.ts";
import { beforeAndAfter, learningCurve } from "../run-view.ts";
import type { ConfigOptions } from "./train.ts";
import { configOptions, newRunDirectory } from "./train.ts";
import { shopTasks } from "../shop-tasks.ts";
import type { Settings } from "../../run/parse-config.ts";

export const register: Register = (program) => {
  const command = configOptions(
    program
      .command("demo")
      .description(
        "Train the shipped web agent on tasks of a built-in shop and show that it gets better (13 minutes on two cores).",
      ),
  )
    .option("--run <directory>", "the run's directory, or a demo to continue; default runs/demo-TIME")
    .option(
      "--base <directory>",
      "start from this model or adapter, such as an imported one, instead of the shipped one; a large model gets adapters (models.lora)",
    );
  jsonOption(command);
  examples(command, ["webrl demo", "webrl demo --set phases=6", "webrl demo --base models/smollm2-sft"]);
  command.action(async (options: ConfigOptions & { run?: string; base?: string; json?: boolean }) => {
    const { loadConfig } = await import("../../run/parse-config.ts");
    const { trainRun } = await import("../train-run.ts");
    const { writeReport } = await import("../../dashboard/report.ts");
    const config = await loadConfig({
      // Pictures for the report's pair of episodes: a task that failed before training and succeeds after it.
      defaults: {
        rollout: { screenshots: "evaluation" },
        ...shopTasks(options),
        ...(options.base !== undefined && { models: await modelsOf(options.base) }),
      },
      file: options.config,
      set: options.set,
    });
    const directory = options.run ?? newRunDirectory("demo");
    const started = performance.now();
    const isNew = !existsSync(join(directory, "config.json"));
    if (!isNew && (options.config !== undefined || options.base !== undefined || options.set.length > 0))
      throw new ConfigError(
        `${directory} already holds a run, which has its own settings`,
        `Continue it without --base, --config and --set, or give a new demo another --run DIRECTORY.`,
      );
    if (!options.json)
      process.stderr.write(
        `An agent learns to use web sites in a real browser${isNew ? `, starting from ${config.models.base}` : ""}. Its run is written to ${directory}.\n`,
      );
    const { evaluations } = await trainRun({ directory, ...(isNew && { config }) });
    const report = await writeReport(directory);
    const seconds = (performance.now() - started) / 1000;
    print(options, { run: directory, seconds, report, evaluations }, () =>
      [
        "",
        `Success on held-out ${evaluations[0]!.evaluation.split} tasks (${evaluations[0]!.evaluation.tasks} tasks, mean ± standard error):`,
        "",
        learningCurve(evaluations),
        "",
        beforeAndAfter(evaluations[0]!.evaluation, evaluations.at(-1)!.evaluation),
        "",
        `It took ${duration(seconds)}. The report is in ${report}. What next:`,
        ...inColumns([
          [`npx webrl resume ${directory} --phases ${evaluations.at(-1)!.phase + 3}`, "train on"],
          [`npx webrl eval --run ${directory} --tasks 200`, "score it on more tasks"],
          [`npx webrl dashboard ${directory}`, "look at episodes, curriculum and curves"],
        ]),
      ].join("\n"),
    );
  });
};

function inColumns(rows: readonly (readonly [command: string, what: string])[]): string[] {
  const width = Math.max(...rows.map(([command]) => command.length));
  return rows.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`);
}

async function modelsOf(path: string): Promise<Settings> {
  const { modelPath } = await import("../../train/open-parts.ts");
  const { suitsAdapters } = await import("../../engine/onnx/estimate.ts");
  const base = modelPath(path, "--base");
  return { base, ...((await suitsAdapters(base)) && { lora: {} }) };
}
