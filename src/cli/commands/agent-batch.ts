/**
 * @file `webrl agent batch`: carries out a table of jobs on a site, item by item, writes a report page, and can undo
 * the batch.
 */

import type { Command } from "commander";
import type { BatchItem, BatchResult } from "../../agent/batch/result.ts";
import { ConfigError } from "../../core/errors.ts";
import { terminalItems } from "../ask-terminal.ts";
import { examples, interruption, jsonOption, print, table } from "../command.ts";
import type { AgentCommand, LimitCommand } from "./agent-parts.ts";
import { agentCommand, agentOptions, limitCommand, limitsOf } from "./agent-parts.ts";
import { collectOption } from "./model-parts.ts";

interface BatchCommand extends AgentCommand, LimitCommand {
  job?: string;
  instruction?: string;
  dryRun?: boolean;
  learn: boolean;
  approve?: string[];
  undo?: string;
  json?: boolean;
}

/**
 * 0: every item is as it should be. 1: an item is not, or a row is broken. 3: a budget is used up. 130: interrupted.
 */
function exitCode({ counts, broken, interrupted, ended }: BatchResult): number {
  if (interrupted) return 130;
  if (ended?.why === "budget") return 3;
  return counts.failed + counts.undecided + counts.refused + counts.open + broken.length > 0 ? 1 : 0;
}

export function registerBatch(agent: Command): void {
  const command = limitCommand(
    agentCommand(
      agent
        .command("batch")
        .description(
          "Carry out a table of jobs on a site: read each item before and after, change it once, and write a report.",
        )
        .argument("[table]", "a .csv or .jsonl file, one job a row"),
    ),
  )
    .option("--job <file>", "a JSON or TypeScript file that says what a row means and how to read its effect")
    .option(
      "--instruction <text>",
      "an instruction to use instead of the job's: “Set the price of {sku} to {price}”",
    )
    .option("--dry-run", "show what would be changed, and change nothing")
    .option(
      "--approve <rule>",
      'what to change without asking: "all", or rules such as "price<=10%"; repeatable. You are asked about the rest at the terminal; without a terminal it is refused',
      collectOption,
    )
    .option("--no-learn", "ask the model for every item; never repeat the steps that worked for another item")
    .option("--undo <directory>", "undo what the batch in this directory did");
  examples(jsonOption(command), [
    "webrl agent batch prices.csv --job prices.json --site store-admin --dry-run",
    'webrl agent batch prices.csv --job prices.json --site site.ts --model runs/demo --out runs/prices --approve "price<=10%"',
    "webrl agent batch --undo runs/prices --site site.ts --model runs/demo --approve all",
  ]).addHelpText(
    "after",
    "\nThe same command with the same --out continues a batch that ended early, even after a kill. Exit code: 0 every item is as it should be,\n1 an item is not, or a row is broken, 2 your mistake, 3 a budget is used up, 130 interrupted. docs/agent.md, “Jobs”, describes the job's file.\n",
  );
  command.action(async (file: string | undefined, options: BatchCommand) => {
    const { undo, job, dryRun = false } = options;
    checkUse(file, options);
    const { createAgent } = await import("../../agent/agent.ts");
    let result: BatchResult;
    {
      await using agent = await createAgent({
        ...(await agentOptions(options)),
        ...(undo !== undefined && { directory: undo }),
        limits: limitsOf(options),
      });
      console.error(`The record is in ${agent.directory}`);
      const how = {
        dryRun,
        learn: options.learn,
        approve: options.approve,
        ask: dryRun ? undefined : terminalItems(),
        signal: interruption.signal,
        onItem: (item: BatchItem, { done, total }: { done: number; total: number }) =>
          console.error(
            `${String(done).padStart(String(total).length)}/${total}  ${item.key}  ${item.status}: ${item.reason}`,
          ),
      };
      result =
        undo === undefined
          ? await agent.batch({ ...how, table: file!, job: job!, instruction: options.instruction })
          : await agent.undoBatch({ ...how, job });
    }
    print(options, result, resultText);
    process.exitCode = exitCode(result);
  });
}

function checkUse(file: string | undefined, { undo, job, instruction, out }: BatchCommand): void {
  if (undo === undefined) {
    if (file === undefined) throw new ConfigError("no table of jobs is named", "Name a .csv or .jsonl file.");
    if (job === undefined)
      throw new ConfigError(
        "no job is named",
        "Give --job FILE: it says what a row means and how to read its effect; see docs/agent.md, “Jobs”.",
      );
    return;
  }
  const given =
    file !== undefined
      ? file
      : instruction !== undefined
        ? "--instruction"
        : out !== undefined
          ? "--out"
          : undefined;
  if (given !== undefined)
    throw new ConfigError(
      `${given} cannot be combined with --undo`,
      "Leave it out: the directory records what was done.",
    );
}

/** The items that a person has to look at, then the number of items in each state. */
function resultText({ items, broken, counts, files, dryRun, ended }: BatchResult): string {
  const shown = items.filter(({ status }) => !["done", "already"].includes(status));
  const rows = [
    ...broken.map(({ line, reason }): [number, string, string, string] => [line, "", "broken", reason]),
    ...shown.map(({ line, key, status, reason }): [number, string, string, string] => [
      line,
      key,
      status,
      reason,
    ]),
  ].sort((a, b) => a[0] - b[0]);
  const total = Object.entries(counts).flatMap(([status, count]) =>
    count > 0 ? [`${count} ${status}`] : [],
  );
  return [
    ...(rows.length > 0 ? [table(["line", "item", "result", "why"], rows), ""] : []),
    [...total, ...(broken.length > 0 ? [`${broken.length} broken`] : [])].join(", "),
    ...(dryRun ? ["Nothing was changed."] : []),
    ...(ended ? [`The batch ended before it reached every item: ${ended.message}.`] : []),
    ...(ended?.why === "budget"
      ? ["Give the same command again to continue; the budget starts afresh."]
      : []),
    `Report: ${files.report}`,
  ].join("\n");
}
