/** @file Commands that a text tells its reader to type, and what is wrong with them. */

import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.ts";
import { describeSettings } from "../../src/run/describe-settings.ts";
import { fullName } from "./reference.ts";

const PROGRAM = createProgram();
const SETTINGS = describeSettings().map(({ key }) => key);

/**
 * Commands of `webrl` in the code blocks and in the quoted pieces of a text, without comments and without what starts
 * them (`npx`, `npm run`).
 */
export function commandsIn(text: string): string[] {
  const typed = [...text.matchAll(/^```[\s\S]*?^```/gm)].flatMap(([block]) => [
    ...block.replaceAll(/\\\n\s*/g, "").matchAll(/^\s*(?:\$ )?(?:npx |npm run )?webrl (?:-- )?(.+)$/gm),
  ]);
  const quoted = text.matchAll(/`(?:npx |npm run )?webrl (?:-- )?([^`]+)`/g);
  return [...quoted, ...typed]
    .map(([, command]) => command!.replaceAll(/\s+/g, " ").replace(/ #.*| \| .*| > .*/, ""))
    .filter((command) => /^[a-z]/.test(command) && !command.includes("${"));
}

/** What a command names that does not exist; null if all of it exists. */
export function faultOf(command: string): string | null {
  const words = [...command.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/["']/g, ""),
  );
  const fault = (what: string) => `webrl ${command}: ${what}`;
  let at: Command = PROGRAM;
  while (at.commands.length > 0) {
    const name = words.shift();
    if (name === undefined || name === "…") return null;
    // Several of a group in one: `webrl suite list|show`.
    const [first, ...others] = name.split("|");
    const missing = [first!, ...others].find((one) => !at.commands.some((child) => child.name() === one));
    if (missing !== undefined) return fault(`no command ${missing}`);
    if (others.length > 0) return null;
    at = at.commands.find((child) => child.name() === first) as Command;
  }
  while (words.length > 0) {
    const word = words.shift()!;
    if (!word.startsWith("--")) continue;
    const name = word.split("=")[0]!;
    if (name === "--help") continue;
    // Either of two: `--success|--failure`.
    const found = name.split("|").map((one) => at.options.find(({ long }) => long === one));
    const option = found[0];
    if (!option || found.includes(undefined)) return fault(`${fullName(at)} has no ${name}`);
    if (!option.required) continue;
    const value = word.includes("=") ? word.slice(name.length + 1) : words.shift();
    const key = value?.split("=")[0];
    if (
      name === "--set" &&
      key !== "KEY" &&
      !SETTINGS.some((it) => it === key || key?.startsWith(`${it}.`) || it.startsWith(`${key}.`))
    )
      return fault(`no setting ${key}`);
    if (
      option.argChoices &&
      value !== undefined &&
      /^[a-z]/.test(value) &&
      !option.argChoices.includes(value)
    )
      return fault(`${name} is none of ${option.argChoices.join(", ")}`);
  }
  return null;
}
