/**
 * Our published evaluators against the official ones, on constructed end states of every task of WebArena and
 * WebArena-Lite. The verdicts were recorded with `scripts/webarena/official.py`; they hold no part of the tasks.
 * Skipped where a task file is absent.
 */

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { evaluate } from "./evaluate.ts";
import type { EvaluatedPage } from "./evaluate.ts";
import type { ShopApi } from "./shop-api.ts";
import { fillUrls, parseTasks, whatIsRefused } from "./tasks.ts";
import { endStates } from "./testing/end-states.ts";
import type { EndState } from "./testing/end-states.ts";
import { MADE_UP_URLS } from "./testing/made-up-urls.ts";
import type { WebArenaTask } from "./tasks.ts";
import type { Protocol, Strictness } from "./text.ts";

/** The task file of WebArena itself is named by the environment: it is 900 kB. */
const SETS = [
  {
    protocol: "webarena-lite",
    file: new URL("../../../../shared/data/webarena-lite/test_webarena_lite.raw.json", import.meta.url)
      .pathname,
    verdicts: new URL("testing/official-lite.json", import.meta.url),
  },
  {
    protocol: "webarena",
    file: process.env["WEBRL_TEST_WEBARENA"] ?? "",
    verdicts: new URL("testing/official-webarena.json", import.meta.url),
  },
] as const;

/**
 * What the published evaluators say about the right end state: a text in place of a list is refused, alternatives of an
 * answer are not read.
 */
const NEVER_PASSED: Record<string, string> = { "webarena-lite.81": "-", "webarena.386": "0" };

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

/** `1`, `0`, or `-` if there is no score. */
async function verdictOf(state: EndState, protocol: Protocol, evaluator: Strictness): Promise<string> {
  const shop: ShopApi = {
    latestOrderUrl: async () => state.order,
    latestReviewAuthor: async () => state.reviews.author,
    latestReviewRating: async () => state.reviews.rating,
  };
  const judge = { sameAnswer: async () => state.judge, sameReason: async () => state.judge };
  if (whatIsRefused(state.task, protocol, evaluator) !== null) return "-";
  const context = { page: pageOf(state), judge, shop, protocol, evaluator };
  return (await evaluate(state.task, state.answer, context)).length === 0 ? "1" : "0";
}

const statesOf = (file: string) =>
  parseTasks(readFileSync(file, "utf8"), file).map((entry) => {
    expect(entry.unusable).toBeNull();
    return endStates(fillUrls(entry.task as WebArenaTask, MADE_UP_URLS).filled!);
  });

describe.each(SETS)("$protocol", ({ protocol, file, verdicts }) => {
  test.skipIf(!existsSync(file))("every verdict is the official evaluator's", async () => {
    const recorded = JSON.parse(readFileSync(verdicts, "utf8")) as Record<string, string>;
    const differing: unknown[] = [];
    for (const states of statesOf(file)) {
      const { task_id } = states[0]!.task;
      expect([task_id, recorded[task_id]?.length]).toEqual([task_id, states.length]);
      for (const [i, state] of states.entries()) {
        const [found, official] = [await verdictOf(state, protocol, "published"), recorded[task_id]![i]];
        if (found !== official) differing.push({ task: task_id, state: state.name, found, official });
      }
    }
    expect(differing).toEqual([]);
  });

  test.skipIf(!existsSync(file))(
    "each task is passed by what is right and failed by what is not, in both modes",
    async () => {
      for (const states of statesOf(file))
        for (const evaluator of ["published", "strict"] as const) {
          const { task_id } = states[0]!.task;
          const found = await Promise.all(states.map((state) => verdictOf(state, protocol, evaluator)));
          const right = (evaluator === "published" && NEVER_PASSED[`${protocol}.${task_id}`]) || "1";
          expect([task_id, evaluator, found[0]]).toEqual([task_id, evaluator, right]);
          expect([task_id, evaluator, found.includes(right === "-" ? "-" : "0")]).toEqual([
            task_id,
            evaluator,
            true,
          ]);
        }
    },
  );
});
