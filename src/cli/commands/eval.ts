/** @file `webrl eval`: the score of a model on a suite. */

import { Option } from "commander";
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
  temperatureNumber,
  wholeNumber,
} from "../command.ts";
import { lineLog } from "../progress.ts";
import { ConfigError } from "../../core/errors.ts";
import { percent } from "../../core/percent.ts";
import type { Split } from "../../core/task.ts";
import type { PromptTemplate } from "../../text/prompt.ts";
import type { AttemptsReport, AttemptsScore } from "../../train/score-attempts.ts";

interface EvalOptions extends SuiteOptions {
  model: string;
  run?: string;
  template: PromptTemplate;
  split: Split;
  site?: string;
  tasks: number;
  parallel: number;
  maxSteps: number;
  maxNewTokens: number;
  attempts: number;
  temperature?: number;
  judge?: string;
  out?: string;
  json?: boolean;
}

export const register: Register = (program) => {
  const command = suiteOptions(
    program
      .command("eval")
      .description(
        "Score a model on the tasks of a suite, judged by verifiers: one greedy attempt at each, or several drawn ones.",
      ),
  )
    .option("--model <directory>", "the model", "models/base")
    .addOption(
      new Option(
        "--run <directory>",
        "score the newest policy of a run, on its suite and with its settings but for what is given here",
      ).conflicts(["model", "template"]),
    )
    .addOption(
      new Option("--template <name>", "layout of the model's prompts")
        .choices(["compact", "paper"])
        .default("compact"),
    )
    .option("--split <name>", "train, validation or test", splitName, "test")
    .option("--site <name>", "only tasks of this site")
    .option("--tasks <n>", "tasks at most; sites and templates take turns", wholeNumber(), 100)
    .option("--parallel <n>", "episodes at once", wholeNumber(), 6)
    .option("--max-steps <n>", "turns before an episode is cut", wholeNumber(), 12)
    .option("--max-new-tokens <n>", "tokens of a response", wholeNumber(), 96)
    .option(
      "--attempts <n>",
      "episodes on each task; prints pass@1 to pass@n and where some attempts succeed and some fail",
      wholeNumber(),
      1,
    )
    .option("--temperature <t>", "of sampling; default 0, with several attempts 1", temperatureNumber)
    .option(
      "--judge <model>",
      "chat model at OPENAI_BASE_URL that compares free answers, which some tasks of WebArena need",
    )
    .option("--out <file>", "keep the episodes; what the file holds already is not run again");
  jsonOption(command);
  examples(command, [
    "webrl eval --model models/base --tasks 60",
    "webrl eval --run runs/demo --site map --json",
    "webrl eval --model models/base --split validation --tasks 50 --attempts 8 --out runs/attempts.jsonl",
  ]);
  command.action(async (options: EvalOptions) => {
    const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
    const { loadSuite } = await import("../../tasks/load-suite.ts");
    const { newestPolicy, tryTasks } = await import("../../train/evaluate-model.ts");
    const { scoreEpisodes } = await import("../../train/score-episodes.ts");
    const { scoreAttempts } = await import("../../train/score-attempts.ts");
    const { evaluationTasks } = await import("../../core/spread.ts");
    const { modelPath, openChat, onSites } = await import("../../train/open-parts.ts");
    const { attempts } = options;
    const temperature = options.temperature ?? (attempts > 1 ? 1 : 0);
    if (attempts > 1 && temperature === 0)
      throw new ConfigError(
        `${attempts} greedy attempts are the same attempt ${attempts} times`,
        "Give --temperature above 0, or leave --attempts out.",
      );
    const run = options.run === undefined ? null : await newestPolicy(options.run);
    const model = run?.model ?? modelPath(options.model, "--model");
    /** What was given here, else the run's setting, else the default. */
    const chosen = <K extends keyof EvalOptions>(
      name: K,
      ofRun: EvalOptions[K] | undefined,
    ): EvalOptions[K] =>
      command.getOptionValueSource(name) === "cli" ? options[name] : (ofRun ?? options[name]);
    const { suite: suiteOfRun, rollout, models } = run?.config ?? {};
    const isOtherSuite = command.getOptionValueSource("suite") === "cli";
    const suite = await loadSuite(
      chosen("suite", suiteOfRun?.name),
      isOtherSuite ? options.file : chosen("file", suiteOfRun?.file ?? undefined),
      {
        judge:
          options.judge === undefined ? null : openChat({ llm: { model: options.judge, baseUrl: null } }),
      },
    );
    const inRun = onSites(suite, isOtherSuite || options.site !== undefined ? [] : (suiteOfRun?.sites ?? []));
    const all = inRun.tasks({ split: options.split });
    if (options.site !== undefined) suite.tasks({ site: options.site, limit: 1 });
    const tasks = evaluationTasks(
      options.site === undefined ? all : all.filter((task) => task.sites.includes(options.site!)),
      options.tasks,
    );
    await using engine = createOnnxEngine();
    await using site = await suite.createSite();
    const log = lineLog();
    let good = 0;
    const records = await tryTasks({
      engine,
      site,
      tasks,
      model,
      attempts,
      temperature,
      template: chosen("template", models?.template),
      rollout: {
        ...rollout,
        parallel: chosen("parallel", rollout?.parallel),
        maxSteps: chosen("maxSteps", rollout?.maxSteps),
        maxNewTokens: chosen("maxNewTokens", rollout?.maxNewTokens),
      },
      ...(options.out !== undefined && { file: options.out }),
      onEpisode: (record, done) => {
        if (record.truth?.success) good++;
        log.update(`${done}/${attempts * tasks.length} episodes, ${good} successful`);
      },
      signal: interruption.signal,
    });
    log.end();
    if (attempts > 1)
      print(options, { model, temperature, ...scoreAttempts(records, attempts) }, attemptsText);
    else print(options, { model, temperature, ...scoreEpisodes(records) }, scoreText);
  });
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

const attemptsText = (s: { model: string; temperature: number } & AttemptsReport): string => {
  // pass@1, 2, 4, …, and the last.
  const shown = s.passAt.flatMap((_, i) =>
    Number.isInteger(Math.log2(i + 1)) || i + 1 === s.attempts ? [i] : [],
  );
  const row = (name: string, group: AttemptsScore) => [
    name,
    group.tasks,
    ...shown.map((i) => percent(group.passAt[i]!)),
    percent(group.mixed),
  ];
  const groups = [s.bySite, s.byNovelty, s.byTemplate].flatMap(Object.entries<AttemptsScore>);
  return [
    `${s.model}: ${percent(s.passAt[0]!)}${s.standardError === null ? "" : ` ± ${percent(s.standardError)}`} of ${s.tasks} tasks at temperature ${s.temperature}, ${percent(s.passAt.at(-1)!)} within ${s.attempts} attempts${s.faults > 0 ? `, ${s.faults} attempts faulted` : ""}`,
    `${percent(s.mixed)} of the tasks succeed sometimes and fail sometimes: what reinforcement can work with`,
    table(
      ["", "tasks", ...shown.map((i) => `pass@${i + 1}`), "mixed"],
      [row("all", s), ...groups.map(([name, group]) => row(name, group))],
    ),
  ].join("\n");
};
