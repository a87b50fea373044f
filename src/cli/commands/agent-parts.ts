/** @file Options that the `webrl agent` commands share: site, model, directory and limits. */

import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { AgentOptions } from "../../agent/parts.ts";
import type { RunLimits } from "../../agent/run.ts";
import type { FormatSetting, TemplateSetting } from "../../text/template-names.ts";
import { terminalApprover } from "../ask-terminal.ts";
import {
  anyNumber,
  browserOption,
  interruption,
  serverOptions,
  temperatureNumber,
  wholeNumber,
} from "../command.ts";
import { observationOption, collectOption, templateOption } from "./model-parts.ts";

export interface AgentCommand {
  site: string;
  model: string;
  host?: string[];
  privateHost?: string[];
  start?: string;
  storageState?: string;
  safety?: string;
  out?: string;
  headed?: boolean;
  browser: string[];
  screenshots?: boolean;
  template?: TemplateSetting;
  observation?: FormatSetting;
  temperature?: number;
  maxNewTokens?: number;
  llm: string[];
}

interface PlaceFlags {
  /** The flag that names the directory, in commands where `--out` means something else. */
  record?: "--out" | "--record";
  /** `--site` is required: the command has no other way to name the site. */
  needsSite?: boolean;
}

/** Adds `--site`, `--model`, `--out` and the options that go with them. */
export function agentCommand(command: Command, flags: PlaceFlags = {}): Command {
  return placeCommand(command, flags)
    .option("--start <path>", "path or address where the agent begins")
    .option(
      "--safety <file>",
      "policy that says what the agent may do (docs/agent.md); without one, a person is asked before anything that cannot be undone",
    )
    .option("--screenshots", "keep a picture of every page on which the agent acts");
}

/** Adds the options that say where and with what an agent works, whatever its use. */
export function placeCommand(
  command: Command,
  { record = "--out", needsSite = true }: PlaceFlags = {},
): Command {
  const site = new Option(
    "--site <site>",
    "a built-in site (storefront, store-admin, forum, forge, map), an installed application (app:NAME, app:NAME@FOLDER), a file that calls defineSite, or an address",
  ).makeOptionMandatory(needsSite);
  return browserOption(
    serverOptions(command.addOption(site))
      .option(
        "--model <model>",
        "directory of a run or of a model, or openai:NAME@URL, a model on an OpenAI-compatible server (key: OPENAI_API_KEY)",
        "models/base",
      )
      .option(
        "--host <host>",
        "a host that the agent may reach besides the site's own; repeatable",
        collectOption,
      )
      .option(
        "--private-host <host>",
        "an allowed host that may resolve to this machine or a private network; repeatable",
        collectOption,
      )
      .option("--storage-state <file>", "cookies and storage of a signed-in user, as Playwright writes them")
      .option(`${record} <directory>`, "where everything is recorded; default: a new directory in runs/")
      .option("--headed", "show the browser's window")
      .option("--temperature <t>", "sampling temperature; default 0, greedy", temperatureNumber)
      .option("--max-new-tokens <n>", "at most this many tokens in a reply", wholeNumber())
      .addOption(templateOption())
      .addOption(observationOption()),
  );
}

/** The options that `createAgent` and its parts take. */
export async function agentOptions(options: AgentCommand): Promise<AgentOptions> {
  const { host, privateHost, out, headed, browser, ...same } = options;
  const { browserOfModel } = await import("../../agent/model.ts");
  const { loadBrowser } = await import("../../run/parse-config.ts");
  const settings = browser.length > 0 && (await loadBrowser(browser, await browserOfModel(same.model)));
  return {
    ...same,
    hosts: host,
    privateHosts: privateHost,
    directory: out,
    approve: terminalApprover(),
    ...((settings || headed) && { browser: { ...settings, ...(headed && { headed }) } }),
    signal: interruption.signal,
    onTrouble: (message) => console.error(message),
  };
}

export interface LimitCommand {
  maxSteps?: number;
  maxSeconds?: number;
  maxTokens?: number;
  maxCost?: number;
}

/** Adds the options that limit a run. */
export function limitCommand(command: Command): Command {
  return command
    .option("--max-steps <n>", "at most this many turns of the model; default 30", wholeNumber())
    .option("--max-seconds <s>", "at most this many seconds; default 600", positive)
    .option("--max-tokens <n>", "at most this many tokens, in prompts and replies together", wholeNumber())
    .option("--max-cost <x>", "at most this much money, by llm.price", positive);
}

export function limitsOf({ maxSteps, maxSeconds, maxTokens, maxCost }: LimitCommand): Partial<RunLimits> {
  return Object.fromEntries(
    Object.entries({ maxSteps, maxSeconds, maxTokens, maxCost }).filter(([, value]) => value !== undefined),
  );
}

function positive(text: string): number {
  const value = anyNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}
