/** @file `webrl report RUN`: writes a run as one self-contained HTML file. */

import type { Command } from "commander";
import { examples, jsonOption, print } from "../command.ts";

export function register(program: Command): void {
  const report = program
    .command("report")
    .description("Write a run's report.html: curves, tables, lineage, trajectories before and after.")
    .argument("<run>", "directory of the run");
  examples(jsonOption(report), ["webrl report runs/demo", "webrl report runs/demo --json"]).action(
    async (run: string, options: { json?: boolean }) => {
      const { writeReport } = await import("../../dashboard/report.ts");
      const path = await writeReport(run);
      print(options, { report: path }, () => `The report is in ${path}`);
    },
  );
}
