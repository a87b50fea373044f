/** @file For tests: runs a command in this process, as `webrl ARGS` would, and returns what it printed. */

import { spawnSync } from "node:child_process";
import { vi } from "vitest";
import { runProgram } from "../program.ts";
import { WEBRL } from "./command.ts";

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Run one at a time: it captures what the process prints. */
export async function webrl(...args: string[]): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const line = (values: unknown[]) => `${values.map(String).join(" ")}\n`;
  const spies = [
    vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => void (stdout += line(values))),
    vi.spyOn(console, "error").mockImplementation((...values: unknown[]) => void (stderr += line(values))),
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((stdout += String(text)), true)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => ((stderr += String(text)), true)),
  ];
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    return { status: await runProgram(["node", "webrl", ...args]), stdout, stderr };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

/** The same in a separate process, for tests that depend on one. */
export function webrlProcess(...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...WEBRL, ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status: status ?? 1, stdout, stderr };
}

/** Runs a command with `--json` and parses what it printed. */
export const jsonOf = <T>({ stdout }: Outcome): T => JSON.parse(stdout) as T;

/** Runs a command that must fail as a user's mistake (exit code 2, no stack), and returns the message. */
export function mistakeOf({ status, stderr }: Outcome): string {
  if (status !== 2 || stderr.includes("    at ")) throw new Error(`exit code ${status}: ${stderr}`);
  return stderr;
}
