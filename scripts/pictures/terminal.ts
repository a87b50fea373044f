/**
 * @file Runs a command line and draws what it printed as a terminal, in SVG:
 *
 *     npx tsx scripts/pictures/terminal.ts OUT.svg 'COMMAND' ['COMMAND' …]
 *
 * Nothing is made up: the picture shows what the commands printed on a terminal (`script`, of util-linux, makes one). A
 * line that was rewritten again and again therefore appears once, as it was at the end. `$ ` precedes each command. A
 * `#` comment in a command is shown and does nothing. Lines that are longer than the window are folded, at blanks.
 */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { COLUMNS, drawTerminal } from "./draw-terminal.ts";

const [out, ...commands] = process.argv.slice(2);
if (out === undefined || commands.length === 0) {
  process.stderr.write("usage: terminal.ts OUT.svg 'COMMAND' ['COMMAND' …]\n");
  process.exit(2);
}
// What npm told this script's own process does not concern the commands, and npm's warnings are not their output.
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
  npm_config_loglevel: "error",
  npm_config_progress: "false",
  SHELL: "/bin/bash",
};
const lines: { text: string; isCommand: boolean }[] = [];
for (const command of commands) {
  if (lines.length > 0) lines.push({ text: "", isCommand: false });
  lines.push({ text: `$ ${command}`, isCommand: true });
  const { stdout, status } = spawnSync("script", ["-qec", `stty cols ${COLUMNS}; ${command}`, "/dev/null"], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}`);
  for (const text of stdout.trimEnd().split("\n")) lines.push({ text, isCommand: false });
}
writeFileSync(out, drawTerminal(lines));
