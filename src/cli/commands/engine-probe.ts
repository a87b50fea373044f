/** @file `webrl engine probe URL`: measures what a Tinker server does with a gradient. */

import type { Command } from "commander";
import type { ProbeReport } from "../../engine/tinker/probe.ts";
import { examples, group, interruption, jsonOption, print } from "../command.ts";

export function register(program: Command): void {
  const engine = group(program, "engine");
  const command = engine
    .command("probe")
    .description("Measure what a Tinker server does with a gradient, and say whether you can train on it.")
    .argument("<url>", "the server's root, such as http://127.0.0.1:8000")
    .option("--model <name>", "the server's name for the base model; default: its only one")
    .option("--api-key-env <name>", "environment variable with the server's key", "TINKER_API_KEY");
  jsonOption(command);
  examples(command, [
    "webrl engine probe http://127.0.0.1:8000",
    "webrl engine probe http://gpu:8000 --model Qwen/Qwen3-8B --json",
  ]);
  command.action(async (url: string, options: { model?: string; apiKeyEnv: string; json?: boolean }) => {
    const { probeTinkerServer } = await import("../../engine/tinker/probe-tinker-server.ts");
    const report = await probeTinkerServer({
      url,
      model: options.model,
      apiKey: process.env[options.apiKeyEnv],
      apiKeyEnv: options.apiKeyEnv,
      onTrouble: (message) => process.stderr.write(`${message}\n`),
      signal: interruption.signal,
    });
    print(options, report, () => describeProbe(report));
    if (report.profile === null) process.exitCode = 2;
  });
}

function describeProbe({
  url,
  model,
  rows,
  measured,
  profile,
  refusal,
  like,
}: ProbeReport & { url: string; model: string }): string {
  const table = rows.map(
    ({ id, case: text, ratio, says }) =>
      `${id}  ${text.padEnd(42)} ${ratio.toPrecision(3).padStart(9)}  ${says}`,
  );
  const settings = profile && Object.entries(profile).map(([key, value]) => `    ${key}: ${value}`);
  return [
    `${model} at ${url}; ratios to P1, by ${measured === "gradient_norm" ? "gradient norms" : "changes of log-probabilities"}`,
    "",
    ...table,
    "",
    `Behaves as: ${like}`,
    ...(settings ? ["You can train on it:", ...settings] : [`Do not train on it: ${refusal}`]),
  ].join("\n");
}
