/** @file `webrl agent repeat`: does a recorded run once more, without the model wherever the pages are as they were. */

import { Option } from "commander";
import type { Command } from "commander";
import type { RepeatResult } from "../../agent/repeat/repeat.ts";
import { ConfigError } from "../../core/errors.ts";
import { examples, interruption, jsonOption, print } from "../command.ts";
import type { AgentCommand, LimitCommand } from "./agent-parts.ts";
import { agentCommand, agentOptions, limitCommand, limitsOf } from "./agent-parts.ts";
import { codeOfEnd, stepText } from "./agent-run.ts";
import { collectOption } from "./model-parts.ts";

interface RepeatCommand extends AgentCommand, LimitCommand {
  run?: string;
  value?: string[];
  alone?: boolean;
  json?: boolean;
}

export function registerRepeat(agent: Command): void {
  const command = limitCommand(
    agentCommand(
      agent
        .command("repeat")
        .description(
          "Repeat what a run did: find each step's element again, verify its effect, and ask the model only where the page has changed.",
        )
        .argument("<directory>", "an agent's directory; the repetition is added to it"),
    ),
  )
    .option("--run <id>", "which run; default: the last successful one")
    .addOption(
      new Option("--value <old=new>", "replace a value in the task, such as two=three; repeatable").argParser(
        collectOption,
      ),
    )
    .option("--alone", "never ask the model; stop where the page has changed");
  examples(jsonOption(command), [
    "webrl agent repeat runs/order --site site.ts --model runs/demo",
    'webrl agent repeat runs/order --site site.ts --alone --value "two=three" --value "dark roast=light roast"',
  ]).addHelpText(
    "after",
    "\nExit code: 0 it ended as recorded, 1 it did not, 2 your mistake, 3 a budget is\nused up, 130 interrupted.\n",
  );
  command.action(async (directory: string, options: RepeatCommand) => {
    if (options.out !== undefined)
      throw new ConfigError(
        "--out does not apply here",
        "Leave it out: a repetition is recorded beside its run.",
      );
    const values = valuesOf(options.value ?? []);
    const { runToRepeat } = await import("../../agent/repeat/repeat.ts");
    const { createAgent } = await import("../../agent/agent.ts");
    // Checked before a browser is started, and before a mistyped name becomes a directory.
    const run = await runToRepeat(directory, options.run);
    let result: RepeatResult;
    {
      await using agent = await createAgent({
        ...(await agentOptions(options)),
        directory,
        limits: limitsOf(options),
      });
      result = await agent.repeat(run, {
        values,
        alone: options.alone,
        onStep: (step) => console.error(stepText(step)),
        signal: interruption.signal,
      });
    }
    const { trajectory, ...shown } = result;
    print(options, { directory, of: run.id, ...shown }, () => resultText(result));
    process.exitCode = codeOfEnd(trajectory.ending) ?? (result.same ? 0 : 1);
  });
}

function valuesOf(texts: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const text of texts) {
    const [, from, to] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (from === undefined)
      throw new ConfigError(
        `${JSON.stringify(text)} is not of the form old=new`,
        "Write what the instruction says now and what it should say: two=three.",
      );
    if (from in values) throw new ConfigError(`${JSON.stringify(from)} is given twice`, "Give it once.");
    values[from] = to!;
  }
  return values;
}

function resultText({
  outcome,
  reason,
  answer,
  same,
  repeated: done,
  byModel,
  renamed,
  handedOver,
  usage,
}: RepeatResult): string {
  return [
    `${outcome}: ${reason}`,
    ...(answer === null ? [] : ["", answer]),
    "",
    `${done} steps as recorded${renamed > 0 ? ` (${renamed} of them on elements that are called otherwise now)` : ""}, ${byModel} turns of the model, ${usage.seconds.toFixed(1)} s`,
    ...handedOver.map((why) => `  ${why}`),
    same ? "It ended as the recording did." : "It did not end as the recording did.",
  ].join("\n");
}
