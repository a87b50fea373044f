/** @file What `train`, `resume`, `demo` and `bench methods` share: open a run, train, show it, say what to do when it stops. */

import { ConfigError } from "../core/errors.ts";
import type { TrainConfig } from "../train/config.ts";
import type { Observer } from "../train/events.ts";
import type { RunResult } from "../train/loop.ts";
import { interruption } from "./command.ts";
import { createRunView } from "./run-view.ts";

export interface TrainRunOptions {
  directory: string;
  /** A new run with this configuration; without it the run is continued. */
  config?: TrainConfig;
  /** Continue with another number of phases. */
  phases?: number;
  /** Default: the terminal. */
  observer?: Observer;
}

export async function trainRun(options: TrainRunOptions): Promise<RunResult> {
  const { createRun, openRun, readRunInfo } = await import("../train/run-directory.ts");
  const { packageVersion, runInfo } = await import("../train/run-info.ts");
  const { openParts, resolveModels } = await import("../train/open-parts.ts");
  const { createContext } = await import("../train/context.ts");
  const { train } = await import("../train/loop.ts");
  const { directory, phases } = options;

  // Before anything is written or started: a wrong path is the user's to correct.
  const config = options.config ? resolveModels(options.config) : (await readRunInfo(directory)).config;
  const view = createRunView({ ...config, phases: phases ?? config.phases });
  const observer = options.observer ?? view.observer;
  await using run = options.config
    ? await createRun(directory, runInfo(config), observer)
    : await openRun(directory, observer, {
        version: packageVersion(),
        ...(phases !== undefined && {
          change: (info) => ({ ...info, config: { ...info.config, phases } }),
        }),
      });
  try {
    await using parts = await openParts(run.info.config);
    const context = createContext(run, parts, interruption.signal);
    await using _models = context.models;
    return await train(context);
  } catch (error) {
    view.end();
    const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
    // On a full disk not even this line can be written; the run is as good without it.
    if (!full)
      run.emit({ kind: "run_stopped", reason: error instanceof Error ? error.message : String(error) });
    const next = `Nothing is lost. Continue with \`webrl resume ${directory}\``;
    if (full)
      throw new ConfigError(`the disk with ${directory} is full`, `${next} once there is space.`, {
        cause: error,
      });
    process.stderr.write(`${next}${interruption.signal.aborted ? "" : " once the cause is removed"}.\n`);
    throw error;
  } finally {
    view.end();
  }
}
