/** @file The program: its commands, and how errors are reported, in words for people and exit codes for machines. */

import { readFileSync } from "node:fs";
import { Command, CommanderError, Help } from "commander";
import { BudgetSpent, ConfigError, Fault } from "../core/errors.ts";
import type { Register } from "./command.ts";
import { interruption } from "./command.ts";
import { fileError } from "./file-error.ts";
import { register as apps } from "./commands/apps.ts";
import { register as agent } from "./commands/agent.ts";
import { register as benchAgent } from "./commands/bench-agent.ts";
import { register as benchEngine } from "./commands/bench-engine.ts";
import { register as benchMethods } from "./commands/bench-methods.ts";
import { register as benchRollout } from "./commands/bench-rollout.ts";
import { register as benchScale } from "./commands/bench-scale.ts";
import { register as dashboard } from "./commands/dashboard.ts";
import { register as doctor } from "./commands/doctor.ts";
import { register as demo } from "./commands/demo.ts";
import { register as engineProbe } from "./commands/engine-probe.ts";
import { register as engineServe } from "./commands/engine-serve.ts";
import { register as evaluate } from "./commands/eval.ts";
import { register as model } from "./commands/model.ts";
import { register as report } from "./commands/report.ts";
import { register as resume } from "./commands/resume.ts";
import { register as suite } from "./commands/suite.ts";
import { register as train } from "./commands/train.ts";

/**
 * To add a command: write `commands/NAME.ts` that exports `register: Register`, and put it into this list. Load
 * everything heavy inside the action with `await import(...)`, so that `webrl --help` stays instant. Helpers for
 * options, output, progress and examples are in `command.ts`.
 */
const COMMANDS: readonly Register[] = [
  demo,
  train,
  resume,
  evaluate,
  agent,
  suite,
  model,
  apps,
  engineProbe,
  doctor,
  benchRollout,
  benchScale,
  benchEngine,
  dashboard,
  report,
  engineServe,
  benchMethods,
  benchAgent,
];

export function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const program = new Command("webrl")
    .description("Train language models to operate web sites, and put them to work.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({
      sortSubcommands: false,
      showGlobalOptions: false,
      optionDescription(option) {
        // A list is shown as it is typed, and an empty one not at all.
        const { defaultValue } = option as { defaultValue?: unknown };
        if (!Array.isArray(defaultValue)) return Help.prototype.optionDescription.call(this, option);
        return `${option.description}${defaultValue.length === 0 ? "" : ` (default: ${defaultValue.join(",")})`}`;
      },
    });
  for (const register of COMMANDS) register(program);
  return program;
}

/** 0: done. 1: failed. 2: the user's mistake, with what to do. 3: a budget is used up. 130: interrupted. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  try {
    await createProgram().parseAsync(argv as string[]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (interruption.signal.aborted) {
      console.error("webrl: interrupted");
      return 130;
    }
    if (error instanceof ConfigError) {
      if (json) console.log(JSON.stringify({ error: { message: error.message, hint: error.hint } }));
      console.error(`webrl: ${error.message}\n${error.hint}`);
      return 2;
    }
    if (error instanceof BudgetSpent) {
      if (json) console.log(JSON.stringify({ error: { message: error.message, hint: error.hint } }));
      console.error(`webrl: ${error.message}\n${error.hint}`);
      return 3;
    }
    if (error instanceof Fault) {
      if (json) console.log(JSON.stringify({ error: { message: error.message, code: error.code } }));
      console.error(
        `webrl: ${error.message} (${error.code})${error.retryable ? "\nTrying again may help." : ""}`,
      );
      return 1;
    }
    const said = fileError(error);
    if (said !== null) {
      if (json) console.log(JSON.stringify({ error: { message: said, hint: FILE_HINT } }));
      console.error(`webrl: ${said}\n${FILE_HINT}`);
      return 2;
    }
    console.error(error);
    return 1;
  }
}

const FILE_HINT = "Name another path, make room there, or correct the file or its permissions.";
