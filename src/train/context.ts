/** @file What every stage of a run can use: the run, its parts, and the models by role. */

import type { ChatMeter } from "../chat/meter.ts";
import type { Rng } from "../core/rng.ts";
import { createRng } from "../core/rng.ts";
import { usageSince } from "../core/usage.ts";
import type { MethodParts, TrainConfig } from "../run/config.ts";
import { methodParts } from "../run/config.ts";
import type { Run } from "../run/run-directory.ts";
import type { ExperienceReader } from "./experience-reader.ts";
import { createExperienceReader } from "./experience-reader.ts";
import type { Parts } from "./parts.ts";
import type { RunModels } from "./run-models.ts";
import { createRunModels } from "./run-models.ts";

/** Everything that the stages of a run share. */
export interface Context {
  readonly run: Run;
  readonly config: TrainConfig;
  readonly method: MethodParts;
  readonly parts: Parts;
  /** Forks of the run's seed. */
  readonly rng: Rng;
  readonly models: RunModels;
  readonly experience: ExperienceReader;
  readonly signal?: AbortSignal | undefined;
}

/** What the stages of a run work with. Its models belong to the caller, who disposes of them. */
export function createContext(bare: Run, parts: Parts, signal?: AbortSignal): Context {
  const run = parts.meter ? recordUsage(bare, parts.meter) : bare;
  const { config } = run.info;
  const models = createRunModels(run, config, parts);
  return {
    run,
    config,
    method: methodParts(config),
    parts,
    rng: createRng(config.seed),
    models,
    experience: createExperienceReader(run, config, parts, models),
    signal,
  };
}

/** The run, whose stages also record what they used of the chat model's server. */
function recordUsage(run: Run, meter: ChatMeter): Run {
  return {
    ...run,
    stage: (phase, name, body) =>
      run.stage(phase, name, async (stage) => {
        const before = meter.getUsage();
        const output = await body(stage);
        const usage = usageSince(before, meter.getUsage());
        if (usage.requests > 0)
          stage.metrics({
            "chat/requests": usage.requests,
            "chat/prompt_tokens": usage.promptTokens,
            "chat/cached_tokens": usage.cachedTokens,
            "chat/completion_tokens": usage.completionTokens,
            ...(usage.cost !== undefined && { "chat/cost": usage.cost }),
          });
        return output;
      }),
  };
}
