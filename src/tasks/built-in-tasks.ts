/** @file The tasks of the built-in sites, and their verifiers; needs no browser. */

import type { Task } from "../core/task.ts";
import type { Verdict } from "../core/trajectory.ts";
import { templates as forge } from "../sites/forge/index.ts";
import { templates as forum } from "../sites/forum/index.ts";
import { templates as map } from "../sites/map/index.ts";
import { templates as storeAdmin } from "../sites/store-admin/index.ts";
import { templates as storefront } from "../sites/storefront/index.ts";
import type { TaskTemplate } from "../sites/template.ts";
import type { WorldFinished } from "../sites/verify.ts";
import { appOf, pristineState } from "../sites/world.ts";
import type { TemplateTasks } from "./template-tasks.ts";
import { createTemplateTasks } from "./template-tasks.ts";

export interface BuiltInTasks extends TemplateTasks<TaskTemplate> {
  /** `null` for a task without a template. */
  verify(task: Task, finished: WorldFinished): Verdict | null;
}

let builtIn: BuiltInTasks | undefined;

/** The tasks of the built-in sites. One object, computed lazily. */
export function builtInTasks(): BuiltInTasks {
  if (builtIn) return builtIn;
  const suite = createTemplateTasks("built-in", [...storefront, ...storeAdmin, ...forum, ...forge, ...map], {
    list: "webrl suite list",
    instances: (template) => template.instances(pristineState()),
    startUrl: (template, path) => `http://${appOf(template.sites[0]!).host}${path}`,
  });
  const verify: BuiltInTasks["verify"] = (task, finished) => {
    if (task.templateId === null) return null;
    const reasons = suite
      .template(task.templateId)
      .check(task.params, pristineState())
      .flatMap((check) => check(finished));
    const success = reasons.length === 0;
    return { by: "verifier", success, probability: success ? 1 : 0, reasons };
  };
  return (builtIn = { ...suite, verify });
}
