/** @file `webrl model orm`: trains the outcome reward model. */

import type { Command } from "commander";
import type { MadeOrm } from "../../imitation/make-orm.ts";
import { anyNumber, examples, jsonOption, print, share, table, wholeNumber } from "../command.ts";
import { lineLog } from "../progress.ts";
import { percent } from "../../core/percent.ts";
import type { TemplateSetting } from "../../text/template-names.ts";
import type { EngineCommand } from "./model-parts.ts";
import { engineOption, loraCommand, openTraining, collectOption, templateOption } from "./model-parts.ts";

export function registerOrm(model: Command): void {
  const command = engineOption(
    loraCommand(
      model
        .command("orm")
        .description("Train the outcome reward model on rollouts that verifiers have labelled."),
    ),
  )
    .requiredOption(
      "--rollouts <file>",
      "episodes of policies of different strength; repeatable",
      collectOption,
    )
    .requiredOption("--base <directory>", "the model to start from, or an adapter to train further")
    .requiredOption("--out <directory>", "the new model; report.json is written into it")
    .option(
      "--drills <n>",
      "examples constructed from each successful demonstration, in addition to the rollouts",
      wholeNumber(0),
      4,
    )
    .addOption(templateOption())
    .option("--epochs <n>", "passes over the data", wholeNumber(), 2)
    .option("--batch-size <n>", "episodes per optimiser step", wholeNumber(), 32)
    .option(
      "--learning-rate <x>",
      "peak learning rate, after the warm-up and before the cosine decay",
      anyNumber,
      3e-4,
    )
    .option("--held-out <p>", "fraction of the templates held out for the report", share, 0.15)
    .option(
      "--seed <n>",
      "seed for the order of the data and the choice of held-out templates",
      wholeNumber(0),
      0,
    )
    .option("--checkpoint-minutes <m>", "minutes between checkpoints", anyNumber, 4)
    .option("--threads <n>", "threads of the engine; default all cores", wholeNumber());
  jsonOption(command);
  examples(command, [
    "webrl model orm --rollouts runs/demos.jsonl --rollouts runs/rollouts.jsonl --base models/base --out models/orm",
    "webrl model orm --rollouts runs/rollouts.jsonl --base models/base --engine url=http://127.0.0.1:8000 --engine model=base --out models/orm-there",
  ]);
  command.action(
    async (
      options: EngineCommand & {
        rollouts: string[];
        out: string;
        drills: number;
        epochs: number;
        batchSize: number;
        learningRate: number;
        heldOut: number;
        checkpointMinutes: number;
        template?: TemplateSetting;
        json?: boolean;
      },
    ) => {
      const { makeOrm } = await import("../../imitation/make-orm.ts");
      await using training = await openTraining(options, options.rollouts);
      const log = lineLog();
      const { report, ...made } = await makeOrm({
        ...training.shared,
        out: options.out,
        drillsPerDemonstration: options.drills,
        epochs: options.epochs,
        batchSize: options.batchSize,
        learningRate: options.learningRate,
        heldOutFraction: options.heldOut,
        seed: options.seed,
        checkpointMinutes: options.checkpointMinutes,
        onStep: ({ step, steps, loss }) => log.update(`step ${step}/${steps}, loss ${loss.toFixed(4)}`),
      });
      log.end();
      print(options, { ...made, report, estimate: training.estimate() }, ormText);
    },
  );
}

function ormText({ report, ...made }: MadeOrm): string {
  const line = (name: string, r: typeof report.overall) => [
    name,
    r.count,
    percent(r.accuracy),
    percent(r.precision),
    percent(r.recall),
    r.calibrationError.toFixed(3),
    `${r.confusion.truePositives}/${r.confusion.falsePositives}/${r.confusion.trueNegatives}/${r.confusion.falseNegatives}`,
  ];
  return [
    `${made.directory}: trained on ${made.examples} labelled rollouts; on held-out templates:`,
    table(
      ["", "rollouts", "accuracy", "precision", "recall", "calibration error", "TP/FP/TN/FN"],
      [
        line("all", report.overall),
        ...Object.entries(report.bySite).map(([site, r]) => line(site, r)),
        ...Object.entries(report.byPolicy).map(([policy, r]) => line(`policy ${policy}`, r)),
      ],
    ),
    ...(report.collapse === null ? [] : [`collapsed: ${report.collapse}`]),
    `Examples of its mistakes are in ${made.directory}/README.md and report.json.`,
  ].join("\n");
}
