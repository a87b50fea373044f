/** @file Pages that are written from the code: every command as `--help` prints it, every setting from the schemas. */

import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.ts";
import { describeSettings } from "../../src/run/describe-settings.ts";

const WRITTEN_BY = "<!-- Written by `npm run docs` from the code. Change the code, not this page. -->";

/** The reference pages, by path from the root of the repository. */
export function referencePages(): Record<string, string> {
  return { "docs/commands.md": commandsPage(), "docs/settings.md": settingsPage() };
}

function commandsPage(): string {
  const sections = allCommands(createProgram())
    .filter((command) => command.commands.length === 0)
    .map((command) => `## ${fullName(command)}\n\n\`\`\`\n${help(command)}\n\`\`\`\n`);
  return `# Commands

${WRITTEN_BY}

Each command as its \`--help\` prints it. Exit codes: 0 done, 1 failed, 2 a mistake in what was asked, with what to do
about it, 3 a budget is used up, 130 interrupted. \`--json\` prints one JSON object, errors too.

${sections.join("\n")}`;
}

function settingsPage(): string {
  const block = (key: string) => (key.includes(".") ? key.split(".")[0]! : "The run");
  const settings = describeSettings();
  const sections = [...new Set(settings.map(({ key }) => block(key)))].map((name) => {
    const lines = settings
      .filter(({ key }) => block(key) === name)
      .map((it) => wrap(`- \`${it.key}\` = \`${JSON.stringify(it.default)}\`: ${it.description}`));
    return `## ${name}\n\n${lines.join("\n")}\n`;
  });
  return `# Settings of a run

${WRITTEN_BY}

Every setting of \`webrl train\` with its default. Give them one by one with \`--set KEY=VALUE\`, or as a JSON file with
\`--config FILE\`. A setting that is not given keeps its default, and an unknown one is refused. \`webrl train --settings\`
prints the same list.

${sections.join("\n")}`;
}

/** Wraps the text of one list item to lines of at most 120 characters. */
const wrap = (text: string) => text.replaceAll(/(.{1,118})(?: |$)/g, "$1\n  ").trimEnd();

/** A command and all below it, in the order of \`--help\`. */
function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((child) => allCommands(child as Command))];
}

export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

/** What \`--help\` prints, its examples included, 100 columns wide. */
function help(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return text.trimEnd();
}
