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
};
