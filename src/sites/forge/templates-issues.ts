/** @file Tasks that work on issues and merge requests. */

import { click, exit, select, type } from "../hands.ts";
import { pageTo } from "../oracle-steps.ts";
import { defineTemplate } from "../template.ts";
import { expectChange } from "../verify.ts";
import { LABELS, MILESTONES } from "./content.ts";
import {
  addRemark,
  approve,
  createIssue,
  editIssue,
  issuesOf,
  merge,
  setIssueOpen,
  setMergeRequestOpen,
} from "./domain.ts";
import {
  getIssue,
  listManaged,
  ME,
  openIssues,
  openRequests,
  pick,
  getRequest,
  listVisible,
  slug,
  listWritable,
} from "./instances.ts";
import { openIssue, openMergeRequest, openTab } from "./oracle-steps.ts";

const NEW_ISSUES: [string, string][] = [
  ["Button does nothing", "I press it and wait."],
  ["Please add a help page", "Beginners are lost."],
  ["Wrong time zone", "All times are two hours late."],
  ["Crash at start", "It stops after one second."],
  ["Support for tablets", "The text is cut on the right."],
  ["Typo on first page", "It says welcom."],
  ["Export to CSV", "I need the data in a table."],
  ["Battery drains fast", "Ten percent in an hour."],
];

const REMARKS = [
  "I will fix this today",
  "Please send a screenshot",
  "Cannot reproduce this",
  "Fixed in the next version",
  "Thank you for the report",
  "Who can test this",
  "Let us talk on Monday",
  "This needs a design first",
];

export const issueTemplates = [
  defineTemplate<{ project: string; title: string; text: string }>({
    id: "forge.create-issue",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 8,
    phrasings: [
      'Open an issue in {project} with the title "{title}" and the description "{text}".',
      'Create a new issue for the project {project}. Title: "{title}". Description: "{text}".',
      'Report in {project} that "{title}", describing it as "{text}".',
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        NEW_ISSUES.map(([title, text]) => ({ project: p.title, title, text })),
      ),
    check: ({ project, title, text }) => [
      expectChange((world) => createIssue(world, ME, slug(world, project), { title, text })),
    ],
    *oracle({ project, title, text }, first) {
      let page = yield* openTab(first, project, "Issues");
      page = yield click(page, "link", "New issue");
      page = yield type(page, "Title", title);
      page = yield type(page, "Description", text);
      yield click(page, "button", "Create issue");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; title: string; text: string; label: string; user: string }>({
    id: "forge.create-assigned-issue",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 10,
    testOnly: true,
    phrasings: [
      'Open an issue in {project} with the title "{title}", the description "{text}", the label {label} and the assignee {user}.',
      'Create an issue for {project}. Title: "{title}". Description: "{text}". Label: {label}. Assignee: {user}.',
      'In the project {project}, file "{title}" ("{text}") as {label} and assign it to {user}.',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        NEW_ISSUES.slice(0, 4).map(([title, text]) => ({
          project: p.title,
          title,
          text,
          label: pick(LABELS, p.title + title),
          user: pick(p.members, p.title + text).user,
        })),
      ),
    check: ({ project, title, text, label, user }) => [
      expectChange((world) =>
        createIssue(world, ME, slug(world, project), { title, text, labels: [label], assignee: user }),
      ),
    ],
    *oracle({ project, title, text, label, user }, first) {
      let page = yield* openTab(first, project, "Issues");
      page = yield click(page, "link", "New issue");
      page = yield type(page, "Title", title);
      page = yield type(page, "Description", text);
      page = yield select(page, "Label", label);
      page = yield select(page, "Assignee", user);
      yield click(page, "button", "Create issue");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; issue: string }>({
    id: "forge.close-issue",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 6,
    phrasings: [
      'Close the issue "{issue}" of {project}.',
      'The issue "{issue}" in the project {project} is done. Close it.',
      'In {project}, set "{issue}" to closed.',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        openIssues(world, p).map((i) => ({ project: p.title, issue: i.title })),
      ),
    check: ({ project, issue }) => [
      expectChange((world) =>
        setIssueOpen(world, slug(world, project), getIssue(world, project, issue).number, false),
      ),
    ],
    *oracle({ project, issue }, first) {
      yield click(yield* openIssue(first, project, issue), "button", /^Close issue \d+$/);
      yield exit();
    },
  }),

  defineTemplate<{ project: string; issue: string }>({
    id: "forge.reopen-issue",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 8,
    testOnly: true,
    phrasings: [
      'Reopen the closed issue "{issue}" of {project}.',
      'The issue "{issue}" in the project {project} came back. Open it again.',
      'In {project}, set the closed issue "{issue}" to open.',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        issuesOf(world.forge, p.slug)
          .filter((i) => !i.open)
          .map((i) => ({ project: p.title, issue: i.title })),
      ),
    check: ({ project, issue }) => [
      expectChange((world) =>
        setIssueOpen(world, slug(world, project), getIssue(world, project, issue).number, true),
      ),
    ],
    *oracle({ project, issue }, first) {
      let page = yield select(yield* openTab(first, project, "Issues"), "State", "Closed");
      page = yield* pageTo(yield click(page, "button", "Filter"), issue);
      page = yield click(page, "link", issue);
      yield click(page, "button", /^Reopen issue \d+$/);
      yield exit();
    },
  }),

  defineTemplate<{ project: string; issue: string; text: string }>({
    id: "forge.comment-issue",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 7,
    phrasings: [
      'Comment "{text}" on the issue "{issue}" of {project}.',
      'Under the open issue "{issue}" in the project {project}, write "{text}".',
      'Add "{text}" to the discussion of "{issue}" in {project}.',
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        openIssues(world, p).map((i) => ({
          project: p.title,
          issue: i.title,
          text: pick(REMARKS, p.title + i.title),
        })),
      ),
    check: ({ project, issue, text }) => [
      expectChange((world) =>
        addRemark(world, ME, slug(world, project), "issue", getIssue(world, project, issue).number, text),
      ),
    ],
    *oracle({ project, issue, text }, first) {
      const page = yield type(yield* openIssue(first, project, issue), "Comment", text);
      yield click(page, "button", "Add comment");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; issue: string; label: string }>({
    id: "forge.label-issue",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 7,
    phrasings: [
      'Add the label {label} to the issue "{issue}" of {project}.',
      'In the project {project}, label the open issue "{issue}" as {label} too.',
      'The issue "{issue}" in {project} also needs the label {label}.',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        openIssues(world, p).map((i) => ({
          project: p.title,
          issue: i.title,
          label: pick(
            LABELS.filter((l) => !i.labels.includes(l)),
            p.title + i.title,
          ),
        })),
      ),
    check: ({ project, issue, label }) => [
      expectChange((world) => {
        const { number, labels } = getIssue(world, project, issue);
        editIssue(world, slug(world, project), number, { labels: [...labels, label] });
      }),
    ],
    *oracle({ project, issue, label }, first) {
      const page = yield click(yield* openIssue(first, project, issue), "checkbox", label);
      yield click(page, "button", "Save details");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; issue: string; user: string }>({
    id: "forge.assign-issue",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 7,
    phrasings: [
      'Assign the issue "{issue}" of {project} to {user}.',
      'In the project {project}, make {user} the assignee of the open issue "{issue}".',
      '{user} takes over "{issue}" in {project}: change the assignee.',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        openIssues(world, p).map((i) => ({
          project: p.title,
          issue: i.title,
          user: pick(
            p.members.filter((m) => m.user !== i.assignee),
            p.title + i.title,
          ).user,
        })),
      ),
    check: ({ project, issue, user }) => [
      expectChange((world) =>
        editIssue(world, slug(world, project), getIssue(world, project, issue).number, {
          assignee: user,
        }),
      ),
    ],
    *oracle({ project, issue, user }, first) {
      const page = yield select(yield* openIssue(first, project, issue), "Assignee", user);
      yield click(page, "button", "Save details");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; issue: string; milestone: string }>({
    id: "forge.set-milestone",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 7,
    testOnly: true,
    phrasings: [
      'Set the milestone of the issue "{issue}" of {project} to {milestone}.',
      'In the project {project}, plan the open issue "{issue}" for the {milestone}.',
      'Move "{issue}" in {project} to the milestone {milestone}.',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        openIssues(world, p).map((i) => ({
          project: p.title,
          issue: i.title,
          milestone: pick(
            MILESTONES.filter((m) => m !== i.milestone),
            p.title + i.title,
          ),
        })),
      ),
    check: ({ project, issue, milestone }) => [
      expectChange((world) =>
        editIssue(world, slug(world, project), getIssue(world, project, issue).number, { milestone }),
      ),
    ],
    *oracle({ project, issue, milestone }, first) {
      const page = yield select(yield* openIssue(first, project, issue), "Milestone", milestone);
      yield click(page, "button", "Save details");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; request: string }>({
    id: "forge.merge",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 7,
    phrasings: [
      'Merge the merge request "{request}" of {project}.',
      'In the project {project}, "{request}" is ready. Merge it.',
      'Get the merge request "{request}" into {project}.',
    ],
    instances: (world) =>
      listManaged(world).flatMap((p) =>
        openRequests(world, p)
          .filter((m) => !m.conflicts)
          .map((m) => ({ project: p.title, request: m.title })),
      ),
    check: ({ project, request }) => [
      expectChange((world) =>
        merge(world, ME, slug(world, project), getRequest(world, project, request).number),
      ),
    ],
    *oracle({ project, request }, first) {
      const page = yield click(yield* openMergeRequest(first, project, request), "button", "Merge");
      yield click(page, "button", "Confirm merge");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; request: string }>({
    id: "forge.approve",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 6,
    phrasings: [
      'Approve the merge request "{request}" of {project}.',
      'In the project {project}, give "{request}" your approval.',
      'I reviewed "{request}" in {project}: approve it.',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        openRequests(world, p).map((m) => ({ project: p.title, request: m.title })),
      ),
    check: ({ project, request }) => [
      expectChange((world) =>
        approve(world, ME, slug(world, project), getRequest(world, project, request).number, true),
      ),
    ],
    *oracle({ project, request }, first) {
      yield click(yield* openMergeRequest(first, project, request), "button", "Approve");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; request: string }>({
    id: "forge.close-merge-request",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      'Close the merge request "{request}" of {project}.',
      'In the project {project}, "{request}" is no longer wanted. Close the merge request.',
      'Turn down the merge request "{request}" in {project} by closing it.',
    ],
    instances: (world) =>
      listManaged(world).flatMap((p) =>
        openRequests(world, p).map((m) => ({ project: p.title, request: m.title })),
      ),
    check: ({ project, request }) => [
      expectChange((world) =>
        setMergeRequestOpen(world, slug(world, project), getRequest(world, project, request).number, false),
      ),
    ],
    *oracle({ project, request }, first) {
      yield click(yield* openMergeRequest(first, project, request), "button", "Close merge request");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; request: string; text: string }>({
    id: "forge.comment-merge-request",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 7,
    testOnly: true,
    phrasings: [
      'Comment "{text}" on the merge request "{request}" of {project}.',
      'Under the merge request "{request}" in the project {project}, write "{text}".',
      'Add "{text}" to the discussion of the merge request "{request}" in {project}.',
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        openRequests(world, p).map((m) => ({
          project: p.title,
          request: m.title,
          text: pick(REMARKS, p.title + m.title),
        })),
      ),
    check: ({ project, request, text }) => [
      expectChange((world) =>
        addRemark(
          world,
          ME,
          slug(world, project),
          "merge request",
          getRequest(world, project, request).number,
          text,
        ),
      ),
    ],
    *oracle({ project, request, text }, first) {
      const page = yield type(yield* openMergeRequest(first, project, request), "Comment", text);
      yield click(page, "button", "Add comment");
      yield exit();
    },
  }),
];
