/** @file `webrl agent mcp`: an agent as tools of an MCP server, for other assistants; over stdio. */

import type { Command } from "commander";
import { examples, interruption } from "../command.ts";
import type { AgentCommand, LimitCommand } from "./agent-parts.ts";
import { agentCommand, agentOptions, limitCommand, limitsOf } from "./agent-parts.ts";

export function registerMcp(agent: Command): void {
  const command = limitCommand(
    agentCommand(
      agent
        .command("mcp")
        .description(
          "An agent on a site as tools of an MCP server over stdio: run, act, step, open, extract, observe, screenshot.",
        ),
    ),
  );
  examples(command, [
    "webrl agent mcp --site storefront --model models/base",
    "webrl agent mcp --site https://shop.example.com/ --model runs/demo --safety policy.json",
  ]);
  command.addHelpText(
    "after",
    "\nWhat the policy wants to have asked is asked by elicitation, where the client can; else it is refused. Nobody is asked at the terminal.\n",
  );
  command.action(async (options: AgentCommand & LimitCommand) => {
    const { serveMcp } = await import("../../agent/mcp.ts");
    const { approve: _, ...same } = await agentOptions(options);
    await serveMcp({ ...same, limits: limitsOf(options), signal: interruption.signal });
  });
}
