/** @file `webrl agent judge`: says of an agent's runs whether they succeeded, so that they become experience. */

import type { Command } from "commander";
import { Option } from "commander";
import { ConfigError } from "../../core/errors.ts";
import { examples, jsonOption, print } from "../command.ts";

interface JudgeCommand {
  run?: string;
  success?: boolean;
  failure?: boolean;
  reason?: string;
  json?: boolean;
}

export function registerJudge(agent: Command): void {
  const command = agent
    .command("judge")
    .description("Say whether a run of an agent succeeded: your word is what training and fine-tuning go by.")
    .argument("<directory>", "the agent's directory")
    .option("--run <id>", "which of its runs; default: the last one")
    .addOption(new Option("--success", "it did what it was asked").conflicts("failure"))
    .addOption(new Option("--failure", "it did not").conflicts("success"))
    .option("--reason <text>", "why, for people");
  examples(jsonOption(command), [
    "webrl agent judge runs/desk --success",
    'webrl agent judge runs/desk --run agent-3f9c21d0/0002 --failure --reason "ordered one, not two"',
  ]).action(async (directory: string, options: JudgeCommand) => {
    if (!options.success && !options.failure)
      throw new ConfigError("neither --success nor --failure is given", "Say which it was.");
    const { judgeRun } = await import("../../agent/judge.ts");
    const verdict = await judgeRun(directory, {
      run: options.run,
      success: options.success ?? false,
      reason: options.reason,
    });
    print(options, verdict, ({ id, success }) => `${id}: ${success ? "success" : "failure"}`);
  });
}
