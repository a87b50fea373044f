/** @file `webrl agent mcp`: offers an agent to other assistants as tools of an MCP server, over stdio or HTTP. */

import type { Command } from "commander";
import { examples, interruption, portNumber } from "../command.ts";
import type { AgentCommand, LimitCommand } from "./agent-parts.ts";
import { agentCommand, agentOptions, limitCommand, limitsOf } from "./agent-parts.ts";

interface McpCommand extends AgentCommand, LimitCommand {
  port?: number;
  listen: string;
  publicUrl?: string;
}

export function registerMcp(agent: Command): void {
  const command = limitCommand(
    agentCommand(
      agent
        .command("mcp")
        .description(
          "Offer an agent on a site as tools of an MCP server, over stdio or HTTP: run, act, step, open, extract, observe, screenshot.",
        ),
    ),
  )
    .option(
      "--port <n>",
      "serve streamable HTTP on this port instead of stdio; 0 picks a free one",
      portNumber,
    )
    .option(
      "--listen <address>",
      "address to listen on with --port; any but loopback needs WEBRL_AGENT_KEY",
      "127.0.0.1",
    )
    .option("--public-url <url>", "where clients reach --port through your proxy");
  examples(command, [
    "webrl agent mcp --site storefront --model models/base",
    "webrl agent mcp --site https://shop.example.com/ --model runs/demo --safety policy.json",
    "webrl agent mcp --site storefront --model runs/demo --port 7330",
  ]);
  command.addHelpText(
    "after",
    "\nWhen the policy says to ask, the client is asked by elicitation if it supports that; otherwise the action is refused. Nobody is asked at the terminal.\nOver HTTP there is one client at a time. With WEBRL_AGENT_KEY set, clients must send it: Authorization: Bearer KEY.\n",
  );
  command.action(async (options: McpCommand) => {
    const { port, listen, publicUrl } = options;
    const { approve: _, ...same } = await agentOptions(options);
    const agent = { ...same, limits: limitsOf(options), signal: interruption.signal };
    if (port === undefined) {
      const { serveMcp } = await import("../../agent/mcp.ts");
      return serveMcp(agent);
    }
    const { serveMcpOverHttp } = await import("../../agent/mcp-http.ts");
    const key = process.env["WEBRL_AGENT_KEY"];
    await using service = await serveMcpOverHttp({ ...agent, port, host: listen, publicUrl, key });
    console.log(`MCP: ${service.url}\nThe record is in ${service.directory} (Ctrl-C ends the service)`);
    await new Promise<void>((resolve) => {
      if (interruption.signal.aborted) resolve();
      interruption.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  });
}
