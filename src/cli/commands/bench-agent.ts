/** @file `webrl bench agent`: an agent's uses, measured on the built-in sites and on sites made for it. */

import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { AGENT_MEASUREMENTS } from "../../bench/agent.ts";
import { examples, group, interruption, jsonOption, print, progress, wholeNumber } from "../command.ts";

interface BenchCommand {
  only: string[];
  tasks: number;
  model: string;
  json?: boolean;
}

const NAMES = Object.keys(AGENT_MEASUREMENTS);

export function register(program: Command): void {
  const bench = group(program, "bench", "Measure: rollouts, training, sampling, methods, agents.");
  const command = bench
    .command("agent")
    .description(
      "Agents at work: success by use and what the runtime costs; extraction; batches under kill -9; injections.",
    )
    .option("--only <list>", `which measurements: ${NAMES.join(", ")}`, names, NAMES)
    .option("--tasks <n>", "held-out tasks", wholeNumber(), 40)
    .option("--model <directory>", "the model beside the oracle", "models/base");
  examples(jsonOption(command), [
    "webrl bench agent --only run --tasks 40",
    "webrl bench agent --model models/hurried --json",
  ]).action(async (options: BenchCommand) => {
    const measured: Record<string, unknown> = {};
    for (const name of options.only) {
      const bar = progress(`bench agent: ${name}`);
      const { tasks, model } = options;
      measured[name] = await AGENT_MEASUREMENTS[name]!({
        tasks,
        model,
        signal: interruption.signal,
        onProgress: bar.update,
      });
      bar.end();
    }
    print(options, measured, (all) =>
      Object.entries(all)
        .map(([name, value]) => `${name}:\n${tell(value, "  ")}`)
        .join("\n"),
    );
  });
}

function names(text: string): string[] {
  const given = text.split(",").filter(Boolean);
  const unknown = given.find((name) => !NAMES.includes(name));
  if (unknown !== undefined || given.length === 0)
    throw new InvalidArgumentError(`Choose from ${NAMES.join(", ")}.`);
  return given;
}

/** Numbers under their names, as deep as they lie. */
function tell(value: unknown, indent: string): string {
  if (value === null || typeof value !== "object") return `${indent}${shown(value)}`;
  return Object.entries(value)
    .map(([name, inner]) =>
      inner !== null && typeof inner === "object"
        ? `${indent}${name}:\n${tell(inner, `${indent}  `)}`
        : `${indent}${name}: ${shown(inner)}`,
    )
    .join("\n");
}

const shown = (value: unknown) =>
  typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
