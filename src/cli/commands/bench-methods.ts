/**
 * @file `webrl bench methods`: trains every method and ablation from the same base and scores them on the same test
 * tasks.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Register } from "../command.ts";
import { examples, group, jsonOption, print, table, wholeNumber } from "../command.ts";
import type { BrowserBlock } from "../../core/browser-settings.ts";
import { percent } from "../../core/percent.ts";
import type { ConfigOptions } from "./train.ts";
import { configOptions } from "./train.ts";
import { shopTasks } from "../shop-tasks.ts";

/** Where browsers are, as `--browser` names it. */
const elsewhere = (browser: BrowserBlock) =>
  (["endpoints", "proxyHost", "proxyListen"] as const).map((key) => `${key}=${JSON.stringify(browser[key])}`);

const list = (text: string, before: string[] = []) => [...before, text];

export const register: Register = (program) => {
  const command = configOptions(
    group(program, "bench")
      .command("methods")
      .description(
        "Train with every method and ablation and compare them. The same command continues a comparison that was stopped.",
      ),
  )
    .option("--seeds <n>", "runs of each method", wholeNumber(), 3)
    .option("--method <name>", "only this method; repeatable", list)
    .option("--out <directory>", "where the runs go", "runs/bench-methods")
    .option("--write-docs", "write docs/results.svg and the section Methods of docs/results.md");
  jsonOption(command);
  examples(command, [
    "webrl bench methods --seeds 3 --write-docs",
    "webrl bench methods --seeds 1 --method sft --method webrl --set phases=2",
  ]);
  command.action(
    async (
      options: ConfigOptions & {
        seeds: number;
        method?: string[];
        out: string;
        writeDocs?: boolean;
        json?: boolean;
      },
    ) => {
      const { benchResults, checkRoom, planBench, refuseOtherSettings, VARIANTS } =
        await import("../../bench/methods.ts");
      const { shareBeginning } = await import("../../bench/share-beginning.ts");
      const { openRunFiles, readEvaluations } = await import("../../run/run-files.ts");
      const { loadConfig } = await import("../../run/parse-config.ts");
      const { readRunInfo, writeAtomically } = await import("../../run/run-directory.ts");
      const { writeSection } = await import("../../bench/doc-section.ts");
      const { resultsPage } = await import("../../bench/results-page.ts");
      const { resultsPlot } = await import("../results-plot.tsx");
      const { resolveModels } = await import("../../train/open-parts.ts");
      const { ConfigError } = await import("../../core/errors.ts");
      const { nearest } = await import("../../core/nearest.ts");
      const { trainRun } = await import("../train-run.ts");

      const names = VARIANTS.map((variant) => variant.name);
      for (const name of options.method ?? [])
        if (!names.includes(name)) {
          const near = nearest(name, names);
          throw new ConfigError(
            `no method ${JSON.stringify(name)}${near === undefined ? "" : `; the nearest is ${JSON.stringify(near)}`}`,
            `Choose from ${names.join(", ")}.`,
          );
        }
      const variants = VARIANTS.filter((variant) => options.method?.includes(variant.name) ?? true);
      const config = await loadConfig({
        defaults: shopTasks(options),
        file: options.config,
        set: options.set,
      });
      const plan = await Promise.all(
        planBench(options.out, config, options.seeds, variants).map(async (run) => ({
          ...run,
          config: await resolveModels(run.config),
        })),
      );
      await refuseOtherSettings(plan);
      for (const [i, run] of plan.entries()) {
        process.stderr.write(
          `${i + 1}/${plan.length} ${run.variant.title}, seed ${run.seed}: ${run.directory}\n`,
        );
        await shareBeginning(run, plan);
        const isNew = !existsSync(join(run.directory, "config.json"));
        await trainRun({
          directory: run.directory,
          ...(isNew
            ? { config: run.config }
            : { phases: run.config.phases, browser: elsewhere(run.config.browser) }),
          afterBeginning: () => checkRoom(run),
        });
      }
      const results = await benchResults(plan);
      if (options.writeDocs) {
        const [first] = await readEvaluations(openRunFiles(plan[0]!.directory));
        const { version, revision } = await readRunInfo(plan[0]!.directory);
        await writeSection(
          "docs/results.md",
          "methods",
          resultsPage(results, {
            config,
            // The date of the runs, which may be older than the page.
            version,
            revision,
            command: `webrl ${process.argv.slice(2).join(" ")}`,
            base: first!.evaluation,
          }),
        );
        await writeAtomically("docs/results.svg", resultsPlot(results));
      }
      print(options, { runs: options.out, results }, () =>
        table(
          ["method", "seeds", "success", "±"],
          results.map((result) => [
            result.variant.title,
            result.seeds,
            percent(result.success),
            result.standardError === null ? "–" : percent(result.standardError),
          ]),
        ),
      );
    },
  );
};
