/**
 * @file `webrl suite look`: shows a task's pages as the agent sees them and carries out actions from standard input.
 */

import { createInterface } from "node:readline";
import type { Command } from "commander";
import type { Task } from "../../core/task.ts";
import type { ObservationFormat } from "../../core/observation.ts";
import { ConfigError } from "../../core/errors.ts";
import { answerOf } from "../../core/trajectory.ts";
import { browserOption, examples, formatOption, interruption, openSuite, suiteOptions } from "../command.ts";
import type { SuiteOptions } from "../command.ts";

interface LookOptions extends SuiteOptions {
  path?: string;
  format: ObservationFormat;
  browser: string[];
}

export function registerLook(suite: Command): void {
  const look = browserOption(
    formatOption(
      suiteOptions(
        suite
          .command("look")
          .description(
            "Show a site as the agent sees it. Each line of standard input is an action; the command prints the page after it.",
          ),
      ),
    ),
  )
    .argument("[task]", "the task whose start page, user and checks to use; default: the first task")
    .option("--path <path>", "start here instead, e.g. /orders?page=2");
  examples(look, [
    "webrl suite look --suite own --file site.ts < /dev/null",
    "webrl suite look desk.badge --suite own --file site.ts",
    `echo 'do(action="Click", element="link Orders")' | webrl suite look --suite own --file site.ts`,
  ]).action(lookCommand);
}

async function lookCommand(id: string | undefined, options: LookOptions): Promise<void> {
  const { loadBrowser } = await import("../../run/parse-config.ts");
  const { parseAction } = await import("../../text/action.ts");
  const suite = await openSuite(options);
  const task = id === undefined ? suite.tasks({ limit: 1 })[0] : suite.task(id);
  if (!task) throw new ConfigError(`the suite ${suite.name} has no task`, "Add one.");
  await using site = await suite.createSite({
    browser: await loadBrowser(options.browser),
    format: options.format,
  });
  const { signal } = interruption;
  await using episode = await site.start(startAt(task, options.path), { seed: 1, signal });
  console.log(`task: ${task.id}: ${task.instruction}\n\n${episode.first.text}`);
  const lines = createInterface({ input: process.stdin, signal });
  for await (const line of lines) {
    if (line.trim() === "") continue;
    const time = await episode.step(parseAction(line), { signal });
    console.log(`\n> ${line}\n${time.observation?.text ?? ""}`);
    if (time.kind === "mid") continue;
    const { ending } = time;
    if (ending.kind === "faulted") console.log(`faulted: ${ending.message}`);
    else {
      const verdict = await episode.verify(answerOf(ending));
      console.log(
        verdict ? `success: ${verdict.success}\n${verdict.reasons.join("\n")}` : "this task has no checks",
      );
    }
    return;
  }
}

const startAt = (task: Task, path: string | undefined): Task =>
  path === undefined ? task : { ...task, startUrl: new URL(path, task.startUrl).href };
