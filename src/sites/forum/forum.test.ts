/** @file The forum without a browser: its data, its pages, and that pages and domain functions agree. */

import { beforeEach, expect, test } from "vitest";
import { expectChange, expectNoChange } from "../verify.ts";
import { createWorld, pristineState, type World } from "../world.ts";
import * as domain from "./domain.ts";
import { app } from "./app.ts";
import { createForumState } from "./state.ts";

const ME = "mira";
let world: World;
let cookie: string;
beforeEach(() => {
  world = createWorld(["forum"]);
  cookie = world.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
});

const send = async (path: string, form?: Record<string, string>, as = cookie) =>
  world.hosts.get(app.host)!(
    new Request(`http://${app.host}${path}`, {
      headers: { cookie: as },
      ...(form ? { method: "POST", body: new URLSearchParams(form) } : {}),
    }),
  );

const reasons = (check: ReturnType<typeof expectChange>) =>
  check({
    answer: null,
    url: "",
    pageText: "",
    state: world.state,
    initial: pristineState(),
    volatile: app.volatile,
  });

const foreign = () => domain.listStanding(world.state.forum).find((p) => p.author !== ME && !p.locked)!;
const own = () => domain.listStanding(world.state.forum).find((p) => p.author === ME)!;
const moderated = () =>
  domain.listStanding(world.state.forum).find((p) => p.author !== ME && p.board === "baking")!;

test("the forum has a believable size and no two posts of one title", () => {
  const state = createForumState();
  expect(state.boards).toHaveLength(12);
  expect(state.users).toHaveLength(60);
  expect(state.posts.length).toBeGreaterThan(240);
  expect(state.comments.length).toBeGreaterThan(800);
  expect(new Set(state.posts.map((p) => p.title.toLowerCase())).size).toBe(state.posts.length);
  expect(new Set(state.comments.map((c) => `${c.post} ${c.author}`)).size).toBe(state.comments.length);
  for (const { slug } of state.boards) {
    const scores = state.posts.filter((p) => p.board === slug).map((p) => p.score);
    expect(new Set(scores).size).toBe(scores.length);
  }
});

test("two copies of the data are equal and independent", () => {
  const [a, b] = [createForumState(), createForumState()];
  expect(a).toEqual(b);
  a.posts[0]!.title = "changed";
  expect(b.posts[0]!.title).not.toBe("changed");
});

test.each([
  "/",
  "/?sort=top&page=3",
  "/boards",
  "/b/baking",
  "/b/baking?sort=new",
  "/search?q=bread",
  "/search?q=nothinglikethis",
  "/p/1",
  "/submit",
  "/u/keiko",
  "/u/mira",
  "/members",
  "/members?q=lyon&sort=karma",
  "/settings",
  "/messages",
  "/messages/sent",
  "/messages/1",
  "/messages/new?to=keiko",
  "/reports",
  "/login",
])("%s shows a page whose links and buttons all have names of their own", async (path) => {
  const response = await send(path);
  expect(response.status).toBe(200);
  const html = (await response.text()).replace(/<style>.*?<\/style>|<script>.*?<\/script>/gs, "");
  const names = [...html.matchAll(/<(a|button)\b([^>]*)>(.*?)<\/\1>/gs)].map(
    ([, tag, attributes = "", content = ""]) =>
      `${tag} ${/aria-label="([^"]*)"/.exec(attributes)?.[1] ?? content.replace(/<[^>]*>/g, "").trim()}`,
  );
  expect(names.filter((name) => name === "a " || name === "button ")).toEqual([]);
  expect(names.filter((name, i) => names.indexOf(name) !== i && name !== "a mira")).toEqual([]);
});

test.each(["/nope", "/b/nope", "/p/9999", "/p/x", "/u/nobody", "/messages/9999"])(
  "%s is not found",
  async (path) => {
    expect((await send(path)).status).toBe(404);
  },
);

test("looking changes nothing", async () => {
  for (const path of ["/", "/b/baking", "/p/1", "/messages/1", "/u/mira", "/search?q=bread"])
    await send(path);
  expect(reasons(expectNoChange())).toEqual([]);
});

test("a post from the form is the post that the verifier expects", async () => {
  await send("/submit", { board: "coffee", title: " Hello ", body: "First line\r\nsecond" });
  const post = { board: "coffee", title: "Hello", body: "First line\nsecond" };
  expect(reasons(expectChange((w) => domain.createPost(w, ME, post)))).toEqual([]);
  expect(reasons(expectChange((w) => domain.createPost(w, ME, { ...post, board: "books" })))).not.toEqual([]);
  expect(reasons(expectNoChange())).not.toEqual([]);
});

test("comments, replies, votes and messages from forms are what the verifier expects", async () => {
  const post = foreign();
  const first = domain.commentsOf(world.state.forum, post.id)[0];
  await send(`/p/${post.id}/comment`, { text: "Well done" });
  if (first) await send(`/p/${post.id}/comment`, { text: "Indeed", parent: String(first.id) });
  await send("/vote", { kind: "post", id: String(post.id), direction: "1", back: "/" });
  await send("/messages/new", { to: "keiko", subject: "Hi", text: "Hello there" });
  expect(
    reasons(
      expectChange((w) => {
        domain.comment(w, ME, post.id, "Well done");
        if (first) domain.comment(w, ME, post.id, "Indeed", first.id);
        domain.vote(w, ME, "post", post.id, 1);
        domain.sendMessage(w, ME, { to: "keiko", subject: "Hi", text: "Hello there" });
      }),
    ),
  ).toEqual([]);
});

test("the same vote twice takes it back, the opposite one replaces it", () => {
  const post = foreign();
  const { score } = post;
  domain.vote(world.state, ME, "post", post.id, 1);
  domain.vote(world.state, ME, "post", post.id, -1);
  expect(post.score).toBe(score - 1);
  domain.vote(world.state, ME, "post", post.id, -1);
  expect(reasons(expectNoChange())).toEqual([]);
});

test("only the author edits and deletes, only a moderator removes and locks", async () => {
  const other = domain.listStanding(world.state.forum).find((p) => p.author !== ME && p.board === "linux")!;
  for (const verb of ["edit", "delete", "remove", "lock", "pin"])
    expect((await send(`/p/${other.id}/${verb}`, { body: "x", reason: "Spam", on: "yes" })).status).toBe(403);
  expect(reasons(expectNoChange())).toEqual([]);
  const [mine, removed] = [own().id, moderated().id];
  await send(`/p/${mine}/delete`, {});
  await send(`/p/${removed}/remove`, { reason: "Spam" });
  expect(
    reasons(
      expectChange((w) => {
        domain.deletePost(w, mine);
        domain.removePost(w, removed, "Spam");
      }),
    ),
  ).toEqual([]);
  expect((await send(`/p/${removed}`)).status).toBe(404);
});

test("a locked post takes no comments", async () => {
  const post = domain.listStanding(world.state.forum).find((p) => p.locked)!;
  expect(await (await send(`/p/${post.id}`)).text()).not.toContain("Post comment");
  await send(`/p/${post.id}/comment`, { text: "Still here" });
  expect(reasons(expectNoChange())).toEqual([]);
});

test("a bad form is shown again with what was typed and why it is bad", async () => {
  const post = await send("/submit", { board: "", title: "ab", body: "" });
  expect(post.status).toBe(422);
  const html = await post.text();
  expect(html).toContain("Choose a board");
  expect(html).toContain("The title needs 3 to 80 characters");
  expect(html).toContain('value="ab"');
  expect(await (await send("/messages/new", { to: "nobody", subject: "x", text: "y" })).text()).toContain(
    "No member is called nobody",
  );
  expect(reasons(expectNoChange())).toEqual([]);
});

test("what people write is shown as text", async () => {
  const { id } = domain.createPost(world.state, ME, {
    board: "books",
    title: "<b>bold</b>",
    body: "<script>alert(1)</script>",
  });
  const html = await (await send(`/p/${id}`)).text();
  expect(html).not.toContain("<script>alert");
  expect(html).not.toContain("<b>bold");
});

test("signing in needs the password, signing out ends the session, strangers change nothing", async () => {
  const user = world.state.forum.users[3]!;
  expect((await send("/login", { name: user.name, password: "wrong" }, "")).status).toBe(422);
  const entry = await send("/login", { name: user.name, password: user.password }, "");
  const theirs = entry.headers.get("set-cookie")!.split(";")[0]!;
  expect(await (await send("/", undefined, theirs)).text()).toContain(`/u/${user.name}`);
  await send("/logout", undefined, theirs);
  expect(await (await send("/", undefined, theirs)).text()).toContain("/login");
  await send("/submit", { board: "books", title: "Hello", body: "x" }, "");
  await send("/settings/profile", { bio: "x", city: "y" }, "");
  await send("/messages/new", { to: "keiko", subject: "x", text: "y" }, "");
  expect(reasons(expectNoChange())).toEqual([]);
});

test("a private message is seen by its two people only", async () => {
  const message = world.state.forum.messages.find((m) => m.to === ME)!;
  const stranger = world.state.forum.users.find((u) => u.name !== ME && u.name !== message.from)!;
  const theirs = `forum_session=${domain.openSession(world.state.forum, stranger.name)}`;
  expect((await send(`/messages/${message.id}`)).status).toBe(200);
  expect((await send(`/messages/${message.id}`, undefined, theirs)).status).toBe(404);
});
