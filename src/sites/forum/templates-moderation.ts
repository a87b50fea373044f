/** @file Tasks of a moderator, and reports to one. */

import { hash32 } from "../../core/rng.ts";
import { click, exit, select } from "../hands.ts";
import { pageTo } from "../oracle-steps.ts";
import { defineTemplate } from "../template.ts";
import { expectChange } from "../verify.ts";
import type { WorldState } from "../world-state.ts";
import { REPORT_REASONS } from "./content.ts";
import {
  approvePost,
  getPost,
  removePost,
  reportPost,
  setLocked,
  setPinned,
  listStanding,
  userOf,
} from "./domain.ts";
import { openPost } from "./oracle-steps.ts";
import { USUAL_USER } from "./people.ts";

const ME = USUAL_USER;
const id = (world: WorldState, title: string) => getPost(world.forum, title).id;
const listModerated = (world: WorldState, yes: boolean) => {
  const { moderates } = userOf(world.forum, ME)!;
  return listStanding(world.forum).filter((p) => p.author !== ME && moderates.includes(p.board) === yes);
};
const listReported = (world: WorldState) =>
  listModerated(world, true).filter((p) => world.forum.reports.some((r) => r.open && r.post === p.id));

export const moderationTemplates = [
  defineTemplate<{ title: string; reason: string }>({
    id: "forum.remove-post",
    sites: ["forum"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      'As a moderator, remove the post "{title}" with the reason {reason}.',
      'The post "{title}" breaks our rules ({reason}). Remove it.',
      'Take "{title}" off the forum and give {reason} as the reason.',
    ],
    instances: (world) =>
      listModerated(world, true).flatMap(({ title }) =>
        [0, 1].map((n) => ({
          title,
          reason: REPORT_REASONS[(hash32(title) + n) % REPORT_REASONS.length]!,
        })),
      ),
    check: ({ title, reason }) => [expectChange((world) => removePost(world, id(world, title), reason))],
    *oracle({ title, reason }, first) {
      let page = yield click(yield* openPost(first, title), "button", "Remove post");
      page = yield select(page, "Reason", reason);
      yield click(page, "button", "Confirm removal");
      yield exit();
    },
  }),

  defineTemplate<{ title: string; reason: string }>({
    id: "forum.report-post",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 6,
    phrasings: [
      'Report the post "{title}" to the moderators as {reason}.',
      'Send a report about "{title}" with the reason {reason}.',
      'The forum post "{title}" is not all right. Report it, reason {reason}.',
    ],
    instances: (world) =>
      listModerated(world, false).map(({ title }) => ({
        title,
        reason: REPORT_REASONS[hash32(title) % REPORT_REASONS.length]!,
      })),
    check: ({ title, reason }) => [expectChange((world) => reportPost(world, ME, id(world, title), reason))],
    *oracle({ title, reason }, first) {
      let page = yield click(yield* openPost(first, title), "button", "Report post");
      page = yield select(page, "Reason", reason);
      yield click(page, "button", "Send report");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.pin-post",
    sites: ["forum"],
    category: "content management",
    difficulty: 4,
    phrasings: [
      'Pin the post "{title}".',
      'As a moderator, pin "{title}" to the top of its board.',
      'Make "{title}" a pinned post on the forum.',
    ],
    instances: (world) => listModerated(world, true).map(({ title }) => ({ title })),
    check: ({ title }) => [expectChange((world) => setPinned(world, id(world, title), true))],
    *oracle({ title }, first) {
      yield click(yield* openPost(first, title), "button", "Pin post");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.lock-post",
    sites: ["forum"],
    category: "content management",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      'Lock the post "{title}".',
      'As a moderator, lock "{title}" so that nobody can comment.',
      'No more answers to "{title}": lock it.',
    ],
    instances: (world) =>
      listModerated(world, true)
        .filter((p) => !p.locked)
        .map(({ title }) => ({ title })),
    check: ({ title }) => [expectChange((world) => setLocked(world, id(world, title), true))],
    *oracle({ title }, first) {
      yield click(yield* openPost(first, title), "button", "Lock post");
      yield exit();
    },
  }),

  defineTemplate<{ title: string; decision: "Keep" | "Remove" }>({
    id: "forum.settle-report",
    sites: ["forum"],
    category: "content management",
    difficulty: 3,
    phrasings: [
      'Settle the report about "{title}": {decision} the post.',
      'In the list of reports, choose {decision} for "{title}".',
      'Go through the reports and {decision} the reported post "{title}".',
    ],
    instances: (world) =>
      listReported(world).flatMap(({ title }) =>
        (["Keep", "Remove"] as const).map((decision) => ({ title, decision })),
      ),
    check: ({ title, decision }) => [
      expectChange((world) => {
        const post = id(world, title);
        const report = world.forum.reports.find((r) => r.open && r.post === post)!;
        if (decision === "Keep") approvePost(world, post);
        else removePost(world, post, report.reason);
      }),
    ],
    *oracle({ title, decision }, first) {
      const page = yield* pageTo(yield click(first, "link", "Reports"), title);
      yield click(page, "button", `${decision} ${title}`);
      yield exit();
    },
  }),
];
