/** @file The data of the forum: what is stored, and how the first copy is made. */

import { createRng } from "../../core/rng.ts";
import type { AccountSession } from "../session.ts";
import {
  ANSWERS,
  BIOS,
  BOARDS,
  CLOSINGS,
  MAIL,
  OPENERS,
  REPORT_REASONS,
  type BoardContent,
} from "./content.ts";
import { PEOPLE, USUAL_USER } from "./people.ts";

export type Sort = "hot" | "new" | "top";

export interface User {
  name: string;
  fullName: string;
  city: string;
  bio: string;
  /** Day, `YYYY-MM-DD`. */
  joined: string;
  karma: number;
  password: string;
  /** Slugs of boards. */
  moderates: string[];
  subscriptions: string[];
  /** Preferences. */
  sort: Sort;
  emailReplies: boolean;
  showOnline: boolean;
}

export interface Board {
  slug: string;
  title: string;
  description: string;
  members: number;
}

export interface Post {
  id: number;
  board: string;
  title: string;
  body: string;
  author: string;
  score: number;
  /** ISO 8601. */
  at: string;
  locked: boolean;
  pinned: boolean;
  /** Why a moderator removed it; `"deleted"` if its author did; `null` while it is visible. */
  removed: string | null;
}

export interface Comment {
  id: number;
  post: number;
  /** The comment it answers. */
  parent: number | null;
  author: string;
  text: string;
  score: number;
  at: string;
}

export interface Message {
  id: number;
  from: string;
  to: string;
  subject: string;
  text: string;
  at: string;
}

export interface Report {
  id: number;
  post: number;
  reason: string;
  by: string;
  open: boolean;
}

export interface ForumState {
  /** Volatile: sign-ins, and the message that the next page shows. */
  sessions: Record<string, AccountSession>;
  nextSession: number;
  users: User[];
  boards: Board[];
  posts: Post[];
  comments: Comment[];
  messages: Message[];
  reports: Report[];
  /** `user post 12` or `user comment 7`, with 1 or -1. */
  votes: Record<string, number>;
  nextPost: number;
  nextComment: number;
  nextMessage: number;
  nextReport: number;
}

const HOUR = 3_600_000;
const START = Date.parse("2026-03-16T08:00:00Z");
const MODERATED = ["baking", "gardening", "coffee"];
const iso = (time: number) => new Date(time).toISOString().replace(".000", "");

let built: ForumState | undefined;

/** A fresh copy of the forum as every episode finds it. Composed once a process. */
export function createForumState(): ForumState {
  built ??= compose();
  return structuredClone(built);
}

function compose(): ForumState {
  const rng = createRng("forum");
  const state: ForumState = {
    sessions: {},
    nextSession: 1,
    users: composeUsers(),
    boards: BOARDS.map(({ slug, title, description }, i) => ({
      slug,
      title,
      description,
      members: 240 + ((i * 373) % 900),
    })),
    posts: [],
    comments: [],
    messages: [],
    reports: [],
    votes: {},
    nextPost: 1,
    nextComment: 1,
    nextMessage: 1,
    nextReport: 1,
  };
  composePosts(state);
  composeComments(state);
  composeMessages(state);
  const moderated = state.posts.filter((p) => MODERATED.includes(p.board) && p.author !== USUAL_USER);
  for (const post of rng.fork("reports").shuffle(moderated).slice(0, 14))
    state.reports.push({
      id: state.nextReport++,
      post: post.id,
      reason: rng.pick(REPORT_REASONS),
      by: rng.pick(PEOPLE.filter((p) => p.name !== USUAL_USER && p.name !== post.author)).name,
      open: true,
    });
  return state;
}

function composeUsers(): User[] {
  const rng = createRng("forum/users");
  const slugs = BOARDS.map((b) => b.slug);
  return PEOPLE.map((person, i) => ({
    ...person,
    bio: i === 0 ? "Walks, bread and bicycles" : rng.pick(BIOS),
    joined: iso(Date.parse("2019-02-03T00:00:00Z") + rng.int(2300) * 24 * HOUR).slice(0, 10),
    karma: 40 + ((i * 617 + 311) % 1979),
    password: `${person.city.toLowerCase()}${10 + ((i * 37) % 89)}`,
    moderates: i === 0 ? MODERATED : i % 9 === 4 ? [rng.pick(slugs)] : [],
    subscriptions: rng
      .shuffle(slugs)
      .slice(0, 3 + rng.int(3))
      .sort(),
    sort: i === 0 ? "hot" : rng.pick(["hot", "new", "top"] as const),
    emailReplies: i === 0 || rng.int(2) === 0,
    showOnline: i === 0 || rng.int(2) === 0,
  }));
}

/** Scores differ within a board, times everywhere, so that "top" and "newest" have one answer. */
function composePosts(state: ForumState): void {
  const rng = createRng("forum/posts");
  const all: { board: BoardContent; title: string; score: number }[] = [];
  for (const board of BOARDS) {
    const titles = board.titles.split("\n");
    const scores = rng.shuffle(titles.map((_, i) => 3 + i * 4 + rng.int(4)));
    titles.forEach((title, i) => all.push({ board, title, score: scores[i]! }));
  }
  const shuffled = rng.shuffle(all);
  const details = new Map<string, number>();
  shuffled.forEach(({ board, title, score }, i) => {
    const turn = details.get(board.slug) ?? 0;
    details.set(board.slug, turn + 1);
    const lines = board.details.split("\n");
    // Every tenth post or so is the usual user's own.
    const author = i % 11 === 5 ? USUAL_USER : rng.pick(PEOPLE.slice(1)).name;
    state.posts.push({
      id: state.nextPost++,
      board: board.slug,
      title,
      body: `${rng.pick(OPENERS)} ${lines[turn % lines.length]} ${rng.pick(CLOSINGS)}`,
      author,
      score,
      at: iso(START - (shuffled.length - i) * 9 * HOUR - rng.int(8) * HOUR),
      locked: author !== USUAL_USER && i % 17 === 3,
      pinned: false,
      removed: null,
    });
  });
}

/** At most one comment of a person under a post, so that "what did X answer" has one answer. */
function composeComments(state: ForumState): void {
  const rng = createRng("forum/comments");
  for (const post of state.posts) {
    const board = BOARDS.find((b) => b.slug === post.board)!;
    const texts = [
      ...rng.shuffle(board.comments.split("\n")).slice(0, 5),
      ...rng.shuffle(ANSWERS).slice(0, 3),
    ];
    const people = rng.shuffle(PEOPLE.filter((p) => p.name !== USUAL_USER && p.name !== post.author));
    const roots: number[] = [];
    const count = rng.int(8);
    for (let i = 0; i < count; i++) {
      const parent = roots.length > 0 && rng.int(3) === 0 ? rng.pick(roots) : null;
      const id = state.nextComment++;
      if (parent === null) roots.push(id);
      state.comments.push({
        id,
        post: post.id,
        parent,
        author: people[i]!.name,
        text: texts[i]!,
        score: rng.int(20),
        at: iso(Date.parse(post.at) + (i + 1) * HOUR * (1 + rng.int(3)) - HOUR / 2),
      });
    }
  }
}

function composeMessages(state: ForumState): void {
  const rng = createRng("forum/messages");
  const people = rng.shuffle(PEOPLE.slice(1));
  MAIL.forEach(([subject, text], i) => {
    const other = people[i]!.name;
    const sent = i % 6 === 5;
    state.messages.push({
      id: state.nextMessage++,
      from: sent ? USUAL_USER : other,
      to: sent ? other : USUAL_USER,
      subject,
      text,
      at: iso(START - (MAIL.length - i) * 31 * HOUR),
    });
  });
}
