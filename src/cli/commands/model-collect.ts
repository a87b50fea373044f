/** @file `webrl model demos` and `webrl model rollouts`: episodes collected in the browser, to make models from. */

import { dirname } from "node:path";
import { makeDirectory } from "../../core/make-directory.ts";
import type { Command } from "commander";
import {
  anyNumber,
  examples,
  interruption,
  jsonOption,
  print,
  share,
  splitName,
  suiteOptions,
  wholeNumber,
} from "../command.ts";
import type { SuiteOptions } from "../command.ts";
import { lineLog } from "../progress.ts";

interface CollectCommand extends SuiteOptions {
  out: string;
  episodes: number;
  parallel: number;
  seed: number;
  split: "train" | "validation" | "test";
  site?: string;
  template?: string;
  maxSteps: number;
  json?: boolean;
}

function collectOptions(command: Command): Command {
  return suiteOptions(command)
    .requiredOption("--out <file>", "JSON lines, one episode each; what it holds already is kept")
    .option("--episodes <n>", "episodes that the file shall hold", wholeNumber(), 1000)
    .option("--parallel <n>", "episodes at once", wholeNumber(), 4)
    .option("--seed <n>", "order of tasks and everything random", wholeNumber(0), 0)
    .option("--split <name>", "train, validation or test", splitName, "train")
    .option("--site <name>", "only tasks of this site")
    .option("--template <id>", "only tasks of this template")
    .option("--max-steps <n>", "turns before an episode is cut", wholeNumber(), 20);
}

async function openWorld(options: CollectCommand) {
  const { loadSuite } = await import("../../tasks/load-suite.ts");
  const suite = await loadSuite(options.suite, options.file);
  const tasks = suite.tasks({
    split: options.split,
    ...(options.site !== undefined && { site: options.site }),
    ...(options.template !== undefined && { template: options.template }),
  });
  return { suite, tasks, site: await suite.createSite() };
}

export function registerDemos(model: Command): void {
  const command = collectOptions(
    model.command("demos").description("collect demonstrations: the oracles at work in the browser"),
  )
    .option("--detour-rate <p>", "probability, per turn, of a mistake that is then made good", share, 0.08)
    .option(
      "--fail-rate <p>",
      "share of episodes that are spoiled on purpose, for the reward model",
      share,
      0,
    );
  jsonOption(command);
  examples(command, [
    "webrl model demos --out runs/demos.jsonl --episodes 3000 --parallel 4",
    "webrl model demos --out runs/negatives.jsonl --episodes 1500 --fail-rate 1 --seed 1",
  ]);
  command.action(async (options: CollectCommand & { detourRate: number; failRate: number }) => {
    const { collectDemonstrations } = await import("../../imitation/demonstrations.ts");
    const { rolloutConfigSchema } = await import("../../rollout/config.ts");
    const { parseConfig } = await import("../../run/parse-config.ts");
    const { suite, tasks, site } = await openWorld(options);
    await using _site = site;
    await makeDirectory(dirname(options.out));
    const log = lineLog();
    let [good, faulted] = [0, 0];
    const started = performance.now();
    let made = 0;
    const stuck = new Set<string>();
    const result = await collectDemonstrations({
      site,
      tasks: tasks.filter((task) => suite.hasOracle(task)),
      oracleFor: (task, first) => suite.oracleFor(task, first),
      episodes: options.episodes,
      seed: options.seed,
      file: options.out,
      detourRate: options.detourRate,
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

export function registerRollouts(model: Command): void {
  const command = collectOptions(
    model.command("rollouts").description("collect a model's episodes with the verifiers' verdicts"),
  )
    .requiredOption("--model <directory>", "the model that acts")
    .option("--temperature <t>", "sampling temperature", anyNumber, 1)
    .option("--max-new-tokens <n>", "tokens of a response", wholeNumber(), 96);
  jsonOption(command);
  examples(command, ["webrl model rollouts --model models/base --out runs/rollouts.jsonl --episodes 1000"]);
  command.action(
    async (options: CollectCommand & { model: string; temperature: number; maxNewTokens: number }) => {
      const { collectRollouts } = await import("../../imitation/collect-rollouts.ts");
      const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
      const { modelPath } = await import("../../train/open-parts.ts");
      const model = modelPath(options.model, "--model");
      const { tasks, site } = await openWorld(options);
      await using _site = site;
      await using engine = createOnnxEngine();
      await makeDirectory(dirname(options.out));
      const log = lineLog();
      let good = 0;
      let made = 0;
      const started = performance.now();
      const result = await collectRollouts({
        engine,
        site,
        tasks,
        model,
        file: options.out,
        episodes: options.episodes,
        parallel: options.parallel,
        maxSteps: options.maxSteps,
        maxNewTokens: options.maxNewTokens,
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
        signal: interruption.signal,
      });
      log.end();
      print(
        options,
        { file: options.out, ...result, successful: good },
        (r) => `${r.file}: ${r.held + r.made} episodes (${r.made} new, ${good} of them successful)`,
      );
    },
  );
}
