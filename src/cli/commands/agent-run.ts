/**
 * @file `webrl agent run`: carries out one instruction on a site, shows its steps on the terminal, and prints the
 * result.
 */

import type { Command } from "commander";
import { join } from "node:path";
import type { RunResult } from "../../agent/run.ts";
import type { Ending, Step } from "../../core/trajectory.ts";
import { examples, interruption, jsonOption, print } from "../command.ts";
import type { AgentCommand, LimitCommand } from "./agent-parts.ts";
import { agentCommand, agentOptions, limitCommand, limitsOf } from "./agent-parts.ts";

interface RunCommand extends AgentCommand, LimitCommand {
  json?: boolean;
}

/**
 * 0: done. 1: it could not. 4: done, but no page that it saw supports the answer. The user's mistakes are 2, as
 * everywhere.
 */
function exitCode({ outcome, unsupported, trajectory: { ending } }: RunResult): number {
  return codeOfEnd(ending) ?? (outcome !== "done" ? 1 : unsupported ? 4 : 0);
}

/** 3: a budget is used up. 130: interrupted. `null`: it ended otherwise. */
export function codeOfEnd(ending: Ending): number | null {
  if (ending.kind !== "truncated") return null;
  return ending.reason === "interrupted" ? 130 : ending.reason === "budget" ? 3 : null;
}

export function registerRun(agent: Command): void {
  const command = limitCommand(
    agentCommand(
      agent
        .command("run")
        .description(
          "Carry out an instruction on a site: give the answer, say where it was seen, and record every step.",
        )
        .argument("<instruction>", "what the agent should do"),
    ),
  );
  examples(jsonOption(command), [
    'webrl agent run --site storefront "What does the Alder desk lamp cost?"',
    'webrl agent run --site site.ts --model runs/demo --out runs/desk "Close the ticket about the printer"',
    'webrl agent run --site https://shop.example.com/ --host cdn.example.com --storage-state ann.json --model openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1 --max-tokens 200000 "List my last three orders"',
  ]).addHelpText(
    "after",
    "\nSteps are written to stderr as they happen; with --json, stdout is one object at the end. Exit code: 0 done, 1 not done\n(gave up, refused, a limit, a fault), 2 your mistake, 3 a budget is used up, 4 it answered, but no page that it saw supports\nthe answer, 130 interrupted.\n",
  );
  command.action(async (instruction: string, options: RunCommand) => {
    const { checkInstruction, createAgent } = await import("../../agent/agent.ts");
    checkInstruction(instruction);
    let directory: string;
    let result: RunResult;
    {
      await using agent = await createAgent({ ...(await agentOptions(options)), limits: limitsOf(options) });
      directory = agent.directory;
      console.error(`The record is in ${directory}`);
      result = await agent.run(instruction, {
        onStep: (step) => console.error(stepText(step)),
        signal: interruption.signal,
      });
    }
    print(options, { directory, ...forMachines(result) }, (shown) => resultText(shown));
    process.exitCode = exitCode(result);
  });
}

/** One line: where the agent was, what it said, and how long that took. */
export function stepText({ index, observation, response, time }: Step): string {
  const seconds = time === undefined ? "" : `${((time.sampleMs + time.actMs) / 1000).toFixed(1)} s`;
  const said = response.replace(/\s+/g, " ").trim();
  const wrong = observation.error === null ? [] : [`     ! ${observation.error.message}`];
  return [
    ...wrong,
    `${String(index + 1).padStart(3)}  ${observation.url}  ${said}  ${seconds}`.trimEnd(),
  ].join("\n");
}

/** The result without its pages: they are in the record. */
function forMachines(result: RunResult) {
  const { trajectory, ...rest } = result;
  const { steps, ending, policy, blockedHosts } = trajectory;
  return {
    ...rest,
    policy,
    ending,
    blockedHosts,
    steps: steps.map(({ observation, response, action, screenshot, time }) => ({
      url: observation.url,
      error: observation.error,
      response,
      action: action.ok ? action.action : null,
      ...(screenshot && { screenshot }),
      ...(time && { time }),
    })),
  };
}

function resultText(result: ReturnType<typeof forMachines> & { directory: string }): string {
  const { outcome, reason, answer, unsupported, evidence, picture, usage, directory } = result;
  const seen = evidence.flatMap(({ url, passages }) => [
    `  ${url}`,
    ...passages.map(
      ({ text, element }) => `    ${element === null ? "" : `[${element}]  `}${text.trim().slice(0, 200)}`,
    ),
  ]);
  const tokens = usage.promptTokens + usage.completionTokens;
  return [
    `${outcome}: ${reason}`,
    ...(answer === null ? [] : ["", answer]),
    ...(unsupported ? ["(unsupported: no page that the agent saw contains this answer)"] : []),
    ...(seen.length > 0 ? ["", "Seen on:", ...seen] : []),
    "",
    `${usage.steps} steps, ${usage.seconds.toFixed(1)} s${tokens > 0 ? `, ${tokens.toLocaleString("en")} tokens` : ""}${usage.cost === undefined ? "" : `, cost ${Number(usage.cost.toPrecision(4))}`}`,
    ...(picture === null ? [] : [`The last page: ${join(directory, picture)}`]),
  ].join("\n");
}
