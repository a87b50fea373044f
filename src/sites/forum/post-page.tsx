/** @file A post with its comments, and what may be done with it. */

import { shortDay } from "../dates.ts";
import { countNoun, type Ctx } from "../kit.tsx";
import { Badge, Button, ButtonLink, Card, Empty, Field, Heading, Modal, PostButton } from "../ui.tsx";
import { currentUser, page, state, VoteButton } from "./context.tsx";
import { boardOf, commentsOf } from "./domain.ts";
import { REPORT_REASONS } from "./content.ts";
import type { Comment, Post } from "./state.ts";

export function postPage(c: Ctx, post: Post, error?: string, reply = c.req.query("reply")) {
  const user = currentUser(c);
  const comments = commentsOf(state(c), post.id);
  const answered = comments.find((item) => item.id === Number(reply));
  return page(
    c,
    post.title,
    <>
      <Heading title={post.title}>
        <VoteButton c={c} kind="post" id={post.id} direction={1} label={`Upvote ${post.title}`} />
        <span>{countNoun(post.score, "point")}</span>
        <VoteButton c={c} kind="post" id={post.id} direction={-1} label={`Downvote ${post.title}`} />
      </Heading>
      <Card>
        <p class="body">{post.body}</p>
        <div class="row">
          <small>
            by <a href={`/u/${post.author}`}>{post.author}</a>
            {` in `}
            <a href={`/b/${post.board}`}>{boardOf(state(c), post.board)?.title}</a>
            {`, ${shortDay(post.at)}`}
          </small>
          {post.pinned && <Badge>Pinned</Badge>}
          {post.locked && <Badge tone="warn">Locked</Badge>}
          <PostControls c={c} post={post} />
        </div>
      </Card>
      {user && !post.locked && (
        <form method="post" action={`/p/${post.id}/comment`} class="card">
          <Field
            label={answered ? `Reply to ${answered.author}` : "Comment"}
            name="text"
            type="textarea"
            rows={2}
            error={error}
          />
          {answered && <input type="hidden" name="parent" value={answered.id} />}
          <Button>{answered ? "Post reply" : "Post comment"}</Button>
        </form>
      )}
      {post.locked && <p class="muted">No more comments: this post is locked</p>}
      <h2>{countNoun(comments.length, "comment")}</h2>
      {comments.length === 0 && <Empty text="Nobody has answered yet" />}
      <CommentTree c={c} comments={comments} parent={null} locked={post.locked} />
    </>,
  );
}

function CommentTree(props: { c: Ctx; comments: Comment[]; parent: number | null; locked: boolean }) {
  const { c, comments, parent, locked } = props;
  const user = currentUser(c);
  return (
    <>
      {comments
        .filter((item) => item.parent === parent)
        .map((item) => (
          <div class={parent === null ? "" : "reply"}>
            <div class="comment">
              <b>{item.author}</b>
              <p>{item.text}</p>
              <small>{countNoun(item.score, "point")}</small>
              <VoteButton
                c={c}
                kind="comment"
                id={item.id}
                direction={1}
                label={`Upvote comment by ${item.author}`}
              />
              {user && !locked && (
                <a href={`/p/${item.post}?reply=${item.id}`} aria-label={`Reply to ${item.author}`}>
                  Reply
                </a>
              )}
            </div>
            <CommentTree c={c} comments={comments} parent={item.id} locked={locked} />
          </div>
        ))}
    </>
  );
}

/** What the author, a moderator, or anybody else may do with a post. */
function PostControls({ c, post }: { c: Ctx; post: Post }) {
  const user = currentUser(c);
  if (!user) return <></>;
  const path = `/p/${post.id}`;
  return (
    <>
      {post.author === user.name && (
        <>
          <ButtonLink href={`${path}/edit`}>Edit post</ButtonLink>
          <Modal id="delete" open="Delete post" kind="danger" title="Delete this post?" cancel="Keep post">
            <p>Its comments disappear too.</p>
            <PostButton action={`${path}/delete`} label="Delete for good" kind="danger" />
          </Modal>
        </>
      )}
      {user.moderates.includes(post.board) && (
        <>
          <PostButton
            action={`${path}/lock`}
            label={post.locked ? "Unlock post" : "Lock post"}
            fields={{ on: post.locked ? "no" : "yes" }}
          />
          <PostButton
            action={`${path}/pin`}
            label={post.pinned ? "Unpin post" : "Pin post"}
            fields={{ on: post.pinned ? "no" : "yes" }}
          />
        </>
      )}
      {post.author !== user.name && user.moderates.includes(post.board) && (
        <Modal id="remove" open="Remove post" kind="danger" title="Remove this post?" cancel="Keep post">
          <form method="post" action={`${path}/remove`}>
            <Field label="Reason" name="reason" type="select" options={REPORT_REASONS} />
            <Button kind="danger">Confirm removal</Button>
          </form>
        </Modal>
      )}
      {post.author !== user.name && !user.moderates.includes(post.board) && (
        <Modal id="report" open="Report post" title="Report this post" cancel="Never mind">
          <form method="post" action={`${path}/report`}>
            <Field label="Reason" name="reason" type="select" options={REPORT_REASONS} />
            <Button>Send report</Button>
          </form>
        </Modal>
      )}
    </>
  );
}
