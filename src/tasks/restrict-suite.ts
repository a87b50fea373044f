/** @file A part of a suite: some sites, some templates. */

import { filterTasks } from "./filter-tasks.ts";
import type { Suite } from "./suite.ts";

/** What a run or an evaluation is restricted to; an empty list restricts nothing. */
export interface SuitePart {
  readonly sites: readonly string[];
  readonly templates: readonly string[];
}

/**
 * The suite with only those tasks and templates that use these sites alone and belong to these templates. Throws a
 * `ConfigError` that names the nearest one if a name is unknown.
 */
export function restrictSuite(suite: Suite, { sites, templates }: SuitePart): Suite {
  if (sites.length === 0 && templates.length === 0) return suite;
  // The suite itself refuses what it does not know.
  for (const site of sites) suite.tasks({ site, limit: 1 });
  for (const template of templates) suite.tasks({ template, limit: 1 });
  const isWanted = (on: readonly string[], template: string | null) =>
    (sites.length === 0 || on.every((site) => sites.includes(site))) &&
    (templates.length === 0 || (template !== null && templates.includes(template)));
  const { catalog } = suite;
  return {
    ...suite,
    tasks: ({ limit, ...filter } = {}) =>
      filterTasks(
        suite.tasks(filter).filter((task) => isWanted(task.sites, task.templateId)),
        { limit },
      ),
    catalog: catalog && {
      ...catalog,
      templates: () => catalog.templates().filter(({ sites: on, id }) => isWanted(on, id)),
    },
  };
}
