/**
 * Our published evaluators against the official ones, on constructed end states of every task of WebArena-Lite. The verdicts were
 * recorded with `scripts/webarena/official.py`; they hold no part of the tasks. Skipped where the task file is absent.
 */

import { existsSync, readFileSync } from "node:fs";
import { group } from "d3-array";
import { expect, test } from "vitest";
import { Fault } from "../../core/errors.ts";
import { evaluate } from "./evaluate.ts";
import type { EvaluatedPage } from "./evaluate.ts";
import type { ShopApi } from "./shop-api.ts";
import { fillUrls, parseTasks } from "./tasks.ts";
import { endStates } from "./testing/end-states.ts";
import type { EndState } from "./testing/end-states.ts";
import { MADE_UP_URLS } from "./testing/made-up-urls.ts";
import type { Strictness } from "./text.ts";

const FILE = new URL("../../../../shared/data/webarena-lite/test_webarena_lite.raw.json", import.meta.url);
const VERDICTS = new URL("testing/official-verdicts.json", import.meta.url);

function pageOf({ url, pages }: EndState): EvaluatedPage {
  let at = url;
  return {
    url: () => at,
    open: async (to) => void (at = to),
    html: async () => pages[at]?.html ?? "<html></html>",
    evaluate: async (expression) => {
      const values = pages[at]?.values ?? {};
      const account = /=== "(@[^"]+)"/.exec(expression)?.[1];
      if (account !== undefined) return values[account] ?? "";
      if (expression in values) return values[expression];
      throw new Error("no such element");
    },
  };
}

/** 1, 0, or `null` where there is no score. */
async function verdictOf(state: EndState, evaluator: Strictness): Promise<number | null> {
  const shop: ShopApi = {
    latestOrderUrl: async () => state.order,
    latestReviewAuthor: async () => state.reviews.author,
    latestReviewRating: async () => state.reviews.rating,
  };
  const judge = { sameAnswer: async () => state.judge, sameReason: async () => state.judge };
  try {
    const reasons = await evaluate(state.task, state.answer, { page: pageOf(state), judge, shop, evaluator });
    return reasons.length === 0 ? 1 : 0;
  } catch (error) {
    if (error instanceof Fault && error.code === "task_unusable") return null;
    throw error;
  }
}

const states = () =>
  parseTasks(readFileSync(FILE, "utf8"), "lite").flatMap(({ task, unusable }) =>
    unusable === null ? endStates(fillUrls(task, MADE_UP_URLS).filled!) : [],
  );

test.skipIf(!existsSync(FILE))("every verdict is the official evaluator's", async () => {
  const recorded = JSON.parse(readFileSync(VERDICTS, "utf8")) as [number, string, number | null][];
  const found = await Promise.all(
    states().map(async (state) => [state.task.task_id, state.name, await verdictOf(state, "published")]),
  );
  const differing = found.filter((verdict, i) => JSON.stringify(verdict) !== JSON.stringify(recorded[i]));
  expect(differing).toEqual([]);
  expect(found).toHaveLength(recorded.length);
});

test.skipIf(!existsSync(FILE))(
  "each task is passed by what is right and failed by what is not, in both modes",
  async () => {
    const byTask = group(states(), ({ task }) => task.task_id);
    for (const [id, ofTask] of byTask)
      for (const evaluator of ["published", "strict"] as const) {
        const verdicts = await Promise.all(ofTask.map((state) => verdictOf(state, evaluator)));
        // The published evaluator cannot read task 81.
        const isRead = evaluator === "strict" || id !== 81;
        expect([id, evaluator, verdicts[0]]).toEqual([id, evaluator, isRead ? 1 : null]);
        expect([id, evaluator, verdicts.includes(isRead ? 0 : null)]).toEqual([id, evaluator, true]);
      }
  },
);
