/** @file Makes tasks from templates: every set of parameters of a template in its wordings, assigned to a split. */

import { stringify } from "safe-stable-stringify";
import { ConfigError, invariant } from "../core/errors.ts";
import { hash32 } from "../core/rng.ts";
import type { Category, Lineage, Novelty, Split, Task } from "../core/task.ts";
import type { Params } from "../sites/template.ts";
import type { TaskFilter } from "./filter-tasks.ts";
import { filterTasks, findTask, reportUnknown } from "./filter-tasks.ts";

/** One set of parameters of a template. */
export interface TemplateInstance {
  /** Position in the template's list. */
  index: number;
  params: Params;
  split: Split;
}

/** What a suite needs to know of a template to make tasks from it. */
export interface SuiteTemplate {
  readonly id: string;
  /** The episode starts on the first. */
  readonly sites: readonly string[];
  readonly category: Category;
  readonly difficulty: number;
  readonly testOnly?: boolean | undefined;
  readonly phrasings: readonly string[];
  readonly paraphrases?: readonly string[] | undefined;
  words?(params: Params): Record<string, string>;
  startPath?(params: Params): string;
}

/** Tasks made from templates, from which the curriculum makes new ones. */
export interface TemplateTasks<T extends SuiteTemplate = SuiteTemplate> {
  readonly name: string;
  /** In a stable order. */
  tasks(filter?: TaskFilter): Task[];
  /** Throws a `ConfigError` that names the nearest id. */
  task(id: string): Task;
  templates(): readonly T[];
  /** Throws a `ConfigError` that names the nearest id. */
  template(id: string): T;
  instances(templateId: string, split?: Split): readonly TemplateInstance[];
  /**
   * A task with these parameters. `phrasing` counts from 0; the last one of each template that has several is kept for
   * the test split. With `lineage` the task belongs to the train split.
   */
  instantiate(templateId: string, params: Params, phrasing: number, lineage?: Lineage): Task;
  /**
   * The task's instruction in every wording that training may see: all phrasings but the last, and the paraphrases. A
   * task of another suite has only its own.
   */
  retellings(task: Task): string[];
}

/** How many of a template's phrasings training may see: all but the last, or the only one. */
const trainingPhrasings = ({ phrasings }: SuiteTemplate) => Math.max(1, phrasings.length - 1);

function noveltyOf(template: SuiteTemplate, phrasing: number): Novelty {
  if (template.testOnly) return "new template";
  return phrasing < trainingPhrasings(template) ? "new values" : "new wording";
}

export interface TemplateWorld<T> {
  /** The command that lists the suite, for messages. */
  list: string;
  /** Every set of parameters, in a stable order. */
  instances(template: T): readonly Params[];
  /** `path` on the template's first site. */
  startUrl(template: T, path: string): string;
}

/** The instances of templates, made on first use. */
function indexInstances<T extends SuiteTemplate>(template: (id: string) => T, world: TemplateWorld<T>) {
  const instances = new Map<string, TemplateInstance[]>();
  const byParams = new Map<string, Map<string, TemplateInstance>>();
  const of = (id: string): TemplateInstance[] => {
    let list = instances.get(id);
    if (!list) {
      const from = template(id);
      list = world.instances(from).map((params, at) => ({
        index: at,
        params,
        split: from.testOnly ? "test" : splitOf(id, params),
      }));
      instances.set(id, list);
    }
    return list;
  };
  /** The instances by their parameters. */
  const find = (id: string, key: string): TemplateInstance | undefined => {
    let keys = byParams.get(id);
    if (!keys) {
      keys = new Map(of(id).map((instance) => [stringify(instance.params), instance]));
      byParams.set(id, keys);
    }
    return keys.get(key);
  };
  return { of, find };
}

export function createTemplateTasks<T extends SuiteTemplate>(
  name: string,
  templates: readonly T[],
  world: TemplateWorld<T>,
): TemplateTasks<T> {
  const byId = new Map(templates.map((template) => [template.id, template]));
  invariant(byId.size === templates.length, "template ids are unique");
  let all: Task[] | undefined;
  let index: Map<string, Task> | undefined;

  const template = (id: string): T => {
    const found = byId.get(id);
    if (found) return found;
    throw reportUnknown("template", id, byId.keys(), `${world.list} --templates`);
  };

  const { of: instancesOf, find: findInstance } = indexInstances(template, world);

  const make = (from: T, id: string, params: Params, phrasing: number, split: Split): Task => ({
    id,
    sites: [...from.sites],
    instruction: fill(from, from.phrasings[phrasing]!, params),
    startUrl: world.startUrl(from, from.startPath?.(params) ?? "/"),
    templateId: from.id,
    params,
    category: from.category,
    difficulty: from.difficulty,
    split,
    ...(split === "test" && { novelty: noveltyOf(from, phrasing) }),
  });

  const tasks = (): Task[] =>
    (all ??= templates.flatMap((from) =>
      instancesOf(from.id).map(({ index: at, params, split }) => {
        const id = `${from.id}/${at}`;
        const phrasings = split === "test" ? from.phrasings.length : trainingPhrasings(from);
        return make(from, id, params, hash32(`phrasing ${id}`) % phrasings, split);
      }),
    ));

  return {
    name,
    templates: () => templates,
    template,
    instances: (id, split) => instancesOf(id).filter((instance) => !split || instance.split === split),
    tasks: (filter = {}) => filterTasks(tasks(), filter, world.list),
    task: (id) => {
      index ??= new Map(tasks().map((task) => [task.id, task]));
      return index.get(id) ?? findTask(tasks(), id, world.list);
    },
    instantiate: (templateId, params, phrasing, lineage) => {
      const from = template(templateId);
      invariant(from.phrasings[phrasing] !== undefined, `${templateId} has no phrasing ${phrasing}`);
      const key = stringify(params);
      const known = findInstance(templateId, key);
      const instance = known ? String(known.index) : `x${hash32(key).toString(36)}`;
      const id = `${templateId}/${instance}.${phrasing}${lineage ? `@${lineage.phase}` : ""}`;
      const split = lineage
        ? "train"
        : (known?.split ?? (from.testOnly ? "test" : splitOf(templateId, params)));
      return { ...make(from, id, params, phrasing, split), ...(lineage ? { lineage } : {}) };
    },
    retellings: ({ templateId, params, instruction }) => {
      const from = templateId === null ? undefined : byId.get(templateId);
      if (from === undefined) return [instruction];
      const wordings = [...from.phrasings.slice(0, trainingPhrasings(from)), ...(from.paraphrases ?? [])];
      return wordings.map((wording) => fill(from, wording, params));
    },
  };
}

/** 70% train, 10% validation, 20% test, decided by the task's content and not by its place in a list. */
export function splitOf(templateId: string, params: Params): Split {
  const at = hash32(`split ${templateId} ${stringify(params)}`) % 10;
  return at < 7 ? "train" : at < 8 ? "validation" : "test";
}

/** The instruction: a wording with its placeholders filled. */
function fill(template: SuiteTemplate, wording: string, params: Params): string {
  const words = template.words?.(params) ?? {};
  return wording.replace(/\{(\w+)\}/g, (_, name: string) => {
    const text = words[name] ?? params[name];
    if (text === undefined || text === null)
      throw new ConfigError(
        `the template ${template.id} has no value for the placeholder {${name}} of ${JSON.stringify(wording)}`,
        "Give each of its instances this parameter, or correct the phrasing.",
      );
    return String(text);
  });
}
