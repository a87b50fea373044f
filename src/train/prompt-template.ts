/** @file Chooses the templates of a run's models before it begins; then they are part of its configuration. */

import { ConfigError } from "../core/errors.ts";
import { modelTemplate } from "../imitation/prompt-template.ts";
import type { ObservationFormat } from "../core/observation.ts";
import { isServerName } from "../chat/server-name.ts";
import { chooseFormat } from "../text/choose-template.ts";
import type { TrainConfig } from "../run/config.ts";
import { methodParts } from "../run/config.ts";
import type { PromptTemplate } from "../text/template-names.ts";

/** The template of actor and critic. */
export function promptTemplate({ models: { template } }: Pick<TrainConfig, "models">): PromptTemplate {
  if (template === "auto")
    throw new ConfigError(
      "models.template is still auto: what the model reads has not been determined",
      "Pass the configuration to resolveModels before you create a run with it.",
    );
  return template;
}

/** The format of the run's pages. */
export function observationFormat({
  observation,
  models: { template },
}: Pick<TrainConfig, "observation" | "models">): ObservationFormat {
  // A run of an earlier version may have settings that a new run may not.
  if (observation.format !== "auto") return observation.format;
  return chooseFormat("auto", template === "auto" ? {} : { "the policy": template });
}

/** The configuration with the templates of its models. Throws a `ConfigError` if a model cannot read what was set. */
export async function chooseTemplates(config: TrainConfig): Promise<TrainConfig> {
  const { models } = config;
  const hasOrm = methodParts(config).trains && models.judge === "orm";
  const template = await modelTemplate(models.base, models.template);
  const ormTemplate = hasOrm ? await ormTemplateOf(models) : null;
  const format = chooseFormat(config.observation.format, {
    "the policy": template,
    ...(ormTemplate && { "the reward model": ormTemplate }),
  });
  return {
    ...config,
    observation: { format },
    models: { ...models, template, ormTemplate: ormTemplate ?? models.ormTemplate },
  };
}

async function ormTemplateOf({ orm, ormTemplate }: TrainConfig["models"]): Promise<PromptTemplate> {
  if (!isServerName(orm)) return modelTemplate(orm, ormTemplate);
  if (ormTemplate === "auto" || ormTemplate === "paper") return "paper";
  throw new ConfigError(
    `models.ormTemplate is ${JSON.stringify(ormTemplate)}, but models.orm is on a server, which gets the prompt of WebRL's released reward model`,
    'Leave models.ormTemplate out; to let a chat model on a server judge, set models.judge to "llm".',
  );
}
