/** @file `webrl model samples import|export`: exchanges demonstrations with other tools. */

import { dirname } from "node:path";
import { Option } from "commander";
import type { Command } from "commander";
import { makeDirectory } from "../../core/make-directory.ts";
import { ConfigError } from "../../core/errors.ts";
import type { ObservationFormat } from "../../core/observation.ts";
import type { SampleFormat } from "../../imitation/export-samples.ts";
import { FORMATS } from "../../text/template-names.ts";
import { examples, jsonOption, print } from "../command.ts";

export function registerSamples(model: Command): void {
  const samples = model
    .command("samples")
    .description(
      "Exchange demonstrations with other tools: chat JSON Lines, the released SFT data, data set folders.",
    );
  const exporting = samples
    .command("export")
    .description("Write each turn of the successful episodes as one sample.")
    .requiredOption("--demos <file>", "episodes (.jsonl or .jsonl.gz), or an agent's directory")
    .requiredOption(
      "--out <path>",
      "a .jsonl file, or else a directory in the layout of a Hugging Face data set",
    )
    .addOption(
      new Option(
        "--format <name>",
        "chat: messages; completion: the released checkpoints' prompts and replies",
      )
        .choices(["chat", "completion"])
        .default("chat"),
    );
  examples(jsonOption(exporting), [
    "webrl model samples export --demos runs/demos.jsonl --out exports/demos.jsonl",
    "webrl model samples export --demos runs/demos.jsonl --format completion --out exports/dataset",
  ]).action(async (options: { demos: string; out: string; format: SampleFormat; json?: boolean }) => {
    const { exportSamples } = await import("../../imitation/export-samples.ts");
    const { readEpisodes } = await import("../../imitation/demonstrations.ts");
    const result = await exportSamples(await readEpisodes(options.demos), options);
    print(options, result, (r) => `${r.file}: ${r.samples} samples of ${r.episodes} episodes`);
  });
  const importing = samples
    .command("import")
    .description("Make episodes from samples, for `webrl model sft --demos`.")
    .requiredOption("--from <file>", "samples: .jsonl, or .json with an array, such as web_policy_sft.json")
    .requiredOption("--out <file>", "the new file of episodes (.jsonl)")
    .addOption(
      new Option("--observation <format>", "how pages are written in samples without `pageFormat`")
        .choices(FORMATS.filter((name) => name !== "auto"))
        .default("webrl"),
    );
  examples(jsonOption(importing), [
    "webrl model samples import --from web_policy_sft.json --out runs/released.jsonl",
  ]).action(
    async (options: { from: string; out: string; observation: ObservationFormat; json?: boolean }) => {
      const { importSamples } = await import("../../imitation/import-samples.ts");
      const { existsSync } = await import("node:fs");
      const { openJsonLines } = await import("../../run/json-lines.ts");
      if (existsSync(options.out))
        throw new ConfigError(`${options.out} exists already`, "Name another --out.");
      const records = await importSamples(options.from, options.observation);
      await makeDirectory(dirname(options.out));
      openJsonLines<unknown>(options.out).append(...records);
      const turns = records.reduce((sum, { trajectory }) => sum + trajectory.steps.length, 0);
      print(
        options,
        { file: options.out, episodes: records.length, turns },
        (r) => `${r.file}: ${r.episodes} episodes of ${r.turns} turns`,
      );
    },
  );
}
