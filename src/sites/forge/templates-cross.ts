/** @file Tasks that need both the forge and the forum. */

import { sendMessage, userOf } from "../forum/domain.ts";
import { findMember } from "../forum/oracle-steps.ts";
import { click, exit, type } from "../hands.ts";
import { read } from "../oracle-steps.ts";
import { defineTemplate } from "../template.ts";
import { answerIs, expectChange, expectNoChange } from "../verify.ts";
import type { WorldState } from "../world-state.ts";
import { getProject } from "./domain.ts";
import { getIssue, ME, openIssues, pick, listVisible } from "./instances.ts";
import { findIssue, openTab } from "./oracle-steps.ts";

const LETTERS = ["How is it going?", "Do you need help?", "When will it be ready?", "Can I test it?"];

const ownerOf = (world: WorldState, project: string) =>
  getProject(world.forge, project).members.find((m) => m.role === "Owner")!.user;

export const crossTemplates = [
  defineTemplate<{ project: string }>({
    id: "forge.owner-karma",
    sites: ["forge", "forum"],
    category: "information retrieval",
    difficulty: 7,
    testOnly: true,
    phrasings: [
      "How much karma does the owner of the forge project {project} have on the forum?",
      "Find out who owns {project} on the forge, then answer with that person's karma on the forum.",
      "The owner of {project} is also a member of the forum. What is the karma of this user?",
    ],
    instances: (world) =>
      listVisible(world)
        .filter((p) => ownerOf(world, p.title) !== ME)
        .map((p) => ({ project: p.title })),
    check: ({ project }, world) => [
      answerIs(String(userOf(world.forum, ownerOf(world, project))!.karma)),
      expectNoChange(),
    ],
    wrongAnswer: () => "7",
    *oracle({ project }, first) {
      const members = yield* openTab(first, project, "Members");
      const owner = read(members, /\[link (\w+)\] \| [^|\n]+ \| Owner/);
      const found = yield* findMember(yield click(members, "link", "Forum"), owner);
      yield exit(read(found, new RegExp(`\\[link ${owner}\\] \\| [^|\\n]+ \\| [^|\\n]+ \\| (\\d+) \\|`)));
    },
  }),

  defineTemplate<{ project: string }>({
    id: "forge.owner-city",
    sites: ["forge", "forum"],
    category: "information retrieval",
    difficulty: 7,
    phrasings: [
      "In which city does the owner of the forge project {project} live, according to the forum?",
      "Find out who owns {project} on the forge, then answer with that person's city on the forum.",
      "The owner of {project} is also a member of the forum. Which city is given there?",
    ],
    instances: (world) =>
      listVisible(world)
        .filter((p) => ownerOf(world, p.title) !== ME)
        .map((p) => ({ project: p.title })),
    check: ({ project }, world) => [
      answerIs(userOf(world.forum, ownerOf(world, project))!.city),
      expectNoChange(),
    ],
    wrongAnswer: () => "London",
    *oracle({ project }, first) {
      const members = yield* openTab(first, project, "Members");
      const owner = read(members, /\[link (\w+)\] \| [^|\n]+ \| Owner/);
      const found = yield* findMember(yield click(members, "link", "Forum"), owner);
      yield exit(read(found, new RegExp(`\\[link ${owner}\\] \\| [^|\\n]+ \\| ([^|\\n]+) \\|`)));
    },
  }),

  defineTemplate<{ project: string; issue: string; text: string }>({
    id: "forge.message-assignee",
    sites: ["forge", "forum"],
    category: "collaboration",
    difficulty: 11,
    phrasings: [
      'Find out who is assigned to the issue "{issue}" of the forge project {project}, and send that person a private message on the forum with the subject "{project}" and the text "{text}".',
      'Write a private message on the forum to the assignee of "{issue}" in {project}. Subject: "{project}". Message: "{text}".',
      'The open issue "{issue}" of {project} has an assignee. Message that user on the forum, subject "{project}", text "{text}".',
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        openIssues(world, p)
          .filter((i) => i.assignee && i.assignee !== ME)
          .slice(0, 4)
          .map((i) => ({ project: p.title, issue: i.title, text: pick(LETTERS, p.title + i.title) })),
      ),
    check: ({ project, issue, text }) => [
      expectChange((world) =>
        sendMessage(world, ME, {
          to: getIssue(world, project, issue).assignee!,
          subject: project,
          text,
        }),
      ),
    ],
    *oracle({ project, issue, text }, first) {
      let page = yield* findIssue(first, project, issue);
      const pattern = `\\[link ${issue}\\] \\| [^|\\n]*\\| ([^|\\n]+) \\|`;
      const assignee = read(page, new RegExp(pattern));
      page = yield click(page, "link", "Forum");
      page = yield click(page, "link", "Messages");
      page = yield click(page, "link", "New message");
      page = yield type(page, "To", assignee);
      page = yield type(page, "Subject", project);
      page = yield type(page, "Message", text);
      yield click(page, "button", "Send message");
      yield exit();
    },
  }),
];
