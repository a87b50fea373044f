/** @file `webrl resume RUN`: continues a run that was stopped or killed. */

import type { Register } from "../command.ts";
import { browserOption, examples, jsonOption, wholeNumber } from "../command.ts";
import { showResult } from "./train.ts";

interface ResumeOptions {
  phases?: number;
  browser: string[];
  json?: boolean;
}

export const register: Register = (program) => {
  const resume = program
    .command("resume")
    .description("Continue a run that was stopped or killed, as if nothing had happened.")
    .argument("<run>", "directory of the run")
    .option("--phases <n>", "train up to this phase instead of the planned one", wholeNumber(0));
  browserOption(resume);
  jsonOption(resume);
  examples(resume, [
    "webrl resume runs/demo",
    "webrl resume runs/demo --phases 8",
    `webrl resume runs/far --browser 'endpoints=[{"cdp": "http://10.0.0.7:9222"}]'`,
  ]);
  resume.action(async (directory: string, options: ResumeOptions) => {
    const { trainRun } = await import("../train-run.ts");
    showResult(options, directory, await trainRun({ directory, ...options }));
  });
};
