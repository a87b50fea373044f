/** @file What an engine in one thread runs on. */

import type { Provider } from "./graph/compile.ts";

export interface LocalEngineOptions {
  provider: Provider;
  /** Threads of one operator; default: all cores. */
  threads?: number;
  /** Bytes that the activations of one training micro-batch may take. */
  memoryBudgetBytes: number;
}
