/** @file `webrl model demos` and `webrl model rollouts`: collect episodes in the browser, to make models from. */

import { dirname } from "node:path";
import { makeDirectory } from "../../core/make-directory.ts";
import type { Command } from "commander";
import {
  anyNumber,
  browserOption,
  examples,
  interruption,
  jsonOption,
  nameList,
  openSuite,
  print,
  serverOptions,
  share,
  splitName,
  suiteOptions,
  wholeNumber,
} from "../command.ts";
import type { SuiteOptions } from "../command.ts";
import { checkSampling } from "../check-resources.ts";
import { loadGuard, safetyOption } from "../safety-option.ts";
import type { ObservationFormat } from "../../core/observation.ts";
import type { FormatSetting, TemplateSetting } from "../../text/template-names.ts";
import { lineLog } from "../progress.ts";
import type { ChatModel } from "../../core/chat.ts";
import { ConfigError } from "../../core/errors.ts";
import { describeUsage } from "../../core/usage.ts";
import { tellHowToGoOn } from "./spent-budget.ts";
import { observationOption, templateOption } from "./model-parts.ts";

interface CollectCommand extends SuiteOptions {
  out: string;
  episodes: number;
  parallel: number;
  seed: number;
  split: "train" | "validation" | "test";
  site?: string;
  taskTemplates?: string[];
  maxSteps: number;
  browser: string[];
  safety?: string;
  json?: boolean;
}

function collectOptions(command: Command): Command {
  return safetyOption(browserOption(suiteOptions(command)))
    .requiredOption("--out <file>", "JSON Lines file, one episode a line; episodes already in it are kept")
    .option("--episodes <n>", "collect until the file has this many episodes", wholeNumber(), 1000)
    .option("--parallel <n>", "episodes at once", wholeNumber(), 4)
    .option("--seed <n>", "seed for the order of tasks and for everything random", wholeNumber(0), 0)
    .option("--split <name>", "train, validation or test", splitName, "train")
    .option("--site <name>", "only tasks of this site")
    .option("--task-templates <ids>", "only tasks of these templates, separated by commas", nameList)
    .option("--max-steps <n>", "end an episode after this many turns", wholeNumber(), 20);
}

async function openWorld(
  options: CollectCommand,
  judge: ChatModel | null = null,
  format: ObservationFormat = "compact",
) {
  const { restrictSuite } = await import("../../tasks/restrict-suite.ts");
  const { loadBrowser } = await import("../../run/parse-config.ts");
  const browser = await loadBrowser(options.browser);
  const suite = await openSuite(options, { judge });
  const part = restrictSuite(suite, { sites: [], templates: options.taskTemplates ?? [] });
  const tasks = part.tasks({
    split: options.split,
    ...(options.site !== undefined && { site: options.site }),
  });
  const guard = await loadGuard(options.safety);
  return {
    suite,
    tasks,
    site: await suite.createSite({
      format,
      guard,
      browser: { ...browser, onTrouble: (message) => process.stderr.write(`${message}\n`) },
    }),
  };
}

interface DemosCommand extends CollectCommand, Omit<RolloutsCommand, "model"> {
  model?: string;
  judge?: string;
  detourRate: number;
  failRate: number;
}

/** Some options are only for oracles, others only for models. */
function refuseMixture(isModel: boolean, isGiven: (name: string) => boolean): void {
  const wrong = (isModel ? ["detourRate", "failRate"] : ["judge", "temperature", "maxNewTokens", "llm"]).find(
    isGiven,
  );
  if (wrong === undefined) return;
  const option = `--${wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new ConfigError(
    `${option} applies to demonstrations of ${isModel ? "oracles, but --model names a model" : "a model, but there is no --model"}`,
    isModel ? `Leave ${option} out.` : `Add --model, or leave ${option} out.`,
  );
}

/** Collects demonstrations from a model. */
async function collectOf(model: string, options: DemosCommand): Promise<void> {
  const { collectModelDemonstrations, triesFile } = await import("../../imitation/model-demonstrations.ts");
  const { createPromptedJudge } = await import("../../reward/prompted-judge.ts");
  const { rolloutConfigSchema } = await import("../../rollout/config.ts");
  const { parseConfig } = await import("../../run/parse-config.ts");
  const log = lineLog();
  const { openActor } = await import("../../train/open-actor.ts");
  await using opened = await openActor({
    signal: interruption.signal,
    ...options,
    model,
    template: undefined,
    onTrouble: (message) => log.now(message),
  });
  await checkSampling(opened.openedHere, options.parallel);
  const { tasks, site } = await openWorld(options, opened.judge);
  await using _site = site;
  await makeDirectory(dirname(options.out));
  let kept = 0;
  const work = collectModelDemonstrations({
    actor: opened.actor,
    site,
    tasks,
    judge: opened.judge && createPromptedJudge(opened.judge, { maxPromptTokens: opened.maxPromptTokens }),
    file: options.out,
    episodes: options.episodes,
    temperature: options.temperature,
    seed: options.seed,
    rollout: parseConfig(rolloutConfigSchema, {
      parallel: options.parallel,
      maxSteps: options.maxSteps,
      maxNewTokens: opened.maxNewTokens,
    }),
    onEpisode: (line, done) => {
      if (line.kept) kept++;
      log.update(`${done}/${options.episodes} episodes played, ${kept} kept`);
    },
    onOutage: (message, waitedMs) => log.now(`${message}; waiting for it (${Math.round(waitedMs / 1000)} s)`),
    signal: interruption.signal,
  });
  const result = await tellHowToGoOn(
    work,
    () =>
      `What succeeded is in ${options.out}: the same command continues from there, and the budget starts afresh.`,
  );
  log.end();
  const usage = opened.usage();
  print(
    options,
    { file: options.out, tries: triesFile(options.out), ...result, ...(usage && { usage }) },
    (r) =>
      `${r.file}: ${r.kept} of ${r.played} episodes succeeded and are kept${r.usage ? `\n${describeUsage(r.usage)}` : ""}`,
  );
}

export function registerDemos(model: Command): void {
  const command = collectOptions(
    model
      .command("demos")
      .description(
        "Collect demonstrations: let the oracles work in the browser, or with --model keep the episodes in which that model succeeds.",
      ),
  )
    .option(
      "--model <model>",
      "a model that plays instead of the oracles: a directory, or openai:NAME@URL (key: OPENAI_API_KEY); --episodes then counts the episodes played",
    )
    .option("--judge <model>", "with --model: a chat model that judges the tasks that have no verifier")
    .option("--temperature <t>", "with --model: sampling temperature", anyNumber, 1)
    .option(
      "--max-new-tokens <n>",
      "with --model: at most this many tokens in a response; default 96, or llm.maxTokens (1024) on a server",
      wholeNumber(),
    )
    .option("--detour-rate <p>", "probability per turn of a mistake, which is then corrected", share, 0.08)
    .option("--fail-rate <p>", "fraction of episodes that fail on purpose, for the reward model", share, 0);
  serverOptions(command);
  jsonOption(command);
  examples(command, [
    "webrl model demos --out runs/demos.jsonl --episodes 3000 --parallel 4",
    "webrl model demos --out runs/negatives.jsonl --episodes 1500 --fail-rate 1 --seed 1",
    "webrl model demos --model openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1 --out runs/qwen.jsonl --episodes 200",
  ]);
  command.action(async (options: DemosCommand) => {
    const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
    refuseMixture(options.model !== undefined, isGiven);
    if (options.model !== undefined) return collectOf(options.model, options);
    const { collectDemonstrations } = await import("../../imitation/demonstrations.ts");
    const { rolloutConfigSchema } = await import("../../rollout/config.ts");
    const { parseConfig } = await import("../../run/parse-config.ts");
    const { suite, tasks, site } = await openWorld(options);
    await using _site = site;
    const solved = tasks.filter((task) => suite.hasOracle(task));
    if (tasks.length > 0 && solved.length === 0)
      throw new ConfigError(
        `the suite ${suite.name} has no oracle for any of the tasks that match`,
        `${options.suite === "own" ? "Write an oracle (docs/define-site.md)" : "Choose tasks that have an oracle"}, or name a model that plays, with --model.`,
      );
    await makeDirectory(dirname(options.out));
    const log = lineLog();
    let [good, faulted] = [0, 0];
    const started = performance.now();
    let made = 0;
    const stuck = new Set<string>();
    const result = await collectDemonstrations({
      site,
      tasks: solved,
      oracleFor: (task, first) => suite.oracleFor(task, first),
      episodes: options.episodes,
      seed: options.seed,
      file: options.out,
      // A detour cannot be undone here: the pages of such suites end at the first wrong click.
      detourRate: suite.oraclesTry && !isGiven("detourRate") ? 0 : options.detourRate,
      failRate: options.failRate,
      rollout: parseConfig(rolloutConfigSchema, {
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
      onOutage: (message, waitedMs) =>
        log.now(`${message}; waiting for it (${Math.round(waitedMs / 1000)} s)`),
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

interface RolloutsCommand extends CollectCommand {
  model: string;
  temperature: number;
  maxNewTokens?: number;
  template?: TemplateSetting;
  observation?: FormatSetting;
  llm: string[];
}

export function registerRollouts(model: Command): void {
  const command = collectOptions(
    model.command("rollouts").description("Collect a model's episodes, with the verifiers' verdicts."),
  )
    .requiredOption(
      "--model <model>",
      "the model that acts: a directory, or openai:NAME@URL, a model on a server (key: OPENAI_API_KEY)",
    )
    .option("--temperature <t>", "sampling temperature", anyNumber, 1)
    .option(
      "--max-new-tokens <n>",
      "at most this many tokens in a response; default 96, or llm.maxTokens (1024) on a server",
      wholeNumber(),
    )
    .addOption(templateOption())
    .addOption(observationOption());
  serverOptions(command);
  jsonOption(command);
  examples(command, [
    "webrl model rollouts --model models/base --out runs/rollouts.jsonl --episodes 1000",
    "webrl model rollouts --model openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1 --out runs/qwen.jsonl --episodes 50",
  ]);
  command.action(async (options: RolloutsCommand) => {
    const { collectRollouts } = await import("../../imitation/collect-rollouts.ts");
    const log = lineLog();
    const { openActor } = await import("../../train/open-actor.ts");
    await using opened = await openActor({
      signal: interruption.signal,
      ...options,
      onTrouble: (message) => log.now(message),
    });
    await checkSampling(opened.openedHere, options.parallel);
    const { chooseFormat } = await import("../../text/choose-template.ts");
    const format = chooseFormat(
      options.observation ?? "auto",
      opened.template ? { [opened.actor.model]: opened.template } : {},
    );
    const { tasks, site } = await openWorld(options, null, format);
    await using _site = site;
    await makeDirectory(dirname(options.out));
    let good = 0;
    let made = 0;
    const started = performance.now();
    const work = collectRollouts({
      actor: opened.actor,
      site,
      tasks,
      file: options.out,
      episodes: options.episodes,
      parallel: options.parallel,
      maxSteps: options.maxSteps,
      maxNewTokens: opened.maxNewTokens,
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
      onOutage: (message, waitedMs) =>
        log.now(`${message}; waiting for it (${Math.round(waitedMs / 1000)} s)`),
      signal: interruption.signal,
    });
    const result = await tellHowToGoOn(
      work,
      () =>
        `Episodes are in ${options.out}: the same command continues from there, and the budget starts afresh.`,
    );
    log.end();
    const usage = opened.usage();
    print(
      options,
      { file: options.out, ...result, successful: good, ...(usage && { usage }) },
      (r) =>
        `${r.file}: ${r.held + r.made} episodes (${r.made} new, ${good} of them successful)${r.usage ? `\n${describeUsage(r.usage)}` : ""}`,
    );
  });
}
