/** @file Asks the person at the terminal whether an agent may do something. */

import { createInterface } from "node:readline/promises";
import { userInfo } from "node:os";
import type { AskItem } from "../agent/batch/approve.ts";
import type { Approver } from "../safety/approval.ts";
import { describeQuestion } from "../safety/approval.ts";
import { redactOutput } from "../text/secrets.ts";

/** `undefined` when nobody is at a terminal. Only a typed `yes` allows it; questions are asked one at a time. */
export function terminalApprover(): Approver | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  let turn: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const asked = turn.then(async () => {
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      try {
        process.stderr.write(`\n${redactOutput(describeQuestion(question))}\n`);
        const answer = await terminal.question("Allow it? Type yes or no: ", { signal });
        return {
          approved: answer.trim().toLowerCase() === "yes",
          by: `${userInfo().username} at the terminal`,
        };
      } finally {
        terminal.close();
      }
    });
    turn = asked.catch(() => {});
    return asked;
  };
}

/** Asks about the items of a batch one by one; `all` approves the rest. `undefined` when nobody is at a terminal. */
export function terminalItems(): AskItem | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const by = `${userInfo().username} at the terminal`;
  let all = false;
  return async ({ key, words }, signal) => {
    if (all) return { approved: true, by };
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const question = `${redactOutput(`${key}: ${words}`)}\nChange it? Type yes, no, or all for this and the rest: `;
      const answer = (await terminal.question(question, { signal })).trim().toLowerCase();
      all = answer === "all";
      return { approved: all || answer === "yes", by };
    } finally {
      terminal.close();
    }
  };
}
