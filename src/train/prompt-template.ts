/** @file The templates of a run's models: chosen before it begins, and then part of its configuration. */

import { ConfigError } from "../core/errors.ts";
import { modelTemplate } from "../imitation/prompt-template.ts";
import type { ObservationFormat } from "../core/observation.ts";
import { isServerName } from "../chat/server-name.ts";
import { chooseFormat } from "../text/choose-template.ts";
import type { TrainConfig } from "../run/config.ts";
import { methodParts } from "../run/config.ts";
import type { PromptTemplate } from "../text/template-names.ts";

/** Of actor and critic. */
export function promptTemplate({ models: { template } }: Pick<TrainConfig, "models">): PromptTemplate {
  if (template === "auto")
    throw new ConfigError(
      "models.template is auto: nobody has looked yet what the model reads",
      "Give the configuration to resolveModels before a run is made of it.",
    );
  return template;
}

/** How the run's pages are written. */
export function observationFormat({
  observation,
  models: { template },
}: Pick<TrainConfig, "observation" | "models">): ObservationFormat {
  // A run of an earlier version may have what a new one is refused.
  if (observation.format !== "auto") return observation.format;
  return chooseFormat("auto", template === "auto" ? {} : { "the policy": template });
}

/** The configuration with what its models read. Throws a `ConfigError` where one cannot read what was set. */
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
    `models.ormTemplate is ${JSON.stringify(ormTemplate)}, and models.orm is behind a server, which is asked with the prompt of WebRL's released reward model`,
    'Leave models.ormTemplate out; a chat model behind a server judges as models.judge "llm".',
  );
}
