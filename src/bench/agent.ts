/** @file What `webrl bench agent` measures: each use has its measurement in a file of its own, and a line here. */

export interface AgentBenchOptions {
  /** Held-out tasks. */
  tasks: number;
  /** The model beside the oracle. */
  model: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

type Measure = (options: AgentBenchOptions) => Promise<unknown>;

/** By name, in the order in which they run. What a measurement gives is plain JSON. */
export const AGENT_MEASUREMENTS: Readonly<Record<string, Measure>> = {
  /** Success by use, time, steps and tokens a task, and what the runtime costs over a bare loop. */
  run: async (options) => (await import("./agent-run.ts")).measureRuns(options),
  /** Batches under `kill -9`: 25 items for each task, so that the default is 1,000 items and 50 kills. */
  batch: async ({ tasks, onProgress, signal }) =>
    (await import("./agent-batch/kill.ts")).measureKills({
      items: 25 * tasks,
      kills: Math.ceil(1.25 * tasks),
      seed: 1,
      maxSeconds: 6,
      onProgress,
      signal,
    }),
  /** Runs that are repeated without a model on pages that were changed on purpose. */
  repeat: async ({ tasks, onProgress, signal }) =>
    (await import("./agent-repeat/measure.ts")).measureRepeat({ tasks, seed: 1, onProgress, signal }),
  /** Precision and recall of extraction by field, and model calls a row: with a faultless reader, and with one that errs. */
  extract: async ({ signal, onProgress }) => {
    const { benchExtract } = await import("./agent-extract.ts");
    const given = { signal, onProgress };
    return { faultless: await benchExtract(given), erring: await benchExtract({ ...given, mistakes: 0.1 }) };
  },
  /** Injections that were resisted, and what the gate costs a step. */
  safety: async ({ tasks, signal, onProgress }) =>
    (await import("./agent-safety.ts")).benchSafety({ tasks, signal, onProgress }),
};
