/** @file `webrl bench agent`: measures an agent's uses on the built-in sites and on sites made for the purpose. */

import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { AGENT_MEASUREMENTS } from "../../bench/agent.ts";
import { examples, group, interruption, jsonOption, print, progress, wholeNumber } from "../command.ts";

interface BenchCommand {
  only: string[];
  tasks: number;
  model: string;
  writeDocs?: boolean;
  json?: boolean;
}

const NAMES = Object.keys(AGENT_MEASUREMENTS);

export function register(program: Command): void {
  const bench = group(program, "bench");
  const command = bench
    .command("agent")
    .description(
      "Measure agents at work: success for each use, what the runtime costs, extraction, batches under kill -9, repetitions, injections.",
    )
    .option("--only <list>", `which measurements: ${NAMES.join(", ")}`, names, NAMES)
    .option("--tasks <n>", "held-out tasks", wholeNumber(), 40)
    .option("--model <directory>", "the model to measure beside the oracle", "models/base")
    .option("--write-docs", "write what was measured into docs/results.md");
  examples(jsonOption(command), [
    "webrl bench agent --only run --tasks 40 --write-docs",
    "webrl bench agent --model models/base --json",
  ]).action(async (options: BenchCommand) => {
    const measured: Record<string, unknown> = {};
    for (const name of options.only) {
      const bar = progress(`bench agent: ${name}`);
      const { tasks, model } = options;
      measured[name] = await AGENT_MEASUREMENTS[name]!.measure({
        tasks,
        model,
        signal: interruption.signal,
        onProgress: bar.update,
      });
      bar.end();
      // Written as soon as each is there: the next one may take long.
      if (options.writeDocs) await writeDocs(name, measured[name]);
    }
    print(options, measured, (all) =>
      Object.entries(all)
        .map(([name, value]) => `${name}:\n${tell(value, "  ")}`)
        .join("\n"),
    );
  });
}

async function writeDocs(name: string, result: unknown): Promise<void> {
  const { provenance } = await import("../../bench/agent-page.ts");
  const { writeSection } = await import("../../bench/doc-section.ts");
  const { gitRevision, packageVersion } = await import("../../run/run-info.ts");
  const command = `webrl ${process.argv.slice(2).join(" ")}`;
  const page = await AGENT_MEASUREMENTS[name]!.describe(
    result,
    provenance(command, packageVersion(), gitRevision()),
  );
  await writeSection("docs/results.md", `agent ${name}`, page);
}

function names(text: string): string[] {
  const given = text.split(",").filter(Boolean);
  const unknown = given.find((name) => !NAMES.includes(name));
  if (unknown !== undefined || given.length === 0)
    throw new InvalidArgumentError(`Choose from ${NAMES.join(", ")}.`);
  return given;
}

/** Nested numbers, indented under their names. */
function tell(value: unknown, indent: string): string {
  if (value === null || typeof value !== "object") return `${indent}${format(value)}`;
  return Object.entries(value)
    .map(([name, inner]) =>
      inner !== null && typeof inner === "object"
        ? `${indent}${name}:\n${tell(inner, `${indent}  `)}`
        : `${indent}${name}: ${format(inner)}`,
    )
    .join("\n");
}

const format = (value: unknown) =>
  typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
