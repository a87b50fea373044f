/** @file What commands share: options, examples, output for people and machines, progress, interruption. */

import { setMaxListeners } from "node:events";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import type { ObservationFormat } from "../core/observation.ts";
import type { Split } from "../core/task.ts";
import type { SuiteCheck } from "../tasks/check.ts";
import type { LoadSuiteOptions } from "../tasks/load-suite.ts";
import type { Suite } from "../tasks/suite.ts";

/** Adds one command (or several under a group) to the program. */
export type Register = (program: Command) => void;

/** Aborted by Ctrl-C. Long-running commands pass `interruption.signal` on and clean up. */
export const interruption = new AbortController();
// Everything that runs in parallel listens, and Node warns above ten listeners.
setMaxListeners(0, interruption.signal);

/** Commands with subcommands in several files. */
const GROUPS = {
  bench: "Measure: rollouts, scale, training, sampling, methods, agents.",
  engine: "Engines that speak the Tinker protocol: serve ours, or examine another.",
};

/** A group command, created on first use. */
export function group(program: Command, name: keyof typeof GROUPS): Command {
  return program.commands.find((c) => c.name() === name) ?? program.command(name).description(GROUPS[name]);
}

/** Lines for the end of `--help`. */
export function examples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`);
}

export interface SuiteOptions {
  suite: string;
  file?: string;
  seeds?: number;
}

/** `--suite NAME --file PATH --seeds N`, for every command that works on tasks. `openSuite` loads the suite. */
export function suiteOptions(command: Command): Command {
  return command
    .option(
      "--suite <name>",
      "where tasks come from: built-in, own, webarena, webarena-lite, miniwob, app:NAME",
      "built-in",
    )
    .option(
      "--file <path>",
      "the suite's file: your own site or suite (.ts, .js), WebArena's tasks or settings (.json), the MiniWoB++ directory, or an application's folder",
    )
    .option(
      "--seeds <n>",
      "held-out problems of each MiniWoB++ page (5 in BrowserGym's protocol)",
      wholeNumber(),
    );
}

/** Loads the suite that the options name, and says on stderr what the user's copy of it lacks. */
export async function openSuite(
  { suite: name, file, seeds }: SuiteOptions,
  more: Omit<LoadSuiteOptions, "seeds"> = {},
): Promise<Suite> {
  const { loadSuite } = await import("../tasks/load-suite.ts");
  const suite = await loadSuite(name, file, { ...more, seeds });
  if (suite.incomplete !== undefined) process.stderr.write(`${suite.incomplete}\n`);
  return suite;
}

/** `--llm KEY=VALUE`, for commands that can ask a model on a server. `loadLlm` loads the settings. */
export function serverOptions(command: Command): Command {
  return command.option(
    "--llm <setting>",
    "a setting of the model's server, e.g. timeoutSeconds=600 or budget.requests=500, or a JSON file with several; repeatable (`webrl train --settings` lists them under llm)",
    (text: string, before: string[]) => [...before, text],
    [],
  );
}

/** `--browser KEY=VALUE`, for commands that open pages. `loadBrowser` loads the settings. */
export function browserOption(command: Command): Command {
  return command.option(
    "--browser <setting>",
    'a setting of the browser: width=1280, height=720, locale=en-US, timezone=UTC, endpoints=\'[{"playwright": "ws://HOST:3000/"}]\', proxyHost=ADDRESS or proxyListen=ADDRESS, or a JSON file with several; repeatable',
    (text: string, before: string[]) => [...before, text],
    [],
  );
}

const FORMATS: readonly ObservationFormat[] = ["compact", "webrl", "aria"];

/** `--format NAME`: how pages are written for oracles and for people. */
export function formatOption(command: Command): Command {
  return command.addOption(
    new Option("--format <name>", "how pages are written").choices(FORMATS).default("compact"),
  );
}

export function jsonOption(command: Command): Command {
  return command.option("--json", "print one JSON object");
}

/** Parser of an option's value: a whole number of at least `least`. */
export function wholeNumber(least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return value;
  };
}

/** Parser of `--port`. */
export function portNumber(text: string): number {
  const value = wholeNumber(0)(text);
  if (value > 65_535) throw new InvalidArgumentError("A port is at most 65535.");
  return value;
}

const SPLITS: readonly Split[] = ["train", "validation", "test"];

/** Parser of names separated by commas. */
export const nameList = (text: string): string[] => text.split(",").filter(Boolean);

/** Parser of `--split`. */
export function splitName(text: string): Split {
  const split = SPLITS.find((name) => name === text);
  if (!split) throw new InvalidArgumentError(`Choose one of ${SPLITS.join(", ")}.`);
  return split;
}

/** Parser of the split that is scored: one of the three, or the two that are held out of training. */
export function scoredSplit(text: string): Split | "held-out" {
  if (text === "held-out" || SPLITS.some((name) => name === text)) return text as Split | "held-out";
  throw new InvalidArgumentError(`Choose one of ${SPLITS.join(", ")}, held-out.`);
}

/** Parser of an option's value: any finite number. */
export function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

/** Parser of an option's value: a sampling temperature. */
export function temperatureNumber(text: string): number {
  const value = anyNumber(text);
  if (value >= 0 && value <= 2) return value;
  throw new InvalidArgumentError("It must be a temperature from 0 to 2.");
}

/** Parser of an option's value: a fraction from 0 to 1. */
export function share(text: string): number {
  const value = anyNumber(text);
  if (value < 0 || value > 1)
    throw new InvalidArgumentError("It must be a fraction from 0 to 1, such as 0.5.");
  return value;
}

/** Prints `value` as JSON with `--json`, otherwise the text that `forPeople` makes of it. */
export function print<T>(options: { json?: boolean }, value: T, forPeople: (value: T) => string): void {
  console.log(options.json ? JSON.stringify(value, null, 1) : forPeople(value));
}

/** How long resets and logins took, as text. */
export function timesText({ resetMs, loginMs }: Pick<SuiteCheck, "resetMs" | "loginMs">): string {
  const text = (what: string, { p50, p95 }: SuiteCheck["resetMs"]) =>
    `${what} ${p50} ms median, ${p95} ms 95th percentile`;
  return [text("reset", resetMs), ...(loginMs ? [text("login", loginMs)] : [])].join("; ");
}

/** A table with aligned columns; numbers are right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? "").length)));
  const numeric = head.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  return cells
    .map((row) =>
      row
        .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Progress on stderr, at most one line every two seconds; work that is quicker than that prints nothing. */
export function progress(label: string): { update: (text: string) => void; end: () => void } {
  let last = performance.now();
  let shown = false;
  const tty = process.stderr.isTTY;
  const clear = () => tty && shown && process.stderr.write("\r\u001b[K");
  return {
    update: (text) => {
      const now = performance.now();
      if (now - last < (shown && tty ? 200 : 2000)) return;
      last = now;
      clear();
      process.stderr.write(tty ? `${label}: ${text}` : `${label}: ${text}\n`);
      shown = true;
    },
    end: () => void clear(),
  };
}
