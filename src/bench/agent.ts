/** @file What `webrl bench agent` measures: each use has its measurement in a file of its own, and a line here. */

export interface AgentBenchOptions {
  /** Held-out tasks. */
  tasks: number;
  /** The model beside the oracle. */
  model: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

interface Measurement<T> {
  /** Returns plain JSON. */
  measure(options: AgentBenchOptions): Promise<T>;
  /** Its part of `docs/results.md`. `from`: the sentence that says where the figures come from. */
  describe(result: T, from: string): Promise<string>;
}

/** Hides the type of a measurement's result from code that only passes it on. */
const define = <T>(measurement: Measurement<T>) => measurement as Measurement<unknown>;

const pages = () => import("./agent-page.ts");

/** By name, in the order in which they run. */
export const AGENT_MEASUREMENTS: Readonly<Record<string, Measurement<unknown>>> = {
  /** Success by use; time, steps and tokens per task; what the runtime costs over a bare loop. */
  run: define({
    measure: async (options) => (await import("./agent-run.ts")).measureRuns(options),
    describe: async (result, from) => (await pages()).runPage(result, from),
  }),
  /** Batches under `kill -9`: 25 items for each task, so that the default is 1,000 items and 50 kills. */
  batch: define({
    measure: async ({ tasks, onProgress, signal }) =>
      (await import("./agent-batch/kill.ts")).measureKills({
        items: 25 * tasks,
        kills: Math.ceil(1.25 * tasks),
        seed: 1,
        // As long as a process takes for 20 items or more, so that the kills are spread over all items.
        maxSeconds: 16,
        onProgress,
        signal,
      }),
    describe: async (result, from) => (await pages()).batchPage(result, from),
  }),
  /** Repeats runs without a model on pages that were changed on purpose. */
  repeat: define({
    measure: async ({ tasks, onProgress, signal }) =>
      (await import("./agent-repeat/measure.ts")).measureRepeat({ tasks, seed: 1, onProgress, signal }),
    describe: async (result, from) => (await pages()).repeatPage(result, from),
  }),
  /**
   * Precision and recall of extraction by field, and model calls a row: with a faultless reader, and with one that
   * errs.
   */
  extract: define({
    measure: async ({ signal, onProgress }) => {
      const { benchExtract } = await import("./agent-extract.ts");
      const given = { signal, onProgress };
      return {
        faultless: await benchExtract(given),
        erring: await benchExtract({ ...given, mistakes: 0.1 }),
      };
    },
    describe: async (result, from) => (await pages()).extractPage(result, from),
  }),
  /** Injections that were resisted, and what the gate costs a step. */
  safety: define({
    measure: async ({ tasks, signal, onProgress }) =>
      (await import("./agent-safety.ts")).benchSafety({ tasks, signal, onProgress }),
    describe: async (result, from) => (await pages()).safetyPage(result, from),
  }),
};
