/**
 * @file Determines which template the model in a directory reads (`text/choose-template.ts`), and writes the note that
 * training leaves there.
 */

import { join } from "node:path";
import type { Tokenizer } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { isAdapterDirectory, readAdapterConfig } from "../engine/onnx/checkpoint/adapter.ts";
import { exists, readJsonObject } from "../engine/onnx/checkpoint/read-file.ts";
import { baseDirectories } from "../engine/onnx/model-files.ts";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { writeAtomically } from "../run/run-directory.ts";
import type { TemplateSetting } from "../text/template-names.ts";
import { chooseTemplate } from "../text/choose-template.ts";
import { TEMPLATES } from "../text/template-names.ts";
import type { PromptTemplate } from "../text/template-names.ts";

/** A file beside the weights of a model that was trained here: the template that it was trained on. */
const NOTE = "prompt.json";

export const writeTemplateNote = (directory: string, template: PromptTemplate): Promise<void> =>
  writeAtomically(join(directory, NOTE), `${JSON.stringify({ template })}\n`);

/**
 * The template of a model: the one that was set, otherwise the one in its note or its base's note, otherwise the one
 * that suits the model. `tokenizer` is the opened model's; without it, the directory's own is read, or that of an
 * adapter's base. Throws a `ConfigError` if the model cannot use the template.
 */
export async function modelTemplate(
  directory: string,
  setting: TemplateSetting,
  tokenizer?: Tokenizer,
): Promise<PromptTemplate> {
  const adapter = (await isAdapterDirectory(directory)) ? await readAdapterConfig(directory) : null;
  const home = adapter ? (await baseDirectories(directory, adapter))[0]! : directory;
  const config = await readIfThere(home, "config.json");
  const names = [directory, home, adapter?.baseModel, config?.["_name_or_path"]].filter(
    (name) => typeof name === "string",
  );
  return chooseTemplate(
    tokenizer ?? (await loadTokenizer(home)),
    setting === "auto" ? ((await readNote(directory)) ?? (await readNote(home)) ?? "auto") : setting,
    names,
  );
}

async function readNote(directory: string): Promise<PromptTemplate | undefined> {
  const template = (await readIfThere(directory, NOTE))?.["template"];
  if (template === undefined) return undefined;
  const known = TEMPLATES.find((name) => name === template);
  if (known === undefined || known === "auto")
    throw new ConfigError(
      `${join(directory, NOTE)} names the template ${JSON.stringify(template)}, which does not exist`,
      `Choose one of ${TEMPLATES.slice(1).join(", ")}.`,
    );
  return known;
}

async function readIfThere(directory: string, name: string): Promise<Record<string, unknown> | undefined> {
  const file = join(directory, name);
  return (await exists(file)) ? readJsonObject(file) : undefined;
}
