/**
 * @file What `train`, `resume`, `demo` and `bench methods` share: opens a run, trains, shows it, and says what to do
 * when it stops.
 */

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { ChatMeter } from "../chat/meter.ts";
import { isServerName } from "../chat/server-name.ts";
import type { BrowserBlock } from "../core/browser-settings.ts";
import { BudgetSpent, ConfigError } from "../core/errors.ts";
import { isOnServer } from "../core/engine-settings.ts";
import type { Estimate, PlannedWork } from "../engine/onnx/estimate.ts";
import { loraOf, methodParts, type TrainConfig } from "../run/config.ts";
import { describeBrowser, isSameBrowser } from "../rollout/same-browser.ts";
import { checkResources } from "./check-resources.ts";
import type { Observer } from "../run/events.ts";
import type { RunResult, TrainOptions } from "../train/loop.ts";
import { interruption } from "./command.ts";
import { fileError } from "./file-error.ts";
import { createRunView } from "./run-view.ts";

export interface TrainRunOptions extends TrainOptions {
  directory: string;
  /** Start a new run with this configuration; without it, continue the run. */
  config?: TrainConfig;
  /** Continue with another number of phases. */
  phases?: number;
  /** Continue with browsers elsewhere, as `--browser` names them; how pages are shown stays as it is. */
  browser?: readonly string[];
  /** Default: the terminal. */
  observer?: Observer;
}

/** The result of a run, and what its training was expected to need: `null` when no training was left. */
export type TrainedRun = RunResult & { estimate: Estimate | null };

export async function trainRun(options: TrainRunOptions): Promise<TrainedRun> {
  const { createRun, openRun, readRunInfo, refuseExistingRun, writeAtomically } =
    await import("../run/run-directory.ts");
  const { checkpointPath, lastTrainedPhase } = await import("../run/paths.ts");
  const { packageVersion, runInfo } = await import("../run/run-info.ts");
  const { openParts, resolveModels } = await import("../train/open-parts.ts");
  const { probeFile } = await import("../train/open-engine.ts");
  const { createContext } = await import("../train/context.ts");
  const { train, usageOf } = await import("../train/loop.ts");
  const { sweepProfiles } = await import("../browser/profiles.ts");
  const { directory, phases } = options;

  // Checked before anything is written or started: a wrong path is the user's mistake.
  if (options.config) refuseExistingRun(directory);
  const recorded = options.config
    ? await resolveModels(options.config)
    : (await readRunInfo(directory)).config;
  const config = {
    ...recorded,
    phases: phases ?? recorded.phases,
    browser: await otherEndpoints(recorded.browser, options.browser ?? []),
  };
  const trained = options.config ? 0 : await lastTrainedPhase(directory);
  const actor = trained === 0 ? config.models.base : checkpointPath(directory, "actor", trained);
  const isOver = trained > 0 && trained >= config.phases;
  await checkBrowsers(config.browser);
  // What a server needs is the server's concern.
  const isHere = !isOnServer(config.engine);
  const estimate = isOver || !isHere ? null : await checkResources(planOf(config, actor));
  const openAll = (opened: TrainConfig) =>
    openParts(opened, {
      onTrouble: (message) => process.stderr.write(`${message}\n`),
      signal: interruption.signal,
    });
  // A new run is written once its parts are open: if they refuse, no directory is left behind.
  await using early = options.config ? await openAll(config) : null;
  await early?.experience?.();
  const view = createRunView(config);
  const observer = options.observer ?? view.observer;
  try {
    await using run = options.config
      ? await createRun(directory, runInfo(config), observer)
      : await openRun(directory, observer, {
          version: packageVersion(),
          ...((phases !== undefined || options.browser?.length) && {
            change: (info) => ({
              ...info,
              config: { ...info.config, phases: config.phases, browser: config.browser },
            }),
          }),
        });
    let meter: ChatMeter | undefined;
    try {
      await using late = early ? null : await openAll(run.info.config);
      const parts = early ?? late!;
      meter = parts.meter;
      if (parts.probe)
        await writeAtomically(probeFile(directory), `${JSON.stringify(parts.probe, null, 2)}\n`);
      const context = createContext(run, parts, interruption.signal);
      await using _models = context.models;
      return { ...(await train(context, options)), estimate };
    } catch (error) {
      // On a full or broken disk not even this line can be written; the run does not need it.
      if (!isDiskFull(error) && describeFileTrouble(error, directory) === null)
        run.emit({
          kind: "run_stopped",
          reason: error instanceof Error ? error.message : String(error),
          ...usageOf(meter),
        });
      throw error;
    }
  } catch (error) {
    view.end();
    const next = nextStep(directory, error);
    if (isDiskFull(error)) throw new ConfigError(`the disk of ${directory} is full`, next, { cause: error });
    const trouble = describeFileTrouble(error, directory);
    if (trouble !== null) throw new ConfigError(trouble, next, { cause: error });
    if (error instanceof BudgetSpent) throw new BudgetSpent(error.message, next);
    process.stderr.write(`${next}\n`);
    throw error;
  } finally {
    view.end();
    // A killed process may have left profiles behind, and this one may not have started a browser.
    await sweepProfiles();
  }
}

/** All pages of one run are shown alike, wherever the browsers are. */
async function otherEndpoints(recorded: BrowserBlock, settings: readonly string[]): Promise<BrowserBlock> {
  const { loadBrowser } = await import("../run/parse-config.ts");
  const browser = await loadBrowser(settings, recorded);
  if (isSameBrowser(browser, recorded)) return browser;
  throw new ConfigError(
    `the run's pages are shown in ${describeBrowser(recorded)}, and --browser says ${describeBrowser(browser)}`,
    "Name only endpoints, proxyHost and proxyListen, or start a new run.",
  );
}

/** Connects to every endpoint once, before anything is written. */
async function checkBrowsers(browser: BrowserBlock): Promise<void> {
  const { BrowserPool } = await import("../browser/pool.ts");
  await using pool = new BrowserPool({
    ...browser,
    onTrouble: (message) => process.stderr.write(`${message}\n`),
  });
  await pool.check();
}

/** Assumed tokens of a step's prompt and action while nothing is known. */
const USUAL_TOKENS = 512;

/** What a run trains at once: `actor` or a critic of its size, with the ORM beside it if this process opens it. */
function planOf(config: TrainConfig, actor: string): PlannedWork {
  const { models, rollout } = config;
  const { trains } = methodParts(config);
  return {
    trained: { path: actor, lora: loraOf(config) },
    beside: trains && models.judge === "orm" && !isServerName(models.orm) ? [{ path: models.orm }] : [],
    batchSize: Math.max(config.actor.batchSize, config.critic.batchSize),
    sampled: rollout.parallel,
    lengths: (_, contextTokens) => [Math.min(USUAL_TOKENS, contextTokens)],
  };
}

/** Whether an error or its cause says that there is no space left, even one that came from another thread. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (
    code === "ENOSPC" ||
    code === "EDQUOT" ||
    /^(ENOSPC|EDQUOT)\b/.test(error.message) ||
    isDiskFull(error.cause)
  );
}

/** Explains an error about a file of the run or a directory above it; `null` for every other error. */
export function describeFileTrouble(error: unknown, directory: string): string | null {
  const { path } = error as NodeJS.ErrnoException;
  if (typeof path !== "string") return null;
  const isBelow = (above: string, below: string) => !/^\.\.(\/|\\|$)/.test(relative(above, below));
  return isBelow(directory, path) || isBelow(path, directory) ? fileError(error) : null;
}

/** What to do after a stop. */
export function nextStep(directory: string, error: unknown): string {
  const resume = `continue with \`webrl resume ${directory}\``;
  if (!existsSync(join(directory, "config.json")))
    return isDiskFull(error)
      ? "Nothing has begun yet. Free some space, then give the same command again."
      : "Nothing has begun yet. Name another --run, or correct the directory or its permissions.";
  if (isDiskFull(error)) return `Nothing is lost. Free some space, then ${resume}.`;
  // The configuration is written into the run: another configuration needs another run.
  if (error instanceof ConfigError && !existsSync(join(directory, "phases")))
    return `${directory} has not begun. To change a setting, start again with another --run; otherwise ${resume}.`;
  if (error instanceof BudgetSpent) return `Nothing is lost: ${resume}; the budget starts afresh.`;
  if (interruption.signal.aborted) return `Nothing is lost: ${resume}.`;
  return `Nothing is lost. Remove the cause, then ${resume}.`;
}
