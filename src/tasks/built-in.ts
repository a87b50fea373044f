/** @file The built-in suite as something that runs: its tasks, its world, its oracles. */

import { invariant } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { pristineState } from "../sites/world.ts";
import type { TaskTemplate } from "../sites/template.ts";
import type { RunnableSuite } from "./runnable.ts";
import { builtInSuite } from "./suite.ts";
import type { TemplateSuite } from "./suite.ts";
import { createBuiltInSite } from "./world-site.ts";

export function runnableBuiltInSuite(): RunnableSuite & TemplateSuite {
  const suite = builtInSuite();
  const templateOf = (task: Task): TaskTemplate => {
    invariant(task.templateId !== null, `${task.id} has no template`);
    return suite.template(task.templateId);
  };
  return {
    ...suite,
    createSite: async (options) => createBuiltInSite(options),
    hasOracle: (task) => task.templateId !== null,
    oracleFor: (task, first) => templateOf(task).oracle(task.params, first),
    wrongAnswer: (task) => templateOf(task).wrongAnswer?.(task.params, pristineState()) ?? "wrong",
  };
}
