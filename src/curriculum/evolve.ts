/**
 * @file The offline proposer: evolves failed tasks in breadth (paper §2.2) by recombining the catalog's contents. Every
 * proposal is an instance of the train split in one of the training phrasings, so it can be carried out; it never
 * builds anything of the test and validation splits.
 *
 * Deviation: the paper asks GPT-4o for new instructions; this needs no server, but its variety is limited by the
 * catalog.
 */

import { group } from "d3-array";
import { stringify } from "safe-stable-stringify";
import type { Proposer } from "../core/contracts.ts";
import type { Rng } from "../core/rng.ts";
import { takeTurns } from "../core/take-turns.ts";
import type { Task } from "../core/task.ts";
import type { CatalogParams, CatalogTemplate, TaskCatalog } from "./catalog.ts";
import { heldOutInstructions, normaliseInstruction } from "./catalog.ts";

/**
 * How a new task is made from a failed one:
 * - `sibling`: the same template with other parameters;
 * - `crossover`: the same template, keeping some parameters and replacing the others;
 * - `phrasing`: the same task in other words;
 * - `cousin`: another template of the same site, preferably of the same category.
 */
export type EvolveOperator = "sibling" | "crossover" | "phrasing" | "cousin";

/** Phrasings that training may see, counted from the first: all but the last, at least one. */
const trainingPhrasings = ({ phrasings }: CatalogTemplate) => Math.max(1, phrasings.length - 1);

/** Relative frequency of each operator. */
const MIX: Record<EvolveOperator, number> = { sibling: 4, crossover: 2, phrasing: 2, cousin: 2 };
/** How often it tries per requested task before it gives up, because the catalog may be exhausted. */
const TRIES_PER_TASK = 30;

/**
 * Proposes tasks without a model: other values, other wordings and neighbouring templates of the failed tasks. None of
 * them is held out for validation or test.
 */
export function createEvolveProposer(catalog: TaskCatalog): Proposer {
  const pool = createEvolutionPool(catalog);
  let heldOut: Set<string> | undefined;

  return {
    name: "evolve",
    async propose(failed, { count, phase, rng, isSeen, signal }) {
      signal?.throwIfAborted();
      if (count <= 0 || failed.length === 0) return [];
      heldOut ??= heldOutInstructions(catalog);
      const taken = new Set(failed.map((task) => normaliseInstruction(task.instruction)));
      const proposed: Task[] = [];
      const parents = inTurn(failed, rng.fork("parents"));
      const draw = rng.fork("draw");
      for (let tries = 0; proposed.length < count && tries < TRIES_PER_TASK * count; tries++) {
        const parent = parents[tries % parents.length]!;
        const choice = pool.evolve(parent, pickOperator(draw), draw);
        if (choice === null) continue;
        const phrasing = pickPhrasing(choice, parent, trainingPhrasings(choice.template), draw);
        if (phrasing === null) continue;
        const lineage = { parentId: parent.id, phase, proposer: "evolve", value: null };
        const task = catalog.instantiate(choice.template.id, choice.params, phrasing, lineage);
        const key = normaliseInstruction(task.instruction);
        if (taken.has(key) || heldOut.has(key) || isSeen?.(task.instruction)) continue;
        taken.add(key);
        proposed.push(task);
      }
      return proposed;
    },
  };
}

interface Choice {
  template: CatalogTemplate;
  params: CatalogParams;
  /** The wording must differ from the parent's, because nothing else does. */
  newPhrasing: boolean;
}

/** The catalog as evolution sees it: templates that may be used, and their train instances. */
export function createEvolutionPool(catalog: TaskCatalog) {
  const instances = new Map<string, readonly CatalogParams[]>();
  const trainParams = (id: string) => {
    let list = instances.get(id);
    if (list === undefined) {
      list = catalog.instances(id, "train").map((instance) => instance.params);
      instances.set(id, list);
    }
    return list;
  };
  const usable = () => catalog.templates().filter((template) => template.testOnly !== true);
  const random = (template: CatalogTemplate, rng: Rng): Choice | null => {
    const list = trainParams(template.id);
    return list.length === 0 ? null : { template, params: rng.pick(list), newPhrasing: false };
  };

  const cousin = (parent: Task, rng: Rng): Choice | null => {
    const onSite = usable().filter((t) => t.id !== parent.templateId && t.sites[0] === parent.sites[0]);
    const alike = onSite.filter((template) => template.category === parent.category);
    const from = alike.length > 0 && rng.next() < 0.75 ? alike : onSite;
    if (from.length === 0) return null;
    const template = rng.pick(from);
    // The parent's products, people and places, if the other template knows them.
    const values = new Set(Object.values(parent.params).map((value) => stringify(value)));
    const shared = trainParams(template.id).filter((params) =>
      Object.values(params).some((value) => values.has(stringify(value))),
    );
    return shared.length > 0 && rng.next() < 0.5
      ? { template, params: rng.pick(shared), newPhrasing: false }
      : random(template, rng);
  };

  const crossover = (template: CatalogTemplate, parent: Task, rng: Rng): Choice | null => {
    const keys = Object.keys(parent.params);
    if (keys.length < 2) return null;
    const kept = rng.pick(keys);
    const mates = trainParams(template.id).filter(
      (params) =>
        stringify(params[kept] ?? null) === stringify(parent.params[kept] ?? null) &&
        stringify(params) !== stringify(parent.params),
    );
    return mates.length === 0 ? null : { template, params: rng.pick(mates), newPhrasing: false };
  };

  return {
    evolve(parent: Task, operator: EvolveOperator, rng: Rng): Choice | null {
      const own = usable().find((template) => template.id === parent.templateId);
      // For a task of a chat model or of a test-only template, only its site is known.
      if (own === undefined || operator === "cousin") return cousin(parent, rng);
      if (operator === "crossover") return crossover(own, parent, rng);
      if (operator === "sibling") return random(own, rng);
      const isTrain = trainParams(own.id).some((params) => stringify(params) === stringify(parent.params));
      return isTrain ? { template: own, params: parent.params, newPhrasing: true } : null;
    },
  };
}

function pickOperator(rng: Rng): EvolveOperator {
  const entries = Object.entries(MIX) as [EvolveOperator, number][];
  let at = rng.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [operator, weight] of entries) {
    at -= weight;
    if (at < 0) return operator;
  }
  return "sibling";
}

function pickPhrasing(choice: Choice, parent: Task, allowed: number, rng: Rng): number | null {
  if (allowed < 1 || (choice.newPhrasing && allowed < 2)) return null;
  // The caller drops a phrasing that gives the parent's own words as a duplicate.
  return rng.int(Math.min(allowed, choice.template.phrasings.length));
}

/** Templates take turns, so that one site's many failures do not fill the phase. */
const inTurn = (failed: readonly Task[], rng: Rng): Task[] =>
  takeTurns([...group(rng.shuffle(failed), (task) => task.templateId ?? task.sites[0] ?? "").values()]);
