/** @file `webrl agent chat`: customer service over HTTP, until Ctrl-C. */

import type { Command } from "commander";
import { examples, interruption, jsonOption, portNumber } from "../command.ts";
import type { AgentCommand } from "./agent-parts.ts";
import { agentOptions, placeCommand } from "./agent-parts.ts";
import { collectOption } from "./model-parts.ts";

interface ChatCommand extends AgentCommand {
  policy: string;
  port: number;
  listen: string;
  publicUrl?: string;
  origin?: string[];
  json?: boolean;
}

export function registerChat(agent: Command): void {
  const command = placeCommand(
    agent
      .command("chat")
      .description("Serve customers: a conversation over HTTP with a widget, and a page for operators.")
      .requiredOption("--policy <file>", "what the agent may do for customers, as JSON (docs/agent.md)"),
  )
    .option("--port <n>", "port; 0 picks a free one", portNumber, 7320)
    .option("--listen <address>", "address to listen on; any but loopback needs WEBRL_AGENT_KEY", "127.0.0.1")
    .option(
      "--public-url <url>",
      "where customers reach the service through your proxy: https://chat.example.com",
    )
    .option(
      "--origin <origin>",
      "pages that may embed the widget: https://shop.example.com; repeatable",
      collectOption,
    );
  examples(jsonOption(command), [
    "webrl agent chat --site store-admin --policy examples/agent-service.json --model openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1",
    "webrl agent chat --site site.ts --model runs/demo --policy service.json --origin https://shop.example.com --public-url https://chat.example.com --out runs/service",
  ]).addHelpText(
    "after",
    "\nThe operators' link contains the key: WEBRL_AGENT_KEY, or a new one at every start. With --out,\na stopped service continues where it stopped. Exit code: 0 ended by Ctrl-C, 2 your mistake.\n",
  );
  command.action(async (options: ChatCommand) => {
    const { serveCustomers } = await import("../../agent/service/serve.ts");
    const { policy, port, listen, publicUrl, origin = [] } = options;
    const { directory, hosts, privateHosts, ...same } = await agentOptions(options);
    await using server = await serveCustomers({
      ...same,
      hosts,
      privateHosts,
      directory,
      policy,
      port,
      host: listen,
      publicUrl,
      origins: origin,
      key: process.env["WEBRL_AGENT_KEY"],
    });
    const { url, operatorUrl } = server;
    console.log(
      options.json
        ? JSON.stringify({ url, operatorUrl, directory: server.directory })
        : [
            `Customers: ${url} (widget: <script src="${publicUrl ?? url.slice(0, -1)}/widget.js" async></script>)`,
            `Operators: ${operatorUrl}`,
            `The record is in ${server.directory} (Ctrl-C ends the service)`,
          ].join("\n"),
    );
    await new Promise<void>((resolve) => {
      if (interruption.signal.aborted) resolve();
      interruption.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  });
}
