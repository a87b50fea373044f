/** @file What every page of the forum needs: the signed-in user, the page's frame, lists of posts. */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { countNoun, signInBy, type Ctx } from "../kit.tsx";
import { Empty, Page, Pagination, paginate, withQuery, type Theme } from "../ui.tsx";
import { boardOf } from "./domain.ts";
import type { Post } from "./state.ts";

export const FORUM_HOST = "forum.webrl.test";
export const COOKIE = "forum_session";
export const PER_PAGE = 8;

const THEME: Theme = {
  title: "Hobby Forum",
  colour: "#a2431f",
  tint: "#fbeee7",
  background: "#f8f5f2",
  headings: "Georgia, 'Noto Serif', serif",
};

const STYLE = `
.post{display:flex;align-items:center;gap:14px;background:#fff;border:1px solid #ebe5df;border-radius:11px;padding:8px 16px;margin-bottom:8px}
.post>small{margin-left:auto}.post .points{min-width:92px;font-variant-numeric:tabular-nums}.post h3{margin:0;font-size:16px}.post h3 a{text-decoration:none;color:#2c2420}
.post h3 a:hover{text-decoration:underline}.vote{padding:1px 9px!important;font-size:13px}.vote.on{background:var(--tint);border-color:var(--c);color:var(--c)}
.sorts{display:flex;gap:6px}.sorts a{padding:5px 13px;border-radius:99px;text-decoration:none;color:#5d4d44}.sorts a[aria-current]{background:var(--tint);color:var(--c);font-weight:600}
.reply{margin-left:34px;border-left:3px solid var(--tint)}.comment{display:flex;gap:16px;align-items:center;background:#fff;border-radius:10px;padding:9px 14px;margin-bottom:7px}
.comment p{margin:0;flex:1}.body{font-size:16px;max-width:70ch}.boards{display:grid;grid-template-columns:repeat(3,1fr);gap:12px}.boards .card{margin:0;padding:14px 16px}
.table.wide td{min-width:150px}
`;

export const accounts = signInBy(COOKIE, (world) => world.forum);
export const { state, currentUser, flash } = accounts;

export function page(
  c: Ctx,
  title: string,
  content: Child,
  options: { narrow?: boolean; status?: 200 | 404 | 403 | 422; at?: string } = {},
) {
  const user = currentUser(c);
  const at = options.at ?? c.req.path;
  const link = (label: string, href: string) => ({ label, href, current: at === href });
  return c.html(
    <Page
      theme={THEME}
      title={title}
      narrow={options.narrow}
      nav={[
        link("Boards", "/boards"),
        link("New post", "/submit"),
        link("Messages", "/messages"),
        link("Members", "/members"),
        ...(user && user.moderates.length > 0 ? [link("Reports", "/reports")] : []),
      ]}
      account={[
        ...(user
          ? [link(user.name, `/u/${user.name}`), link("Sign out", "/logout")]
          : [link("Sign in", "/login")]),
        { label: "Forge", href: "http://forge.webrl.test/" },
      ]}
      search={{
        action: "/search",
        label: "Search posts",
        value: at === "/search" ? c.req.query("q") : "",
        suggest: "/suggest",
      }}
      flash={accounts.takeFlash(c)}
    >
      <style>{raw(STYLE)}</style>
      {content}
    </Page>,
    options.status ?? 200,
  );
}

export function notFound(c: Ctx, what = "This page does not exist") {
  return page(c, "Not found", <Empty text={what} />, { status: 404, narrow: true });
}

export function answerForbidden(c: Ctx, why: string) {
  return page(c, "Not allowed", <Empty text={why} />, { status: 403, narrow: true });
}

export function VoteButton(props: {
  c: Ctx;
  kind: "post" | "comment";
  id: number;
  direction: 1 | -1;
  label: string;
}) {
  const { c, kind, id, direction, label } = props;
  const user = currentUser(c);
  const on = user && state(c).votes[`${user.name} ${kind} ${id}`] === direction;
  return (
    <form method="post" action="/vote" class="inline">
      <input type="hidden" name="kind" value={kind} />
      <input type="hidden" name="id" value={id} />
      <input type="hidden" name="direction" value={direction} />
      <input type="hidden" name="back" value={c.req.path + new URL(c.req.url).search} />
      <button
        class={`plain vote ${on ? "on" : ""}`}
        aria-label={label}
        aria-pressed={on ? "true" : undefined}
      >
        {direction === 1 ? "▲" : "▼"}
      </button>
    </form>
  );
}

/** One page of posts with its pagination. `board`: do not repeat the board's name in every row. */
export function Posts(props: {
  c: Ctx;
  posts: Post[];
  query: Record<string, string | undefined>;
  board?: boolean;
  empty: string;
}) {
  const { c, posts, query } = props;
  const shown = paginate(posts, Number(c.req.query("page") ?? 1), PER_PAGE);
  if (posts.length === 0) return <Empty text={props.empty} />;
  const counts = new Map<number, number>();
  for (const comment of state(c).comments) counts.set(comment.post, (counts.get(comment.post) ?? 0) + 1);
  return (
    <>
      {shown.items.map((post) => (
        <article class="post">
          <VoteButton c={c} kind="post" id={post.id} direction={1} label={`Upvote ${post.title}`} />
          <span class="points">{countNoun(post.score, "point")}</span>
          <h3>
            <a href={`/p/${post.id}`}>{post.title}</a>
          </h3>
          <small>
            {[
              ...(post.pinned ? ["Pinned"] : []),
              `by ${post.author}`,
              ...(props.board ? [] : [`in ${boardOf(state(c), post.board)?.title}`]),
              countNoun(counts.get(post.id) ?? 0, "comment"),
            ].join(", ")}
          </small>
        </article>
      ))}
      <Pagination {...shown} href={(n) => withQuery(c.req.path, query, { page: n })} />
    </>
  );
}
