/** @file A task: an instruction on one or more sites. Plain JSON, so that it can be stored, sent and evolved. */

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Which part of a suite a task belongs to. Nothing in `validation` and `test` is ever trained on. */
export type Split = "train" | "validation" | "test";

/** What a test task has that no training task has. */
export type Novelty = "new values" | "new wording" | "new template";

/** The kinds of work by which tasks are sorted and scored. */
export const CATEGORIES = [
  "information retrieval",
  "form filling",
  "shopping",
  "extraction",
  "customer service",
  "content management",
  "shop operations",
  "collaboration",
  "navigation",
  "impossible",
] as const;

/** The kind of work that a task is. */
export type Category = (typeof CATEGORIES)[number];

/** An instruction on one or more sites, with a start page. Plain JSON. */
export interface Task {
  /** Unique and stable, e.g. `store.product-price/17`. */
  id: string;
  /** Site names; the episode starts on the first. */
  sites: string[];
  /** What the agent is asked to do, in natural language. */
  instruction: string;
  startUrl: string;
  /** The template of which this is an instance; it determines the verifier. `null`: no verifier is known. */
  templateId: string | null;
  /** Values of the template's variables. */
  params: { [key: string]: JsonValue };
  category: Category;
  /** Steps that the oracle needs, including the final `exit`; ≥ 1. */
  difficulty: number;
  split: Split;
  /**
   * What a test task has that no training task has: other values in a known sentence, a sentence that was kept from
   * training, or a template that was. Absent if unknown, and on tasks of the other splits.
   */
  novelty?: Novelty;
  /** The origin of a task of the curriculum; absent on tasks of a suite. */
  lineage?: Lineage;
}

/** Why a generated task exists (paper §2.2). */
export interface Lineage {
  /** Id of the failed task it grew from. */
  parentId: string;
  /** Phase whose curriculum proposed it, counted from 1. */
  phase: number;
  /** Name of the proposer. */
  proposer: string;
  /** The critic's V(s₀) in [0, 1] when the task was filtered; `null` until then. */
  value: number | null;
}
