/** @file Writing and moderating: new post, edit, delete, remove, lock, pin, reports. */

import type { Hono } from "hono";
import { fields, type Ctx, type Env } from "../kit.tsx";
import {
  Button,
  ButtonLink,
  Empty,
  Field,
  Heading,
  Pagination,
  paginate,
  PostButton,
  Table,
} from "../ui.tsx";
import { currentUser, flash, answerForbidden, notFound, page, state } from "./context.tsx";
import { REPORT_REASONS } from "./content.ts";
import {
  approvePost,
  boardOf,
  createPost,
  deletePost,
  editPost,
  postOf,
  removePost,
  reportPost,
  setLocked,
  setPinned,
} from "./domain.ts";

export function writingPages(app: Hono<Env>): void {
  app.get("/submit", (c) =>
    currentUser(c) ? submitPage(c, { board: c.req.query("board") ?? "" }) : c.redirect("/login"),
  );

  app.post("/submit", async (c) => {
    const user = currentUser(c);
    if (!user) return c.redirect("/login");
    const { board = "", title = "", body = "" } = await fields(c);
    const errors: Record<string, string> = {};
    if (!boardOf(state(c), board)) errors.board = "Choose a board";
    if (title.length < 3 || title.length > 80) errors.title = "The title needs 3 to 80 characters";
    if (body === "") errors.body = "The text is empty";
    if (Object.keys(errors).length > 0) return submitPage(c, { board, title, body }, errors);
    const post = createPost(c.env.world, user.name, { board, title, body });
    flash(c, "Post published");
    return c.redirect(`/p/${post.id}`);
  });

  app.get("/p/:id/edit", (c) => {
    const post = postOf(state(c), Number(c.req.param("id")));
    if (!post) return notFound(c);
    if (post.author !== currentUser(c)?.name) return answerForbidden(c, "Only the author may edit a post");
    return editPage(c, post.id, post.title, post.body);
  });

  app.post("/p/:id/:verb{edit|delete|remove|lock|pin|report}", async (c) => {
    const user = currentUser(c);
    const post = postOf(state(c), Number(c.req.param("id")));
    if (!post) return notFound(c);
    if (!user) return c.redirect("/login");
    const own = post.author === user.name;
    const moderator = user.moderates.includes(post.board);
    const form = await fields(c);
    const reason = REPORT_REASONS.find((r) => r === form.reason) ?? "Off topic";
    const verb = c.req.param("verb");
    if (verb === "edit" || verb === "delete") {
      if (!own) return answerForbidden(c, `Only the author may ${verb} a post`);
      if (verb === "delete") {
        deletePost(c.env.world, post.id);
        flash(c, `Deleted ${post.title}`);
        return c.redirect(`/b/${post.board}`);
      }
      if (!form.body) return editPage(c, post.id, post.title, "", "The text is empty");
      editPost(c.env.world, post.id, form.body);
      flash(c, "Changes saved");
    } else if (verb === "report") {
      reportPost(c.env.world, user.name, post.id, reason);
      flash(c, "Report sent to the moderators");
    } else {
      if (!moderator) return answerForbidden(c, "Only moderators of this board may do that");
      if (verb === "remove") {
        removePost(c.env.world, post.id, reason);
        flash(c, `Removed ${post.title}`);
        return c.redirect(`/b/${post.board}`);
      }
      const on = form.on === "yes";
      if (verb === "lock") setLocked(c.env.world, post.id, on);
      else setPinned(c.env.world, post.id, on);
      flash(
        c,
        verb === "lock" ? (on ? "Post locked" : "Post unlocked") : on ? "Post pinned" : "Post unpinned",
      );
    }
    return c.redirect(`/p/${post.id}`);
  });

  app.get("/reports", (c) => {
    const moderates = currentUser(c)?.moderates ?? [];
    if (moderates.length === 0) return answerForbidden(c, "Only moderators see reports");
    const open = state(c).reports.flatMap((report) => {
      const post = postOf(state(c), report.post);
      return report.open && post && moderates.includes(post.board) ? [{ report, post }] : [];
    });
    const shown = paginate(open, Number(c.req.query("page") ?? 1), 6);
    return page(
      c,
      "Reports",
      <>
        <Heading title={`${open.length} open reports`} />
        {open.length === 0 ? (
          <Empty text="Nothing to review" />
        ) : (
          <Table
            head={["Post", "Board", "Reason", "Reported by", ""]}
            rows={shown.items.map(({ report, post }) => [
              <a href={`/p/${post.id}`}>{post.title}</a>,
              boardOf(state(c), post.board)?.title,
              report.reason,
              report.by,
              <div class="row">
                <PostButton action={`/reports/${report.id}/keep`} label={`Keep ${post.title}`} text="Keep" />
                <PostButton
                  action={`/reports/${report.id}/remove`}
                  label={`Remove ${post.title}`}
                  text="Remove"
                  kind="danger"
                />
              </div>,
            ])}
          />
        )}
        <Pagination {...shown} href={(n) => `/reports?page=${n}`} />
      </>,
    );
  });

  app.post("/reports/:id/:verb{keep|remove}", (c) => {
    const user = currentUser(c);
    const report = state(c).reports.find((r) => r.id === Number(c.req.param("id")) && r.open);
    const post = report && postOf(state(c), report.post);
    if (!report || !post) return notFound(c, "This report is settled");
    if (!user?.moderates.includes(post.board))
      return answerForbidden(c, "Only moderators of this board may do that");
    if (c.req.param("verb") === "keep") approvePost(c.env.world, post.id);
    else removePost(c.env.world, post.id, report.reason);
    flash(c, `${c.req.param("verb") === "keep" ? "Kept" : "Removed"} ${post.title}`);
    return c.redirect("/reports");
  });
}

function submitPage(
  c: Ctx,
  values: { board?: string; title?: string; body?: string },
  errors: Record<string, string> = {},
) {
  const boards = state(c).boards.map((b) => [b.slug, b.title] as const);
  return page(
    c,
    "New post",
    <>
      <Heading title="New post" />
      <form method="post" action="/submit" class="card">
        <Field
          label="Board"
          name="board"
          type="select"
          value={values.board}
          options={[["", "Choose a board"], ...boards]}
          error={errors.board}
        />
        <Field label="Title" name="title" value={values.title} error={errors.title} />
        <Field label="Text" name="body" type="textarea" value={values.body} error={errors.body} />
        <Button>Publish post</Button>
      </form>
    </>,
    { narrow: true, status: Object.keys(errors).length > 0 ? 422 : 200 },
  );
}

function editPage(c: Ctx, id: number, title: string, body: string, error?: string) {
  return page(
    c,
    `Edit ${title}`,
    <>
      <Heading title={`Edit ${title}`} />
      <form method="post" action={`/p/${id}/edit`} class="card">
        <Field label="Text" name="body" type="textarea" value={body} error={error} />
        <div class="row">
          <Button>Save changes</Button>
          <ButtonLink href={`/p/${id}`}>Cancel</ButtonLink>
        </div>
      </form>
    </>,
    { narrow: true },
  );
}
