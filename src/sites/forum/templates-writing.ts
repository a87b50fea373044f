/** @file Tasks that write: posts, comments, votes, messages, settings, signing in. */

import { hash32 } from "../../core/rng.ts";
import { click, exit, search, select, type } from "../hands.ts";
import { pageTo, scrollTo } from "../oracle-steps.ts";
import { defineTemplate } from "../template.ts";
import { expectChange } from "../verify.ts";
import type { WorldState } from "../world-state.ts";
import {
  comment,
  commentsOf,
  createPost,
  deletePost,
  editPost,
  editProfile,
  inbox,
  getPost,
  replyToMessage,
  sendMessage,
  setPreferences,
  setSubscribed,
  listStanding,
  userOf,
  vote,
} from "./domain.ts";
import { findPost, openBoard, openPost } from "./oracle-steps.ts";
import { USUAL_USER } from "./people.ts";
import type { Sort } from "./state.ts";

const ME = USUAL_USER;

const COMMENTS = [
  "Thanks for sharing this",
  "I had the same problem",
  "Please post a picture",
  "This worked for me too",
  "Where did you find it",
  "Count me in",
  "I would wait for spring",
  "My neighbour can help you",
  "See you on Saturday",
  "Try the cheaper one first",
  "That is good news",
  "I wrote you a message",
];

const NEW_POSTS: [string, string][] = [
  ["Meeting on Friday", "We meet at six in the library."],
  ["Looking for a mentor", "I am new and would like to learn."],
  ["Tools to give away", "Two boxes, free for whoever comes first."],
  ["Best book on this", "I read three and liked none of them."],
  ["Summer plans", "What will you do in July?"],
  ["Beginner questions", "Ask everything that you never dared to ask."],
  ["Old magazines found", "Forty issues from the eighties."],
  ["Picture of the month", "Please post your favourite below."],
  ["Workshop in Bergen", "Ten places, two evenings, no fee."],
  ["Rules for selling", "One post a week and a clear price."],
  ["What went wrong", "Tell us about your worst mistake."],
  ["Thank you all", "A year ago I knew nothing."],
];

const LETTERS: [string, string][] = [
  ["Saturday", "Do you have time on Saturday?"],
  ["Your last post", "I liked your last post very much."],
  ["Lost keys", "Did you find my keys?"],
  ["Garden party", "Please bring a salad."],
  ["Invoice", "The invoice is in the mail."],
  ["Train tickets", "I have two tickets for Sunday."],
];

const REPLIES = [
  "Yes, that works for me",
  "Sorry, I have no time",
  "Thank you for the message",
  "Let us talk on Monday",
];

const BIOS = `Bakes bread and repairs bikes
Reads more than is good
Grows beans on a balcony
Always looking for old maps
Learning the cello
Photographs fog
Walks to work
Mother of two and one dog
Board games on Fridays
Coffee before words
Carves spoons in winter
Sails when there is wind
Keeps bees in town
Swims in cold lakes
Draws birds badly
Collects train tickets
Knits during meetings
Knows every ferry`.split("\n");

const foreign = (world: WorldState) => listStanding(world.forum).filter((p) => p.author !== ME);
const own = (world: WorldState) => listStanding(world.forum).filter((p) => p.author === ME);
const id = (world: WorldState, title: string) => getPost(world.forum, title).id;
const commentBy = (world: WorldState, title: string, user: string) =>
  commentsOf(world.forum, id(world, title)).find((c) => c.author === user)!.id;
const slugOf = (world: WorldState, title: string) => world.forum.boards.find((b) => b.title === title)!.slug;
const pick = <T>(list: readonly T[], key: string) => list[hash32(key) % list.length]!;
const otherUsers = (world: WorldState) => world.forum.users.filter((u) => u.name !== ME);
/** One comment of every post that has some. */
const oneComment = (world: WorldState) =>
  listStanding(world.forum).flatMap((post) => {
    const comments = commentsOf(world.forum, post.id);
    return comments.length > 0 && !post.locked
      ? [{ title: post.title, user: pick(comments, `one ${post.title}`).author }]
      : [];
  });

export const writingTemplates = [
  defineTemplate<{ board: string; title: string; text: string }>({
    id: "forum.create-post",
    sites: ["forum"],
    category: "form filling",
    difficulty: 6,
    phrasings: [
      'Publish a new post in {board} with the title "{title}" and the text "{text}".',
      'Write a post on the {board} board. Title: "{title}". Text: "{text}".',
      'Start a discussion titled "{title}" in {board} that says "{text}".',
    ],
    instances: (world) =>
      world.forum.boards.flatMap((board) =>
        NEW_POSTS.map(([title, text]) => ({ board: board.title, title, text })),
      ),
    check: ({ board, title, text }) => [
      expectChange((world) => createPost(world, ME, { board: slugOf(world, board), title, body: text })),
    ],
    *oracle({ board, title, text }, first) {
      let page = yield click(first, "link", "New post");
      page = yield select(page, "Board", board);
      page = yield type(page, "Title", title);
      page = yield type(page, "Text", text);
      yield click(page, "button", "Publish post");
      yield exit();
    },
  }),

  defineTemplate<{ title: string; text: string }>({
    id: "forum.comment",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 5,
    phrasings: [
      'Comment "{text}" on the post "{title}".',
      'Under the post "{title}", leave the comment "{text}".',
      'Add to the discussion "{title}" on the forum: "{text}".',
    ],
    instances: (world) =>
      listStanding(world.forum)
        .filter((p) => !p.locked)
        .map(({ title }) => ({ title, text: pick(COMMENTS, title) })),
    check: ({ title, text }) => [expectChange((world) => comment(world, ME, id(world, title), text))],
    *oracle({ title, text }, first) {
      let page = yield* openPost(first, title);
      page = yield type(page, "Comment", text);
      yield click(page, "button", "Post comment");
      yield exit();
    },
  }),

  defineTemplate<{ title: string; user: string; text: string }>({
    id: "forum.reply",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      'Reply "{text}" to the comment of {user} on the post "{title}".',
      'Answer {user} under the post "{title}" with "{text}".',
      'In the discussion "{title}", reply to what {user} said: "{text}".',
    ],
    instances: (world) => oneComment(world).map((one) => ({ ...one, text: pick(COMMENTS, one.title) })),
    check: ({ title, user, text }) => [
      expectChange((world) => comment(world, ME, id(world, title), text, commentBy(world, title, user))),
    ],
    *oracle({ title, user, text }, first) {
      let page = yield* openPost(first, title);
      page = yield* scrollTo(page, new RegExp(`\\[link Reply to ${user}\\]`));
      page = yield click(page, "link", `Reply to ${user}`);
      page = yield type(page, `Reply to ${user}`, text);
      yield click(page, "button", "Post reply");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.upvote",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 3,
    phrasings: [
      'Upvote the post "{title}".',
      'Give a point to "{title}".',
      'Find "{title}" on the forum and vote it up.',
    ],
    instances: (world) => foreign(world).map(({ title }) => ({ title })),
    check: ({ title }) => [expectChange((world) => vote(world, ME, "post", id(world, title), 1))],
    *oracle({ title }, first) {
      yield click(yield* findPost(first, title), "button", `Upvote ${title}`);
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.downvote",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      'Downvote the post "{title}".',
      'Vote down "{title}" on the forum.',
      'I dislike "{title}": take a point away from it.',
    ],
    instances: (world) => foreign(world).map(({ title }) => ({ title })),
    check: ({ title }) => [expectChange((world) => vote(world, ME, "post", id(world, title), -1))],
    *oracle({ title }, first) {
      yield click(yield* openPost(first, title), "button", `Downvote ${title}`);
      yield exit();
    },
  }),

  defineTemplate<{ title: string; user: string }>({
    id: "forum.upvote-comment",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 4,
    phrasings: [
      'Upvote the comment by {user} on the post "{title}".',
      'Under "{title}", give a point to what {user} wrote.',
      'Open the discussion "{title}" and vote up the answer of {user}.',
    ],
    instances: oneComment,
    check: ({ title, user }) => [
      expectChange((world) => vote(world, ME, "comment", commentBy(world, title, user), 1)),
    ],
    *oracle({ title, user }, first) {
      const label = `Upvote comment by ${user}`;
      const page = yield* scrollTo(yield* openPost(first, title), new RegExp(`\\[button ${label}\\]`));
      yield click(page, "button", label);
      yield exit();
    },
  }),

  defineTemplate<{ user: string; subject: string; text: string }>({
    id: "forum.send-message",
    sites: ["forum"],
    category: "form filling",
    difficulty: 7,
    phrasings: [
      'Send a private message to {user} with the subject "{subject}" and the text "{text}".',
      'Write to {user} on the forum. Subject: "{subject}". Message: "{text}".',
      'Message the member {user} about "{subject}", saying "{text}".',
    ],
    instances: (world) =>
      otherUsers(world).flatMap(({ name }, i) =>
        [0, 1, 2].map((n) => {
          const [subject, text] = LETTERS[(i + 2 * n) % LETTERS.length]!;
          return { user: name, subject, text };
        }),
      ),
    check: ({ user, subject, text }) => [
      expectChange((world) => sendMessage(world, ME, { to: user, subject, text })),
    ],
    *oracle({ user, subject, text }, first) {
      let page = yield click(first, "link", "Messages");
      page = yield click(page, "link", "New message");
      page = yield type(page, "To", user);
      page = yield type(page, "Subject", subject);
      page = yield type(page, "Message", text);
      yield click(page, "button", "Send message");
      yield exit();
    },
  }),

  defineTemplate<{ user: string; subject: string; text: string }>({
    id: "forum.reply-message",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      'Reply "{text}" to the message "{subject}" from {user}.',
      'Answer the private message "{subject}" that {user} sent me with "{text}".',
      'In my inbox, reply to {user} about "{subject}": "{text}".',
    ],
    instances: (world) =>
      inbox(world.forum, ME).flatMap(({ from, subject }) =>
        REPLIES.map((text) => ({ user: from, subject, text })),
      ),
    check: ({ subject, text }) => [
      expectChange((world) =>
        replyToMessage(world, ME, inbox(world.forum, ME).find((m) => m.subject === subject)!.id, text),
      ),
    ],
    *oracle({ subject, text }, first) {
      let page = yield* pageTo(yield click(first, "link", "Messages"), subject);
      page = yield click(page, "link", subject);
      page = yield type(page, "Reply", text);
      yield click(page, "button", "Send reply");
      yield exit();
    },
  }),

  defineTemplate<{ board: string }>({
    id: "forum.subscribe",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 4,
    phrasings: [
      "Subscribe to the {board} board.",
      "I want to follow the board {board}: subscribe me.",
      "Add {board} to my subscriptions on the forum.",
    ],
    instances: (world) =>
      world.forum.boards
        .filter((b) => !userOf(world.forum, ME)!.subscriptions.includes(b.slug))
        .map(({ title }) => ({ board: title })),
    check: ({ board }) => [expectChange((world) => setSubscribed(world, ME, slugOf(world, board), true))],
    *oracle({ board }, first) {
      yield click(yield* openBoard(first, board), "button", `Subscribe to ${board}`);
      yield exit();
    },
  }),

  defineTemplate<{ board: string }>({
    id: "forum.unsubscribe",
    sites: ["forum"],
    category: "collaboration",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Unsubscribe from the {board} board.",
      "I no longer want to follow the board {board}: unsubscribe me.",
      "Take {board} out of my subscriptions on the forum.",
    ],
    instances: (world) =>
      world.forum.boards
        .filter((b) => userOf(world.forum, ME)!.subscriptions.includes(b.slug))
        .map(({ title }) => ({ board: title })),
    check: ({ board }) => [expectChange((world) => setSubscribed(world, ME, slugOf(world, board), false))],
    *oracle({ board }, first) {
      yield click(yield* openBoard(first, board), "button", `Unsubscribe from ${board}`);
      yield exit();
    },
  }),

  defineTemplate<{ bio: string }>({
    id: "forum.edit-bio",
    sites: ["forum"],
    category: "form filling",
    difficulty: 5,
    phrasings: [
      'Change my bio on the forum to "{bio}".',
      'Set the bio of my profile to "{bio}".',
      'My forum profile should say "{bio}" as the bio.',
    ],
    instances: () => BIOS.map((bio) => ({ bio })),
    check: ({ bio }) => [
      expectChange((world) => editProfile(world, ME, { bio, city: userOf(world.forum, ME)!.city })),
    ],
    *oracle({ bio }, first) {
      let page = yield click(first, "link", ME);
      page = yield click(page, "link", "Edit settings");
      page = yield type(page, "Bio", bio);
      yield click(page, "button", "Save profile");
      yield exit();
    },
  }),

  defineTemplate<{ sort: "Hot" | "New" | "Top"; box: "Email me replies" | "Show when online" }>({
    id: "forum.preferences",
    sites: ["forum"],
    category: "form filling",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      'In my forum settings, set the front page sort to {sort} and switch "{box}" off.',
      'Make {sort} the sort of my front page and turn off "{box}".',
      'Preferences: front page sort {sort}, "{box}" unchecked. Save them.',
    ],
    instances: () =>
      (["New", "Top"] as const).flatMap((sort) =>
        (["Email me replies", "Show when online"] as const).map((box) => ({ sort, box })),
      ),
    check: ({ sort, box }) => [
      expectChange((world) =>
        setPreferences(world, ME, {
          sort: sort.toLowerCase() as Sort,
          emailReplies: box !== "Email me replies",
          showOnline: box !== "Show when online",
        }),
      ),
    ],
    *oracle({ sort, box }, first) {
      let page = yield click(first, "link", ME);
      page = yield click(page, "link", "Edit settings");
      page = yield select(page, "Front page sort", sort);
      page = yield click(page, "checkbox", box);
      yield click(page, "button", "Save preferences");
      yield exit();
    },
  }),

  defineTemplate<{ title: string; text: string }>({
    id: "forum.edit-post",
    sites: ["forum"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      'Change the text of my post "{title}" to "{text}".',
      'Edit my forum post "{title}" so that it says "{text}".',
      'My post "{title}" is out of date. Replace its text with "{text}".',
    ],
    instances: (world) =>
      own(world).flatMap(({ title }) =>
        ["Solved, thank you all.", "Moved to next week.", "See the new post.", "Sold."].map((text) => ({
          title,
          text,
        })),
      ),
    check: ({ title, text }) => [expectChange((world) => editPost(world, id(world, title), text))],
    *oracle({ title, text }, first) {
      let page = yield* openPost(first, title);
      page = yield click(page, "link", "Edit post");
      page = yield type(page, "Text", text);
      yield click(page, "button", "Save changes");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "forum.delete-post",
    sites: ["forum"],
    category: "content management",
    difficulty: 5,
    phrasings: [
      'Delete my post "{title}" for good.',
      'I regret my forum post "{title}": delete it.',
      'Make my own post "{title}" disappear.',
    ],
    instances: (world) => own(world).map(({ title }) => ({ title })),
    check: ({ title }) => [expectChange((world) => deletePost(world, id(world, title)))],
    *oracle({ title }, first) {
      const page = yield click(yield* openPost(first, title), "button", "Delete post");
      yield click(page, "button", "Delete for good");
      yield exit();
    },
  }),

  defineTemplate<{ user: string; password: string; board: string }>({
    id: "forum.sign-in-subscribe",
    sites: ["forum"],
    category: "form filling",
    difficulty: 7,
    signedOut: true,
    phrasings: [
      "Sign in as {user} with the password {password} and subscribe to the {board} board.",
      "With the account {user} (password {password}), follow the board {board}.",
      "Subscribe {user} to {board}: the password is {password}.",
    ],
    instances: (world) =>
      otherUsers(world).map((user) => ({
        user: user.name,
        password: user.password,
        board: pick(
          world.forum.boards.filter((b) => !user.subscriptions.includes(b.slug)),
          user.name,
        ).title,
      })),
    check: ({ user, board }) => [
      expectChange((world) => setSubscribed(world, user, slugOf(world, board), true)),
    ],
    *oracle({ user, password, board }, first) {
      let page = yield click(first, "link", "Sign in");
      page = yield type(page, "User name", user);
      page = yield search(page, "Password", password);
      yield click(yield* openBoard(page, board), "button", `Subscribe to ${board}`);
      yield exit();
    },
  }),
];
