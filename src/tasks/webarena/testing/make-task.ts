import type { WebArenaTask } from "../tasks.ts";

/** A task of the shop with this evaluation; by default its answer is compared as a text. */
export const makeTask = (evaluation: Partial<WebArenaTask["eval"]>): WebArenaTask => ({
  task_id: 1,
  sites: ["shopping"],
  start_url: "http://shop/",
  intent: "Do it",
  eval: { eval_types: ["string_match"], ...evaluation },
});
