/** @file `webrl eval`: scores a model on a suite. */

import { Option } from "commander";
import { ConfigError } from "../../core/errors.ts";
import type { ChatUsage } from "../../core/chat.ts";
import { describeUsage, sumUsage } from "../../core/usage.ts";
import type { BrowserSettings } from "../../core/trajectory.ts";
import { DEFAULT_BROWSER } from "../../core/trajectory.ts";
import type { Evaluation, Score } from "../../run/records.ts";
import type { Register, SuiteOptions } from "../command.ts";
import {
  browserOption,
  examples,
  interruption,
  jsonOption,
  nameList,
  openSuite,
  print,
  serverOptions,
  scoredSplit,
  suiteOptions,
  table,
  temperatureNumber,
  wholeNumber,
} from "../command.ts";
import { checkSampling } from "../check-resources.ts";
import { loadGuard, safetyOption } from "../safety-option.ts";
import { lineLog } from "../progress.ts";
import { percent } from "../../core/percent.ts";
import type { ObservationFormat } from "../../core/observation.ts";
import type { Split } from "../../core/task.ts";
import type { Failures } from "../../train/score-episodes.ts";
import type { AttemptsReport, AttemptsScore } from "../../train/score-attempts.ts";
import { tellHowToGoOn } from "./spent-budget.ts";
import type { FormatSetting, PromptTemplate, TemplateSetting } from "../../text/template-names.ts";
import { observationOption, templateOption } from "./model-parts.ts";

interface EvalOptions extends SuiteOptions {
  safety?: string;
  model: string;
  run?: string;
  template?: TemplateSetting;
  observation?: FormatSetting;
  split: Split | "held-out";
  site?: string;
  taskTemplates?: string[];
  tasks: number;
  parallel: number;
  maxSteps: number;
  maxNewTokens?: number;
  attempts: number;
  temperature?: number;
  judge?: string;
  llm: string[];
  browser: string[];
  out?: string;
  json?: boolean;
}

export const register: Register = (program) => {
  const command = suiteOptions(
    program
      .command("eval")
      .description(
        "Score a model on the tasks of a suite, judged by verifiers, with one greedy attempt at each task or several sampled ones.",
      ),
  )
    .option(
      "--model <model>",
      "the model's directory; or openai:NAME@URL, a model on an OpenAI-compatible server (key: OPENAI_API_KEY; without @URL: OPENAI_BASE_URL)",
      "models/base",
    )
    .addOption(
      new Option(
        "--run <directory>",
        "score the newest policy of a run, on the run's suite and with its settings unless other options override them",
      ).conflicts(["model", "template"]),
    )
    .addOption(templateOption())
    .addOption(observationOption())
    .option("--split <name>", "train, validation, test, or held-out for the last two", scoredSplit, "test")
    .option("--site <name>", "only tasks of this site")
    .option("--task-templates <ids>", "only tasks of these templates, separated by commas", nameList)
    .option(
      "--tasks <n>",
      "at most this many tasks, taken from sites and templates in turn; with --seeds all are tried, and each page gets a row",
      wholeNumber(),
      100,
    )
    .option("--parallel <n>", "episodes at once", wholeNumber(), 6)
    .option("--max-steps <n>", "end an episode after this many turns", wholeNumber(), 12)
    .option(
      "--max-new-tokens <n>",
      "at most this many tokens in a response, thoughts included; default 96, or llm.maxTokens (1024) on a server",
      wholeNumber(),
    )
    .option(
      "--attempts <n>",
      "attempts at each task; prints pass@1 to pass@n and how many tasks succeed only sometimes",
      wholeNumber(),
      1,
    )
    .option(
      "--temperature <t>",
      "sampling temperature; default 0, or 1 with several attempts",
      temperatureNumber,
    )
    .option(
      "--judge <model>",
      "chat model that compares free answers, which some tasks of WebArena need: openai:NAME@URL, or its name on the server at OPENAI_BASE_URL",
    )
    .option(
      "--out <file>",
      "write the episodes to this file, and their settings beside it; those already in it are not run again",
    );
  safetyOption(browserOption(serverOptions(command)), "the run's");
  jsonOption(command);
  examples(command, [
    "webrl eval --model models/base --tasks 60",
    "webrl eval --model openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1 --tasks 20 --out runs/qwen.jsonl",
    "webrl eval --model openai:gpt-4o@https://api.openai.com/v1 --out runs/gpt.jsonl --llm budget.requests=300",
    "webrl eval --run runs/demo --site map --json",
    "webrl eval --suite miniwob --file miniwob-plusplus/miniwob/html --split held-out --seeds 5 --max-steps 10",
    "webrl eval --model models/base --split validation --tasks 50 --attempts 8 --out runs/attempts.jsonl",
  ]);
  command.action(async (options: EvalOptions) => {
    const { newestPolicy, tryTasks } = await import("../../train/evaluate-model.ts");
    const { explainFailures, scoreEpisodes } = await import("../../train/score-episodes.ts");
    const { scoreAttempts } = await import("../../train/score-attempts.ts");
    const { chooseFormat } = await import("../../text/choose-template.ts");
    const { evaluationTasks } = await import("../../core/spread.ts");
    const { restrictSuite } = await import("../../tasks/restrict-suite.ts");
    const { loadBrowser } = await import("../../run/parse-config.ts");
    const { attempts } = options;
    const temperature = options.temperature ?? (attempts > 1 ? 1 : 0);
    if (attempts > 1 && temperature === 0)
      throw new ConfigError(
        `${attempts} greedy attempts are the same attempt ${attempts} times`,
        "Give --temperature above 0, or leave --attempts out.",
      );
    const run = options.run === undefined ? null : await newestPolicy(options.run);
    /** The option given here, otherwise the run's setting, otherwise the default. */
    const choose = <K extends keyof EvalOptions>(
      name: K,
      ofRun: EvalOptions[K] | undefined,
    ): EvalOptions[K] =>
      command.getOptionValueSource(name) === "cli" ? options[name] : (ofRun ?? options[name]);
    const { suite: suiteOfRun, rollout, models, llm } = run?.config ?? {};
    const browser = await loadBrowser(options.browser, run?.config.browser);
    const log = lineLog();
    const { openActor } = await import("../../train/open-actor.ts");
    await using opened = await openActor({
      signal: interruption.signal,
      model: run?.model ?? options.model,
      judge: options.judge,
      llm: options.llm,
      llmOfRun: llm,
      engineOfRun: run?.config.engine,
      template: choose("template", models?.template),
      maxNewTokens: choose("maxNewTokens", rollout?.maxNewTokens),
      limitMinutes: rollout?.siteDownMinutes,
      onTrouble: (message) => log.now(message),
    });
    if (opened.hasBudget && options.out === undefined)
      throw new ConfigError(
        "a budget may end the evaluation before its last episode, and nothing would be kept",
        "Add --out FILE: the same command then continues from that file.",
      );
    await checkSampling(opened.openedHere, choose("parallel", rollout?.parallel)!);
    const isOtherSuite = command.getOptionValueSource("suite") === "cli";
    const file = isOtherSuite ? options.file : choose("file", suiteOfRun?.file ?? undefined);
    const suite = await openSuite(
      { ...options, suite: choose("suite", suiteOfRun?.name), file },
      { judge: opened.judge },
    );
    const ofRun = isOtherSuite ? undefined : suiteOfRun;
    const part = restrictSuite(suite, {
      sites: options.site !== undefined ? [] : (ofRun?.sites ?? []),
      templates: options.taskTemplates ?? ofRun?.templates ?? [],
    });
    const splits: Split[] = options.split === "held-out" ? ["validation", "test"] : [options.split];
    const all = splits.flatMap((split) => part.tasks({ split }));
    if (options.site !== undefined) suite.tasks({ site: options.site, limit: 1 });
    const tasks = evaluationTasks(
      options.site === undefined ? all : all.filter((task) => task.sites.includes(options.site!)),
      options.seeds !== undefined && command.getOptionValueSource("tasks") !== "cli"
        ? all.length
        : options.tasks,
    );
    const format = chooseFormat(
      choose("observation", run?.config.observation.format) ?? "auto",
      opened.template ? { [opened.actor.model]: opened.template } : {},
    );
    const guard = await loadGuard(options.safety, run?.config.safety);
    await using site = await suite.createSite({
      format,
      browser: { ...browser, onTrouble: (message) => log.now(message) },
      guard,
    });
    let good = 0;
    let held = 0;
    const work = tryTasks({
      actor: opened.actor,
      site,
      tasks,
      attempts,
      temperature,
      rollout: {
        ...rollout,
        ...suite.limits,
        parallel: choose("parallel", rollout?.parallel),
        maxSteps: choose("maxSteps", rollout?.maxSteps),
        maxNewTokens: opened.maxNewTokens,
      },
      ...(options.out !== undefined && { file: options.out }),
      settings: {
        suite: suite.name,
        evaluator: suite.evaluator ?? null,
        // Its name, without the address of its server.
        judge: options.judge?.split("@")[0] ?? null,
        observation: format,
        safety: options.safety ?? run?.config.safety ?? null,
      },
      onEpisode: (record, done) => {
        if (record.truth?.success) good++;
        held = done;
        log.update(`${done}/${attempts * tasks.length} episodes, ${good} successful`);
      },
      onOutage: (message, waitedMs) =>
        log.now(`${message}; waiting for it (${Math.round(waitedMs / 1000)} s)`),
      signal: interruption.signal,
    });
    const records = await tellHowToGoOn(
      work,
      () =>
        `${held > 0 ? `${held} of ${attempts * tasks.length}` : "Earlier"} episodes are in ${options.out}: the same command continues from there, and the budget starts afresh.`,
    );
    log.end();
    const spent = opened.usage();
    const ofEpisodes = sumUsage(records.map((record) => record.usage));
    const about = {
      model: opened.actor.model,
      ...(suite.incomplete !== undefined && { incomplete: suite.incomplete }),
      ...(opened.template && { template: opened.template }),
      ...(suite.evaluator !== undefined && { evaluator: suite.evaluator }),
      observation: format,
      browser: site.browser ?? DEFAULT_BROWSER,
      temperature,
      ...(ofEpisodes && { usage: ofEpisodes }),
      ...(spent && { usageOfThisStart: spent }),
    };
    if (attempts > 1) print(options, { ...about, ...scoreAttempts(records, attempts) }, attemptsText);
    else
      print(
        options,
        {
          ...about,
          ...scoreEpisodes(records, suite.column?.bind(suite)),
          ...explainFailures(records),
        },
        (score) => scoreText(score, options.seeds !== undefined),
      );
  });
};

interface About {
  model: string;
  /** What the user's copy of the benchmark lacks. */
  incomplete?: string;
  observation: ObservationFormat;
  browser: BrowserSettings;
  /** The template of the prompts; absent for a model on a server, which gets messages. */
  template?: PromptTemplate;
  /** Which of the suite's ways to judge was used, where it has several. */
  evaluator?: string;
  temperature: number;
  /** What the model's server used for the episodes; absent without a server. */
  usage?: ChatUsage;
}

function titleOf({ model, template, evaluator }: About): string {
  const how = [
    ...(template === undefined ? [] : [`template ${template}`]),
    ...(evaluator === undefined ? [] : [`evaluator ${evaluator}`]),
  ];
  return how.length > 0 ? `${model} (${how.join(", ")})` : model;
}

const scoreText = (s: About & Omit<Evaluation, "split"> & Failures, showTemplates: boolean): string =>
  [
    `${titleOf(s)}: ${percent(s.success)} ± ${percent(s.standardError)} of ${s.tasks} tasks${s.faults > 0 ? `, ${s.faults} faulted` : ""}`,
    ...(s.incomplete === undefined ? [] : [s.incomplete]),
    ...(s.usage ? [describeUsage(s.usage)] : []),
    table(
      ["", "tasks", "success", "±"],
      [s.bySite, s.byCategory, s.byNovelty, showTemplates ? s.byTemplate : {}]
        .flatMap(Object.entries<Score>)
        .map(([name, group]) => [name, group.tasks, percent(group.success), percent(group.standardError)]),
    ),
    ...(s.successes < s.tasks
      ? [
          `failed: ${Object.entries(s.failures)
            .map(([ending, count]) => `${count} ${ending.replaceAll("_", " ")}`)
            .join(", ")}`,
        ]
      : []),
    ...s.faulted.map(({ task, code, message }) => `not scored: ${task}: ${code}: ${message}`),
  ].join("\n");

const attemptsText = (s: About & AttemptsReport): string => {
  // pass@1, 2, 4, …, and the last.
  const shown = s.passAt.flatMap((_, i) =>
    Number.isInteger(Math.log2(i + 1)) || i + 1 === s.attempts ? [i] : [],
  );
  const row = (name: string, group: AttemptsScore) => [
    name,
    group.tasks,
    ...shown.map((i) => percent(group.passAt[i])),
    percent(group.mixed),
  ];
  const groups = [s.bySite, s.byNovelty, s.byTemplate].flatMap(Object.entries<AttemptsScore>);
  return [
    `${titleOf(s)}: ${percent(s.passAt[0])}${s.standardError === null ? "" : ` ± ${percent(s.standardError)}`} of ${s.tasks} tasks at temperature ${s.temperature}, ${percent(s.passAt.at(-1))} within ${s.attempts} attempts${s.faults > 0 ? `, ${s.faults} attempts faulted` : ""}`,
    `${percent(s.mixed)} of the tasks sometimes succeed and sometimes fail: reinforcement learns from those`,
    ...(s.incomplete === undefined ? [] : [s.incomplete]),
    ...(s.usage ? [describeUsage(s.usage)] : []),
    table(
      ["", "tasks", ...shown.map((i) => `pass@${i + 1}`), "mixed"],
      [row("all", s), ...groups.map(([name, group]) => row(name, group))],
    ),
  ].join("\n");
};
