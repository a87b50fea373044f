/** @file Front page, boards, search, votes and comments. */

import type { Hono } from "hono";
import { countNoun, fields, type Env } from "../kit.tsx";
import { Badge, Button, ButtonLink, Heading, PostButton } from "../ui.tsx";
import { currentUser, flash, notFound, page, Posts, state } from "./context.tsx";
import {
  boardOf,
  comment,
  commentsOf,
  postOf,
  searchPosts,
  setSubscribed,
  sortPosts,
  listStanding,
  vote,
} from "./domain.ts";
import type { Sort } from "./state.ts";
import { postPage } from "./post-page.tsx";

const SORTS: [Sort, string][] = [
  ["hot", "Hot"],
  ["new", "New"],
  ["top", "Top"],
];

const isSort = (text: string | undefined): text is Sort => SORTS.some(([key]) => key === text);

function Sorts({ path, sort }: { path: string; sort: Sort }) {
  return (
    <div class="sorts">
      {SORTS.map(([key, label]) => (
        <a href={`${path}?sort=${key}`} aria-current={key === sort ? "true" : undefined}>
          {label}
        </a>
      ))}
    </div>
  );
}

export function readingPages(app: Hono<Env>): void {
  app.get("/", (c) => {
    const asked = c.req.query("sort");
    const sort = isSort(asked) ? asked : (currentUser(c)?.sort ?? "hot");
    const posts = sortPosts(listStanding(state(c)), sort, c.env.world.now);
    return page(
      c,
      "Front page",
      <>
        <Heading title="Front page">
          <Sorts path="/" sort={sort} />
        </Heading>
        <Posts c={c} posts={posts} query={{ sort: asked }} empty="No posts yet" />
      </>,
    );
  });

  app.get("/boards", (c) => {
    const mine = currentUser(c)?.subscriptions ?? [];
    return page(
      c,
      "Boards",
      <>
        <Heading title="Boards" />
        <div class="boards">
          {state(c).boards.map((board) => (
            <div class="card">
              <h2>
                <a href={`/b/${board.slug}`}>{board.title}</a>{" "}
                {mine.includes(board.slug) && <Badge>Subscribed</Badge>}
              </h2>
              <p>{board.description}</p>
              <small>{countNoun(board.members, "member")}</small>
            </div>
          ))}
        </div>
      </>,
    );
  });

  app.get("/b/:slug", (c) => {
    const board = boardOf(state(c), c.req.param("slug"));
    if (!board) return notFound(c, "There is no such board");
    const asked = c.req.query("sort");
    const sort = isSort(asked) ? asked : "hot";
    const posts = sortPosts(
      listStanding(state(c)).filter((p) => p.board === board.slug),
      sort,
      c.env.world.now,
    );
    const user = currentUser(c);
    const subscribed = user?.subscriptions.includes(board.slug) ?? false;
    return page(
      c,
      board.title,
      <>
        <Heading title={board.title}>
          <Sorts path={`/b/${board.slug}`} sort={sort} />
          {user && (
            <PostButton
              action={`/b/${board.slug}/subscribe`}
              label={subscribed ? `Unsubscribe from ${board.title}` : `Subscribe to ${board.title}`}
              text={subscribed ? "Unsubscribe" : "Subscribe"}
              kind={subscribed ? "plain" : "primary"}
              fields={{ on: subscribed ? "no" : "yes" }}
            />
          )}
          <ButtonLink href={`/submit?board=${board.slug}`}>{`Post in ${board.title}`}</ButtonLink>
        </Heading>
        <p class="muted">{`${countNoun(board.members, "member")}, ${countNoun(posts.length, "post")}`}</p>
        <Posts c={c} posts={posts} query={{ sort: asked }} board empty={`No posts in ${board.title}`} />
      </>,
    );
  });

  app.post("/b/:slug/subscribe", async (c) => {
    const user = currentUser(c);
    const board = boardOf(state(c), c.req.param("slug"));
    if (!board) return notFound(c, "There is no such board");
    if (!user) return c.redirect("/login");
    const on = (await fields(c)).on === "yes";
    setSubscribed(c.env.world, user.name, board.slug, on);
    flash(c, on ? `Subscribed to ${board.title}` : `Unsubscribed from ${board.title}`);
    return c.redirect(`/b/${board.slug}`);
  });

  app.get("/search", (c) => {
    const q = c.req.query("q") ?? "";
    const board = c.req.query("board") ?? "";
    const posts = searchPosts(state(c), q, board);
    const boards = state(c).boards.map((b) => [b.slug, b.title] as const);
    return page(
      c,
      `Search ${q}`,
      <>
        <Heading title={q === "" ? "Search" : `${countNoun(posts.length, "post")} for ${q}`}>
          <form class="row" method="get" action="/search">
            <input type="hidden" name="q" value={q} />
            <select name="board" aria-label="Board">
              {[["", "All boards"] as const, ...boards].map(([value, text]) => (
                <option value={value} selected={value === board}>
                  {text}
                </option>
              ))}
            </select>
            <Button kind="plain">Filter</Button>
          </form>
        </Heading>
        <Posts
          c={c}
          posts={posts}
          query={{ q, board }}
          empty={q === "" ? "Type words of a title" : "No posts found"}
        />
      </>,
    );
  });

  app.get("/suggest", (c) =>
    c.json(
      searchPosts(state(c), c.req.query("q") ?? "")
        .slice(0, 4)
        .map((p) => ({ label: p.title, href: `/p/${p.id}` })),
    ),
  );

  app.post("/vote", async (c) => {
    const user = currentUser(c);
    if (!user) return c.redirect("/login");
    const { kind, id, direction, back = "/" } = await fields(c);
    const list = kind === "comment" ? state(c).comments : listStanding(state(c));
    const target = list.find((item) => item.id === Number(id));
    if (!target) return notFound(c);
    vote(
      c.env.world,
      user.name,
      kind === "comment" ? "comment" : "post",
      target.id,
      direction === "-1" ? -1 : 1,
    );
    return c.redirect(back.startsWith("/") && !back.startsWith("//") ? back : "/");
  });

  app.get("/p/:id", (c) => {
    const post = postOf(state(c), Number(c.req.param("id")));
    return post ? postPage(c, post) : notFound(c, "This post does not exist or was removed");
  });

  app.post("/p/:id/comment", async (c) => {
    const user = currentUser(c);
    const post = postOf(state(c), Number(c.req.param("id")));
    if (!post) return notFound(c, "This post does not exist or was removed");
    if (!user) return c.redirect("/login");
    if (post.locked) return postPage(c, post, "This post is locked");
    const { text = "", parent } = await fields(c);
    if (text === "") return postPage(c, post, "Write something first", parent);
    const answered = commentsOf(state(c), post.id).find((item) => item.id === Number(parent));
    comment(c.env.world, user.name, post.id, text, answered?.id ?? null);
    flash(c, answered ? `Reply to ${answered.author} added` : "Comment added");
    return c.redirect(`/p/${post.id}`);
  });
}
