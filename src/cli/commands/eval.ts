/** @file `webrl eval`: the score of a model on a suite. */

import type { Evaluation, Score } from "../../run/records.ts";
import type { Register, SuiteOptions } from "../command.ts";
import {
  examples,
  interruption,
  jsonOption,
  print,
  splitName,
  suiteOptions,
  table,
  wholeNumber,
} from "../command.ts";
import { lineLog } from "../progress.ts";
import { percent } from "../../core/percent.ts";
import type { Split } from "../../core/task.ts";

export const register: Register = (program) => {
  const command = suiteOptions(
    program
      .command("eval")
      .description("Score a model on the tasks of a suite, at temperature 0, judged by verifiers."),
  )
    .option("--model <directory>", "the model", "models/base")
    .option("--run <directory>", "score the newest policy of a run instead of --model")
    .option("--split <name>", "train, validation or test", splitName, "test")
    .option("--site <name>", "only tasks of this site")
    .option("--tasks <n>", "tasks at most; sites and templates take turns", wholeNumber(), 100)
    .option("--parallel <n>", "episodes at once", wholeNumber(), 6)
    .option("--max-steps <n>", "turns before an episode is cut", wholeNumber(), 12)
    .option("--max-new-tokens <n>", "tokens of a response", wholeNumber(), 96)
    .option("--out <file>", "keep the episodes; what the file holds already is not run again");
  jsonOption(command);
  examples(command, [
    "webrl eval --model models/base --tasks 60",
    "webrl eval --run runs/demo --site map --json",
  ]);
  command.action(
    async (
      options: SuiteOptions & {
        model: string;
        run?: string;
        split: Split;
        site?: string;
        tasks: number;
        parallel: number;
        maxSteps: number;
        maxNewTokens: number;
        out?: string;
        json?: boolean;
      },
    ) => {
      const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
      const { loadSuite } = await import("../../tasks/load-suite.ts");
      const { evaluateModel, newestPolicy } = await import("../../train/evaluate-model.ts");
      const { evaluationTasks } = await import("../../core/spread.ts");
      const { modelPath } = await import("../../train/open-parts.ts");
      const suite = await loadSuite(options.suite, options.file);
      const tasks = evaluationTasks(
        suite.tasks({
          split: options.split,
          ...(options.site !== undefined && { site: options.site }),
        }),
        options.tasks,
      );
      const model = options.run ? await newestPolicy(options.run) : modelPath(options.model, "base");
      await using engine = createOnnxEngine();
      await using site = await suite.createSite();
      const log = lineLog();
      let good = 0;
      const score = await evaluateModel({
        engine,
        site,
        tasks,
        model,
        rollout: {
          parallel: options.parallel,
          maxSteps: options.maxSteps,
          maxNewTokens: options.maxNewTokens,
        },
        ...(options.out !== undefined && { file: options.out }),
        onEpisode: (record, done) => {
          if (record.truth?.success) good++;
          log.update(`${done}/${tasks.length} episodes, ${good} successful`);
        },
        signal: interruption.signal,
      });
      log.end();
      print(options, { model, ...score }, scoreText);
    },
  );
};

const scoreText = (s: { model: string } & Omit<Evaluation, "split">): string =>
  [
    `${s.model}: ${percent(s.success)} ± ${percent(s.standardError)} of ${s.tasks} tasks${s.faults > 0 ? `, ${s.faults} faulted` : ""}`,
    table(
      ["", "tasks", "success", "±"],
      [s.bySite, s.byCategory, s.byNovelty]
        .flatMap(Object.entries<Score>)
        .map(([name, group]) => [name, group.tasks, percent(group.success), percent(group.standardError)]),
    ),
  ].join("\n");
