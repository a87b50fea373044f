/** @file Tasks that only look: retrieval, extraction, navigation, and what cannot be done. */

import { hash32 } from "../../core/rng.ts";
import { click, exit } from "../hands.ts";
import { escape, pageTo, read, scrollTo } from "../oracle-steps.ts";
import { defineTemplate } from "../template.ts";
import { answerIs, answerJson, answerNotPossible, expectNoChange, urlIs } from "../verify.ts";
import type { WorldState } from "../world-state.ts";
import { FORUM_HOST } from "./context.tsx";
import { boardOf, commentsOf, inbox, getPost, sortPosts, listStanding, userOf } from "./domain.ts";
import { findMember, findPost, openBoard, openPost } from "./oracle-steps.ts";
import { USUAL_USER } from "./people.ts";
import type { Sort } from "./state.ts";

const titles = (world: WorldState) => listStanding(world.forum).map(({ title }) => ({ title }));
const others = (world: WorldState) =>
  world.forum.users.filter((u) => u.name !== USUAL_USER).map(({ name }) => ({ user: name }));
const row = (title: string, rest: string) => new RegExp(`\\[link ${escape(title)}\\][\\s|]*${rest}`);
const postsOn = (world: WorldState, slug: string, sort: Sort) =>
  sortPosts(
    listStanding(world.forum).filter((p) => p.board === slug),
    sort,
    world.now,
  );
const slugOf = (world: WorldState, title: string) => world.forum.boards.find((b) => b.title === title)!.slug;

export const readingTemplates = [
  defineTemplate<{ title: string }>({
    id: "forum.post-author",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 2,
    phrasings: [
      'Who wrote the post "{title}"?',
      'Tell me the user name of the author of "{title}".',
      'Find the post "{title}" on the forum and answer with the name of the person who posted it.',
    ],
    instances: titles,
    check: ({ title }, world) => [answerIs(getPost(world.forum, title).author), expectNoChange()],
    wrongAnswer: ({ title }, world) => (getPost(world.forum, title).author === "anton" ? "bella" : "anton"),
    *oracle({ title }, first) {
      const found = yield* findPost(first, title);
      yield exit(read(found, row(title, "by (\\w+)")));
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.comment-count",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 2,
    phrasings: [
      'How many comments does the post "{title}" have?',
      'Count the comments under "{title}". Answer with a number.',
      'Find out how many times people answered to the forum post "{title}", as a number.',
    ],
    instances: titles,
    check: ({ title }, world) => [
      answerIs(String(commentsOf(world.forum, getPost(world.forum, title).id).length)),
      expectNoChange(),
    ],
    wrongAnswer: () => "41",
    *oracle({ title }, first) {
      const found = yield* findPost(first, title);
      yield exit(read(found, row(title, "by \\w+, in \\w+, (\\d+) comments?")));
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.post-points",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 2,
    testOnly: true,
    phrasings: [
      'How many points does the post "{title}" have?',
      'What is the score of "{title}"? Answer with a number.',
      'Look up the forum post "{title}" and tell me its points, only the number.',
    ],
    instances: titles,
    check: ({ title }, world) => [answerIs(String(getPost(world.forum, title).score)), expectNoChange()],
    wrongAnswer: () => "404",
    *oracle({ title }, first) {
      const found = yield* findPost(first, title);
      yield exit(read(found, new RegExp(`(\\d+) points?[\\s|]*\\[link ${escape(title)}\\]`)));
    },
  }),

  defineTemplate<{ title: string; user: string }>({
    id: "forum.comment-text",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      'What did {user} comment on the post "{title}"? Answer with the exact text.',
      'Quote the comment of {user} under "{title}".',
      'Open the forum post "{title}" and give me the words that {user} wrote there.',
    ],
    instances: (world) =>
      listStanding(world.forum).flatMap((post) => {
        const comments = commentsOf(world.forum, post.id);
        const chosen = comments[hash32(post.title) % Math.max(1, comments.length)];
        return chosen ? [{ title: post.title, user: chosen.author }] : [];
      }),
    check: ({ title, user }, world) => [
      answerIs(commentsOf(world.forum, getPost(world.forum, title).id).find((c) => c.author === user)!.text),
      expectNoChange(),
    ],
    wrongAnswer: () => "Try something else",
    *oracle({ title, user }, first) {
      const pattern = new RegExp(
        `\\b${user}[\\s|]+([^\\n|]+?)[\\s|]+\\d+ points?[\\s|]*\\[button Upvote comment by ${user}\\]`,
      );
      const post = yield* openPost(first, title);
      yield exit(read(yield* scrollTo(post, pattern), pattern));
    },
  }),

  defineTemplate<{ board: string; count: number; sort: "New" | "Top" }>({
    id: "forum.list-posts",
    sites: ["forum"],
    category: "extraction",
    difficulty: 4,
    phrasings: [
      "Give the titles of the {what} {count} posts of the {board} board as a JSON list, first one first.",
      "Extract the {count} {what} post titles on {board}. Answer with a JSON array of strings.",
      "Which {count} posts are the {what} ones on the board {board}? Write their titles as JSON, in order.",
    ],
    words: ({ sort }) => ({ what: sort === "New" ? "newest" : "top" }),
    instances: (world) =>
      world.forum.boards.flatMap(({ title }) =>
        (["New", "Top"] as const).flatMap((sort) =>
          [2, 3, 4].map((count) => ({ board: title, count, sort })),
        ),
      ),
    check: ({ board, count, sort }, world) => [
      answerJson(
        postsOn(world, slugOf(world, board), sort === "New" ? "new" : "top")
          .slice(0, count)
          .map((p) => p.title),
      ),
      expectNoChange(),
    ],
    wrongAnswer: ({ count }) => JSON.stringify(Array.from({ length: count }, (_, i) => `Post ${i + 1}`)),
    *oracle({ board, count, sort }, first) {
      const list = yield click(yield* openBoard(first, board), "link", sort);
      const found = list.elements.filter((e) => e.role === "button" && e.label.startsWith("Upvote "));
      yield exit(JSON.stringify(found.slice(0, count).map((e) => e.label.slice("Upvote ".length))));
    },
  }),

  defineTemplate<{ board: string; count: number }>({
    id: "forum.newest-authors",
    sites: ["forum"],
    category: "extraction",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Give the authors of the newest {count} posts of the {board} board as a JSON list, newest first.",
      "Who wrote the {count} newest posts on {board}? Answer with a JSON array of user names in order.",
      "Extract the user names behind the {count} newest posts on the board {board} as JSON.",
    ],
    instances: (world) =>
      world.forum.boards.flatMap(({ title }) => [2, 3, 4].map((count) => ({ board: title, count }))),
    check: ({ board, count }, world) => [
      answerJson(
        postsOn(world, slugOf(world, board), "new")
          .slice(0, count)
          .map((p) => p.author),
      ),
      expectNoChange(),
    ],
    wrongAnswer: ({ count }) => JSON.stringify(Array.from({ length: count }, () => "nobody")),
    *oracle({ board, count }, first) {
      const list = yield click(yield* openBoard(first, board), "link", "New");
      const authors = [...list.text.matchAll(/\bby (\w+), \d+ comment/g)].map((m) => m[1]!);
      yield exit(JSON.stringify(authors.slice(0, count)));
    },
  }),

  defineTemplate<{ user: string }>({
    id: "forum.member-city",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "In which city does the forum member {user} live?",
      "Which city does {user} give in the list of members?",
      "Look up the member {user} and answer with the city.",
    ],
    instances: others,
    check: ({ user }, world) => [answerIs(userOf(world.forum, user)!.city), expectNoChange()],
    wrongAnswer: () => "London",
    *oracle({ user }, first) {
      const found = yield* findMember(first, user);
      yield exit(read(found, new RegExp(`\\[link ${user}\\] \\| [^|\\n]+ \\| ([^|\\n]+) \\|`)));
    },
  }),

  defineTemplate<{ user: string }>({
    id: "forum.member-karma",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      "How much karma does the forum member {user} have?",
      "What is the karma of {user}? Answer with the number.",
      "Look up the member {user} and answer with the karma.",
    ],
    instances: others,
    check: ({ user }, world) => [answerIs(String(userOf(world.forum, user)!.karma)), expectNoChange()],
    wrongAnswer: () => "7",
    *oracle({ user }, first) {
      const found = yield* findMember(first, user);
      yield exit(read(found, new RegExp(`\\[link ${user}\\] \\| [^|\\n]+ \\| [^|\\n]+ \\| (\\d+) \\|`)));
    },
  }),

  defineTemplate<{ user: string }>({
    id: "forum.best-post-of",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      "Which post of {user} has the most points? Answer with its title.",
      "Give the title of the best rated post that {user} wrote.",
      "Look at the profile of {user}: what is the title of the post with the highest points?",
    ],
    instances: (world) =>
      others(world).filter(({ user }) => {
        const scores = listStanding(world.forum).flatMap((p) => (p.author === user ? [p.score] : []));
        const best = Math.max(...scores);
        return scores.length > 1 && scores.length <= 7 && scores.filter((s) => s === best).length === 1;
      }),
    check: ({ user }, world) => [
      answerIs(
        sortPosts(
          listStanding(world.forum).filter((p) => p.author === user),
          "top",
          world.now,
        )[0]!.title,
      ),
      expectNoChange(),
    ],
    wrongAnswer: () => "My first post",
    *oracle({ user }, first) {
      let page = yield* findMember(first, user);
      page = yield click(page, "link", user);
      const rows = new Map<string, number>();
      for (;;) {
        for (const [, title, points] of page.text.matchAll(/\[link ([^\]]+)\] \| (\d+) \|/g))
          rows.set(title!, Number(points));
        if (page.scroll.top + page.scroll.viewport >= page.scroll.page - 4) break;
        page = yield { kind: "scroll_down" };
      }
      yield exit([...rows].sort((a, b) => b[1] - a[1])[0]![0]);
    },
  }),

  defineTemplate<{ user: string; subject: string }>({
    id: "forum.read-message",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      'What does the message "{subject}" from {user} in my inbox say? Answer with its text.',
      'Quote the private message that {user} sent me under the subject "{subject}".',
      'Open my message "{subject}" and give me what {user} wrote.',
    ],
    instances: (world) =>
      inbox(world.forum, USUAL_USER).map(({ from, subject }) => ({ user: from, subject })),
    check: ({ subject }, world) => [
      answerIs(inbox(world.forum, USUAL_USER).find((m) => m.subject === subject)!.text),
      expectNoChange(),
    ],
    wrongAnswer: () => "See you soon.",
    *oracle({ subject, user }, first) {
      const box = yield* pageTo(yield click(first, "link", "Messages"), subject);
      const message = yield click(box, "link", subject);
      yield exit(read(message, new RegExp(`From ${user} to \\w+, [^\\n]+\\n(.+)`)));
    },
  }),

  defineTemplate<{ board: string; sort: "Hot" | "New" | "Top" }>({
    id: "forum.open-board",
    sites: ["forum"],
    category: "navigation",
    difficulty: 4,
    phrasings: [
      "Open the {board} board sortPosts by {sort}.",
      "Show me the board {board}, with {sort} as the order.",
      "Go to {board} on the forum and choose {sort}.",
    ],
    instances: (world) =>
      world.forum.boards.flatMap(({ title }) =>
        (["Hot", "New", "Top"] as const).map((sort) => ({ board: title, sort })),
      ),
    check: ({ board, sort }, world) => [
      urlIs(`/b/${slugOf(world, board)}?sort=${sort.toLowerCase()}`, FORUM_HOST),
      expectNoChange(),
    ],
    *oracle({ board, sort }, first) {
      yield click(yield* openBoard(first, board), "link", sort);
      yield exit();
    },
  }),

  defineTemplate<{ user: string }>({
    id: "forum.open-profile",
    sites: ["forum"],
    category: "navigation",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Open the profile of the member {user}.",
      "Go to the profile page of {user} on the forum.",
      "Show me who {user} is: bring up the profile.",
    ],
    instances: others,
    check: ({ user }) => [urlIs(`/u/${user}`, FORUM_HOST), expectNoChange()],
    *oracle({ user }, first) {
      yield click(yield* findMember(first, user), "link", user);
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.delete-foreign-post",
    sites: ["forum"],
    category: "impossible",
    difficulty: 3,
    phrasings: [
      'Delete the post "{title}" for good. If that is not possible, answer N/A.',
      'Make the forum post "{title}" disappear, or say N/A if you may not.',
      'I want "{title}" deleted. Answer N/A where it cannot be done.',
    ],
    instances: (world) => {
      const moderates = userOf(world.forum, USUAL_USER)!.moderates;
      return listStanding(world.forum)
        .filter((p) => p.author !== USUAL_USER && !moderates.includes(p.board))
        .map(({ title }) => ({ title }));
    },
    check: () => [answerNotPossible(), expectNoChange()],
    wrongAnswer: () => "Done",
    *oracle({ title }, first) {
      yield* openPost(first, title);
      yield exit("N/A");
    },
  }),

  defineTemplate<{ title: string; text: string }>({
    id: "forum.comment-locked",
    sites: ["forum"],
    category: "impossible",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      'Comment "{text}" on the post "{title}". If that is not possible, answer N/A.',
      'Write "{text}" under "{title}", or say N/A if it cannot be done.',
      'Answer to the forum post "{title}" with "{text}". Say N/A where no comment is allowed.',
    ],
    instances: (world) =>
      listStanding(world.forum)
        .filter((p) => p.locked && !userOf(world.forum, USUAL_USER)!.moderates.includes(p.board))
        .flatMap(({ title }) =>
          ["Thanks for this", "Any news here", "I agree"].map((text) => ({ title, text })),
        ),
    check: () => [answerNotPossible(), expectNoChange()],
    wrongAnswer: () => "Done",
    *oracle({ title }, first) {
      yield* openPost(first, title);
      yield exit("N/A");
    },
  }),

  defineTemplate<{ user: string }>({
    id: "forum.unknown-member",
    sites: ["forum"],
    category: "impossible",
    difficulty: 3,
    phrasings: [
      "In which city does the forum member {user} live? Answer N/A if there is no such member.",
      "Find the city of the member {user}, or say N/A if nobody has that name.",
      "Look up where {user} lives on the forum. Say N/A where that cannot be found.",
    ],
    instances: ({ forum }) =>
      `adela benno corin dalia eskil flora gavin hazel imre juno kirsten lukas milena noah orla petra ruben silvia
      thea ulrik valery wilma yusuf zelda amira bjorn celia damian edda fabian`
        .split(/\s+/)
        .filter((name) => forum.users.every((u) => !`${u.fullName} ${u.city}`.toLowerCase().includes(name)))
        .map((user) => ({ user })),
    check: () => [answerNotPossible(), expectNoChange()],
    wrongAnswer: () => "Bergen",
    *oracle({ user }, first) {
      yield* findMember(first, user);
      yield exit("N/A");
    },
  }),

  defineTemplate<{ board: string }>({
    id: "forum.board-members",
    sites: ["forum"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "How many members does the {board} board have?",
      "Tell me the number of members of the board {board}.",
      "Look at the list of boards: how many people are in {board}?",
    ],
    instances: (world) => world.forum.boards.map(({ title }) => ({ board: title })),
    check: ({ board }, world) => [
      answerIs(
        String(boardOf(world.forum, slugOf(world, board))!.members),
        `${boardOf(world.forum, slugOf(world, board))!.members} members`,
      ),
      expectNoChange(),
    ],
    wrongAnswer: () => "12",
    *oracle({ board }, first) {
      const page = yield* openBoard(first, board);
      yield exit(read(page, /(\d+) members?, \d+ posts?/));
    },
  }),
];
