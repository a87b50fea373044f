/** @file Writes a model's card: what it is, how it was made and measured, and the checksum of its weights. */

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { digestOf } from "../engine/onnx/checkpoint/manifest.ts";
import { writeAtomically } from "../run/run-directory.ts";
import { gitRevision, packageVersion } from "../run/run-info.ts";

export interface ModelCard {
  /** Model or adapter that it was trained from; `null` if it was trained from scratch. */
  from: string | null;
  /** Sites whose pages it was trained on. */
  sites: readonly string[];
  /** The command that makes the model again. */
  command: string;
  /** Numbers and names, printed as a table. */
  facts: Record<string, string | number | boolean | null | undefined>;
  /** Markdown that follows the facts. */
  more?: string;
}

/** Writes `README.md` into the model's directory. */
export async function writeModelCard(directory: string, card: ModelCard): Promise<void> {
  const sums: string[] = [];
  for (const name of (await readdir(directory)).sort())
    if (name.endsWith(".safetensors") || name === "tokenizer.json")
      sums.push(`${await sha256(join(directory, name))}  ${name}`);
  const rows = Object.entries(card.facts)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `| ${name} | ${typeof value === "number" ? round(value) : String(value)} |`);
  const text = `# ${basename(directory)}

${existsSync(join(directory, "adapter_config.json")) ? adapterText(card) : card.from === null ? textOfNew(card) : `A language model trained by webrl from \`${card.from}\`, whose license holds for it as well.`}

Made by webrl ${packageVersion()}${revision()} with

    ${card.command}

| | |
|---|---|
${rows.join("\n")}
${card.more === undefined ? "" : `\n${card.more}\n`}
SHA-256:

    ${sums.join("\n    ")}
`;
  await writeAtomically(join(directory, "README.md"), text);
}

const textOfNew = ({ sites }: ModelCard) =>
  `A small language model that webrl trained from scratch on pages of ${sites.join(", ")}. It knows no other text.`;

const adapterText = ({ from }: ModelCard) =>
  `A LoRA adapter in PEFT's format, trained by webrl from \`${from}\`. It works only on its base, which adapter_config.json
names, and the base's license holds for it as well. webrl takes this directory wherever it takes a model; PEFT and vLLM load it.`;

const round = (value: number) =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));

const revision = () => {
  const commit = gitRevision();
  return commit === null ? "" : ` (${commit.slice(0, 12)})`;
};

/** Read in pieces, because weights may be larger than a buffer can be. */
export async function sha256(path: string): Promise<string> {
  return (await digestOf(path)).sha256;
}
