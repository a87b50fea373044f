/** @file The built-in suite: its tasks, its world, its oracles. */

import type { SiteDescription } from "../core/contracts.ts";
import { invariant } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import type { SiteName } from "../sites/app.ts";
import { pristineState } from "../sites/world.ts";
import type { TaskTemplate } from "../sites/template.ts";
import type { BuiltInTasks } from "./built-in-tasks.ts";
import { builtInTasks } from "./built-in-tasks.ts";
import type { Suite } from "./suite.ts";
import { createBuiltInSite } from "./world-site.ts";

/** The topics are the paper's (App.), assigned to our sites of the same kind. */
const DESCRIPTIONS: Record<SiteName, SiteDescription> = {
  storefront: {
    description: "an online shop: catalogue, search, product pages, reviews, cart, checkout, own orders",
    infeasible: [
      "showing only discounted items",
      "changing the delivery address of a placed order",
      "adding payment data",
      "live tracking of a parcel",
      "chat with customer service",
      "after-sales requests",
    ],
  },
  "store-admin": {
    description: "the administration of an online shop: orders, customers, products, reviews, reports",
    infeasible: [
      "e-mailing order data",
      "sending invoices automatically",
      "returns and refunds through a carrier",
      "updates of the administrator's own profile",
      "recommendations from customers' behaviour",
    ],
  },
  forum: { description: "a discussion forum: boards, posts, comments, votes, profiles" },
  forge: { description: "a host for software projects: repositories, issues, merge requests, members" },
  map: {
    description: "a map: search of places, place pages, routes between places",
    infeasible: [
      "traffic, accidents and road closures",
      "weather",
      "saving favourite places",
      "sharing a live location",
      "reservations",
      "flights and trains",
      "events",
    ],
  },
};

export function builtInSuite(): Suite & { catalog: BuiltInTasks } {
  const catalog = builtInTasks();
  const templateOf = (task: Task): TaskTemplate => {
    invariant(task.templateId !== null, `${task.id} has no template`);
    return catalog.template(task.templateId);
  };
  return {
    name: catalog.name,
    tasks: (filter) => catalog.tasks(filter),
    task: (id) => catalog.task(id),
    catalog,
    descriptions: DESCRIPTIONS,
    createSite: async (options) => createBuiltInSite(options),
    hasOracle: (task) => task.templateId !== null,
    oraclesRead: "compact",
    oracleFor: (task, first) => templateOf(task).oracle(task.params, first),
    wrongAnswer: (task) => templateOf(task).wrongAnswer?.(task.params, pristineState()) ?? "wrong",
  };
}
