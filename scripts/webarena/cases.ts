/**
 * @file Writes the end states of a task file for `official.py`: `tsx scripts/webarena/cases.ts TASKS.json >
 * CASES.json`. Sites have made-up addresses in them.
 */

import { readFile } from "node:fs/promises";
import { endStates } from "../../src/tasks/webarena/testing/end-states.ts";
import { MADE_UP_URLS } from "../../src/tasks/webarena/testing/made-up-urls.ts";
import { fillUrls, parseTasks } from "../../src/tasks/webarena/tasks.ts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("the task file is missing");
const states = parseTasks(await readFile(file, "utf8"), file).flatMap((entry) => {
  if (entry.unusable !== null) throw new Error(`${entry.task.task_id}: ${entry.unusable}`);
  return endStates(fillUrls(entry.task, MADE_UP_URLS).filled!);
});
process.stdout.write(JSON.stringify(states));
