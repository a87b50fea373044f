/** @file `webrl agent extract`: reads the rows of a list, over all its pages, into a file. */

import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { ExtractSummary } from "../../agent/extract/options.ts";
import { ConfigError } from "../../core/errors.ts";
import { anyNumber, examples, interruption, jsonOption, progress, wholeNumber } from "../command.ts";
import type { AgentCommand } from "./agent-parts.ts";
import { agentCommand, agentOptions } from "./agent-parts.ts";
import { collectOption } from "./model-parts.ts";

interface ExtractCommand extends AgentCommand {
  url?: string;
  schema: string;
  record?: string;
  key?: string[];
  maxRows?: number;
  maxPages?: number;
  maxMinutes?: number;
  rate?: number;
  robots: boolean;
  details: boolean;
  json?: boolean;
}

export function registerExtract(agent: Command): void {
  const command = agentCommand(
    agent
      .command("extract")
      .description(
        "Read the rows of a list from all its pages into JSON Lines or CSV, and say where each field was read.",
      )
      .argument("<instruction>", 'which rows, such as "all reviews"')
      .requiredOption(
        "--schema <file>",
        "the fields of a row: a JSON schema, or a .ts or .js file that exports a zod object",
      )
      .option("--url <address>", "the list's address, instead of --site"),
    { record: "--record", needsSite: false },
  )
    .option("--out <file>", "a .jsonl or .csv file; an unfinished one is continued. Default: stdout")
    .option("--key <field>", "a field that identifies a row; repeatable", collectOption)
    .option("--max-rows <n>", "at most this many rows", wholeNumber())
    .option("--max-pages <n>", "at most this many pages of the list", wholeNumber())
    .option("--max-minutes <n>", "at most this many minutes", positive)
    .option(
      "--rate <n>",
      "at most this many pages a second; default 1 for an address, no limit for your own site",
      positive,
    )
    .option(
      "--no-robots",
      "ignore robots.txt, for an address that is yours (it is not read for built-in sites and site files)",
    )
    .option("--no-details", "do not open the items' own pages for fields that the list lacks");
  examples(jsonOption(command), [
    'webrl agent extract --site forum --schema post.json --model openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1 --out posts.jsonl "all posts"',
    'webrl agent extract --url "https://shop.example.com/lamps?page=1" --schema lamp.ts --rate 0.5 --max-rows 1000 --out lamps.csv "all lamps"',
  ]).addHelpText(
    "after",
    "\nThe same command continues where it stopped. Exit code: 0 there are rows, 1 there are none, 2 your mistake, 3 a budget is used up,\n130 interrupted.\n",
  );
  command.action(run);
}

function positive(text: string): number {
  const value = anyNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

async function run(instruction: string, options: ExtractCommand, command: Command): Promise<void> {
  const site = siteOf(options);
  const { createAgent } = await import("../../agent/agent.ts");
  const { readSchema } = await import("../../agent/extract/schema.ts");
  const { checkOutput, journalOf } = await import("../../agent/extract/output.ts");
  const { loadSchema } = await import("../../agent/extract/load-schema.ts");
  const schema = await loadSchema(options.schema);
  // Checked before a browser starts.
  readSchema(schema);
  if (options.out !== undefined) checkOutput(options.out);
  const { out, record = out === undefined ? undefined : `${journalOf(out)}/agent` } = options;
  await using agent = await createAgent({ ...(await agentOptions({ ...options, site })), directory: record });
  if (out === undefined) console.error(`The record is in ${agent.directory}`);
  const bar = progress("extract");
  const extraction = agent.extract(instruction, schema, {
    out,
    key: options.key,
    maxRows: options.maxRows,
    maxPages: options.maxPages,
    maxMinutes: options.maxMinutes,
    ...(options.rate !== undefined && { rate: options.rate }),
    ...(command.getOptionValueSource("robots") === "cli" && { robots: options.robots }),
    details: options.details,
    maxNewTokens: options.maxNewTokens,
    onProgress: (summary) => bar.update(progressText(summary)),
    onTrouble: (message) => console.error(message),
    signal: interruption.signal,
  });
  try {
    for await (const row of extraction) if (out === undefined) console.log(JSON.stringify(row));
  } finally {
    bar.end();
  }
  const { summary } = extraction;
  const shown = { ...summary, ...(out !== undefined && { out }) };
  if (options.json && out !== undefined) console.log(JSON.stringify(shown, null, 1));
  else
    console[out === undefined ? "error" : "log"](options.json ? JSON.stringify(shown) : summaryText(shown));
  process.exitCode = summary.rows > 0 ? 0 : 1;
}

function siteOf({ site, url }: ExtractCommand): string {
  if (site !== undefined && url === undefined) return site;
  if (url === undefined || site !== undefined)
    throw new ConfigError(
      site === undefined ? "neither --site nor --url is given" : "both --site and --url are given",
      "Name the site, or the list's address; --start says where on the site the list is.",
    );
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw new ConfigError(
    `--url ${JSON.stringify(url)} is not an address`,
    "Write it like https://shop.example.com/lamps.",
  );
}

const perSecond = (count: number, seconds: number) =>
  `${(count / Math.max(seconds, 0.001)).toPrecision(2)}/s`;

const progressText = ({ rows, pages, seconds, modelCalls }: Readonly<ExtractSummary>): string =>
  `${rows} rows (${perSecond(rows, seconds)}), ${pages} pages (${perSecond(pages, seconds)}), ${modelCalls} model calls`;

function summaryText(summary: ExtractSummary & { out?: string }): string {
  const { rows, pages, seconds, modelCalls, usage, duplicates, leftOut, skipped, unread, ended, out } =
    summary;
  const tokens = usage ? usage.promptTokens + usage.completionTokens : 0;
  const list = (what: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : [
          what,
          ...lines.slice(0, 10).map((line) => `  ${line}`),
          ...(lines.length > 10 ? [`  and ${lines.length - 10} more`] : []),
        ];
  return [
    `${rows} rows${out === undefined ? "" : ` in ${out}`} from ${pages} pages in ${seconds.toFixed(1)} s: ${ended ?? "interrupted"}`,
    `${modelCalls} model calls${tokens > 0 ? ` (${tokens.toLocaleString("en")} tokens)` : ""}${duplicates > 0 ? `, ${duplicates} rows that were there already left out` : ""}${leftOut > 0 ? `, ${leftOut} records that are no rows left out` : ""}`,
    ...(unread.length > 0 ? [`No rule could be learned for: ${unread.join(", ")}`] : []),
    ...list(
      "Not read:",
      skipped.map(({ url, reason }) => `${url}: ${reason}`),
    ),
  ].join("\n");
}
