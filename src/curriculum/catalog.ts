/**
 * @file What the curriculum needs to know about a suite: its templates, their instances by split, and how to make a
 * task from one. `Suite.catalog` of `tasks/` implements it.
 */

import type { Lineage, JsonValue, Split, Task } from "../core/task.ts";

/** The values of a template's instance. */
export type CatalogParams = { [key: string]: JsonValue };

/** A template as the curriculum sees it. */
export interface CatalogTemplate {
  readonly id: string;
  readonly sites: readonly string[];
  readonly category: string;
  readonly phrasings: readonly string[];
  /** All its instances belong to the test split, so no task evolves into them. */
  readonly testOnly?: boolean;
}

/** The templates from which new tasks can be made, and the tasks of each split. */
export interface TaskCatalog {
  /** All templates, including those of the test split. */
  templates(): readonly CatalogTemplate[];
  /** A template's instances in one split or in all. */
  instances(templateId: string, split?: Split): readonly { params: CatalogParams; split: Split }[];
  /** With `lineage` the task belongs to the train split. */
  instantiate(templateId: string, params: CatalogParams, phrasing: number, lineage?: Lineage): Task;
  /** Tasks of a split. */
  tasks(filter: { split: Split }): Task[];
}

/**
 * Lower case, white space collapsed, punctuation dropped except inside numbers: what counts as the same instruction.
 */
export function normaliseInstruction(instruction: string): string {
  return instruction
    .normalize("NFKC")
    .toLowerCase()
    .replace(/(?<!\d)[.,](?=\d)|[.,](?!\d)|[^\p{L}\p{N}.,\s$%#@/-]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Normalised instructions that training must never see, from the test and validation splits. */
export function heldOutInstructions(catalog: Pick<TaskCatalog, "tasks">): Set<string> {
  const tasks = [...catalog.tasks({ split: "test" }), ...catalog.tasks({ split: "validation" })];
  return new Set(tasks.map((task) => normaliseInstruction(task.instruction)));
}
