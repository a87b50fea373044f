/**
 * @file What can be done on the forum. Pages and verifiers call these same functions; ids come from counters in the
 * state and times from `world.now`, so that equal actions leave equal states. Callers have checked permissions.
 */

import { invariant } from "../../core/errors.ts";
import type { WorldState } from "../world-state.ts";
import type { Board, Comment, ForumState, Message, Post, Sort, User } from "./state.ts";

export const userOf = (state: ForumState, name: string): User | undefined =>
  state.users.find((u) => u.name === name);
export const boardOf = (state: ForumState, slug: string): Board | undefined =>
  state.boards.find((b) => b.slug === slug);
/** A post that is still there. */
export const postOf = (state: ForumState, id: number): Post | undefined =>
  state.posts.find((p) => p.id === id && p.removed === null);
export const listStanding = (state: ForumState): Post[] => state.posts.filter((p) => p.removed === null);
export const getPost = (state: ForumState, title: string): Post => {
  const post = state.posts.find((p) => p.title === title && p.removed === null);
  invariant(post, `the forum has no post ${title}`);
  return post;
};
export const commentsOf = (state: ForumState, post: number): Comment[] =>
  state.comments.filter((c) => c.post === post);
export const inbox = (state: ForumState, user: string): Message[] =>
  state.messages.filter((m) => m.to === user).reverse();
export const outbox = (state: ForumState, user: string): Message[] =>
  state.messages.filter((m) => m.from === user).reverse();

/** Hot: points fade with age. */
export function sortPosts(posts: readonly Post[], sort: Sort, now: string): Post[] {
  const heat = (p: Post) => p.score / (2 + (Date.parse(now) - Date.parse(p.at)) / 86_400_000) ** 1.2;
  const order = {
    hot: (a: Post, b: Post) => heat(b) - heat(a) || b.id - a.id,
    new: (a: Post, b: Post) => b.at.localeCompare(a.at) || b.id - a.id,
    top: (a: Post, b: Post) => b.score - a.score || b.id - a.id,
  };
  return [...posts].sort((a, b) => Number(b.pinned) - Number(a.pinned) || order[sort](a, b));
}

/** Posts that are still there and whose title or author has every word of the query, newest first. */
export function searchPosts(state: ForumState, query: string, board = ""): Post[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return listStanding(state)
    .filter((p) => board === "" || p.board === board)
    .filter((p) => words.every((word) => `${p.title} ${p.author}`.toLowerCase().includes(word)))
    .sort((a, b) => b.at.localeCompare(a.at) || b.id - a.id);
}

export function createPost(
  world: WorldState,
  author: string,
  post: { board: string; title: string; body: string },
): Post {
  const { forum } = world;
  const created: Post = {
    id: forum.nextPost++,
    board: post.board,
    title: post.title.trim(),
    body: post.body.trim(),
    author,
    score: 1,
    at: world.now,
    locked: false,
    pinned: false,
    removed: null,
  };
  forum.posts.push(created);
  return created;
}

export function editPost(world: WorldState, id: number, body: string): void {
  need(postOf(world.forum, id)).body = body.trim();
}

export function deletePost(world: WorldState, id: number): void {
  removePost(world, id, "deleted");
}

/** By a moderator. This settles the open reports about the post. */
export function removePost(world: WorldState, id: number, reason: string): void {
  need(postOf(world.forum, id)).removed = reason;
  for (const report of world.forum.reports) if (report.post === id) report.open = false;
}

/** The moderator finds nothing wrong with the post. */
export function approvePost(world: WorldState, id: number): void {
  for (const report of world.forum.reports) if (report.post === id) report.open = false;
}

export function reportPost(world: WorldState, by: string, post: number, reason: string): void {
  world.forum.reports.push({ id: world.forum.nextReport++, post, reason, by, open: true });
}

export function setLocked(world: WorldState, id: number, locked: boolean): void {
  need(postOf(world.forum, id)).locked = locked;
}

export function setPinned(world: WorldState, id: number, pinned: boolean): void {
  need(postOf(world.forum, id)).pinned = pinned;
}

export function comment(
  world: WorldState,
  author: string,
  post: number,
  text: string,
  parent: number | null = null,
): Comment {
  const { forum } = world;
  const created: Comment = {
    id: forum.nextComment++,
    post,
    parent,
    author,
    text: text.trim(),
    score: 1,
    at: world.now,
  };
  forum.comments.push(created);
  return created;
}

/** Voting the same way twice takes the vote back. */
export function vote(
  world: WorldState,
  user: string,
  kind: "post" | "comment",
  id: number,
  direction: 1 | -1,
): void {
  const { forum } = world;
  const list: (Post | Comment)[] = kind === "post" ? forum.posts : forum.comments;
  const target = need(list.find((item) => item.id === id));
  const key = `${user} ${kind} ${id}`;
  const before = forum.votes[key] ?? 0;
  const after = before === direction ? 0 : direction;
  target.score += after - before;
  if (after === 0) delete forum.votes[key];
  else forum.votes[key] = after;
}

export function setSubscribed(world: WorldState, user: string, board: string, on: boolean): void {
  const person = need(userOf(world.forum, user));
  const target = need(boardOf(world.forum, board));
  const was = person.subscriptions.includes(board);
  if (on === was) return;
  person.subscriptions = on
    ? [...person.subscriptions, board].sort()
    : person.subscriptions.filter((slug) => slug !== board);
  target.members += on ? 1 : -1;
}

export function sendMessage(
  world: WorldState,
  from: string,
  message: { to: string; subject: string; text: string },
): Message {
  const { forum } = world;
  const sent: Message = {
    id: forum.nextMessage++,
    from,
    to: message.to,
    subject: message.subject.trim(),
    text: message.text.trim(),
    at: world.now,
  };
  forum.messages.push(sent);
  return sent;
}

/** Answers go to the sender under the same subject. */
export function replyToMessage(world: WorldState, from: string, id: number, text: string): Message {
  const original = need(world.forum.messages.find((m) => m.id === id));
  const subject = original.subject.startsWith("Re: ") ? original.subject : `Re: ${original.subject}`;
  return sendMessage(world, from, { to: original.from, subject, text });
}

export function editProfile(world: WorldState, user: string, profile: { bio: string; city: string }): void {
  const person = need(userOf(world.forum, user));
  person.bio = profile.bio.trim();
  person.city = profile.city.trim();
}

export function setPreferences(
  world: WorldState,
  user: string,
  preferences: { sort: Sort; emailReplies: boolean; showOnline: boolean },
): void {
  Object.assign(need(userOf(world.forum, user)), preferences);
}

/** Opens a session and returns its id. */
export function openSession(state: ForumState, user: string): string {
  const id = `f${state.nextSession++}`;
  state.sessions[id] = { user };
  return id;
}

function need<T>(value: T | undefined): T {
  invariant(value !== undefined, "the forum has no such record");
  return value;
}
