/** @file `webrl agent judge`: records whether an agent's runs succeeded, so that training can learn from them. */

import type { Command } from "commander";
import { Option } from "commander";
import { ConfigError } from "../../core/errors.ts";
import { examples, interruption, jsonOption, print } from "../command.ts";

interface JudgeCommand {
  run?: string;
  success?: boolean;
  failure?: boolean;
  orm?: string | true;
  reason?: string;
  json?: boolean;
}

export function registerJudge(agent: Command): void {
  const command = agent
    .command("judge")
    .description("Say whether an agent's run succeeded. Training and fine-tuning use your verdict.")
    .argument("<directory>", "the agent's directory")
    .option("--run <id>", "which of its runs; default: the last one")
    .addOption(new Option("--success", "the agent did what it was asked to do").conflicts("failure"))
    .addOption(new Option("--failure", "the agent did not").conflicts("success"))
    .option("--reason <text>", "why, as a note for people")
    .addOption(
      new Option(
        "--orm [directory]",
        "let the outcome reward model judge every run without a verdict; default models/orm",
      ).conflicts(["success", "failure", "run", "reason"]),
    );
  examples(jsonOption(command), [
    "webrl agent judge runs/desk --success",
    "webrl agent judge runs/desk --orm",
    'webrl agent judge runs/desk --run agent-3f9c21d0/0002 --failure --reason "ordered one, not two"',
  ]).action(async (directory: string, options: JudgeCommand) => {
    if (options.orm !== undefined) return byOrm(directory, options);
    if (!options.success && !options.failure)
      throw new ConfigError(
        "neither --success nor --failure is given",
        "Give one of them, or --orm to let the reward model judge.",
      );
    const { judgeRun } = await import("../../agent/judge.ts");
    const verdict = await judgeRun(directory, {
      run: options.run,
      success: options.success ?? false,
      reason: options.reason,
    });
    print(options, verdict, ({ id, success }) => `${id}: ${success ? "success" : "failure"}`);
  });
}

async function byOrm(directory: string, options: JudgeCommand): Promise<void> {
  const { judgeRest } = await import("../../agent/judge.ts");
  const { createOnnxEngine } = await import("../../engine/onnx/engine.ts");
  const { modelTemplate } = await import("../../imitation/prompt-template.ts");
  const { createOrm } = await import("../../reward/orm.ts");
  const { followServers } = await import("../../train/open-engine.ts");
  const { modelPath } = await import("../../train/open-parts.ts");
  const path = modelPath(options.orm === true ? "models/orm" : options.orm!, "--orm");
  await using engine = followServers(createOnnxEngine, {
    onTrouble: (message) => process.stderr.write(`${message}\n`),
    signal: interruption.signal,
  });
  await using model = await engine.open({ path });
  const judge = createOrm(model, { template: await modelTemplate(path, "auto", model.tokenizer) });
  const verdicts = await judgeRest(directory, judge, { signal: interruption.signal });
  print(options, { verdicts }, () =>
    verdicts.length === 0
      ? "Every run has been judged already."
      : verdicts
          .map(
            ({ id, success, probability }) =>
              `${id}: ${success ? "success" : "failure"}, P = ${probability.toFixed(2)}`,
          )
          .join("\n"),
  );
}
